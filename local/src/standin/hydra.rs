//! A stand-in for Ory Hydra: tokens by client credentials on the public port, introspection on the administrative one.
//!
//! Public port (RFC 6749, RFC 7009): `POST /oauth2/token`, `POST /oauth2/revoke`, `/.well-known/openid-configuration`,
//! `/.well-known/jwks.json`. Administrative port (RFC 7662): introspection where the version has it, and
//! `POST /_tokens` for tests. `/health/alive`, `/health/ready` and `/version` are on both.
//!
//! Each port has its own `/_calls` and `/_faults`.

mod admin;
mod client_auth;
mod error;
mod public;
#[cfg(test)]
mod tests;
mod token;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::token::Tokens;
use super::server::url_of;
use super::wire::{empty_answer, json_answer};
use super::{Call, StandIn};

/// Which Hydra to be: paths, who may introspect and the members of the reply differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HydraVersion {
    /// 0.6: everything on each port, introspection with a bearer token or Basic credentials of a client.
    V0_6,
    /// 1.0 to 1.8: `/oauth2/introspect` on the administrative port, without credentials.
    V1_8,
    /// 2.x, as from 25.4: `/admin/oauth2/introspect`, and the same without `/admin`.
    #[default]
    V2,
}

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
    /// Lifespan of access tokens in seconds. Hydra's own default is an hour, of which one second is gone in the answer.
    pub lifespan_secs: u64,
}

impl Default for HydraOptions {
    fn default() -> Self {
        Self {
            clients: Vec::new(),
            version: HydraVersion::default(),
            lifespan_secs: 3599,
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
}

impl Hydra {
    /// Serves both ports on sockets that are bound already.
    ///
    /// # Errors
    /// A socket has no address. Must be called within a tokio runtime.
    pub fn start(admin: TcpListener, public: TcpListener, options: HydraOptions) -> io::Result<Self> {
        let public_url = url_of(public.local_addr()?);
        // 1.x always adds the slash, 2.x tells the issuer as it was configured.
        let issuer = match options.version {
            HydraVersion::V0_6 | HydraVersion::V2 => public_url,
            HydraVersion::V1_8 => format!("{public_url}/"),
        };
        let one_port = options.version == HydraVersion::V0_6;
        let tokens = Tokens::new(options.version);
        let provider = Arc::new(Provider {
            options,
            issuer,
            tokens,
        });
        let public_side = public::router().merge(health(provider.options.version));
        let admin_side = admin::router(provider.options.version);
        let (public_side, admin_side) = match one_port {
            true => (
                public_side.clone().merge(admin_side.clone()),
                public_side.merge(admin_side),
            ),
            false => (public_side, admin_side.merge(health(provider.options.version))),
        };
        let start = |listener, router: Router<Arc<Provider>>| {
            let router = router.fallback(async || not_found());
            StandIn::start(listener, router.with_state(provider.clone()))
        };
        Ok(Self {
            admin: start(admin, admin_side)?,
            public: start(public, public_side)?,
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
}

fn health(version: HydraVersion) -> Router<Arc<Provider>> {
    let number = match version {
        // The only health check of that time is a bare 204.
        HydraVersion::V0_6 => {
            return Router::new().route("/health", get(async || empty_answer(StatusCode::NO_CONTENT)));
        }
        HydraVersion::V1_8 => "v1.8.5",
        HydraVersion::V2 => "v25.4.0",
    };
    let ok = async || json_answer(StatusCode::OK, &json!({"status": "ok"}));
    Router::new()
        .route("/health/alive", get(ok))
        .route("/health/ready", get(ok))
        .route(
            "/version",
            get(async move || json_answer(StatusCode::OK, &json!({"version": number}))),
        )
}

fn not_found() -> Response<Body> {
    super::wire::typed_answer(
        StatusCode::NOT_FOUND,
        "text/plain; charset=utf-8",
        "404 page not found\n",
    )
}
