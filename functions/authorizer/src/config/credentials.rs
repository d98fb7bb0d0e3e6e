//! The secrets of a configuration, read once at start.

use shared::secrets::AT_START;
use shared::{ConfigError, Deadline, Secret, SecretSource, Secrets, together};

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
        let deadline = Deadline::after(AT_START);
        let reader = Reader { secrets, deadline };
        // Side by side: each is a question to Secrets Manager in the middle of a cold start.
        let bundle = self.permission.as_ref().and_then(|rules| rules.ca_bundle.as_ref());
        let (providers, permission) = tokio::join!(
            together(
                self.providers
                    .iter()
                    .map(|provider| reader.of_provider(provider))
                    .collect()
            ),
            reader.authorities(bundle, Names::Variables, "AUTHZ_PERMISSION_CA_BUNDLE"),
        );
        let mut problems = Vec::new();
        let mut found = Vec::with_capacity(providers.len());
        for (caller, ca_bundle) in providers {
            found.push(ProviderCredentials {
                caller: caller.unwrap_or_else(|problem| note(&mut problems, problem)),
                ca_bundle: ca_bundle.unwrap_or_else(|problem| note(&mut problems, problem)),
            });
        }
        let permission_ca_bundle = permission.unwrap_or_else(|problem| note(&mut problems, problem));
        if problems.is_empty() {
            Ok(Credentials {
                providers: found,
                permission_ca_bundle,
            })
        } else {
            Err(ConfigError::new(problems))
        }
    }
}

fn note<T>(problems: &mut Vec<String>, problem: String) -> Option<T> {
    problems.push(problem);
    None
}

/// What was read for a setting, if it is set, or a line about why not.
type Read<T> = Result<Option<T>, String>;

/// Reads the secrets of a start.
struct Reader<'a> {
    secrets: &'a Secrets,
    /// The time of all of them.
    deadline: Deadline,
}

impl Reader<'_> {
    async fn of_provider(&self, provider: &ProviderConfig) -> (Read<Secret>, Read<Vec<u8>>) {
        let names = provider.names;
        let (caller, ca_bundle) = match &provider.source {
            SourceConfig::Jwks(jwks) => (None, &jwks.ca_bundle),
            SourceConfig::Introspection(introspection) => {
                let caller = match &introspection.auth {
                    CallerConfig::None => None,
                    CallerConfig::Bearer(source) => Some(("AUTHZ_BEARER", source)),
                    CallerConfig::Basic(client) | CallerConfig::ClientCredentials { client, .. } => {
                        Some(("AUTHZ_CLIENT_SECRET", &client.secret))
                    }
                };
                (caller, &introspection.ca_bundle)
            }
        };
        let caller = async {
            match caller {
                Some((variable, source)) => self.read(&names.twin(variable), source).await.map(Some),
                None => Ok(None),
            }
        };
        tokio::join!(caller, self.authorities(ca_bundle.as_ref(), names, "AUTHZ_CA_BUNDLE"))
    }

    /// The authorities of a setting, in PEM.
    async fn authorities(&self, source: Option<&SecretSource>, names: Names, variable: &str) -> Read<Vec<u8>> {
        let Some(source) = source else { return Ok(None) };
        let text = self.read(&names.twin(variable), source).await?;
        pem(&text, &names.of(variable)).map(Some)
    }

    async fn read(&self, name: &str, source: &SecretSource) -> Result<Secret, String> {
        let read = self.secrets.read(source, self.deadline).await;
        read.map_err(|error| format!("{name}: {error}"))
    }
}

/// The text itself if it is PEM, otherwise what the file of that name holds.
fn pem(text: &Secret, name: &str) -> Result<Vec<u8>, String> {
    let text = text.reveal();
    if text.contains("-----BEGIN") {
        return Ok(text.as_bytes().to_vec());
    }
    std::fs::read(text)
        .map_err(|error| format!("{name}: is neither PEM nor a file that can be read ({})", error.kind()))
}
