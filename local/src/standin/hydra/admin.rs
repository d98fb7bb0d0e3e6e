//! The administrative port: token introspection (RFC 7662) as each version of Hydra answers it, and the tests' own tokens.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{any, post};
use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::super::wire::{bearer, empty_answer, json_answer, typed_answer};
use super::client_auth::Form;
use super::error::{OauthError, method_not_allowed, uncached};
use super::token::{Grant, Kind, Known, covers};
use super::{HydraVersion, Provider};

pub(super) fn router(version: HydraVersion) -> Router<Arc<Provider>> {
    const PLAIN: &str = "/oauth2/introspect";
    const PREFIXED: &str = "/admin/oauth2/introspect";
    let introspection = || post(introspect).fallback(async move || method_not_allowed(version));
    let router = Router::new().route("/_tokens", post(mint));
    match version {
        HydraVersion::V0_6 | HydraVersion::V0_11 | HydraVersion::V1_8 | HydraVersion::V1_11 => {
            router.route(PLAIN, introspection())
        }
        HydraVersion::V2_3 => router.route(PREFIXED, introspection()).route(PLAIN, any(moved)),
        HydraVersion::V2 => router.route(PREFIXED, introspection()).route(PLAIN, introspection()),
    }
}

/// To the path with its prefix, at a host without a name: this is what 2.3.0 says.
async fn moved() -> Response<Body> {
    let mut response = empty_answer(StatusCode::TEMPORARY_REDIRECT);
    let location = HeaderValue::from_static("http:///admin/oauth2/introspect");
    response.headers_mut().insert(LOCATION, location);
    response
}

/// The members of an active token's reply, in Hydra's order.
#[derive(Serialize)]
struct Introspection<'a> {
    active: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    client_id: &'a str,
    sub: &'a str,
    exp: u64,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_use: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    Client(&'a str),
    List([&'a str; 0]),
}

fn describe<'a>(version: HydraVersion, grant: &'a Grant, issuer: &'a str) -> Introspection<'a> {
    let plain = Introspection {
        active: true,
        scope: &grant.scope,
        client_id: &grant.client_id,
        sub: &grant.subject,
        exp: grant.expires_at,
        iat: grant.issued_at,
        nbf: None,
        aud: None,
        iss: None,
        token_type: None,
        token_use: None,
    };
    let kind = match grant.kind {
        Kind::Access => "access_token",
        Kind::Refresh => "refresh_token",
    };
    match version {
        HydraVersion::V0_6 => Introspection {
            aud: Some(Audience::Client(&grant.client_id)),
            ..plain
        },
        HydraVersion::V0_11 => Introspection {
            iss: Some(issuer),
            ..plain
        },
        HydraVersion::V1_8 => Introspection {
            iss: Some(issuer),
            token_type: Some(kind),
            ..plain
        },
        HydraVersion::V1_11 | HydraVersion::V2_3 | HydraVersion::V2 => Introspection {
            nbf: Some(grant.issued_at),
            aud: Some(Audience::List([])),
            iss: Some(issuer),
            token_type: Some("Bearer"),
            token_use: Some(kind),
            ..plain
        },
    }
}

async fn introspect(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    const JSON: &str = "application/json;charset=UTF-8";
    // Early 0.6 sets no type, and Go's server guesses this one.
    const GUESSED: &str = "text/plain; charset=utf-8";
    let version = provider.options.version;
    let media_type = if version == HydraVersion::V0_6 { GUESSED } else { JSON };
    match reply(&provider, &headers, &body) {
        Ok(Some(text)) => typed_answer(StatusCode::OK, media_type, text),
        Ok(None) => uncached(typed_answer(
            StatusCode::OK,
            media_type,
            json!({"active": false}).to_string(),
        )),
        Err(error) => error.answer(version),
    }
}

/// The reply for an active token; nothing for all others.
fn reply(provider: &Provider, headers: &HeaderMap, body: &[u8]) -> Result<Option<String>, OauthError> {
    let form = Form::read(headers, body)?;
    let token = form.get("token").unwrap_or_default();
    if provider.options.version.asks_who_introspects() {
        authorize(provider, headers, token)?;
    }
    let wanted = form.get("scope").unwrap_or_default();
    match provider.tokens.find(token) {
        Some(Known::Minted(text)) => Ok(Some(text)),
        Some(Known::Granted(grant)) if covers(&grant.scope, wanted) => {
            let reply = describe(provider.options.version, &grant, &provider.issuer);
            let text = serde_json::to_string(&reply);
            text.map(Some)
                .map_err(|_| OauthError::internal("The reply cannot be written."))
        }
        _ => Ok(None),
    }
}

/// Hydra 0.x asks who introspects: a bearer token other than the one in question, or a client's Basic credentials.
///
/// The policy that 0.11 needs beside the scope is taken as given.
fn authorize(provider: &Provider, headers: &HeaderMap, token: &str) -> Result<(), OauthError> {
    const NOBODY: OauthError =
        OauthError::unauthorized("HTTP Authorization header missing, malformed or credentials used are invalid");
    let Some(own) = bearer(headers) else {
        return provider.basic_client(headers).map(|_| ()).ok_or(NOBODY);
    };
    let known = provider.tokens.find(own).ok_or(NOBODY)?;
    if let (HydraVersion::V0_11, Known::Granted(grant)) = (provider.options.version, known)
        && !covers(&grant.scope, "hydra.introspect")
    {
        return Err(OauthError::scope_not_granted());
    }
    if own == token {
        return Err(OauthError::unauthorized("Bearer and introspection token are identical"));
    }
    Ok(())
}

/// Makes a token whose introspection reply is the posted JSON text, byte for byte.
async fn mint(State(provider): State<Arc<Provider>>, body: Bytes) -> Response<Body> {
    let text = match std::str::from_utf8(&body) {
        Ok(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => text,
        _ => return json_answer(StatusCode::BAD_REQUEST, &json!({"error": "the body is not JSON"})),
    };
    match provider.tokens.mint(text.to_owned()) {
        Ok(token) => json_answer(StatusCode::CREATED, &json!({"access_token": token})),
        Err(_) => OauthError::internal("No randomness for a token.").answer(provider.options.version),
    }
}
