//! A reply that comes bit by bit, between the process that makes it and whoever takes it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::{mpsc, oneshot};

use super::{
    Invoked,
    pool::Pool,
    runtime_api::{MAX_REPLY_BYTES, Refusal, finished},
};

/// The largest streamed reply
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html>).
const MAX_STREAM_BYTES: usize = 200 * 1024 * 1024;

/// A process that breaks a reply off may be about to end: its end says more.
const LAST_GASP: Duration = Duration::from_millis(200);

/// What an invocation brings: its outcome, or a reply that is still being made.
#[derive(Debug)]
pub enum Answered {
    /// The outcome.
    Whole(Invoked),
    /// A reply bit by bit.
    Stream(Stream),
}

impl From<Invoked> for Answered {
    fn from(outcome: Invoked) -> Self {
        Self::Whole(outcome)
    }
}

impl Answered {
    /// Waits for the whole reply, as `Invoke` does.
    pub async fn whole(self) -> Invoked {
        match self {
            Self::Whole(outcome) => outcome,
            Self::Stream(stream) => stream.collect().await,
        }
    }
}

/// A streamed reply. The function waits while nobody asks for the next piece; when this is dropped, it goes on and
/// nobody gets to see the rest.
#[derive(Debug)]
pub struct Stream {
    content_type: String,
    pieces: mpsc::Receiver<Bytes>,
    /// Until it was asked for.
    end: Option<oneshot::Receiver<Answered>>,
}

impl Stream {
    /// A reply of these pieces and with this end, for trying a front without a process.
    #[must_use]
    pub fn of(content_type: &str, pieces: &[&[u8]], end: Invoked) -> Self {
        let (sender, waiting) = mpsc::channel(pieces.len().max(1));
        for piece in pieces {
            // There is room for each of them.
            let _ = sender.try_send(Bytes::copy_from_slice(piece));
        }
        let (told, told_end) = oneshot::channel();
        // Whoever is told stands below.
        let _ = told.send(end.into());
        Self {
            content_type: content_type.to_owned(),
            pieces: waiting,
            end: Some(told_end),
        }
    }

    /// The media type that the process told; empty if it told none.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The next piece, or nothing at the end.
    ///
    /// # Errors
    /// What became of an invocation whose reply broke off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Box<Invoked>> {
        if let Some(piece) = self.pieces.recv().await {
            return Ok(Some(piece));
        }
        let Some(end) = self.end.take() else { return Ok(None) };
        match end.await {
            Ok(Answered::Whole(Invoked::Response(_))) => Ok(None),
            Ok(Answered::Whole(failed)) => Err(Box::new(failed)),
            // The environment has gone with everything that it worked on.
            _ => Err(Box::new(Invoked::Crashed {
                message: "Error: the function was stopped".to_owned(),
            })),
        }
    }

    async fn collect(mut self) -> Invoked {
        let mut all = BytesMut::new();
        loop {
            match self.next().await {
                Ok(Some(piece)) if all.len() + piece.len() > MAX_REPLY_BYTES => return too_large(MAX_REPLY_BYTES),
                Ok(Some(piece)) => all.extend_from_slice(&piece),
                Ok(None) => return Invoked::Response(all.freeze()),
                Err(failed) => return *failed,
            }
        }
    }
}

pub(super) fn too_large(most: usize) -> Invoked {
    let sentence = format!("Response payload size exceeded maximum allowed payload size ({most} bytes).");
    Invoked::function_error("Function.ResponseSizeTooLarge", &sentence)
}

/// Whether a process announces a streamed reply.
pub(super) fn is_announced(headers: &HeaderMap) -> bool {
    headers
        .get("lambda-runtime-function-response-mode")
        .is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"streaming"))
}

/// Takes a streamed reply in and hands it on while it comes.
pub(super) async fn take(
    pool: &Pool,
    id: u64,
    request_id: &str,
    headers: &HeaderMap,
    mut body: Incoming,
) -> Result<(), Refusal> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let (pieces, waiting) = mpsc::channel(1);
    let stream = |end| Stream {
        content_type: content_type.unwrap_or_default().to_owned(),
        pieces: waiting,
        end: Some(end),
    };
    if !pool.begin(id, request_id, stream) {
        return Err(Refusal::UNKNOWN);
    }
    let (mut taken, mut trailers) = (0, HeaderMap::new());
    let (end, answer) = loop {
        match body.frame().await {
            None => break (finished(Bytes::new(), &trailers), Ok(())),
            Some(Err(_)) => {
                // An end of the process itself is told by those who see it.
                tokio::time::sleep(LAST_GASP).await;
                let sentence = "the connection ended in the middle of the response";
                let broken = Invoked::function_error("Runtime.TruncatedResponse", sentence);
                break (
                    broken,
                    Err(Refusal(StatusCode::BAD_REQUEST, "TruncatedResponse", sentence)),
                );
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(piece) => {
                    taken += piece.len();
                    if taken > MAX_STREAM_BYTES {
                        break (too_large(MAX_STREAM_BYTES), Err(Refusal::TOO_LARGE));
                    }
                    // When nobody wants it any more the function goes on all the same.
                    let _ = pieces.send(piece).await;
                }
                Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
            },
        }
    };
    drop(pieces);
    if pool.complete(id, request_id, end) {
        answer
    } else {
        Err(Refusal::UNKNOWN)
    }
}
