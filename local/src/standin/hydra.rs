//! A stand-in for Ory Hydra: tokens by client credentials on the public port, introspection on the administrative one.
//!
//! Public port (RFC 6749, RFC 7009): `POST /oauth2/token`, `POST /oauth2/revoke`, `/.well-known/openid-configuration`,
//! `/.well-known/jwks.json`. Administrative port (RFC 7662): introspection where the version has it, and
//! `POST /_tokens` for tests, and `/version`. `/health/alive` and `/health/ready` are on both. Hydra 0.x has one port for all, and
//! `/warden/token/allowed` on it, with `POST /_policies` for tests.
//!
//! Each port has its own `/_calls` and `/_faults`.

mod admin;
mod client_auth;
mod error;
mod public;
mod signing;
#[cfg(test)]
mod tests;
mod token;
mod version;
mod warden;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::signing::SigningKeys;
use self::token::{Kind, Tokens};
pub use self::version::HydraVersion;
use self::warden::Policies;
pub use self::warden::{Effect, WardenPolicy};
use super::server::url_of;
use super::wire::{empty_answer, json_answer};
use super::{Call, StandIn};

/// A registered OAuth 2.0 client.
#[derive(Clone)]
pub struct OauthClient {
    /// Client id.
    pub id: String,
    /// Client secret.
    pub secret: String,
    /// The scopes that it may ask for, separated by spaces.
    pub scope: String,
}

/// What a [`Hydra`] is started with.
#[derive(Clone)]
pub struct HydraOptions {
    /// The registered clients.
    pub clients: Vec<OauthClient>,
    /// Which Hydra to be.
    pub version: HydraVersion,
    /// Lifespan of access tokens in seconds. The token endpoint tells one less: a part of the first is gone.
    pub lifespan_secs: u64,
    /// The policies of the warden, which 0.x alone has.
    pub policies: Vec<WardenPolicy>,
}

impl Default for HydraOptions {
    fn default() -> Self {
        Self {
            clients: Vec::new(),
            version: HydraVersion::default(),
            lifespan_secs: 3600,
            policies: Vec::new(),
        }
    }
}

/// A running stand-in for Hydra.
pub struct Hydra {
    admin: StandIn,
    public: StandIn,
    provider: Arc<Provider>,
}

/// What both ports share.
struct Provider {
    options: HydraOptions,
    issuer: String,
    tokens: Tokens,
    keys: SigningKeys,
    policies: Policies,
}

impl Hydra {
    /// Serves both ports on sockets that are bound already.
    ///
    /// # Errors
    /// A socket has no address. Must be called within a tokio runtime.
    pub fn start(admin: TcpListener, public: TcpListener, options: HydraOptions) -> io::Result<Self> {
        let version = options.version;
        let provider = Arc::new(Provider {
            issuer: version.issuer(url_of(public.local_addr()?)),
            tokens: Tokens::new(version),
            keys: SigningKeys::default(),
            policies: Policies::new(options.policies.clone()),
            options,
        });
        let public_side = public::router(version).merge(health(version));
        let admin_side = admin::router(version).merge(warden::router(version));
        let (public_side, admin_side) = match version.has_one_port() {
            true => (
                public_side.clone().merge(admin_side.clone()),
                public_side.merge(admin_side),
            ),
            false => (public_side, admin_side.merge(health(version)).merge(number(version))),
        };
        let start = |listener, router: Router<Arc<Provider>>, administrative| {
            let router = router.fallback(async move || error::not_found(version, administrative));
            StandIn::start(listener, router.with_state(provider.clone()))
        };
        Ok(Self {
            admin: start(admin, admin_side, true)?,
            public: start(public, public_side, false)?,
            provider,
        })
    }

    /// Base URL of the administrative port.
    pub fn admin_url(&self) -> String {
        self.admin.url()
    }

    /// Base URL of the public port.
    pub fn public_url(&self) -> String {
        self.public.url()
    }

    /// The administrative port, for its calls and faults.
    pub fn admin(&self) -> &StandIn {
        &self.admin
    }

    /// The public port, for its calls and faults.
    pub fn public(&self) -> &StandIn {
        &self.public
    }

    /// The calls of both ports in the order of their arrival.
    pub fn calls(&self) -> Vec<Call> {
        let mut calls = self.admin.calls();
        calls.extend(self.public.calls());
        calls.sort_by(|one, other| one.at.cmp(&other.at));
        calls
    }

    /// Forgets the calls of both ports.
    pub fn clear_calls(&self) {
        self.admin.clear_calls();
        self.public.clear_calls();
    }

    /// Adds a policy of the warden.
    pub fn add_policy(&self, policy: WardenPolicy) {
        self.provider.policies.add(policy);
    }

    /// Makes an access token for which introspection answers exactly this document, whatever it says.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn mint(&self, answer: &Value) -> io::Result<String> {
        self.provider.tokens.mint(answer.to_string())
    }

    /// The same with the answer's text as it is to be sent, for documents that a [`Value`] cannot hold.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn mint_text(&self, answer: &str) -> io::Result<String> {
        self.provider.tokens.mint(answer.to_owned())
    }

    /// Makes a refresh token of a user, as a code flow gives one out; it lives for a month.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn refresh_token(&self, client_id: &str, subject: &str, scope: &str) -> io::Result<String> {
        const LIFESPAN_SECS: u64 = 30 * 24 * 3600;
        self.provider
            .tokens
            .grant(Kind::Refresh, client_id, subject, scope, LIFESPAN_SECS)
    }
}

fn health(version: HydraVersion) -> Router<Arc<Provider>> {
    let ok = async || json_answer(StatusCode::OK, &json!({"status": "ok"}));
    match version {
        // The only health check of that time is a bare 204.
        HydraVersion::V0_6 => Router::new().route("/health", get(async || empty_answer(StatusCode::NO_CONTENT))),
        HydraVersion::V0_11 => Router::new().route("/health/status", get(ok)),
        _ => Router::new()
            .route("/health/alive", get(ok))
            .route("/health/ready", get(ok)),
    }
}

fn number(version: HydraVersion) -> Router<Arc<Provider>> {
    match version.number() {
        Some(number) => Router::new().route(
            "/version",
            get(async move || json_answer(StatusCode::OK, &json!({"version": number}))),
        ),
        None => Router::new(),
    }
}
