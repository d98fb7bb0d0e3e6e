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

/// Looks at the start of a reply while it comes, so that no byte is looked at more than a few times however small the
/// pieces are.
#[derive(Debug, Default)]
pub(super) struct Looking {
    /// So many bytes were walked through.
    walked: usize,
    /// Objects and lists that are open.
    depth: usize,
    /// Within a string, and whether its next letter is escaped.
    text: Option<bool>,
    /// The first value has ended, or what has come is no object.
    ended: bool,
    /// The start is parsed when it is as long as this.
    due: usize,
}

impl Looking {
    /// Looks at `start`, which is what it was the last time and more.
    pub(super) fn at(&mut self, start: &[u8]) -> Found {
        for &byte in start.get(self.walked..).unwrap_or_default() {
            if self.ended {
                break;
            }
            self.walk(byte);
        }
        self.walked = start.len();
        if !self.ended && start.len() < self.due && start.len() < LONGEST {
            return Found::Maybe;
        }
        self.due = start.len() * 2;
        look(start)
    }

    fn walk(&mut self, byte: u8) {
        match (self.text, byte) {
            (Some(true), _) => self.text = Some(false),
            (Some(false), b'\\') => self.text = Some(true),
            (Some(false), b'"') => self.text = None,
            (Some(false), _) => {}
            (None, b'"') => self.text = Some(false),
            (None, b'{' | b'[') => self.depth += 1,
            (None, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.ended = self.depth == 0 && !byte.is_ascii_whitespace();
    }
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
