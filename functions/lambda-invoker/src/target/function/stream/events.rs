//! The events of the service's answer, out of its bytes; pure
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStreamResponseEvent.html>).

use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use super::frame::{Frame, Malformed};

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A piece of the payload.
    Chunk(Bytes),
    /// The end.
    Complete(Complete),
    /// The service itself failed; its own word for it.
    Failed(String),
}

/// How an invocation ended.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Complete {
    /// There only if the function failed.
    pub(super) error_code: Option<String>,
    /// What it failed with.
    pub(super) error_details: Option<String>,
    /// The end of its log in Base64, if that was asked for.
    pub(super) log_result: Option<String>,
}

/// Takes bytes and gives events.
#[derive(Debug, Default)]
pub(super) struct Events(BytesMut);

impl Events {
    /// More bytes have arrived.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next event that is there. Events of other kinds are passed over: there may be new ones.
    pub(super) fn next(&mut self) -> Result<Option<Event>, Malformed> {
        while let Some(frame) = Frame::take(&mut self.0)? {
            if let Some(event) = read(frame)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }
}

fn read(frame: Frame) -> Result<Option<Event>, Malformed> {
    let (mut message, mut event, mut exception, mut error) = (None, None, None, None);
    for header in frame.headers() {
        let (name, text) = header?;
        let place = match name {
            ":message-type" => &mut message,
            ":event-type" => &mut event,
            ":exception-type" => &mut exception,
            ":error-code" => &mut error,
            _ => continue,
        };
        *place = place.or(text);
    }
    let event = match (message, event) {
        (Some("event"), Some("PayloadChunk")) => Event::Chunk(frame.payload),
        // All of its members may be absent, and so may the object around them.
        (Some("event"), Some("InvokeComplete")) if frame.payload.is_empty() => Event::Complete(Complete::default()),
        (Some("event"), Some("InvokeComplete")) => {
            Event::Complete(serde_json::from_slice(&frame.payload).map_err(|_| Malformed)?)
        }
        (Some("event"), Some(_)) => return Ok(None),
        (Some("exception"), _) => Event::Failed(exception.unwrap_or("exception").to_owned()),
        (Some("error"), _) => Event::Failed(error.unwrap_or("error").to_owned()),
        _ => return Err(Malformed),
    };
    Ok(Some(event))
}
