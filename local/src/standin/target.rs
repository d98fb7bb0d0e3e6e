//! A stand-in for what lambda-invoker calls over HTTP: an endpoint that checks signatures, and one that checks an API key.
//!
//! | path | asks for | answers |
//! |---|---|---|
//! | `/key`, `/key/...` | `x-api-key` | an echo of the request, 403 otherwise |
//! | all others | Signature Version 4, service `lambda` | an echo of the request |
//!
//! The query of an echoed request can ask for another answer: `status=NNN`, `bytes=N` (N bytes of binary data), `cookies=N`.

mod endpoint;
#[cfg(test)]
mod tests;

use std::io;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::net::TcpListener;

use super::StandIn;
use super::sigv4::{self, PathRule, Refusal, Rules, SignedRequest};
use super::wire::json_answer;
use crate::clock;

/// The clock difference that Lambda allows, in seconds.
const SKEW_SECS: u64 = 300;

/// What a [`Target`] is started with.
#[derive(Clone)]
pub struct TargetOptions {
    /// The access key id that requests are signed with.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// Its session token; `None` if requests come without one.
    pub session_token: Option<String>,
    /// The region of the signatures' scope.
    pub region: String,
    /// The key of `/key/...`.
    pub api_key: String,
}

/// A running target.
pub struct Target {
    standin: StandIn,
}

/// What the handlers know.
struct Desk {
    rules: Rules,
    api_key: String,
}

impl Target {
    /// Serves the target on a socket that is bound already.
    ///
    /// # Errors
    /// The socket has no address. Must be called within a tokio runtime.
    pub fn start(listener: TcpListener, options: TargetOptions) -> io::Result<Self> {
        let rules = Rules {
            access_key_id: options.access_key_id,
            secret_access_key: options.secret_access_key,
            session_token: options.session_token,
            session_token_signed: true,
            region: options.region,
            service: "lambda",
            path: PathRule {
                encode: true,
                normalize: true,
            },
            skew_secs: SKEW_SECS,
        };
        let desk = Arc::new(Desk {
            rules,
            api_key: options.api_key,
        });
        let router = Router::new().fallback(answer).with_state(desk);
        Ok(Self {
            standin: StandIn::start(listener, router)?,
        })
    }
}

impl Deref for Target {
    type Target = StandIn;

    /// What every stand-in has: its address, the calls that it keeps, the faults that it is given.
    fn deref(&self) -> &StandIn {
        &self.standin
    }
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return json_answer(StatusCode::BAD_REQUEST, &json!({"message": "The body ended early."}));
    };
    let path = parts.uri.path();
    if path == "/key" || path.starts_with("/key/") {
        return endpoint::with_key(&desk.api_key, &parts, &body);
    }
    if let Err(refusal) = desk.check(&parts, &body) {
        return refused(refusal);
    }
    endpoint::echo(&parts, &body, "function-url")
}

impl Desk {
    fn check(&self, parts: &Parts, body: &Bytes) -> Result<(), Refusal> {
        let target = target_of(parts);
        let request = SignedRequest {
            method: parts.method.as_str(),
            target: &target,
            headers: &parts.headers,
            body,
        };
        sigv4::verify(request, &self.rules, clock::unix_now())
    }
}

/// Path and query as they stood in the request line.
fn target_of(parts: &Parts) -> String {
    parts
        .uri
        .path_and_query()
        .map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned())
}

fn refused(refusal: Refusal) -> Response<Body> {
    let mut body = json!({"message": refusal.message});
    if let Some(members) = body.as_object_mut() {
        members.extend(
            refusal
                .canonical_request
                .map(|text| ("canonical_request".to_owned(), text.into())),
        );
        members.extend(
            refusal
                .string_to_sign
                .map(|text| ("string_to_sign".to_owned(), text.into())),
        );
    }
    api_error(StatusCode::FORBIDDEN, refusal.code, &body)
}

/// An error as AWS's REST services give it: its name in a header.
fn api_error(status: StatusCode, code: &'static str, body: &serde_json::Value) -> Response<Body> {
    let mut response = json_answer(status, body);
    response.headers_mut().insert(
        HeaderName::from_static("x-amzn-errortype"),
        HeaderValue::from_static(code),
    );
    response
}
