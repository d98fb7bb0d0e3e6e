//! From the settings of a server to the server.

use std::sync::Arc;

use http::HeaderMap;
use shared::{Clock, ConfigError, Secret, SecretSource, Secrets};

use super::credential::Scheme;
use super::{Caller, Credential, Introspection, Jwks, Provider, Source, SystemToken};
use crate::cache::Keys;
use crate::config::{
    CallerConfig, ClientConfig, Config, Credentials, IntrospectionConfig, JwksConfig, Names, ProviderConfig,
    ProviderCredentials, SourceConfig,
};
use crate::upstream::{Target, Upstream};

/// What the parts of a server are made of.
struct Setup<'s> {
    upstream: Arc<Upstream>,
    names: Names,
    caller: Option<Secret>,
    secrets: &'s Arc<Secrets>,
    clock: &'s Arc<dyn Clock>,
}

/// The way to the server of permissions, if it has authorities of its own.
pub(super) fn permission(
    config: &Config,
    credentials: &Credentials,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<Upstream>>, ConfigError> {
    let Some(pem) = &credentials.permission_ca_bundle else {
        return Ok(None);
    };
    Upstream::new(config.upstream.clone(), Some(pem.clone()), clock.clone())
        .map(|upstream| Some(Arc::new(upstream)))
        .map_err(|what| problem(Names::Variables, "AUTHZ_PERMISSION_CA_BUNDLE", what))
}

/// Sets up one server. Connects nowhere yet.
pub(super) fn provider(
    config: &Config,
    provider: &ProviderConfig,
    credentials: ProviderCredentials,
    secrets: &Arc<Secrets>,
    clock: &Arc<dyn Clock>,
) -> Result<Provider, ConfigError> {
    let names = provider.names;
    let upstream = Upstream::new(config.upstream.clone(), credentials.ca_bundle, clock.clone())
        .map_err(|what| problem(names, "AUTHZ_CA_BUNDLE", what))?;
    let setup = Setup {
        upstream: Arc::new(upstream),
        names,
        caller: credentials.caller,
        secrets,
        clock,
    };
    // Names have no NUL, and neither has an identity's beginning.
    let identity = |own: &str| match &provider.name {
        None => own.to_owned(),
        Some(name) => format!("{name}\0{own}"),
    };
    let (keys, source) = match &provider.source {
        SourceConfig::Introspection(endpoint) => {
            let keys = Keys::new(endpoint.url.as_str(), &identity(&endpoint.auth.identity()));
            let introspection = setup.introspection(config, provider, endpoint)?;
            (keys, Source::Introspection(Box::new(introspection)))
        }
        SourceConfig::Jwks(jwks) => {
            let keys = Keys::new(jwks.url.as_str(), &identity("jwks"));
            (keys, Source::Jwks(Box::new(setup.jwks(config, provider, jwks)?)))
        }
    };
    Ok(Provider {
        name: provider.name.clone(),
        prefix: provider.prefix.clone(),
        must: provider.claims.clone(),
        keys,
        origin: provider.introspection().map(|endpoint| endpoint.url.origin()),
        source,
    })
}

impl Setup<'_> {
    fn introspection(
        self,
        config: &Config,
        provider: &ProviderConfig,
        endpoint: &IntrospectionConfig,
    ) -> Result<Introspection, ConfigError> {
        let caller = match &endpoint.auth {
            CallerConfig::None => Caller::Anonymous,
            CallerConfig::Basic(client) => Caller::Client(self.client(client)?),
            CallerConfig::Bearer(source) => Caller::Bearer(self.credential("AUTHZ_BEARER", Scheme::Bearer, source)?),
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
                let target = self.upstream.target(token_url, &headers);
                let target = self.reached("AUTHZ_TOKEN_URL", target)?;
                let system_token = SystemToken::new(target, self.client(client)?, scope, audience, self.clock.clone());
                Caller::SystemToken(Box::new(system_token))
            }
        };
        let target = self.upstream.target(&endpoint.url, &endpoint.headers);
        let target = self.reached("AUTHZ_INTROSPECTION_URL", target)?;
        let (principal, context) = (provider.principal.clone(), config.context.clone());
        Ok(Introspection::new(self.upstream, target, caller, principal, context))
    }

    fn jwks(self, config: &Config, provider: &ProviderConfig, jwks: &JwksConfig) -> Result<Jwks, ConfigError> {
        let target = self.reached("JWKS_URL", self.upstream.document(&jwks.url))?;
        let clock = self.clock.clone();
        Ok(Jwks::new((self.upstream, target), jwks, provider, config, clock))
    }

    fn reached(&self, name: &str, target: Option<Target>) -> Result<Target, ConfigError> {
        target.ok_or_else(|| problem(self.names, name, "has no host"))
    }

    fn client(&self, client: &ClientConfig) -> Result<Credential, ConfigError> {
        self.credential("AUTHZ_CLIENT_SECRET", Scheme::Basic(client.clone()), &client.secret)
    }

    fn credential(&self, name: &str, scheme: Scheme, source: &SecretSource) -> Result<Credential, ConfigError> {
        let secret = self.caller.clone().unwrap_or_else(|| Secret::new(""));
        Credential::new(scheme, source.clone(), secret, self.secrets.clone(), self.clock.clone())
            .ok_or_else(|| problem(self.names, name, "cannot stand in a header"))
    }
}

fn problem(names: Names, variable: &str, what: &str) -> ConfigError {
    ConfigError::new(vec![format!("{}: {what}", names.of(variable))])
}
