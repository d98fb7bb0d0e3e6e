//! The administrative port: token introspection (RFC 7662) as each version of Hydra answers it, and the tests' own tokens.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{any, post};
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::super::wire::{bearer, json_answer, typed_answer};
use super::client_auth::Form;
use super::error::{OauthError, uncached};
use super::token::{Grant, Known, covers};
use super::{HydraVersion, Provider};

pub(super) fn router(version: HydraVersion) -> Router<Arc<Provider>> {
    let router = Router::new()
        .route("/_tokens", post(mint))
        .route("/oauth2/introspect", any(introspect));
    match version {
        HydraVersion::V0_6 | HydraVersion::V1_8 => router,
        HydraVersion::V2 => router.route("/admin/oauth2/introspect", any(introspect)),
    }
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
    let client = grant.client_id.as_str();
    let plain = Introspection {
        active: true,
        scope: &grant.scope,
        client_id: client,
        sub: client,
        exp: grant.expires_at,
        iat: grant.issued_at,
        nbf: None,
        aud: None,
        iss: None,
        token_type: None,
        token_use: None,
    };
    match version {
        HydraVersion::V0_6 => Introspection {
            aud: Some(Audience::Client(client)),
            ..plain
        },
        HydraVersion::V1_8 => Introspection {
            iss: Some(issuer),
            token_type: Some("access_token"),
            ..plain
        },
        HydraVersion::V2 => Introspection {
            nbf: Some(grant.issued_at),
            aud: Some(Audience::List([])),
            iss: Some(issuer),
            token_type: Some("Bearer"),
            token_use: Some("access_token"),
            ..plain
        },
    }
}

async fn introspect(
    State(provider): State<Arc<Provider>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match reply(&provider, &method, &headers, &body) {
        Ok(text) => {
            // Hydra 0.6 sets no type and Go's server guesses this one.
            let media_type = match provider.options.version {
                HydraVersion::V0_6 => "text/plain; charset=utf-8",
                HydraVersion::V1_8 | HydraVersion::V2 => "application/json;charset=UTF-8",
            };
            uncached(typed_answer(StatusCode::OK, media_type, text))
        }
        Err(error) => error.answer(),
    }
}

fn reply(provider: &Provider, method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<String, OauthError> {
    let form = Form::read(method, headers, body)?;
    let token = form.get("token").unwrap_or_default();
    if provider.options.version == HydraVersion::V0_6 {
        authorize(provider, headers, token)?;
    }
    let wanted = form.get("scope").unwrap_or_default();
    let text = match provider.tokens.find(token) {
        Some(Known::Minted(text)) => text,
        Some(Known::Granted(grant)) if covers(&grant.scope, wanted) => {
            let reply = describe(provider.options.version, &grant, &provider.issuer);
            serde_json::to_string(&reply).map_err(|_| OauthError::internal("The reply cannot be written."))?
        }
        _ => json!({"active": false}).to_string(),
    };
    Ok(text)
}

/// Hydra 0.x asks who introspects: a bearer token other than the one in question, or a client's Basic credentials.
fn authorize(provider: &Provider, headers: &HeaderMap, token: &str) -> Result<(), OauthError> {
    const CODE: &str = "request_unauthorized";
    if let Some(own) = bearer(headers) {
        if own == token {
            return Err(OauthError::unauthorized(
                CODE,
                "Bearer and introspection token are identical",
            ));
        }
        return match provider.tokens.find(own) {
            Some(_) => Ok(()),
            None => Err(OauthError::unauthorized(
                CODE,
                "HTTP Authorization header missing, malformed or credentials used are invalid",
            )),
        };
    }
    match provider.basic_client(headers) {
        Some(_) => Ok(()),
        None => Err(OauthError::unauthorized(
            CODE,
            "HTTP Authorization header missing, malformed or credentials used are invalid",
        )),
    }
}

/// Makes a token whose introspection reply is the posted JSON text, byte for byte.
async fn mint(State(provider): State<Arc<Provider>>, body: Bytes) -> Response<Body> {
    let text = match std::str::from_utf8(&body) {
        Ok(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => text,
        _ => return json_answer(StatusCode::BAD_REQUEST, &json!({"error": "the body is not JSON"})),
    };
    match provider.tokens.mint(text.to_owned()) {
        Ok(token) => json_answer(StatusCode::CREATED, &json!({"access_token": token})),
        Err(_) => OauthError::internal("No randomness for a token.").answer(),
    }
}
