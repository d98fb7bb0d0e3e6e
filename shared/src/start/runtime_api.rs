//! The Lambda Runtime API on one kept connection
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use super::InvocationError;
use super::invocation::Turn;
use crate::http::driven::{Driven, Sender};

/// How the Runtime API is told what kind of error it was.
pub(super) const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
/// What names an invocation a second time, where Lambda wants that.
pub(super) const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");

/// What Lambda is told of this runtime.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("suite-runtime/", env!("CARGO_PKG_VERSION")));

/// How much of an event waits to be copied to where all of it stands, in bytes.
const READ_BUFFER: usize = 64 * 1024;

/// An event's room is made in one go up to this size in bytes: the largest that Lambda delivers.
const LARGEST_EVENT: u64 = 6 * 1024 * 1024 + 1024;

/// A connection.
type Line = (Sender, Driven<TokioIo<TcpStream>>);

/// The Runtime API cannot be reached, or does not speak as it should: this environment cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// No connection, or one that broke twice.
    Unreachable,
    /// It answered with this status and gave no event.
    Refused(StatusCode),
    /// It handed over something that could not be answered.
    Nameless,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("the Runtime API cannot be reached"),
            Self::Refused(status) => write!(f, "the Runtime API answered with {status}"),
            Self::Nameless => f.write_str("the Runtime API sent an event without a request id"),
        }
    }
}

/// One worker's way to the Runtime API.
pub(super) struct RuntimeApi {
    address: Arc<str>,
    host: HeaderValue,
    open: Option<Line>,
}

impl RuntimeApi {
    /// The API at `address`, host and port. Connects nowhere yet.
    pub(super) fn new(address: Arc<str>) -> Result<Self, Broken> {
        let host = HeaderValue::from_str(&address).map_err(|_| Broken::Unreachable)?;
        Ok(Self {
            address,
            host,
            open: None,
        })
    }

    /// Another worker's way.
    pub(super) fn beside(&self) -> Self {
        Self {
            address: self.address.clone(),
            host: self.host.clone(),
            open: None,
        }
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the next invocation, for as long as it takes; gives the headers, and the event if it has come whole.
    ///
    /// # Errors
    /// [`Broken`]: with any answer but an event this environment is over.
    pub(super) async fn next(&mut self) -> Result<(HeaderMap, Option<Vec<u8>>), Broken> {
        let next = Uri::from_static("/2018-06-01/runtime/invocation/next");
        let (answer, _) = self.call(Method::GET, next, Bytes::new(), |_| {}).await?;
        match answer.status {
            StatusCode::OK => Ok((answer.headers, answer.body)),
            status => Err(Broken::Refused(status)),
        }
    }

    /// Tells that the start is done, and waits until this environment was restored from its snapshot, in which no
    /// connection lives on.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) async fn restored(&mut self) -> Result<(), Broken> {
        let next = Uri::from_static("/2018-06-01/runtime/restore/next");
        let (answer, _) = self.call(Method::GET, next, Bytes::new(), |_| {}).await?;
        self.open = None;
        match answer.status {
            status if status.is_success() => Ok(()),
            status => Err(Broken::Refused(status)),
        }
    }

    /// Answers an invocation.
    ///
    /// # Errors
    /// [`Broken`]. An answer that Lambda does not want, for its size or for its lateness, is none: Lambda tells the
    /// caller itself, and says with the next call whether this environment is to go on. The status is given then.
    pub(super) async fn answer(&mut self, turn: &Turn, answer: Vec<u8>) -> Result<Option<StatusCode>, Broken> {
        self.end(turn, "response", answer, None).await
    }

    /// Ends an invocation with an error.
    ///
    /// # Errors
    /// As [`RuntimeApi::answer`].
    pub(super) async fn fail(&mut self, turn: &Turn, error: &InvocationError) -> Result<Option<StatusCode>, Broken> {
        self.end(turn, "error", error.report().into_bytes(), Some(error.error_type))
            .await
    }

    /// Reports that the function did not start.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) async fn refuse_start(&mut self, error_type: &'static str, message: &str) -> Result<(), Broken> {
        let body = json!({"errorMessage": message, "errorType": error_type}).to_string();
        let place = Uri::from_static("/2018-06-01/runtime/init/error");
        let called = self.call(Method::POST, place, body.into(), |headers| {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(ERROR_TYPE, HeaderValue::from_static(error_type));
        });
        called.await.map(|_| ())
    }

    async fn end(
        &mut self,
        turn: &Turn,
        how: &str,
        body: Vec<u8>,
        error_type: Option<&'static str>,
    ) -> Result<Option<StatusCode>, Broken> {
        let place = format!("/2018-06-01/runtime/invocation/{}/{how}", turn.request_id);
        let place = Uri::from_maybe_shared(place).map_err(|_| Broken::Nameless)?;
        let called = self.call(Method::POST, place, body.into(), |headers| {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            if let Some(id) = &turn.invocation_id {
                headers.insert(INVOCATION_ID, id.clone());
            }
            if let Some(error_type) = error_type {
                headers.insert(ERROR_TYPE, HeaderValue::from_static(error_type));
            }
        });
        let (answer, repeated) = called.await?;
        Ok(match answer.status {
            status if status.is_success() => None,
            // It had taken the first one, and could not say so.
            StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN if repeated => None,
            status => Some(status),
        })
    }

    /// Sends a request on the kept connection, or once more on a new one if that has gone: Lambda takes an answer to an
    /// invocation once, so that nothing can arrive twice. `describe` adds the headers of this call. Gives with the answer
    /// whether that was the second time.
    async fn call(
        &mut self,
        method: Method,
        place: Uri,
        body: Bytes,
        describe: impl Fn(&mut HeaderMap),
    ) -> Result<(Answer, bool), Broken> {
        let host = self.host.clone();
        // Made anew for a second attempt, which is rarer than a copy for it would be dear.
        let request = || {
            let mut request = Request::new(Full::new(body.clone()));
            *request.method_mut() = method.clone();
            *request.uri_mut() = place.clone();
            request.headers_mut().insert(HOST, host.clone());
            request.headers_mut().insert(USER_AGENT, AGENT);
            describe(request.headers_mut());
            request
        };
        let mut repeated = false;
        if let Some((mut sender, mut connection)) = self.open.take()
            && connection.takes_another(&mut sender).await
        {
            repeated = true;
            if let Ok(answer) = exchange(&mut sender, &mut connection, request()).await {
                self.keep((sender, connection), &answer);
                return Ok((answer, false));
            }
        }
        let (mut sender, mut connection) = connect(&self.address).await.ok_or(Broken::Unreachable)?;
        let answered = exchange(&mut sender, &mut connection, request()).await;
        let answer = answered.map_err(|_| Broken::Unreachable)?;
        self.keep((sender, connection), &answer);
        Ok((answer, repeated))
    }

    /// Keeps a connection on which all went well: after a refusal the other side may wait for the rest of what it has
    /// refused, or close.
    fn keep(&mut self, open: Line, answer: &Answer) {
        if answer.status.is_success() && answer.body.is_some() {
            self.open = Some(open);
        }
    }
}

/// An answer of the Runtime API.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Nothing if it broke off.
    body: Option<Vec<u8>>,
}

async fn connect(address: &str) -> Option<Line> {
    let stream = TcpStream::connect(address).await.ok()?;
    // An answer goes out when it is there.
    let _ = stream.set_nodelay(true);
    let handshake = http1::Builder::new()
        .max_buf_size(READ_BUFFER)
        .handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.ok()?;
    Some((sender, Driven::new(connection)))
}

/// One request and its answer.
async fn exchange(
    sender: &mut Sender,
    connection: &mut Driven<TokioIo<TcpStream>>,
    request: Request<Full<Bytes>>,
) -> hyper::Result<Answer> {
    let answering = async {
        sender.ready().await?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: read(body).await.ok(),
        })
    };
    connection.run(answering).await
}

async fn read(mut body: Incoming) -> hyper::Result<Vec<u8>> {
    let known = body.size_hint().lower().min(LARGEST_EVENT);
    let mut all = Vec::with_capacity(usize::try_from(known).unwrap_or_default());
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            all.extend_from_slice(data);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
