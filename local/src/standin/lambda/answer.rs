//! The answer to a synchronous invocation, and what stands in the head of every answer.

use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::deployment::Deployed;
use super::error::{ACCOUNT, ApiError};
use super::tail::tail;
use crate::function::{Invoked, Run};

/// 200 with the function's payload, whether it is a result or an error.
pub(super) async fn synchronous(
    run: &Run,
    deployed: &Deployed,
    version: &str,
    request_id: &str,
    with_tail: bool,
) -> Response<Body> {
    let Some((payload, failed)) = run.outcome.payload() else {
        return ApiError::throttled(ACCOUNT).answer();
    };
    let mut response = Response::new(Body::from(payload));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    set(headers, "x-amz-executed-version", version);
    if failed {
        set(headers, "x-amz-function-error", error_kind(&run.outcome, deployed));
    }
    if with_tail {
        let text = tail(run, request_id, version, deployed.memory_mb()).await;
        set(headers, "x-amz-log-result", &text);
    }
    response
}

/// `Unhandled`, but for errors that a function of an old runtime reports itself.
pub(super) fn error_kind(outcome: &Invoked, deployed: &Deployed) -> &'static str {
    match outcome {
        Invoked::FunctionError { .. } if deployed.handled_errors() => "Handled",
        _ => "Unhandled",
    }
}

/// What became of an invocation in two words, for a stream's end: the type of the error and its report.
pub(super) fn error_of(outcome: &Invoked) -> Option<(String, Bytes)> {
    let (payload, failed) = outcome.payload()?;
    let error_type = match outcome {
        Invoked::FunctionError { error_type, .. } => error_type.as_str(),
        Invoked::TimedOut { .. } => "Sandbox.Timedout",
        Invoked::Crashed { .. } => "Runtime.ExitError",
        Invoked::InitFailed(failure) => failure.error_type.as_str(),
        Invoked::Response(_) | Invoked::Throttled => "",
    };
    failed.then(|| (error_type.to_owned(), payload))
}

/// The headers that every answer of the service has.
pub(super) fn stamp(headers: &mut HeaderMap, request_id: &str) {
    set(headers, "x-amzn-requestid", request_id);
    if !headers.contains_key("x-amzn-errortype") {
        set(headers, "x-amzn-remapped-content-length", "0");
        let trace = format!(
            "Root={};Parent={};Sampled=0",
            crate::random::trace_root(),
            crate::random::hex(8)
        );
        set(headers, "x-amzn-trace-id", &trace);
    }
}

pub(super) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
