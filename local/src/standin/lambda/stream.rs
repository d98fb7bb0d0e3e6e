//! The answer to `InvokeWithResponseStream`: the payload in chunks, then how it ended.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::answer::{error_of, set};
use super::deployment::{Deployed, Target};
use super::frame;
use super::request::Invocation;
use super::service::{Service, attributes};
use super::tail::tail;
use crate::function::{Answered, Invoked, Run};

/// Chunks on their way to the caller, at most.
const WAITING: usize = 16;

/// 200 and a stream of events. The function goes on when the caller leaves.
pub(super) fn answer(
    service: &Service,
    deployed: Arc<Deployed>,
    target: Target,
    invocation: Invocation,
    request_id: &str,
    place: OwnedSemaphorePermit,
) -> Response<Body> {
    let (frames, waiting) = mpsc::channel(WAITING);
    let mut response = Response::new(Body::new(Frames(waiting)));
    set(response.headers_mut(), CONTENT_TYPE.as_str(), frame::MEDIA_TYPE);
    set(response.headers_mut(), "x-amz-executed-version", &target.version);
    let request_id = request_id.to_owned();
    service.spawn(async move {
        let function = deployed.function(&target.version, invocation.tenant_id.as_deref());
        let with_tail = invocation.tail;
        let (payload, attributes) = attributes(invocation, &target, &request_id);
        let (answered, following) = function.follow(payload, attributes).await;
        let outcome = pass(answered, &frames).await;
        drop(place);
        let run = following.done(outcome);
        let log = match with_tail {
            true => Some(tail(&run, &request_id, &target.version, deployed.memory_mb()).await),
            false => None,
        };
        let _ = frames.send(complete(&run, log)).await;
    });
    response
}

/// Passes the payload on while it is made; gives what became of the invocation.
async fn pass(answered: Answered, frames: &mpsc::Sender<Bytes>) -> Invoked {
    // The caller may have left: the function goes on, and its place is taken until it is done.
    let send = async |payload: &[u8]| {
        let chunk = frame::event("PayloadChunk", "application/octet-stream", payload);
        let _ = frames.send(chunk).await;
    };
    match answered {
        Answered::Whole(outcome) => {
            if let Invoked::Response(payload) = &outcome {
                send(payload).await;
            }
            outcome
        }
        Answered::Stream(mut stream) => loop {
            match stream.next().await {
                Ok(Some(piece)) => send(&piece).await,
                Ok(None) => return Invoked::Response(Bytes::new()),
                Err(failed) => return *failed,
            }
        },
    }
}

/// The last event: the error if there was one, and the end of the log if it was asked for.
fn complete(run: &Run, log: Option<String>) -> Bytes {
    let mut members = Map::new();
    let mut put = |name: &str, value: String| drop(members.insert(name.to_owned(), Value::String(value)));
    if let Some((error_type, report)) = error_of(&run.outcome) {
        put("ErrorCode", error_type);
        put("ErrorDetails", String::from_utf8_lossy(&report).into_owned());
    }
    if let Some(log) = log {
        put("LogResult", log);
    }
    let payload = Value::Object(members).to_string();
    frame::event("InvokeComplete", "application/json", payload.as_bytes())
}

/// Frames as they come.
struct Frames(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        let next = self.get_mut().0.poll_recv(cx);
        next.map(|frame| frame.map(|frame| Ok(hyper::body::Frame::data(frame))))
    }
}
