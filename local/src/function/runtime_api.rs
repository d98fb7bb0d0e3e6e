//! The Lambda Runtime API of one environment: next, response, error, init/error.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{io, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    Invoked,
    delivery::{Delivery, Next},
    pool::Pool,
    stream::{self, too_large},
};
use crate::{
    body::{self, Unreadable},
    server::Server,
};

/// The largest payload of a reply: 6 MB and what the envelope takes, as Lambda counts.
pub(super) const MAX_REPLY_BYTES: usize = 6 * 1024 * 1024 + 100;

const PREFIX: &str = "/2018-06-01/runtime/";
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// Serves environment `id` of `pool` on `listener`.
pub(super) fn start(pool: &Arc<Pool>, id: u64, listener: TcpListener) -> io::Result<Server> {
    let pool = pool.clone();
    Server::start(listener, None, move |request, _| {
        let pool = pool.clone();
        async move { answer(&pool, id, request).await }
    })
}

async fn answer(pool: &Arc<Pool>, id: u64, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let call = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let steps: Vec<&str> = call.split('/').collect();
    match (&head.method, steps.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => match pool.next(id).await {
            Next::Deliver(delivery) => event(pool, *delivery),
            Next::StillWorking => Refusal(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                "Transition from Running to Ready is not allowed: the event before has no response",
            )
            .response(),
            Next::Gone => Refusal(StatusCode::GONE, "Gone", "this environment has ended").response(),
        },
        (&Method::POST, ["invocation", request_id, kind @ ("response" | "error")]) => {
            let taken = if *kind == "response" && stream::is_announced(&head.headers) {
                stream::take(pool, id, request_id, &head.headers, body).await
            } else {
                reply(pool, id, request_id, *kind == "error", body).await
            };
            taken.map_or_else(Refusal::response, |()| accepted())
        }
        (&Method::POST, ["init", "error"]) => match read(body).await {
            Ok((report, _)) => {
                pool.init_error(id, report);
                accepted()
            }
            Err(refusal) => refusal.response(),
        },
        _ => Refusal(StatusCode::NOT_FOUND, "NotFound", "no such call of the Runtime API").response(),
    }
}

fn event(pool: &Pool, delivery: Delivery) -> Response<Full<Bytes>> {
    let trace = format!(
        "Root={};Parent={};Sampled=0",
        delivery.trace_root,
        crate::random::hex(8)
    );
    let mut response = Response::new(Full::new(delivery.payload));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    set(headers, "lambda-runtime-aws-request-id", &delivery.request_id);
    set(headers, "lambda-runtime-deadline-ms", &delivery.deadline_ms.to_string());
    let attributes = delivery.attributes;
    let arn = attributes.invoked_arn.unwrap_or_else(|| pool.options.arn());
    set(headers, "lambda-runtime-invoked-function-arn", &arn);
    if let Some(context) = &attributes.client_context {
        set(headers, "lambda-runtime-client-context", context);
    }
    if let Some(tenant) = &attributes.tenant_id {
        set(headers, "lambda-runtime-aws-tenant-id", tenant);
    }
    set(headers, "lambda-runtime-trace-id", &trace);
    response
}

async fn reply(pool: &Pool, id: u64, request_id: &str, is_error: bool, body: Incoming) -> Result<(), Refusal> {
    let (outcome, answer) = match read(body).await {
        Ok((payload, _)) if is_error => (Invoked::from_report(payload), Ok(())),
        Ok((payload, trailers)) => (finished(payload, &trailers), Ok(())),
        Err(refusal) if refusal.0 == StatusCode::PAYLOAD_TOO_LARGE => (too_large(MAX_REPLY_BYTES), Err(refusal)),
        Err(refusal) => return Err(refusal),
    };
    if pool.complete(id, request_id, outcome) {
        answer
    } else {
        Err(Refusal::UNKNOWN)
    }
}

/// A reply in chunks may still fail in its trailers.
pub(super) fn finished(payload: Bytes, trailers: &HeaderMap) -> Invoked {
    let Some(error_type) = trailers.get(ERROR_TYPE) else {
        return Invoked::Response(payload);
    };
    let report = trailers.get(ERROR_BODY).and_then(|body| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        STANDARD.decode(body.as_bytes()).ok()
    });
    match report {
        Some(report) => Invoked::from_report(report.into()),
        None => Invoked::function_error(&String::from_utf8_lossy(error_type.as_bytes()), ""),
    }
}

async fn read(body: Incoming) -> Result<(Bytes, HeaderMap), Refusal> {
    body::read(body, MAX_REPLY_BYTES)
        .await
        .map_err(|unreadable| match unreadable {
            Unreadable::TooLarge => Refusal::TOO_LARGE,
            Unreadable::Broken => Refusal(StatusCode::BAD_REQUEST, "BadRequest", "the body could not be read"),
        })
}

/// Why a call is not taken: status, `errorType`, `errorMessage`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal(pub(super) StatusCode, pub(super) &'static str, pub(super) &'static str);

impl Refusal {
    /// The environment does not work on such a request.
    pub(super) const UNKNOWN: Self = Self(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");

    /// The reply is larger than it may be.
    pub(super) const TOO_LARGE: Self = Self(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        "Exceeded maximum allowed payload size.",
    );

    fn response(self) -> Response<Full<Bytes>> {
        let Self(status, error_type, error_message) = self;
        json(
            status,
            &json!({ "errorMessage": error_message, "errorType": error_type }),
        )
    }
}

fn accepted() -> Response<Full<Bytes>> {
    json(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
