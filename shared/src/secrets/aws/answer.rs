//! What Secrets Manager answers: a value, or the code of an error and whether to ask again; pure.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::Secret;
use crate::aws::is_stale_word;
use crate::clock::parse_http_date;

/// Codes of whoever asks too often, as the SDKs have them.
const THROTTLING: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Codes of what passes by itself, as the SDKs have them.
const TRANSIENT: [&str; 2] = ["RequestTimeout", "RequestTimeoutException"];

/// Codes that a signature of another time may get, as the SDKs have them.
const SKEWED: [&str; 5] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "RequestTimeTooSkewed",
    "AccessDeniedException",
];

/// A clock that is no further off is not why a signature was refused: AWS takes five minutes.
const TOLERATED_SKEW_MS: u64 = 4 * 60 * 1000;

/// After so long nobody knows what the time in an answer was.
const LONGEST_MEASURE_MS: u64 = 15 * 60 * 1000;

/// No code of any service is half as long.
const LONGEST_CODE: usize = 128;

/// Whether to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The answer would be the same.
    Never,
    /// It may pass.
    Soon,
    /// We came too often.
    Throttled,
    /// With other credentials.
    Stale,
}

/// Why there is no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The service's code.
    pub(super) code: Option<String>,
    /// Whether to ask again.
    pub(super) again: Again,
}

impl Refusal {
    /// Nothing was answered, or nothing that can be read.
    pub(super) fn without_code(again: Again) -> Self {
        Self { code: None, again }
    }

    /// What an error says: its code stands in a header or in the body, with a namespace before it or an address behind.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let named = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let code = named.and_then(word).or_else(|| {
            let error: Error = serde_json::from_slice(body).ok()?;
            word(&error.code.or(error.kind)?)
        });
        let is_one_of = |list: &[&str]| code.as_deref().is_some_and(|code| list.contains(&code));
        let again = if is_one_of(&THROTTLING) {
            Again::Throttled
        } else if status.is_server_error() || is_one_of(&TRANSIENT) {
            Again::Soon
        } else if code.as_deref().is_some_and(is_stale_word) {
            Again::Stale
        } else {
            Again::Never
        };
        Self { code, again }
    }

    /// How far the service's clock is ahead of ours, in milliseconds, if that may be why it refused: `skew_ms` was known
    /// before. The time in an answer is taken to be that of half the way between `sent_ms` and `received_ms`, in
    /// milliseconds since the Unix epoch.
    pub(super) fn skew_ms(&self, headers: &HeaderMap, sent_ms: u64, received_ms: u64, skew_ms: i64) -> Option<i64> {
        if !self.code.as_deref().is_some_and(|code| SKEWED.contains(&code)) {
            return None;
        }
        let took_ms = received_ms.saturating_sub(sent_ms);
        // A cache's answer has the time of another day.
        if took_ms > LONGEST_MEASURE_MS || headers.contains_key(http::header::AGE) {
            return None;
        }
        let date = headers.get(http::header::DATE)?.to_str().ok()?;
        let theirs_ms = parse_http_date(date, received_ms)?;
        let ours_ms = sent_ms.saturating_add(took_ms / 2);
        let found_ms = theirs_ms.checked_signed_diff(ours_ms)?;
        (found_ms.abs_diff(skew_ms) > TOLERATED_SKEW_MS).then_some(found_ms)
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
