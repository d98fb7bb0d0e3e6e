//! AWS credentials: a route's own, or those of the function's role.

use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{
    self, ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future,
};
use shared::aws::sdk_http_client;
use shared::{Clock, Env};
use tokio::sync::Mutex;

use crate::routes::Keys;

/// Credentials are asked for anew when they have less than this left.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);

/// Where credentials come from.
pub struct Provider {
    source: Source,
}

enum Source {
    /// These, for good.
    Fixed(Credentials),
    /// The SDK's default chain, set up on first use.
    Chain { clock: Arc<dyn Clock>, kept: Mutex<Kept> },
}

#[derive(Default)]
struct Kept {
    chain: Option<SharedCredentialsProvider>,
    credentials: Option<Credentials>,
}

impl Provider {
    /// The function's own credentials: the three variables that Lambda sets, or else whatever the SDK's default chain
    /// finds (profile, web identity, container, instance metadata).
    pub fn of_function(env: &dyn Env, clock: Arc<dyn Clock>) -> Self {
        let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
        let source = match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
            (Some(key), Some(secret)) => Source::Fixed(Credentials::new(
                key,
                secret,
                set("AWS_SESSION_TOKEN"),
                None,
                "environment",
            )),
            _ => Source::Chain {
                clock,
                kept: Mutex::default(),
            },
        };
        Self { source }
    }

    /// Keys of the route table.
    pub fn of_keys(keys: &Keys) -> Self {
        let token = keys.session_token.as_ref().map(|token| token.reveal().to_owned());
        let credentials = Credentials::new(keys.access_key.reveal(), keys.secret_key.reveal(), token, None, "route");
        Self {
            source: Source::Fixed(credentials),
        }
    }

    /// The credentials, from memory while they last. Callers that ask at the same moment wait for the same answer.
    ///
    /// # Errors
    /// When no source has any.
    pub async fn credentials(&self) -> provider::Result {
        let (clock, kept) = match &self.source {
            Source::Fixed(credentials) => return Ok(credentials.clone()),
            Source::Chain { clock, kept } => (clock, kept),
        };
        let mut kept = kept.lock().await;
        if let Some(credentials) = &kept.credentials
            && lasts(credentials, clock.as_ref())
        {
            return Ok(credentials.clone());
        }
        if kept.chain.is_none() {
            kept.chain = Some(default_chain().await?);
        }
        let chain = kept
            .chain
            .as_ref()
            .ok_or_else(|| CredentialsError::not_loaded("no chain"))?;
        let credentials = chain.provide_credentials().await?;
        kept.credentials = Some(credentials.clone());
        Ok(credentials)
    }
}

/// The SDK's default chain. It may have to reach STS or an endpoint of the container, through the suite's client.
async fn default_chain() -> Result<SharedCredentialsProvider, CredentialsError> {
    let http = sdk_http_client(true).map_err(CredentialsError::provider_error)?;
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    config
        .credentials_provider()
        .ok_or_else(|| CredentialsError::not_loaded("no provider"))
}

fn lasts(credentials: &Credentials, clock: &dyn Clock) -> bool {
    credentials.expiry().is_none_or(|expiry| {
        let now = std::time::UNIX_EPOCH + Duration::from_millis(clock.now_ms());
        expiry.duration_since(now).is_ok_and(|left| left > REFRESH_BEFORE)
    })
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.source {
            Source::Fixed(_) => "Provider(fixed)",
            Source::Chain { .. } => "Provider(chain)",
        })
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
