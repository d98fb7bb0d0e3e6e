//! What a call to the stand-ins is for, and whether it is the right one.

use super::STREAMED;
use crate::session::excerpt;
use crate::wire::{Request, find};

/// What a call was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /floor`: floor-post's upstream.
    Floor,
    /// `POST /introspect`: RFC 7662.
    Introspection,
    /// `POST /slack/chat.postMessage`.
    Slack,
    /// `/signed/...`: an endpoint that wants Signature Version 4.
    Signed,
    /// `/keyed/...`: an endpoint that wants `x-api-key`.
    Keyed,
    /// `POST /2015-03-31/functions/{name}/invocations`, or `/2021-11-15/.../response-streaming-invocations`: the Lambda Invoke
    /// API, signed.
    Invoke,
    /// `POST /` with `x-amz-target: secretsmanager.GetSecretValue`.
    Secrets,
}

pub(super) const ROUTES: [Route; 7] = [
    Route::Floor,
    Route::Introspection,
    Route::Slack,
    Route::Signed,
    Route::Keyed,
    Route::Invoke,
    Route::Secrets,
];

/// How often each route was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls(pub(super) [u64; ROUTES.len()]);

impl Calls {
    /// The calls of one route.
    #[must_use]
    pub fn calls(&self, route: Route) -> u64 {
        self.0.get(route as usize).copied().unwrap_or_default()
    }

    /// The calls of all other routes, without Secrets Manager's.
    #[must_use]
    pub fn others(&self, route: Option<Route>) -> u64 {
        let other = |candidate: &&Route| Some(**candidate) != route && **candidate != Route::Secrets;
        ROUTES.iter().filter(other).map(|route| self.calls(*route)).sum()
    }
}

pub(super) fn route(request: &Request<'_>) -> Result<Route, String> {
    let method = String::from_utf8_lossy(request.method);
    match (method.as_ref(), request.target) {
        ("POST", b"/floor") => Ok(Route::Floor),
        ("POST", b"/introspect") => Ok(Route::Introspection),
        ("POST", b"/slack/chat.postMessage") => Ok(Route::Slack),
        ("POST", b"/") if request.header("x-amz-target") == Some(b"secretsmanager.GetSecretValue") => {
            Ok(Route::Secrets)
        }
        ("POST", target) if target.starts_with(b"/2015-03-31/functions/target/invocations") => Ok(Route::Invoke),
        ("POST", target) if target.starts_with(STREAMED) => Ok(Route::Invoke),
        ("POST" | "GET", target)
            if [b"/signed/orders".as_slice(), b"/signed/archive", b"/signed/sized/"]
                .iter()
                .any(|path| target.starts_with(path)) =>
        {
            Ok(Route::Signed)
        }
        ("POST" | "GET", target) if target.starts_with(b"/keyed/orders") => Ok(Route::Keyed),
        (method, _) => Err(format!("{method} is not expected there")),
    }
}

pub(super) fn check_introspection(request: &Request<'_>) -> Result<(), String> {
    expect_header(request, "content-type", "application/x-www-form-urlencoded")?;
    expect_text(request.body, "token_type_hint=access_token")?;
    match request.header("authorization") {
        // base64 of `CLIENT`.
        Some(value) if value != b"Basic YmVuY2g6YmVuY2gtY2xpZW50LXNlY3JldA==" => {
            Err("wrong client credentials".to_owned())
        }
        _ => Ok(()),
    }
}

pub(super) fn expect_header(request: &Request<'_>, name: &str, value: &str) -> Result<(), String> {
    match request.header(name) {
        Some(seen) if seen == value.as_bytes() => Ok(()),
        seen => Err(format!("{name} is {}, not {value}", excerpt(seen.unwrap_or(b"absent")))),
    }
}

pub(super) fn expect_text(body: &[u8], text: &str) -> Result<(), String> {
    find(body, text.as_bytes())
        .map(drop)
        .ok_or_else(|| format!("no {text} in {}", excerpt(body)))
}
