//! What Secrets Manager answers: a value, or the code of an error and whether to ask again; pure.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::Secret;
use crate::aws::Again;

/// No code of any service is half as long.
const LONGEST_CODE: usize = 128;

/// Why there is no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The service's code, or a word of ours.
    pub(super) code: String,
    /// Whether to ask again.
    pub(super) again: Again,
}

impl Refusal {
    /// What we call it ourselves.
    pub(super) fn ours(word: &str, again: Again) -> Self {
        Self {
            code: word.to_owned(),
            again,
        }
    }

    /// What an error says: its code stands in a header or in the body, with a namespace before it or an address behind. One
    /// without a code has its status for one, such as `http_502`.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let named = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let code = named.and_then(word).or_else(|| {
            let error: Error = serde_json::from_slice(body).ok()?;
            word(&error.code.or(error.kind)?)
        });
        let again = Again::after(status, code.as_deref());
        let code = code.unwrap_or_else(|| format!("http_{}", status.as_u16()));
        Self { code, again }
    }
}

#[derive(Deserialize)]
struct Error {
    code: Option<String>,
    #[serde(rename = "__type")]
    kind: Option<String>,
}

/// The code in `namespace#Code:http://…`; none if it is nothing that may stand in a log.
fn word(text: &str) -> Option<String> {
    let text = text.split(':').next().unwrap_or_default();
    let code = text.split_once('#').map_or(text, |(_, code)| code).trim();
    let is_word = (1..=LONGEST_CODE).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    is_word.then(|| code.to_owned())
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SecretString")]
    secret_string: Option<Secret>,
}

/// The value in an answer; `Some(None)` for a secret without a text.
pub(super) fn value(body: &[u8]) -> Option<Option<Secret>> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    Some(answer.secret_string)
}

#[cfg(test)]
mod tests;
