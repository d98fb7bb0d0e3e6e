//! The page that shows the messages, and what it reads: the messages, and who and what is in the workspace.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::{RawQuery, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::control::after;
use super::super::wire::{empty_answer, json_answer, typed_answer};
use super::workspace::Workspace;

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// One script, so that one hash names it.
const SCRIPT: &str = concat!(
    include_str!("page/emoji.js"),
    include_str!("page/mrkdwn.js"),
    include_str!("page/blocks.js"),
    include_str!("page/entries.js"),
    include_str!("page/page.js"),
);

/// The page in one piece.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    HTML.replace("<style></style>", &format!("<style>\n{STYLE}</style>"))
        .replace("<script></script>", &format!("<script>\n{SCRIPT}</script>"))
});

/// Its policy lets nothing run but its own script, which can put no text in as markup, and loads from here alone.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |content: &str| STANDARD.encode(Sha256::digest(format!("\n{content}")));
    format!(
        "default-src 'none'; connect-src 'self'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src 'self' data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// When this program began, by which a page that outlives it knows that its numbers are old.
static START: LazyLock<u64> = LazyLock::new(crate::clock::epoch_millis);

/// The page.
pub(super) async fn page() -> Response<Body> {
    let mut response = typed_answer(StatusCode::OK, "text/html; charset=utf-8", PAGE.as_str());
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(POLICY.as_str()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// `GET /_messages`: all kept messages, or those after `?after=N`. The header `x-epoch` changes when messages are forgotten.
pub(super) async fn messages(State(workspace): State<Arc<Workspace>>, RawQuery(query): RawQuery) -> Response<Body> {
    let after = match after(&query.unwrap_or_default()) {
        Ok(seq) => seq,
        Err(problem) => return json_answer(StatusCode::BAD_REQUEST, &json!({"error": problem})),
    };
    let epoch = format!("{}-{}", *START, workspace.epoch());
    let mut response = json_answer(StatusCode::OK, &workspace.messages_after(after));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(epoch) = HeaderValue::try_from(epoch) {
        headers.insert(HeaderName::from_static("x-epoch"), epoch);
    }
    response
}

/// `DELETE /_messages`
pub(super) async fn forget(State(workspace): State<Arc<Workspace>>) -> Response<Body> {
    workspace.forget();
    empty_answer(StatusCode::NO_CONTENT)
}

/// `GET /_workspace`: channels and members by id and name.
pub(super) async fn workspace(State(workspace): State<Arc<Workspace>>) -> Response<Body> {
    let channels: Vec<Value> = workspace
        .channels()
        .into_iter()
        .map(|channel| {
            json!({
                "id": channel.id,
                "name": channel.name,
                "topic": channel.topic,
                "is_private": channel.is_private,
                "is_archived": channel.is_archived,
            })
        })
        .collect();
    json_answer(
        StatusCode::OK,
        &json!({"channels": channels, "users": workspace.users()}),
    )
}
