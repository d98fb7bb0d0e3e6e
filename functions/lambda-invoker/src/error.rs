//! What can go wrong with a request, and the one ladder from it to the answer and the log line.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Response, StatusCode};
use serde::Serialize;
use shared::http::outbound::{BodyError, SendError};
use shared::telemetry::Level;

/// Why a request got no answer from its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The event holds no request; the front door's word for it.
    Unreadable(&'static str),
    /// The path has dot segments, a NUL, a backslash or a control character.
    BadPath,
    /// The query's bytes are not UTF-8 and cannot be signed.
    BadQuery,
    /// A header cannot be forwarded as it must be.
    BadHeader,
    /// The body is not what the target takes.
    BadBody,
    /// `CONNECT` or `TRACE`.
    MethodNotImplemented,
    /// Path and query are longer than 8 KB.
    UriTooLong,
    /// The headers are larger than 32 KB.
    HeadersTooLarge,
    /// The body is larger than the route or the target takes.
    RequestTooLarge,
    /// No route for host and path.
    RouteNotFound,
    /// No route for the method; these it could be.
    MethodNotAllowed(Vec<Method>),
    /// The request came through this function before.
    Loop,
    /// No connection: name not found, refused, reset before an answer.
    UpstreamConnect,
    /// The TLS handshake failed.
    UpstreamTls,
    /// Time ran out before the answer was there.
    UpstreamTimeout,
    /// Too little of the invocation's time is left to ask anybody.
    DeadlineTooClose,
    /// The answer is larger than the front or the route takes.
    ResponseTooLarge,
    /// The answer cannot be understood.
    BadResponse,
    /// What a function replied is no answer; it has run, and the service is well.
    BadReply,
    /// An answer was still flowing when its time was up.
    StreamTimeout,
    /// There are no credentials to sign with.
    Credentials,
    /// The request could not be signed.
    Signing,
    /// The target has too much to do; seconds until another try, if known.
    Throttled(Option<u64>),
    /// The target failed too often of late and is left alone; seconds until the next try.
    CircuitOpen(u64),
    /// The function is being changed or is not yet ready.
    FunctionNotReady,
    /// The function ended in an error, or ran out of its time.
    FunctionError {
        /// Status of the answer.
        status: StatusCode,
        /// The function's own error, which is JSON, where the route passes it on.
        passed: Option<Bytes>,
    },
    /// The client has not taken a streamed answer in time.
    ClientTooSlow,
    /// The Invoke API cannot read a payload that is the client's own body.
    PayloadRefused,
    /// The Invoke API refused: the table or the role is wrong.
    InvokeRefused,
    /// The Invoke API failed.
    InvokeFailed,
}

/// What a failure means, for the caller and for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// Status of the answer.
    pub status: StatusCode,
    /// `error` of the answer, and the `reason` of the log line.
    pub code: &'static str,
    /// `message` of the answer: nothing of the request, of the target or of the configuration.
    pub message: &'static str,
    /// `outcome` of the log line.
    pub outcome: &'static str,
    /// Level of the log line.
    pub level: Level,
}

const CLIENT: (&str, Level) = ("client_error", Level::Info);
const UPSTREAM: (&str, Level) = ("upstream_error", Level::Warn);
/// Whoever streams for good ends so every time; whoever does not should have more time, or less to say.
const TIMED: (&str, Level) = ("ok", Level::Warn);
const REFUSED: (&str, Level) = ("refused", Level::Warn);
const BROKEN: (&str, Level) = ("error", Level::Error);

impl Failure {
    /// The ladder.
    pub fn rung(&self) -> Rung {
        let (status, code, message, (outcome, level)) = match self {
            Self::Unreadable(reason) => (400, *reason, "The request cannot be read", CLIENT),
            Self::BadPath => (400, "bad_path", "The path is not allowed", CLIENT),
            Self::BadQuery => (400, "invalid_query_encoding", "The query is not UTF-8", CLIENT),
            Self::BadHeader => (400, "bad_header", "A header is not allowed", CLIENT),
            Self::BadBody => (400, "bad_body", "The body is not what the target takes", CLIENT),
            Self::RouteNotFound => (404, "route_not_found", "No route for this host and path", CLIENT),
            Self::MethodNotAllowed(_) => (405, "method_not_allowed", "No route for this method", CLIENT),
            Self::RequestTooLarge => (413, "request_too_large", "The body is too large", CLIENT),
            Self::UriTooLong => (414, "uri_too_long", "Path and query are too long", CLIENT),
            Self::HeadersTooLarge => (431, "headers_too_large", "The headers are too large", CLIENT),
            Self::MethodNotImplemented => (501, "method_not_implemented", "The method cannot be forwarded", CLIENT),
            Self::Loop => (508, "loop_detected", "The request came through here before", REFUSED),
            Self::UpstreamConnect => (502, "upstream_connect", "The target cannot be reached", UPSTREAM),
            Self::UpstreamTls => (502, "upstream_tls", "The target cannot be trusted", UPSTREAM),
            Self::ResponseTooLarge => (502, "upstream_response_too_large", "The answer is too large", UPSTREAM),
            Self::BadResponse | Self::BadReply => (
                502,
                "bad_upstream_response",
                "The answer cannot be understood",
                UPSTREAM,
            ),
            Self::FunctionError { status, .. } => {
                (status.as_u16(), "function_error", "Internal server error", UPSTREAM)
            }
            Self::UpstreamTimeout => (504, "upstream_timeout", "The target took too long", UPSTREAM),
            Self::StreamTimeout => (504, "stream_timeout", "The answer took longer than it may", TIMED),
            Self::DeadlineTooClose => (504, "upstream_timeout", "No time is left to ask the target", UPSTREAM),
            Self::Throttled(_) => (503, "throttled", "The target has too much to do", UPSTREAM),
            Self::CircuitOpen(_) => (503, "circuit_open", "The target is left alone for a while", UPSTREAM),
            Self::FunctionNotReady => (503, "function_not_ready", "The target is not ready yet", UPSTREAM),
            Self::InvokeFailed => (502, "invoke_failed", "The target cannot be invoked", UPSTREAM),
            Self::ClientTooSlow => (504, "client_too_slow", "The answer was not taken in time", CLIENT),
            // A client must not be able to call a person.
            Self::PayloadRefused => (502, "invoke_refused", "The target cannot be invoked", UPSTREAM),
            // Both want a person: the role or the table is wrong.
            Self::InvokeRefused => (502, "invoke_refused", "The target cannot be invoked", BROKEN),
            Self::Credentials => (502, "credentials_unavailable", "The request cannot be signed", BROKEN),
            Self::Signing => (500, "signing_failed", "The request cannot be signed", BROKEN),
        };
        Rung {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            message,
            outcome,
            level,
        }
    }

    /// The status that APISIX's `aws-lambda` plugin has for this, where it has another one: 503 for everything that
    /// goes wrong on the way to the target and back, 400 for a body that is too large.
    pub fn apisix_status(&self) -> Option<StatusCode> {
        match self {
            Self::UpstreamConnect
            | Self::UpstreamTls
            | Self::UpstreamTimeout
            | Self::DeadlineTooClose
            | Self::BadResponse
            | Self::BadReply => Some(StatusCode::SERVICE_UNAVAILABLE),
            Self::RequestTooLarge => Some(StatusCode::BAD_REQUEST),
            _ => None,
        }
    }

    /// The same without anything of the target's own.
    #[must_use]
    pub fn bare(self) -> Self {
        match self {
            Self::FunctionError { status, .. } => Self::FunctionError { status, passed: None },
            other => other,
        }
    }

    /// The answer: `{"error", "message", "request_id"}`, or a function's error that is passed on, with `allow` or `retry-after` where they belong; without a
    /// body for `HEAD`.
    pub fn answer(&self, request_id: &str, method: &Method) -> Response<Bytes> {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            message: &'a str,
            request_id: &'a str,
        }
        let rung = self.rung();
        let body = Body {
            error: rung.code,
            message: rung.message,
            request_id,
        };
        let mut response = Response::new(Bytes::new());
        if *method != Method::HEAD {
            *response.body_mut() = match self {
                Self::FunctionError { passed: Some(body), .. } => body.clone(),
                _ => serde_json::to_vec(&body).unwrap_or_default().into(),
            };
        }
        *response.status_mut() = rung.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self {
            Self::MethodNotAllowed(methods) => {
                let mut names: Vec<&str> = methods.iter().map(Method::as_str).collect();
                names.sort_unstable();
                if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
                    headers.insert(ALLOW, value);
                }
            }
            Self::Throttled(seconds) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds.unwrap_or(1)));
            }
            Self::CircuitOpen(seconds) => {
                headers.insert(RETRY_AFTER, HeaderValue::from((*seconds).max(1)));
            }
            Self::FunctionNotReady => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Connect | SendError::AddressRefused | SendError::Broken { .. } => Self::UpstreamConnect,
            SendError::ConnectTimeout => Self::UpstreamTimeout,
            SendError::Tls => Self::UpstreamTls,
            SendError::NotHttp => Self::BadResponse,
        }
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::ResponseTooLarge,
            BodyError::Broken => Self::BadResponse,
        }
    }
}

#[cfg(test)]
mod tests;
