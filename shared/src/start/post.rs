//! Sends a streamed answer to the Runtime API.
//!
//! An error in the middle goes into trailers, as the Runtime API has it, and what breaks off without one is never ended
//! properly: nobody may take half an answer for a whole one
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>).

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TRAILER};
use http::{Request, StatusCode};
use hyper::body::{Body, Frame};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::invocation::Turn;
use super::runtime_api::{ERROR_TYPE, INVOCATION_ID};
use super::stream::StreamBody;
use super::{InvocationError, guard, refused_answer};
use crate::http::STREAM_MEDIA_TYPE;

const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// After its deadline a streamed answer has so much more in all to come to its end, whether it is whole or broken off.
/// The other side may have stopped to read. Lambda's own deadline must not come before that.
pub const STREAM_GRACE: Duration = Duration::from_millis(100);

/// What an invocation ends with whose answer could not be begun.
const UNREACHABLE: InvocationError = InvocationError {
    error_type: "RuntimeApiUnreachable",
    error_message: "RuntimeApiUnreachable",
};

/// Sends the answer of one invocation, on a connection of its own, which is closed afterwards as Lambda wants it. Once
/// it has begun, what goes wrong ends the answer and is nothing that could be told in another way. Where the Runtime API
/// does not take it, the body is told.
///
/// # Errors
/// Nothing was sent.
pub(super) async fn post(
    api: &str,
    turn: &Turn,
    prelude: Vec<u8>,
    mut body: impl StreamBody,
) -> Result<(), InvocationError> {
    let (pieces, sent) = mpsc::channel(1);
    let ready = async {
        let request = request(api, turn, Sent(Some(sent)))?;
        let stream = TcpStream::connect(api).await.ok()?;
        // A piece goes out when it is there.
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        Some((request, sender, connection))
    };
    // A handler may have used up its time: it is this machine that is connected to.
    let ready = timeout(body.deadline().remaining().max(STREAM_GRACE), ready).await;
    let Some((request, mut sender, connection)) = ready.ok().flatten() else {
        body.refused();
        return Err(UNREACHABLE);
    };
    // Closed with this future, however that ends.
    let mut running = JoinSet::new();
    running.spawn(connection);
    let whole = {
        let mut sending = pin!(sender.send_request(request));
        let made = tokio::select! {
            biased;
            answer = &mut sending => Err(answer),
            end = make(prelude, &mut body, pieces) => Ok(end),
        };
        let (answer, whole) = match made {
            Err(answer) => (Some(answer), false),
            Ok(end) => {
                let last = body.deadline().later(STREAM_GRACE).remaining();
                (timeout(last, sending).await.ok(), end == End::Whole)
            }
        };
        match answer.map(|answer| answer.map(|answer| answer.status())) {
            Some(Ok(StatusCode::ACCEPTED | StatusCode::OK)) => whole,
            Some(Ok(status)) => {
                refused_answer(turn, status);
                body.refused();
                false
            }
            Some(Err(_)) => {
                body.refused();
                false
            }
            None => {
                if whole {
                    body.late();
                }
                false
            }
        }
    };
    drop(running);
    if whole {
        body.delivered();
    }
    Ok(())
}

fn request(api: &str, turn: &Turn, body: Sent) -> Option<Request<Sent>> {
    let mut request = Request::post(format!("/2018-06-01/runtime/invocation/{}/response", turn.request_id))
        .header(HOST, api)
        .header(CONTENT_TYPE, STREAM_MEDIA_TYPE)
        .header(RESPONSE_MODE, "streaming")
        .header(TRAILER, HeaderValue::from_name(ERROR_TYPE))
        .header(TRAILER, HeaderValue::from_name(ERROR_BODY))
        .body(body)
        .ok()?;
    if let Some(id) = &turn.invocation_id {
        request.headers_mut().insert(INVOCATION_ID, id.clone());
    }
    Some(request)
}

/// How the making of a body went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Failed,
    /// The other side has left.
    Unwanted,
}

/// One piece of what is sent.
enum Piece {
    Data(Bytes),
    /// The end, with trailers if it is an error.
    End(Option<HeaderMap>),
}

async fn make(prelude: Vec<u8>, body: &mut impl StreamBody, pieces: mpsc::Sender<Piece>) -> End {
    let mut piece = Piece::Data(prelude.into());
    let error = loop {
        match timeout(body.deadline().remaining(), pieces.send(piece)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Unwanted,
            Err(_) => break body.late(),
        }
        // A panic is told as what it is: the answer has begun.
        match guard(body.next()).await {
            Ok(Some(data)) => piece = Piece::Data(data),
            Ok(None) => {
                let end = pieces.send(Piece::End(None));
                return match timeout(body.deadline().remaining(), end).await {
                    Ok(Ok(())) => End::Whole,
                    Ok(Err(_)) => End::Unwanted,
                    Err(_) => break body.late(),
                };
            }
            Err(error) => break error,
        }
    };
    // Where nobody reads any more, the answer ends without an end.
    let grace = body.deadline().later(STREAM_GRACE).remaining().min(STREAM_GRACE);
    let _ = timeout(grace, pieces.send(Piece::End(Some(trailers(&error))))).await;
    End::Failed
}

fn trailers(error: &InvocationError) -> HeaderMap {
    let report = HeaderValue::from_str(&STANDARD.encode(error.report()));
    let mut trailers = HeaderMap::new();
    trailers.insert(ERROR_TYPE, HeaderValue::from_static(error.error_type));
    trailers.extend(report.ok().map(|report| (ERROR_BODY, report)));
    trailers
}

/// The body of the request.
struct Sent(Option<mpsc::Receiver<Piece>>);

/// The maker has gone without having come to an end.
#[derive(Debug)]
struct Unfinished;

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer was not finished")
    }
}

impl std::error::Error for Unfinished {}

impl Body for Sent {
    type Data = Bytes;
    type Error = Unfinished;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unfinished>>> {
        let Some(pieces) = &mut self.0 else {
            return Poll::Ready(None);
        };
        match ready!(pieces.poll_recv(cx)) {
            Some(Piece::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Piece::End(trailers)) => {
                self.0 = None;
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
            // Never taken for a whole body.
            None => Poll::Ready(Some(Err(Unfinished))),
        }
    }
}

#[cfg(test)]
mod tests;
