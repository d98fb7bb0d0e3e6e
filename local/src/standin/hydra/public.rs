//! The public port: the token endpoint, revocation and discovery.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::super::wire::{empty_answer, json_answer};
use super::Provider;
use super::client_auth::Form;
use super::error::{OauthError, uncached};
use super::token::{Known, covers};

pub(super) fn router() -> Router<Arc<Provider>> {
    Router::new()
        .route("/oauth2/token", post(token))
        .route("/oauth2/revoke", post(revoke))
        .route("/.well-known/openid-configuration", get(discovery))
        .route(
            "/.well-known/jwks.json",
            get(async || json_answer(StatusCode::OK, &json!({"keys": []}))),
        )
}

/// The client credentials grant (RFC 6749, section 4.4).
async fn token(
    State(provider): State<Arc<Provider>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match grant(&provider, &method, &headers, &body) {
        Ok(reply) => uncached(json_answer(StatusCode::OK, &reply)),
        Err(error) => error.answer(),
    }
}

fn grant(provider: &Provider, method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<Value, OauthError> {
    let form = Form::read(method, headers, body)?;
    if ["grant_type", "scope", "client_id", "client_secret"]
        .iter()
        .any(|name| form.repeats(name))
    {
        return Err(OauthError::bad(
            "invalid_request",
            "A parameter is included more than once.",
        ));
    }
    let Some(grant_type) = form.get("grant_type") else {
        return Err(OauthError::bad(
            "invalid_request",
            "Request parameter 'grant_type' is missing.",
        ));
    };
    let client = provider.client(headers, &form)?;
    if grant_type != "client_credentials" {
        return Err(OauthError::bad(
            "unsupported_grant_type",
            "The grant type is not supported by this server.",
        ));
    }
    let scope = form.get("scope").unwrap_or_default();
    if !covers(&client.scope, scope) {
        return Err(OauthError::bad(
            "invalid_scope",
            "The OAuth 2.0 Client is not allowed to request this scope.",
        ));
    }
    let scope = scope.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let lifespan = provider.options.lifespan_secs;
    let token = provider
        .tokens
        .grant(client, &scope, lifespan)
        .map_err(|_| OauthError::internal("No randomness for a token."))?;
    Ok(json!({"access_token": token, "expires_in": lifespan, "scope": scope, "token_type": "bearer"}))
}

/// Revocation (RFC 7009): 200 without a body, for unknown tokens too.
async fn revoke(
    State(provider): State<Arc<Provider>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let revoked = Form::read(&method, &headers, &body).and_then(|form| {
        let client = provider.client(&headers, &form)?;
        let Some(token) = form.get("token") else {
            return Err(OauthError::bad(
                "invalid_request",
                "Request parameter 'token' is missing.",
            ));
        };
        match provider.tokens.find(token) {
            Some(Known::Granted(grant)) if grant.client_id != client.id => Err(OauthError::bad(
                "unauthorized_client",
                "The token was not issued to this client.",
            )),
            _ => {
                provider.tokens.revoke(token);
                Ok(())
            }
        }
    });
    match revoked {
        Ok(()) => uncached(empty_answer(StatusCode::OK)),
        Err(error) => error.answer(),
    }
}

/// OpenID Connect discovery. Like Hydra's own, it does not tell where introspection is.
async fn discovery(State(provider): State<Arc<Provider>>) -> Response<Body> {
    let issuer = &provider.issuer;
    let base = issuer.trim_end_matches('/');
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth2/auth"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "revocation_endpoint": format!("{base}/oauth2/revoke"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    json_answer(StatusCode::OK, &document)
}
