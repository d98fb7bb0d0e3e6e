//! Settings of one server that answers for tokens, and what its answers must say.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use shared::SecretSource;
use url::Url;

use super::names::Names;
use super::server::IntrospectionConfig;
use crate::claims::{ClaimRules, PrincipalRules};

/// A server that answers for tokens.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its name in logs and cache keys; the only server of a configuration by variables has none.
    pub name: Option<String>,
    /// What its tokens begin with; empty where that tells nothing.
    pub prefix: String,
    /// What its claims must say.
    pub claims: ClaimRules,
    /// How its claims name the principal.
    pub principal: PrincipalRules,
    /// How it answers.
    pub source: SourceConfig,
    /// What its settings are called.
    pub names: Names,
}

/// How a server answers for tokens.
#[derive(Debug, Clone)]
pub enum SourceConfig {
    /// It is asked about each token (RFC 7662).
    Introspection(Box<IntrospectionConfig>),
    /// It publishes its keys, and tokens are verified here (RFC 7517, RFC 7519).
    Jwks(Box<JwksConfig>),
}

/// A server that publishes its keys.
#[derive(Debug, Clone)]
pub struct JwksConfig {
    /// Where the keys are.
    pub url: Url,
    /// The signature algorithms that are taken.
    pub algorithms: Vec<Algorithm>,
    /// Whether a token must say that it is an access token (RFC 9068, section 2.1).
    pub require_typ_at_jwt: bool,
    /// How long keys are used without being seen again.
    pub ttl: Duration,
    /// Certificate authorities that are trusted beside the system's: PEM text, or the path of a file.
    pub ca_bundle: Option<SecretSource>,
}

impl ProviderConfig {
    /// The introspection endpoint, if it is one.
    pub fn introspection(&self) -> Option<&IntrospectionConfig> {
        match &self.source {
            SourceConfig::Introspection(introspection) => Some(introspection),
            SourceConfig::Jwks(_) => None,
        }
    }
}
