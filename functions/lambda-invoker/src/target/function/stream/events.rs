//! The events of the service's answer, out of its bytes; pure
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStreamResponseEvent.html>).

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

/// The longest message, in bytes: 16 MB of payload and 128 KB of headers
/// (<https://smithy.io/2.0/aws/amazon-eventstream.html>).
const LONGEST: usize = 16 * 1024 * 1024 + 128 * 1024 + SHORTEST;

/// The shortest, without either: two lengths and two checksums.
const SHORTEST: usize = 16;

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

/// Bytes that are no events: a checksum that is wrong, a length that cannot be, an end that is no JSON.
#[derive(Debug)]
pub(super) struct Malformed;

/// Takes bytes and gives events.
#[derive(Debug, Default)]
pub(super) struct Events {
    buffer: BytesMut,
    decoder: MessageFrameDecoder,
    /// The decoder has taken the start of a message and waits for the rest.
    begun: bool,
}

impl Events {
    /// More bytes have arrived.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event that is there. Events of other kinds are passed over: there may be new ones.
    pub(super) fn next(&mut self) -> Result<Option<Event>, Malformed> {
        loop {
            if !self.begun {
                let Some(length) = self.buffer.first_chunk().filter(|_| self.buffer.len() >= SHORTEST) else {
                    return Ok(None);
                };
                // The decoder would wait for as many bytes as it is told, up to 4 GB.
                if !(SHORTEST..=LONGEST).contains(&(u32::from_be_bytes(*length) as usize)) {
                    return Err(Malformed);
                }
            }
            let message = match self.decoder.decode_frame(&mut self.buffer) {
                Ok(DecodedFrame::Complete(message)) => message,
                Ok(DecodedFrame::Incomplete) => {
                    self.begun = true;
                    return Ok(None);
                }
                Err(_) => return Err(Malformed),
            };
            self.begun = false;
            if let Some(event) = read(&message)? {
                return Ok(Some(event));
            }
        }
    }
}

fn read(message: &Message) -> Result<Option<Event>, Malformed> {
    let text = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
        Some(header.value().as_string().ok()?.as_str())
    };
    let event = match (text(":message-type"), text(":event-type")) {
        (Some("event"), Some("PayloadChunk")) => Event::Chunk(message.payload().clone()),
        (Some("event"), Some("InvokeComplete")) => {
            Event::Complete(serde_json::from_slice(message.payload()).map_err(|_| Malformed)?)
        }
        (Some("event"), Some(_)) => return Ok(None),
        (Some("exception"), _) => Event::Failed(text(":exception-type").unwrap_or("exception").to_owned()),
        (Some("error"), _) => Event::Failed(text(":error-code").unwrap_or("error").to_owned()),
        _ => return Err(Malformed),
    };
    Ok(Some(event))
}
