//! Which server answers for a token, and how it is set up.

mod caller;
mod credential;
mod introspection;
mod system_token;

use std::sync::Arc;

use http::HeaderMap;
use shared::{Clock, ConfigError, Deadline, Secret, SecretSource, Secrets};

pub use caller::{Caller, Question};
pub use credential::Credential;
pub use introspection::{Introspected, Introspection};
pub use system_token::SystemToken;

use crate::account::Account;
use crate::config::{CallerConfig, ClientConfig, Config, Credentials};
use crate::error::Problem;
use crate::token::AccessToken;
use crate::upstream::Upstream;
use credential::Scheme;

/// A server that answers for tokens.
#[derive(Debug)]
pub enum Provider {
    /// By token introspection (RFC 7662).
    Introspection(Introspection),
}

impl Provider {
    /// Sets up the configured server. Connects nowhere yet. A secret of `credentials` that the server refuses later is
    /// read again from `secrets`.
    ///
    /// # Errors
    /// One line for each setting that turns out to be of no use.
    pub fn new(
        config: &Config,
        credentials: &Credentials,
        secrets: &Arc<Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let endpoint = &config.introspection;
        let problem = |name: &str, what: &str| ConfigError::new(vec![format!("{name}: {what}")]);
        let upstream = Upstream::new(config.upstream.clone(), credentials.ca_bundle.clone(), clock.clone())
            .map_err(|what| problem("AUTHZ_CA_BUNDLE", what))?;
        let upstream = Arc::new(upstream);
        let target = |name: &str, url: &url::Url, headers: &HeaderMap| {
            upstream
                .target(url, headers)
                .ok_or_else(|| problem(name, "has no host"))
        };
        let credential = |name: &str, scheme: Scheme, source: &SecretSource| {
            let secret = credentials.caller.clone().unwrap_or_else(|| Secret::new(""));
            Credential::new(scheme, source.clone(), secret, secrets.clone(), clock.clone())
                .ok_or_else(|| problem(name, "cannot stand in a header"))
        };
        let of_client =
            |client: &ClientConfig| credential("AUTHZ_CLIENT_SECRET", Scheme::Basic(client.clone()), &client.secret);
        let caller = match &endpoint.auth {
            CallerConfig::None => Caller::Anonymous,
            CallerConfig::Basic(client) => Caller::Client(of_client(client)?),
            CallerConfig::Bearer(source) => Caller::Bearer(credential("AUTHZ_BEARER", Scheme::Bearer, source)?),
            CallerConfig::ClientCredentials {
                client,
                token_url,
                scope,
                audience,
            } => {
                // Headers such as X-Forwarded-Proto are meant for the server, but may hold a key of the endpoint's.
                let same_server = token_url.origin() == endpoint.url.origin();
                let headers = if same_server {
                    endpoint.headers.clone()
                } else {
                    HeaderMap::new()
                };
                let token_endpoint = target("AUTHZ_TOKEN_URL", token_url, &headers)?;
                let system_token = SystemToken::new(token_endpoint, of_client(client)?, scope, audience, clock.clone());
                Caller::SystemToken(Box::new(system_token))
            }
        };
        let target = target("AUTHZ_INTROSPECTION_URL", &endpoint.url, &endpoint.headers)?;
        let (principal, context) = (config.principal.clone(), config.context.clone());
        Ok(Self::Introspection(Introspection::new(
            upstream, target, caller, principal, context,
        )))
    }

    /// Asks about a token.
    ///
    /// # Errors
    /// Nobody can tell: a failure of the server, of the way to it, or of our own credentials.
    pub async fn ask(
        &self,
        token: &AccessToken<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Introspected, Problem> {
        match self {
            Self::Introspection(introspection) => introspection.ask(token, deadline, account).await,
        }
    }

    /// Who we are to the server that answers for a token: whatever else is asked about the token is asked in the same
    /// name.
    pub fn caller(&self, _token: &AccessToken<'_>) -> &Caller {
        match self {
            Self::Introspection(introspection) => introspection.caller(),
        }
    }

    /// The way to servers, for whatever else is asked.
    pub fn upstream(&self) -> &Arc<Upstream> {
        match self {
            Self::Introspection(introspection) => introspection.upstream(),
        }
    }

    /// Whether a token is the one that we ourselves show to the server.
    pub fn is_own(&self, token: &AccessToken<'_>) -> bool {
        match self {
            Self::Introspection(introspection) => introspection.is_own(token),
        }
    }
}

impl CallerConfig {
    /// Who asks, as far as the same token may be answered differently to another.
    pub fn identity(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Basic(client) => format!("basic:{}", client.id),
            Self::Bearer(_) => "bearer".to_owned(),
            Self::ClientCredentials { client, .. } => format!("client_credentials:{}", client.id),
        }
    }
}
