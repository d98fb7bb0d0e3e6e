//! The secrets of a configuration, read once at start.

use shared::{ConfigError, Secret, SecretSource, Secrets};

use super::{CallerConfig, Config};

/// What the configuration refers to and does not hold itself.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
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
        let caller = match &self.introspection.auth {
            CallerConfig::None => None,
            CallerConfig::Bearer(source) => read(secrets, "AUTHZ_BEARER", source, &mut problems).await,
            CallerConfig::Basic(client) | CallerConfig::ClientCredentials { client, .. } => {
                read(secrets, "AUTHZ_CLIENT_SECRET", &client.secret, &mut problems).await
            }
        };
        let mut ca_bundle = None;
        if let Some(source) = &self.introspection.ca_bundle {
            let text = read(secrets, "AUTHZ_CA_BUNDLE", source, &mut problems).await;
            ca_bundle = text.and_then(|text| pem(&text, &mut problems));
        }
        if problems.is_empty() {
            Ok(Credentials { caller, ca_bundle })
        } else {
            Err(ConfigError::new(problems))
        }
    }
}

async fn read(secrets: &Secrets, name: &str, source: &SecretSource, problems: &mut Vec<String>) -> Option<Secret> {
    match secrets.read(source).await {
        Ok(secret) => Some(secret),
        Err(error) => {
            problems.push(format!("{name}_SECRET_ARN: {error}"));
            None
        }
    }
}

/// The text itself if it is PEM, otherwise what the file of that name holds.
fn pem(text: &Secret, problems: &mut Vec<String>) -> Option<Vec<u8>> {
    let text = text.reveal();
    if text.contains("-----BEGIN") {
        return Some(text.as_bytes().to_vec());
    }
    match std::fs::read(text) {
        Ok(pem) => Some(pem),
        Err(error) => {
            problems.push(format!(
                "AUTHZ_CA_BUNDLE: is neither PEM nor a file that can be read ({})",
                error.kind()
            ));
            None
        }
    }
}
