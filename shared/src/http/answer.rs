//! A response -> the JSON document that the front expects.

mod prelude;

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, SET_COOKIE};
use http::{Response, StatusCode};
use serde::Serialize;

use super::Front;
pub use prelude::{STREAM_MEDIA_TYPE, stream_prelude};

/// As many spellings as `set-cookie` has: each of its nine letters may be large or small.
const MOST_COOKIES: usize = 1 << 9;

/// What a function behind a front returns to Lambda. Serialises to the front's own shape:
///
/// - load balancer: `statusCode`, `statusDescription`, `headers` or `multiValueHeaders` as the target group
///   wants it, `body`, `isBase64Encoded`
///   (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>);
/// - payload format 1.0: `statusCode`, `multiValueHeaders`, `body`, `isBase64Encoded`;
/// - payload format 2.0: `statusCode`, `headers`, `cookies`, `body`, `isBase64Encoded`
///   (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FrontAnswer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
    /// Whether the front has no place for some of the cookies.
    #[serde(skip)]
    is_short: bool,
}

impl FrontAnswer {
    /// Shapes `response` for `front`. `content-length` is left out, since the front computes it. Whether nothing is
    /// missing, [`Self::fits`] tells.
    pub fn new(front: Front, response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        let (body, is_base64_encoded) = encode_body(&parts.headers, body);
        let mut answer = Self {
            status_code: parts.status.as_u16(),
            status_description: None,
            headers: None,
            multi_value_headers: None,
            cookies: Vec::new(),
            body,
            is_base64_encoded,
            is_short: false,
        };
        match front {
            Front::AlbSingleValue => {
                answer.status_description = Some(describe(parts.status));
                answer.headers = Some(single_values(&parts.headers));
                answer.is_short = parts.headers.get_all(SET_COOKIE).iter().count() > MOST_COOKIES;
            }
            Front::AlbMultiValue => {
                answer.status_description = Some(describe(parts.status));
                answer.multi_value_headers = Some(several_values(&parts.headers));
            }
            Front::ApiGatewayV1 | Front::Unknown => {
                answer.multi_value_headers = Some(several_values(&parts.headers));
            }
            Front::ApiGatewayV2 | Front::FunctionUrl => {
                answer.headers = Some(joined_values(&parts.headers));
                answer.cookies = parts
                    .headers
                    .get_all(SET_COOKIE)
                    .iter()
                    .map(|value| text(value.as_bytes()))
                    .collect();
            }
        }
        answer
    }

    /// The status that the caller will see.
    pub fn status(&self) -> u16 {
        self.status_code
    }

    /// Whether the front takes the answer as it was given: within its limit, and with all cookies, of which a load
    /// balancer that takes one value a name gets 512 at most.
    pub fn fits(&self, front: Front) -> bool {
        !self.is_short && self.encoded_len() <= front.max_answer_bytes()
    }

    /// About how many bytes the document takes, JSON escapes of the body included.
    pub fn encoded_len(&self) -> usize {
        let escapes = if self.is_base64_encoded {
            0
        } else {
            self.body
                .bytes()
                .map(|byte| match byte {
                    b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
                    0..0x20 => 5,
                    _ => 0,
                })
                .sum()
        };
        let headers: usize = self
            .headers
            .iter()
            .flatten()
            .map(|(name, value)| name.len() + value.len() + 6)
            .sum();
        let several: usize = self
            .multi_value_headers
            .iter()
            .flatten()
            .map(|(name, values)| name.len() + 6 + values.iter().map(|value| value.len() + 3).sum::<usize>())
            .sum();
        let cookies: usize = self.cookies.iter().map(|cookie| cookie.len() + 3).sum();
        128 + self.body.len() + escapes + headers + several + cookies
    }
}

/// `204 No Content`: code, one space, phrase, as a load balancer wants it.
fn describe(status: StatusCode) -> String {
    format!("{} {}", status.as_str(), status.canonical_reason().unwrap_or("Unknown"))
}

/// Text goes out as text, everything else in Base64. Only what is declared as text, is UTF-8 and is not
/// compressed counts as text: API Gateway and load balancers pass a text body on as UTF-8.
fn encode_body(headers: &HeaderMap, body: Bytes) -> (String, bool) {
    if body.is_empty() {
        return (String::new(), false);
    }
    if is_text(headers) {
        match String::from_utf8(body.into()) {
            Ok(text) => return (text, false),
            Err(error) => return (STANDARD.encode(error.as_bytes()), true),
        }
    }
    (STANDARD.encode(&body), true)
}

fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence.as_str(),
            "application/json" | "application/xml" | "application/javascript" | "application/x-www-form-urlencoded"
        )
}

/// The text of a header's value: UTF-8, or else ISO-8859-1, which is what HTTP once had and never means anything else than
/// these characters (RFC 9110, section 5.5).
pub fn header_text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().map(|&byte| char::from(byte)).collect()),
    }
}

fn text(value: &[u8]) -> String {
    header_text(value).into_owned()
}

fn several_values(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    names(headers)
        .map(|name| (train_case(name.as_str(), 0), values(headers, name)))
        .collect()
}

/// One value a name. Repeats are joined by a comma, but for cookies, which cannot be: each goes out under another
/// spelling of the name, since names are compared without case on the wire but not as JSON members. There are
/// [`MOST_COOKIES`] spellings; what is beyond them is left out.
fn single_values(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for name in names(headers) {
        if name == SET_COOKIE {
            for (number, value) in values(headers, name).into_iter().enumerate().take(MOST_COOKIES) {
                out.insert(train_case(name.as_str(), number), value);
            }
        } else {
            out.insert(train_case(name.as_str(), 0), values(headers, name).join(", "));
        }
    }
    out
}

/// Lower-case names, repeats joined by a comma, without cookies, which have a member of their own.
fn joined_values(headers: &HeaderMap) -> BTreeMap<String, String> {
    names(headers)
        .filter(|name| *name != SET_COOKIE)
        .map(|name| (name.as_str().to_owned(), values(headers, name).join(", ")))
        .collect()
}

fn names(headers: &HeaderMap) -> impl Iterator<Item = &HeaderName> {
    headers.keys().filter(|name| *name != CONTENT_LENGTH)
}

fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .map(|value| text(value.as_bytes()))
        .collect()
}

/// `content-type` -> `Content-Type`, the spelling that clients of HTTP/1.1 are used to. Each set bit of `variant`
/// flips one letter, from the end, so that every number gives another spelling as long as there are letters.
fn train_case(name: &str, mut variant: usize) -> String {
    let mut out = String::with_capacity(name.len());
    let mut first = true;
    for letter in name.chars() {
        out.push(if first { letter.to_ascii_uppercase() } else { letter });
        first = letter == '-';
    }
    if variant == 0 {
        return out;
    }
    let mut letters: Vec<char> = Vec::with_capacity(out.len());
    for letter in out.chars().rev() {
        let flipped = variant & 1 == 1 && letter.is_ascii_alphabetic();
        if letter.is_ascii_alphabetic() {
            variant >>= 1;
        }
        let turned = if letter.is_ascii_lowercase() {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        };
        letters.push(if flipped { turned } else { letter });
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
