//! Secrets Manager through the AWS SDK; the one file of this crate that names the SDK.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::config::{Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::{Client, Config};
use tokio::sync::Mutex;

use super::{SecretArn, SecretError, SecretStore};
use crate::{Env, ProcessEnv, Secret};

/// Time for one read, all attempts together. Lambda gives an init phase 10 s in all.
const READ_BUDGET: Duration = Duration::from_secs(4);
const ATTEMPT_BUDGET: Duration = Duration::from_millis(1500);

/// The AWS service. A region's client is built on the first read there, so that a function without references
/// pays nothing.
#[derive(Debug, Default)]
pub struct AwsSecrets {
    clients: Mutex<HashMap<String, Client>>,
}

impl AwsSecrets {
    async fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().await;
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let client = build(region.to_owned()).await;
        clients.insert(region.to_owned(), client.clone());
        client
    }
}

impl SecretStore for AwsSecrets {
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        Box::pin(async move {
            let answer = self
                .client(&arn.region)
                .await
                .get_secret_value()
                .secret_id(&arn.secret_id)
                .set_version_stage(arn.version_stage.clone())
                .set_version_id(arn.version_id.clone())
                .send()
                .await
                // The error's own text may hold the raw answer: only its code leaves this place.
                .map_err(|error| SecretError::new(error.code().unwrap_or("unreachable")))?;
            answer
                .secret_string
                .map(Secret::new)
                .ok_or_else(|| SecretError::new("empty_value"))
        })
    }
}

async fn build(region: String) -> Client {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(READ_BUDGET)
        .operation_attempt_timeout(ATTEMPT_BUDGET)
        .build();
    let retries = RetryConfig::standard().with_max_attempts(3);
    let env = ProcessEnv;
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let endpoint = set("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| set("AWS_ENDPOINT_URL"));
    let config = match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        // Lambda puts the role's credentials into the environment; asking the whole chain would cost time.
        (Some(key), Some(secret)) => {
            let credentials = Credentials::new(key, secret, set("AWS_SESSION_TOKEN"), None, "environment");
            let mut builder = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region))
                .credentials_provider(credentials)
                .use_fips(set("AWS_USE_FIPS_ENDPOINT").is_some_and(|value| value.eq_ignore_ascii_case("true")))
                .timeout_config(timeouts)
                .retry_config(retries);
            builder.set_endpoint_url(endpoint);
            builder.build()
        }
        // SnapStart and other environments hand credentials over in other ways.
        _ => {
            let base = aws_config::defaults(BehaviorVersion::latest())
                .region(Region::new(region))
                .load()
                .await;
            Config::from(&base)
                .to_builder()
                .timeout_config(timeouts)
                .retry_config(retries)
                .build()
        }
    };
    Client::from_conf(config)
}
