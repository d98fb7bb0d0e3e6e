//! The page that shows the messages, and the list that it reads.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::wire::{empty_answer, form_pairs, json_answer, typed_answer};
use super::workspace::Workspace;

const PAGE: &str = include_str!("../slack_page.html");

/// The page. Its policy lets nothing run but its own script, and lets that read from here only.
pub(super) async fn page() -> Response<Body> {
    let policy = format!(
        "default-src 'none'; connect-src 'self'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        fingerprint("style"),
        fingerprint("script"),
    );
    let mut response = typed_answer(StatusCode::OK, "text/html; charset=utf-8", PAGE);
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The hash of the page's one element of this name, as a policy names it.
fn fingerprint(element: &str) -> String {
    let start = PAGE.split_once(&format!("<{element}>")).map_or("", |(_, rest)| rest);
    let content = start
        .split_once(&format!("</{element}>"))
        .map_or("", |(content, _)| content);
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

/// `GET /_messages`: all kept messages, or those after `?after=N`. The header `x-epoch` changes when messages are forgotten.
pub(super) async fn messages(State(workspace): State<Arc<Workspace>>, RawQuery(query): RawQuery) -> Response<Body> {
    let pairs = form_pairs(&query.unwrap_or_default());
    let after = match pairs.iter().find(|(name, _)| name == "after") {
        None => 0,
        Some((_, number)) => match number.parse() {
            Ok(number) => number,
            Err(_) => return json_answer(StatusCode::BAD_REQUEST, &json!({"error": "after: not a number"})),
        },
    };
    let epoch = workspace.epoch();
    let mut response = json_answer(StatusCode::OK, &workspace.messages_after(after));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-epoch"), HeaderValue::from(epoch));
    response
}

/// `DELETE /_messages`
pub(super) async fn forget(State(workspace): State<Arc<Workspace>>) -> Response<Body> {
    workspace.forget();
    empty_answer(StatusCode::NO_CONTENT)
}
