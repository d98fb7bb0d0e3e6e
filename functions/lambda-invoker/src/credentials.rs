//! AWS credentials: a route's own, or those of the function's role.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{
    self, ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future,
};
use shared::aws::{container_credentials, environment_credentials, sdk_http_client};
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
    /// The container's, set up on first use.
    Container { clock: Arc<dyn Clock>, kept: Mutex<Kept> },
}

#[derive(Default)]
struct Kept {
    provider: Option<SharedCredentialsProvider>,
    credentials: Option<Credentials>,
}

impl Provider {
    /// The function's own credentials: the three variables that Lambda sets, or else what a container gets, which is
    /// how a function with SnapStart has them. A function meets no other source of the SDK's default chain (profile,
    /// web identity, instance metadata).
    pub fn of_function(env: &dyn Env, clock: Arc<dyn Clock>) -> Self {
        let source = match environment_credentials(env, "environment") {
            Some(credentials) => Source::Fixed(credentials),
            None => Source::Container {
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
            Source::Container { clock, kept } => (clock, kept),
        };
        let mut kept = kept.lock().await;
        if let Some(credentials) = &kept.credentials
            && lasts(credentials, clock.as_ref())
        {
            return Ok(credentials.clone());
        }
        let provider = match &kept.provider {
            Some(provider) => provider.clone(),
            None => {
                let http = sdk_http_client(true).map_err(CredentialsError::provider_error)?;
                kept.provider.insert(container_credentials(http)).clone()
            }
        };
        let credentials = provider.provide_credentials().await?;
        kept.credentials = Some(credentials.clone());
        Ok(credentials)
    }
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
            Source::Container { .. } => "Provider(container)",
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
