//! The start of a reply that is a response: JSON with status and headers, then eight NUL bytes; pure.

use serde::de::IgnoredAny;
use serde_json::Deserializer;

/// What stands between the JSON and the body.
pub(super) const DELIMITER: [u8; 8] = [0; 8];

/// It has to come within so many bytes
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>).
const LONGEST: usize = 16 * 1024;

/// What the start of a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A prelude, whose JSON has so many bytes.
    Prelude(usize),
    /// No prelude.
    Nothing,
    /// More has to come before that is clear.
    Maybe,
}

/// Looks at the start of a reply. What is not an object of JSON is known at once for no prelude, so that a stream of
/// events, say, is not held back.
pub(super) fn look(start: &[u8]) -> Found {
    let too_long = start.len() >= LONGEST;
    let start = start.get(..LONGEST).unwrap_or(start);
    let maybe = if too_long { Found::Nothing } else { Found::Maybe };
    match start.trim_ascii_start().first() {
        None => return maybe,
        Some(b'{') => {}
        Some(_) => return Found::Nothing,
    }
    let mut values = Deserializer::from_slice(start).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {}
        Some(Err(error)) if !error.is_eof() => return Found::Nothing,
        _ => return maybe,
    }
    let length = values.byte_offset();
    let rest = start.get(length..).unwrap_or_default();
    let seen = rest.get(..DELIMITER.len()).unwrap_or(rest);
    if !DELIMITER.starts_with(seen) {
        Found::Nothing
    } else if seen.len() == DELIMITER.len() {
        Found::Prelude(length)
    } else {
        maybe
    }
}
