//! Incoming webhooks: each posts to one channel, answers in plain text, and takes no name of its sender.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::super::wire::typed_answer;
use super::arguments::{Arguments, Code};
use super::message;
use super::state::Envelope;
use super::workspace::Workspace;

pub(super) async fn answer(
    State(workspace): State<Arc<Workspace>>,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let (status, told) = match post(&workspace, &path, &method, &headers, &body) {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(code) => (status_of(code), code),
    };
    let mut response = typed_answer(status, "text/html", told);
    if status == StatusCode::TOO_MANY_REQUESTS {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn post(workspace: &Workspace, path: &str, method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<(), Code> {
    let channel = workspace.webhook(path).ok_or("no_service")?;
    if method != Method::POST {
        return Err("invalid_payload");
    }
    let arguments = Arguments::read(method, "", headers, body).map_err(|_| "invalid_payload")?;
    let content = message::content(&arguments).map_err(|code| match code {
        "no_text" | "too_many_attachments" => code,
        _ => "invalid_payload",
    })?;
    let envelope = Envelope {
        channel,
        username: None,
        icon: None,
        thread_ts: arguments.text("thread_ts"),
        client_msg_id: None,
        by_webhook: true,
    };
    workspace.post(envelope, content).map(drop).map_err(|code| match code {
        "is_archived" => "channel_is_archived",
        code => code,
    })
}

fn status_of(code: Code) -> StatusCode {
    match code {
        "ratelimited" => StatusCode::TOO_MANY_REQUESTS,
        "no_service" | "channel_not_found" => StatusCode::NOT_FOUND,
        "channel_is_archived" => StatusCode::GONE,
        _ => StatusCode::BAD_REQUEST,
    }
}
