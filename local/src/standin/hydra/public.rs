//! The public port: the token endpoint, revocation and discovery.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use super::super::wire::{empty_answer, json_answer};
use super::client_auth::Form;
use super::error::{OauthError, method_not_allowed, not_found, uncached};
use super::token::{Kind, Known, covers};
use super::{HydraVersion, Provider};

pub(super) fn router(version: HydraVersion) -> Router<Arc<Provider>> {
    let other_method = async move || match version {
        HydraVersion::V2 => not_found(version, false),
        _ => method_not_allowed(version),
    };
    Router::new()
        .route("/oauth2/token", post(token).fallback(other_method))
        .route("/oauth2/revoke", post(revoke).fallback(other_method))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/jwks.json", get(keys))
}

/// The client credentials grant (RFC 6749, section 4.4).
async fn token(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    match grant(&provider, &headers, &body) {
        Ok(reply) => uncached(json_answer(StatusCode::OK, &reply)),
        Err(error) => error.answer(provider.options.version),
    }
}

fn grant(provider: &Provider, headers: &HeaderMap, body: &[u8]) -> Result<Value, OauthError> {
    let form = Form::read(headers, body)?;
    let Some(grant_type) = form.get("grant_type") else {
        return Err(OauthError::invalid_request("Request parameter 'grant_type' is missing"));
    };
    let client = provider.client(headers, &form)?;
    match grant_type {
        "client_credentials" => {}
        "authorization_code" | "refresh_token" => return Err(OauthError::unauthorized_client()),
        _ => {
            return Err(OauthError::invalid_request(
                "Make sure that the various parameters are correct, be aware of case sensitivity and trim your \
                 parameters.",
            ));
        }
    }
    let scope = form.get("scope").unwrap_or_default();
    if !covers(&client.scope, scope) {
        return Err(OauthError::invalid_scope());
    }
    let scope = scope.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let lifespan = provider.options.lifespan_secs;
    let token = provider
        .tokens
        .grant(Kind::Access, &client.id, &client.id, &scope, lifespan)
        .map_err(|_| OauthError::internal("No randomness for a token."))?;
    // A part of the first second is gone.
    let left = lifespan.saturating_sub(1);
    Ok(json!({"access_token": token, "expires_in": left, "scope": scope, "token_type": "bearer"}))
}

/// Revocation (RFC 7009): 200 without a body, also for unknown tokens, for none, and for another client's, which live
/// on. 0.6 did not look whose they are.
async fn revoke(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let revoked = Form::read(&headers, &body).and_then(|form| {
        let client = provider.client(&headers, &form)?;
        let token = form.get("token").unwrap_or_default();
        let looks = provider.options.version > HydraVersion::V0_6;
        match provider.tokens.find(token) {
            Some(Known::Granted(grant)) if grant.client_id != client.id && looks => {}
            _ => provider.tokens.revoke(token),
        }
        Ok(())
    });
    match revoked {
        Ok(()) => uncached(empty_answer(StatusCode::OK)),
        Err(error) => error.answer(provider.options.version),
    }
}

/// The keys of signed tokens.
async fn keys(State(provider): State<Arc<Provider>>) -> Response<Body> {
    match provider.keys.document() {
        Ok(document) => json_answer(StatusCode::OK, &document),
        Err(_) => OauthError::internal("No randomness for a key.").answer(provider.options.version),
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
