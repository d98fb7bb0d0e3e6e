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
mod tests {
    use super::*;

    fn refusal(status: u16, header: Option<&str>, body: &str) -> Refusal {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert("x-amzn-errortype", value.parse().unwrap());
        }
        Refusal::read(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
    }

    #[test]
    fn a_code_stands_in_a_header_or_in_the_body() {
        let long = "A".repeat(LONGEST_CODE);
        let too_long = format!("{long}A");
        let url = "http://internal.example.com/coral/";
        for (header, body, code) in [
            (Some("FooException"), "{}".to_owned(), Some("FooException")),
            (Some("FooException"), "<html>".to_owned(), Some("FooException")),
            (Some(&*format!("ns.x#Foo:{url}")), String::new(), Some("Foo")),
            (Some("Foo"), r#"{"__type":"Bar","code":"Baz"}"#.to_owned(), Some("Foo")),
            (None, r#"{"__type":"ns#Bar"}"#.to_owned(), Some("Bar")),
            (None, r#"{"__type":"Bar","code":"Baz"}"#.to_owned(), Some("Baz")),
            (None, format!(r#"{{"__type":"com.amazon#Bar:{url}"}}"#), Some("Bar")),
            (None, format!(r#"{{"__type":"{long}"}}"#), Some(&*long)),
            (None, format!(r#"{{"__type":"{too_long}"}}"#), None),
            (Some("no word"), r#"{"__type":"Bar"}"#.to_owned(), Some("Bar")),
            (None, r#"{"__type":"a\nb"}"#.to_owned(), None),
            (None, r#"{"__type":"\u001b[31m"}"#.to_owned(), None),
            (None, r#"{"__type":"<script>"}"#.to_owned(), None),
            (None, r#"{"__type":""}"#.to_owned(), None),
            (None, r#"{"__type":7}"#.to_owned(), None),
            (None, r#"{"message":"s3cret"}"#.to_owned(), None),
            (None, "[1]".to_owned(), None),
            (None, String::new(), None),
        ] {
            assert_eq!(refusal(400, header, &body).code.as_deref(), code, "{header:?} {body}");
        }
    }

    #[test]
    fn what_may_pass_is_asked_again() {
        for (status, code, again) in [
            (400, "ResourceNotFoundException", Again::Never),
            (400, "AccessDeniedException", Again::Never),
            (400, "DecryptionFailure", Again::Never),
            (400, "ThrottlingException", Again::Throttled),
            (503, "SlowDown", Again::Throttled),
            (429, "TooManyRequestsException", Again::Throttled),
            (400, "RequestTimeout", Again::Soon),
            (500, "InternalServiceError", Again::Soon),
            (502, "", Again::Soon),
            (503, "", Again::Soon),
            (504, "", Again::Soon),
            (403, "", Again::Never),
            (302, "", Again::Never),
            (400, "ExpiredTokenException", Again::Stale),
            (400, "UnrecognizedClientException", Again::Stale),
        ] {
            let body = format!(r#"{{"__type":"{code}"}}"#);
            assert_eq!(refusal(status, None, &body).again, again, "{status} {code}");
        }
    }

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const THEIRS_MS: u64 = 784_111_777_000;

    #[test]
    fn a_clock_that_is_off_is_told_by_the_date_of_a_refused_signature() {
        let refused = |code: &str| refusal(400, Some(code), "{}");
        let mut headers = HeaderMap::new();
        headers.insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        let skew = |code: &str, headers: &HeaderMap, sent_ms, received_ms, known_ms| {
            refused(code).skew_ms(headers, sent_ms, received_ms, known_ms)
        };
        let minutes = |count: i64| count * 60_000;
        let at = |skew_ms: i64| THEIRS_MS.saturating_add_signed(-skew_ms);
        for code in SKEWED {
            assert_eq!(
                skew(code, &headers, at(minutes(5)), at(minutes(5)), 0),
                Some(minutes(5)),
                "{code}"
            );
        }
        let code = "InvalidSignatureException";
        for (sent_ms, received_ms, known_ms, expected) in [
            (at(minutes(-30)), at(minutes(-30)), 0, Some(minutes(-30))),
            // Half of the way there and back.
            (at(minutes(10)), at(minutes(10)) + 2_000, 0, Some(minutes(10) - 1_000)),
            (at(minutes(4)), at(minutes(4)), 0, None),
            (at(minutes(-4)), at(minutes(-4)), 0, None),
            (at(0), at(0), 0, None),
            // It was signed for that time already.
            (at(minutes(10)), at(minutes(10)), minutes(10), None),
            // Our clock was set right meanwhile.
            (at(0), at(0), minutes(10), Some(0)),
            (at(minutes(30)), at(minutes(30)) + 15 * 60_000 + 1, 0, None),
            (u64::MAX, u64::MAX, 0, None),
            (0, 0, 0, Some(THEIRS_MS.cast_signed())),
        ] {
            assert_eq!(
                skew(code, &headers, sent_ms, received_ms, known_ms),
                expected,
                "{sent_ms} {known_ms}"
            );
        }
        let now = at(minutes(10));
        assert_eq!(skew("DecryptionFailure", &headers, now, now, 0), None);
        assert_eq!(skew(code, &HeaderMap::new(), now, now, 0), None);
        let mut cached = headers.clone();
        cached.insert("age", "7".parse().unwrap());
        assert_eq!(skew(code, &cached, now, now, 0), None);
        headers.insert("date", "soon".parse().unwrap());
        assert_eq!(skew(code, &headers, now, now, 0), None);
    }

    #[test]
    fn a_value_is_a_text() {
        let text = |body: &str| value(body.as_bytes()).map(|value| value.map(|value| value.reveal().to_owned()));
        assert_eq!(
            text(r#"{"ARN":"x","SecretString":"a\"b"}"#),
            Some(Some("a\"b".to_owned()))
        );
        assert_eq!(text(r#"{"SecretString":""}"#), Some(Some(String::new())));
        assert_eq!(text(r#"{"SecretString":null}"#), Some(None));
        assert_eq!(text(r#"{"SecretBinary":"AA=="}"#), Some(None));
        for body in [
            "",
            "{",
            "[]",
            "null",
            r#"{"SecretString":7}"#,
            r#"{"SecretString":{"a":1}}"#,
        ] {
            assert_eq!(text(body), None, "{body}");
        }
    }
}
