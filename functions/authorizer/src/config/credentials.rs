//! The secrets of a configuration, read once at start.

use shared::{ConfigError, Secret, SecretSource, Secrets};

use super::{CallerConfig, Config, Names, ProviderConfig, SourceConfig};

/// What the configuration refers to and does not hold itself.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Those of each server, in the order of the configuration.
    pub providers: Vec<ProviderCredentials>,
    /// Certificate authorities of the server of permissions, in PEM.
    pub permission_ca_bundle: Option<Vec<u8>>,
}

/// What the settings of one server refer to.
#[derive(Debug, Clone, Default)]
pub struct ProviderCredentials {
    /// The client's secret, or the token of `bearer`.
    pub caller: Option<Secret>,
    /// Certificate authorities in PEM.
    pub ca_bundle: Option<Vec<u8>>,
}

impl Config {
    /// Reads the secrets that the configuration names.
    ///
    /// # Errors
    /// One line for each that cannot be read, beginning with its variable.
    pub async fn credentials(&self, secrets: &Secrets) -> Result<Credentials, ConfigError> {
        let mut problems = Vec::new();
        let mut providers = Vec::with_capacity(self.providers.len());
        for provider in &self.providers {
            providers.push(of_provider(provider, secrets, &mut problems).await);
        }
        let bundle = self.permission.as_ref().and_then(|rules| rules.ca_bundle.as_ref());
        let permission_ca_bundle = authorities(
            bundle,
            Names::Variables,
            "AUTHZ_PERMISSION_CA_BUNDLE",
            secrets,
            &mut problems,
        )
        .await;
        if problems.is_empty() {
            Ok(Credentials {
                providers,
                permission_ca_bundle,
            })
        } else {
            Err(ConfigError::new(problems))
        }
    }
}

async fn of_provider(provider: &ProviderConfig, secrets: &Secrets, problems: &mut Vec<String>) -> ProviderCredentials {
    let names = provider.names;
    let (caller, ca_bundle) = match &provider.source {
        SourceConfig::Jwks(jwks) => (None, &jwks.ca_bundle),
        SourceConfig::Introspection(introspection) => {
            let caller = match &introspection.auth {
                CallerConfig::None => None,
                CallerConfig::Bearer(source) => read(secrets, &names.twin("AUTHZ_BEARER"), source, problems).await,
                CallerConfig::Basic(client) | CallerConfig::ClientCredentials { client, .. } => {
                    read(secrets, &names.twin("AUTHZ_CLIENT_SECRET"), &client.secret, problems).await
                }
            };
            (caller, &introspection.ca_bundle)
        }
    };
    let ca_bundle = authorities(ca_bundle.as_ref(), names, "AUTHZ_CA_BUNDLE", secrets, problems).await;
    ProviderCredentials { caller, ca_bundle }
}

/// The authorities of a setting, in PEM.
async fn authorities(
    source: Option<&SecretSource>,
    names: Names,
    variable: &str,
    secrets: &Secrets,
    problems: &mut Vec<String>,
) -> Option<Vec<u8>> {
    let text = read(secrets, &names.twin(variable), source?, problems).await?;
    pem(&text, &names.of(variable), problems)
}

async fn read(secrets: &Secrets, name: &str, source: &SecretSource, problems: &mut Vec<String>) -> Option<Secret> {
    match secrets.read(source).await {
        Ok(secret) => Some(secret),
        Err(error) => {
            problems.push(format!("{name}: {error}"));
            None
        }
    }
}

/// The text itself if it is PEM, otherwise what the file of that name holds.
fn pem(text: &Secret, name: &str, problems: &mut Vec<String>) -> Option<Vec<u8>> {
    let text = text.reveal();
    if text.contains("-----BEGIN") {
        return Some(text.as_bytes().to_vec());
    }
    match std::fs::read(text) {
        Ok(pem) => Some(pem),
        Err(error) => {
            problems.push(format!(
                "{name}: is neither PEM nor a file that can be read ({})",
                error.kind()
            ));
            None
        }
    }
}
