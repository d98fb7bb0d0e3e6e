//! The servers that answer for tokens, and which of them answers for one.
//!
//! Architecture invariant: what an unverified token says of itself may choose who is asked, never who is believed. Each
//! server's word counts for its own issuers alone.

mod caller;
mod credential;
mod introspection;
mod jwks;
mod setup;
mod system_token;

use std::sync::Arc;

use shared::{Clock, ConfigError, Deadline, Secrets};
use url::Origin;

pub use caller::{Caller, Question};
pub use credential::Credential;
pub use introspection::{Introspected, Introspection};
pub use jwks::Jwks;
pub use system_token::SystemToken;

use crate::account::Account;
use crate::cache::{Key, Keys};
use crate::claims::{ClaimRules, Claims};
use crate::config::{CallerConfig, Config, Credentials};
use crate::error::Problem;
use crate::token::AccessToken;
use crate::upstream::Upstream;

/// All configured servers.
#[derive(Debug)]
pub struct Providers {
    list: Vec<Provider>,
    /// The way to the server of permissions, where its authorities are set by themselves.
    permission: Option<Arc<Upstream>>,
}

/// A server that answers for tokens.
#[derive(Debug)]
pub struct Provider {
    name: Option<String>,
    prefix: String,
    must: ClaimRules,
    keys: Keys,
    /// Where it is asked about tokens.
    origin: Option<Origin>,
    source: Source,
}

/// How a server answers.
#[derive(Debug)]
enum Source {
    /// By token introspection (RFC 7662).
    Introspection(Box<Introspection>),
    /// By the keys that it publishes: tokens are verified here.
    Jwks(Box<Jwks>),
}

impl Providers {
    /// Sets up the configured servers. Connects nowhere yet. A secret of `credentials` that a server refuses later is
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
        let mut providers = Vec::with_capacity(config.providers.len());
        let mut problems = Vec::new();
        for (at, provider) in config.providers.iter().enumerate() {
            let own = credentials.providers.get(at).cloned().unwrap_or_default();
            match setup::provider(config, provider, own, secrets, &clock) {
                Ok(provider) => providers.push(provider),
                Err(error) => problems.extend(error.problems().iter().cloned()),
            }
        }
        let permission = setup::permission(config, credentials, &clock).unwrap_or_else(|error| {
            problems.extend(error.problems().iter().cloned());
            None
        });
        if problems.is_empty() {
            Ok(Self {
                list: providers,
                permission,
            })
        } else {
            Err(ConfigError::new(problems))
        }
    }

    /// The server that answers for a token: the one whose prefix it has, the longest first; or else, of those without a
    /// prefix, for a JWT the one that lists the issuer that it names; or else the only one, leaving out those that take
    /// nothing but JWTs when it is none.
    ///
    /// # Errors
    /// [`Problem::NoProvider`].
    pub fn choose(&self, token: &AccessToken<'_>) -> Result<&Provider, Problem> {
        let text = token.reveal();
        let prefixed = self.list.iter().filter(|provider| !provider.prefix.is_empty());
        let fitting = prefixed.filter(|provider| text.starts_with(&provider.prefix));
        if let Some(provider) = fitting.max_by_key(|provider| provider.prefix.len()) {
            return Ok(provider);
        }
        if let [only] = self.list.as_slice()
            && only.prefix.is_empty()
        {
            return Ok(only);
        }
        let is_jwt = jwks::has_three_parts(text);
        let without = || self.list.iter().filter(|provider| provider.prefix.is_empty());
        if let Some(issuer) = jwks::unverified_issuer(text)
            && let Some(provider) = without().find(|provider| provider.must.lists(&issuer))
        {
            return Ok(provider);
        }
        let mut able = without().filter(|provider| is_jwt || !matches!(provider.source, Source::Jwks(_)));
        only(&mut able).ok_or(Problem::NoProvider)
    }

    /// The way to the server of permissions at a place: by its own authorities, or else that to the server at the same
    /// place, or to the only one there is. Who vouches for one of several servers vouches for no other.
    pub fn upstream_to(&self, origin: &Origin) -> Option<&Arc<Upstream>> {
        let mut there = self.list.iter().filter(|provider| provider.is_at(origin));
        let provider = there.next().or_else(|| only(&mut self.list.iter()));
        self.permission.as_ref().or_else(|| provider.map(Provider::upstream))
    }

    /// Whether there is more than one.
    pub fn are_several(&self) -> bool {
        self.list.len() > 1
    }

    /// Whether a token is one that we ourselves show to a server.
    pub fn is_own(&self, token: &AccessToken<'_>) -> bool {
        self.list.iter().any(|provider| match &provider.source {
            Source::Introspection(introspection) => introspection.is_own(token),
            Source::Jwks(_) => false,
        })
    }
}

/// The item of a list of one.
fn only<T>(items: &mut impl Iterator<Item = T>) -> Option<T> {
    let first = items.next();
    first.filter(|_| items.next().is_none())
}

impl Provider {
    /// Its name, where several are configured.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What its claims must say.
    pub fn must(&self) -> &ClaimRules {
        &self.must
    }

    /// The name of a token in caches: of the token at this server.
    pub fn key(&self, token: &AccessToken<'_>) -> Key {
        self.keys.key(token)
    }

    /// Who we are to it: whatever else is asked about its tokens is asked in the same name.
    pub fn caller(&self) -> &Caller {
        match &self.source {
            Source::Introspection(introspection) => introspection.caller(),
            Source::Jwks(jwks) => jwks.caller(),
        }
    }

    /// Whether it is asked about tokens at this place: by scheme, host and port (RFC 6454, section 4).
    pub fn is_at(&self, origin: &Origin) -> bool {
        self.origin.as_ref() == Some(origin)
    }

    /// The way to it.
    pub fn upstream(&self) -> &Arc<Upstream> {
        match &self.source {
            Source::Introspection(introspection) => introspection.upstream(),
            Source::Jwks(jwks) => jwks.upstream(),
        }
    }

    /// Whether its answers are worth remembering. Where tokens are verified here, each use looks at the keys that count now.
    pub fn is_remembered(&self) -> bool {
        matches!(self.source, Source::Introspection(_))
    }

    /// Asks about a token.
    ///
    /// # Errors
    /// Nobody can tell: a failure of the server, of the way to it, or of our own credentials. Of a token that is verified
    /// here also why it is none of the server's.
    pub async fn ask(
        &self,
        token: &AccessToken<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Introspected, Problem> {
        match &self.source {
            Source::Introspection(introspection) => introspection.ask(token, deadline, account).await,
            Source::Jwks(jwks) => {
                let claims: Claims = jwks.verify(token, deadline, account).await?;
                Ok(Introspected::Active(Arc::new(claims)))
            }
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
