//! The answer to `next`: built once, with the request id and the deadline overwritten in place for each invocation.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::wire::find;

/// All request ids begin so; twelve decimal digits follow.
const ID_PREFIX: &str = "8476a536-e9f4-11e8-9739-";
const DIGITS: usize = 12;

/// Stands in an event where each invocation has its own digits, for events that differ.
pub const KEY: &str = "{key...}";

/// Each invocation may take this long, as far as the function can see.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// One event as the bytes of an HTTP response.
#[derive(Debug, Clone)]
pub struct Event {
    message: Vec<u8>,
    id: Range<usize>,
    deadline: Range<usize>,
    key: Range<usize>,
}

impl Event {
    /// Wraps an event's JSON in the headers that the Lambda Runtime API sends with it.
    #[must_use]
    pub fn new(json: &str) -> Self {
        let mut message = format!(
            "HTTP/1.1 200 OK\r\n\
             content-type: application/json\r\n\
             lambda-runtime-aws-request-id: {ID_PREFIX}{:012}\r\n\
             lambda-runtime-deadline-ms: {:013}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:bench\r\n\
             lambda-runtime-trace-id: Root=1-68e7a1c0-0a1b2c3d4e5f60718293a4b5;Parent=53995c3f42cd8ad8;Sampled=0\r\n\
             content-length: {}\r\n\r\n",
            0,
            0,
            json.len()
        )
        .into_bytes();
        let after = |name: &[u8]| find(&message, name).map_or(0, |at| at + name.len());
        let id = after(b"lambda-runtime-aws-request-id: ");
        let deadline = after(b"lambda-runtime-deadline-ms: ");
        let body = message.len();
        message.extend_from_slice(json.as_bytes());
        let key = json.find(KEY).map_or(0..0, |at| body + at..body + at + KEY.len());
        Self {
            key,
            message,
            id: id..id + ID_PREFIX.len() + DIGITS,
            deadline: deadline..deadline + 13,
        }
    }

    /// Numbers this invocation and dates its deadline; `number` stays below 10^12.
    pub fn stamp(&mut self, number: u64, now: SystemTime) {
        let deadline = (now + TIME_LIMIT)
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let digits = self.id.start + ID_PREFIX.len()..self.id.end;
        write_decimal(self.message.get_mut(digits).unwrap_or_default(), number);
        let deadline = u64::try_from(deadline).unwrap_or(u64::MAX);
        write_decimal(
            self.message.get_mut(self.deadline.clone()).unwrap_or_default(),
            deadline,
        );
    }

    /// Writes this invocation's digits where the event has [`KEY`]; one without it stays as it is.
    pub fn tell_apart(&mut self, key: u64) {
        write_decimal(self.message.get_mut(self.key.clone()).unwrap_or_default(), key);
    }

    /// The request id that was stamped last.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.message.get(self.id.clone()).unwrap_or_default()
    }

    /// The whole response, head and event.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }
}

/// Fills `into` with the last digits of `number`.
fn write_decimal(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_apart_by_their_digits() {
        let mut event = Event::new(&format!(r#"{{"token":"a{KEY}b"}}"#));
        event.tell_apart(42);
        assert!(event.message().ends_with(br#"{"token":"a00000042b"}"#));
        let mut plain = Event::new("{}");
        let before = plain.message().to_vec();
        plain.tell_apart(42);
        assert_eq!(plain.message(), before);
    }

    #[test]
    fn stamping_changes_the_id_and_the_deadline_alone() {
        let mut event = Event::new(r#"{"a":1}"#);
        let before = event.message().to_vec();
        event.stamp(1_234, SystemTime::UNIX_EPOCH + Duration::from_millis(1_760_000_000_000));
        assert_eq!(event.id(), b"8476a536-e9f4-11e8-9739-000000001234");
        let text = String::from_utf8(event.message().to_vec()).unwrap();
        assert!(
            text.contains("\r\nlambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-000000001234\r\n"),
            "{text}"
        );
        assert!(
            text.contains("\r\nlambda-runtime-deadline-ms: 1760000030000\r\n"),
            "{text}"
        );
        assert!(text.ends_with("\r\ncontent-length: 7\r\n\r\n{\"a\":1}"), "{text}");
        event.stamp(0, SystemTime::UNIX_EPOCH - TIME_LIMIT);
        assert_eq!(event.message(), before);
    }
}
