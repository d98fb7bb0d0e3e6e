//! Which server answers for a token, and how it is set up.

mod introspection;
mod system_token;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use shared::{Clock, ConfigError, Deadline, Secret};
use url::form_urlencoded::byte_serialize;

pub use introspection::{Caller, Introspected, Introspection};
pub use system_token::SystemToken;

use crate::account::Account;
use crate::config::{CallerConfig, ClientConfig, Config, Credentials};
use crate::error::Problem;
use crate::token::AccessToken;
use crate::upstream::{Target, Upstream};

/// A server that answers for tokens.
#[derive(Debug)]
pub enum Provider {
    /// By token introspection (RFC 7662).
    Introspection(Introspection),
}

impl Provider {
    /// Sets up the configured server. Connects nowhere yet.
    ///
    /// # Errors
    /// One line for each setting that turns out to be of no use.
    pub fn new(config: &Config, credentials: &Credentials, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let endpoint = &config.introspection;
        let problem = |name: &str, what: &str| ConfigError::new(vec![format!("{name}: {what}")]);
        let uses_tls = |url: &url::Url| url.scheme() == "https";
        let mut https = uses_tls(&endpoint.url);
        if let CallerConfig::ClientCredentials { token_url, .. } = &endpoint.auth {
            https |= uses_tls(token_url);
        }
        let upstream = Upstream::new(config.upstream.clone(), credentials.ca_bundle.clone(), https)
            .map_err(|error| problem("AUTHZ_CA_BUNDLE", &error.to_string()))?;
        let secret = credentials.caller.clone().unwrap_or_else(|| Secret::new(""));
        let unfit = "cannot stand in a header";
        let caller = match &endpoint.auth {
            CallerConfig::None => Caller::Anonymous,
            CallerConfig::Basic(client) => Caller::Basic(basic_header(client, &secret)?),
            CallerConfig::Bearer(_) => {
                let header = bearer_header(&secret).ok_or_else(|| problem("AUTHZ_BEARER", unfit))?;
                Caller::Bearer(header, secret)
            }
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
                let target = Target::new(token_url.clone(), &headers);
                {
                    let authorization = basic_header(client, &secret)?;
                    Caller::SystemToken(Box::new(SystemToken::new(
                        target,
                        authorization,
                        scope,
                        audience,
                        clock,
                    )))
                }
            }
        };
        let target = Target::new(endpoint.url.clone(), &endpoint.headers);
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

/// `Authorization: Basic …` (RFC 6749, section 2.3.1).
fn basic_header(client: &ClientConfig, secret: &Secret) -> Result<HeaderValue, ConfigError> {
    let encoded = |text: &str| {
        if client.form_encoded {
            byte_serialize(text.as_bytes()).collect()
        } else {
            text.to_owned()
        }
    };
    let pair = Secret::new(format!("{}:{}", encoded(&client.id), encoded(secret.reveal())));
    sensitive(&format!("Basic {}", STANDARD.encode(pair.reveal())))
        .ok_or_else(|| ConfigError::new(vec!["AUTHZ_CLIENT_SECRET: cannot stand in a header".to_owned()]))
}

/// `Authorization: Bearer …` (RFC 6750, section 2.1); `None` when the token cannot stand in a header.
fn bearer_header(token: &Secret) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {}", token.reveal()))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
