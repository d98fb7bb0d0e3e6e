//! The warden of Hydra 0.x, on its one port: whether a token's subject may do something, by policies in the words of ladon.
//! Read from Hydra's sources (0.6.10, 0.11.14); 1.0 has it no longer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::wire::{bearer, json_answer};
use super::error::OauthError;
use super::token::{Known, covers};
use super::{HydraVersion, Provider};

/// A policy: who may, or may not, do what with what. In each text `<.*>` stands for anything, and `<a|b>` for one of these.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct WardenPolicy {
    /// Whom it is about.
    pub subjects: Vec<String>,
    /// The actions.
    pub actions: Vec<String>,
    /// The resources.
    pub resources: Vec<String>,
    /// `allow` or `deny`; one that denies outweighs all that allow.
    pub effect: Effect,
}

/// What a policy says.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Yes.
    Allow,
    /// No, whatever others say.
    Deny,
}

/// All policies.
#[derive(Default)]
pub(super) struct Policies(Mutex<Vec<WardenPolicy>>);

impl Policies {
    pub(super) fn new(policies: Vec<WardenPolicy>) -> Self {
        Self(Mutex::new(policies))
    }

    pub(super) fn add(&self, policy: WardenPolicy) {
        self.lock().push(policy);
    }

    fn allow(&self, subject: &str, action: &str, resource: &str) -> bool {
        let policies = self.lock();
        let hits = |patterns: &[String], text: &str| patterns.iter().any(|pattern| matches(pattern, text));
        let applies = |policy: &&WardenPolicy| {
            hits(&policy.subjects, subject) && hits(&policy.actions, action) && hits(&policy.resources, resource)
        };
        let mut effects = policies.iter().filter(applies).map(|policy| policy.effect).peekable();
        effects.peek().is_some() && effects.all(|effect| effect == Effect::Allow)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<WardenPolicy>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a pattern takes a whole text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((literal, rest)) = pattern.split_once('<') else {
        return pattern == text;
    };
    let (Some(text), Some((choice, rest))) = (text.strip_prefix(literal), rest.split_once('>')) else {
        return false;
    };
    if choice == ".*" {
        let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        return ends.filter_map(|at| text.get(at..)).any(|text| matches(rest, text));
    }
    choice
        .split('|')
        .any(|one| text.strip_prefix(one).is_some_and(|text| matches(rest, text)))
}

pub(super) fn router(version: HydraVersion) -> Router<Arc<Provider>> {
    if !version.has_one_port() {
        return Router::new();
    }
    Router::new()
        .route("/warden/token/allowed", post(token_allowed))
        .route("/_policies", post(add_policy))
}

/// What is asked, as far as it counts. Absent members are empty, and the subject is the token's.
#[derive(Deserialize)]
#[serde(default)]
struct Asked {
    token: String,
    scopes: Vec<String>,
    resource: String,
    action: String,
}

impl Default for Asked {
    fn default() -> Self {
        let empty = String::new;
        Self {
            token: empty(),
            scopes: Vec::new(),
            resource: empty(),
            action: empty(),
        }
    }
}

/// The token's facts, for both kinds of tokens that there are here.
struct Facts {
    subject: String,
    client_id: String,
    scope: String,
    issued_at: u64,
    expires_at: u64,
}

async fn token_allowed(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    match answer(&provider, &headers, &body) {
        Ok(reply) => json_answer(StatusCode::OK, &reply),
        Err(error) => error.answer(provider.options.version),
    }
}

/// The caller shows a token with the scope `hydra.warden`; the policy that it needs beside that is taken as given. Whatever
/// is wrong with the token in question is a no.
fn answer(provider: &Provider, headers: &HeaderMap, body: &[u8]) -> Result<Value, OauthError> {
    const NOBODY: OauthError =
        OauthError::unauthorized("HTTP Authorization header missing, malformed or credentials used are invalid");
    let own = bearer(headers).and_then(|own| facts(provider, own)).ok_or(NOBODY)?;
    if !covers(&own.scope, "hydra.warden") {
        return Err(OauthError::scope_not_granted());
    }
    // Hydra hands on its JSON reader's error, which is none of OAuth's.
    let asked: Asked = serde_json::from_slice(body).map_err(|_| OauthError::internal("The body cannot be read."))?;
    let no = json!({"allowed": false});
    let Some(facts) = facts(provider, &asked.token) else {
        return Ok(no);
    };
    let granted = asked.scopes.iter().all(|scope| covers(&facts.scope, scope));
    if !granted || !provider.policies.allow(&facts.subject, &asked.action, &asked.resource) {
        return Ok(no);
    }
    let scopes: Vec<&str> = facts.scope.split_ascii_whitespace().collect();
    let time = |seconds: u64| shared::clock::rfc3339(seconds.saturating_mul(1000));
    let (iat, exp) = (time(facts.issued_at), time(facts.expires_at));
    Ok(match provider.options.version {
        HydraVersion::V0_6 => json!({
            "sub": facts.subject, "scopes": scopes, "iss": provider.issuer, "aud": facts.client_id,
            "iat": iat, "exp": exp, "ext": {}, "allowed": true,
        }),
        _ => json!({
            "subject": facts.subject, "grantedScopes": scopes, "issuer": provider.issuer, "clientId": facts.client_id,
            "issuedAt": iat, "expiresAt": exp, "accessTokenExtra": {}, "allowed": true,
        }),
    })
}

fn facts(provider: &Provider, token: &str) -> Option<Facts> {
    match provider.tokens.find(token)? {
        Known::Granted(grant) => Some(Facts {
            subject: grant.subject,
            client_id: grant.client_id,
            scope: grant.scope,
            issued_at: grant.issued_at,
            expires_at: grant.expires_at,
        }),
        Known::Minted(reply) => {
            let reply: Value = serde_json::from_str(&reply).ok()?;
            let text = |name: &str| reply.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let number = |name: &str| reply.get(name).and_then(Value::as_u64).unwrap_or_default();
            let is_active = reply.get("active") == Some(&Value::Bool(true));
            is_active.then(|| Facts {
                subject: text("sub"),
                client_id: text("client_id"),
                scope: text("scope"),
                issued_at: number("iat"),
                expires_at: number("exp"),
            })
        }
    }
}

/// Keeps a policy for whoever tries things out.
async fn add_policy(State(provider): State<Arc<Provider>>, body: Bytes) -> Response<Body> {
    match serde_json::from_slice::<WardenPolicy>(&body) {
        Ok(policy) => {
            provider.policies.add(policy.clone());
            json_answer(StatusCode::CREATED, &policy)
        }
        Err(error) => json_answer(
            StatusCode::BAD_REQUEST,
            &json!({"error": format!("not a policy: {error}")}),
        ),
    }
}
