//! Secrets Manager through the AWS SDK; built on the first read.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aws_sdk_secretsmanager::config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::{Client, Config};
use tokio::sync::Mutex;

use super::{SecretArn, SecretError, SecretStore};
use crate::aws::sdk_config;
use crate::{Env, ProcessEnv, Secret};

/// Time for one read, all attempts together. Lambda gives an init phase 10 s in all.
const READ_BUDGET: Duration = Duration::from_secs(4);
const ATTEMPT_BUDGET: Duration = Duration::from_millis(1500);

/// The AWS service. A region's client is built on the first read there, so that a function without references
/// pays nothing.
pub struct AwsSecrets {
    env: Box<dyn Env + Send + Sync>,
    clients: Mutex<HashMap<String, Client>>,
}

impl Default for AwsSecrets {
    fn default() -> Self {
        Self::new(ProcessEnv)
    }
}

impl AwsSecrets {
    /// The service as the `AWS_*` variables of `env` describe it: credentials and endpoint.
    pub fn new(env: impl Env + Send + Sync + 'static) -> Self {
        Self {
            env: Box::new(env),
            clients: Mutex::default(),
        }
    }

    async fn client(&self, region: &str) -> Result<Client, SecretError> {
        let mut clients = self.clients.lock().await;
        if let Some(client) = clients.get(region) {
            return Ok(client.clone());
        }
        let client = build(self.env.as_ref(), region.to_owned())?;
        clients.insert(region.to_owned(), client.clone());
        Ok(client)
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
                .await?
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

fn build(env: &dyn Env, region: String) -> Result<Client, SecretError> {
    let base = sdk_config(env, "SECRETS_MANAGER", region);
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(READ_BUDGET)
        .operation_attempt_timeout(ATTEMPT_BUDGET)
        .build();
    let retries = RetryConfig::standard().with_max_attempts(3);
    let config = Config::from(&base)
        .to_builder()
        .timeout_config(timeouts)
        .retry_config(retries)
        .build();
    Ok(Client::from_conf(config))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex as StdMutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::FixedEnv;

    /// A service that gives its answers one after the other and keeps what it was asked.
    async fn service(answers: Vec<(u16, &'static str)>) -> (AwsSecrets, Arc<StdMutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(StdMutex::new(Vec::new()));
        let kept = asked.clone();
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    request.extend_from_slice(&buffer[..read]);
                    if !request.ends_with(b"}") {
                        continue;
                    }
                    kept.lock()
                        .unwrap()
                        .push(String::from_utf8(std::mem::take(&mut request)).unwrap());
                    let Some((status, body)) = answers.next() else { return };
                    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        let env = FixedEnv::new([("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "k3y")])
            .with("AWS_SESSION_TOKEN", "t0ken")
            .with("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoint);
        (AwsSecrets::new(env), asked)
    }

    fn arn(suffix: &str) -> SecretArn {
        SecretArn::parse(&format!(
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf{suffix}"
        ))
        .unwrap()
    }

    #[tokio::test]
    async fn a_value_is_asked_for_with_the_environments_credentials() {
        let (secrets, asked) = service(vec![(200, r#"{"SecretString":"xoxb"}"#)]).await;
        let value = secrets.fetch(&arn("::AWSPREVIOUS:v-1")).await.unwrap();
        assert!(value.matches("xoxb"));
        let asked = asked.lock().unwrap();
        let request = asked[0].to_ascii_lowercase();
        assert!(
            request.contains("x-amz-target: secretsmanager.getsecretvalue\r\n"),
            "{request}"
        );
        assert!(request.contains("credential=akidexample/") && request.contains("/eu-west-1/secretsmanager/"));
        assert!(request.contains("x-amz-security-token: t0ken\r\n"));
        let body: serde_json::Value = serde_json::from_str(asked[0].split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"SecretId": arn("").secret_id, "VersionStage": "AWSPREVIOUS", "VersionId": "v-1"})
        );
    }

    #[tokio::test]
    async fn a_refusal_is_told_by_its_code_alone_and_a_fault_is_tried_again() {
        let refused = r#"{"__type":"ResourceNotFoundException","message":"s3cret"}"#;
        let (secrets, _) = service(vec![(400, refused)]).await;
        let error = secrets.fetch(&arn("")).await.unwrap_err();
        assert_eq!(error.code(), "ResourceNotFoundException");
        let (secrets, asked) = service(vec![(500, "{}"), (200, r#"{"SecretString":"x"}"#)]).await;
        assert!(secrets.fetch(&arn("")).await.unwrap().matches("x"));
        assert_eq!(asked.lock().unwrap().len(), 2);
        let (secrets, _) = service(vec![(200, r#"{"SecretBinary":"AA=="}"#)]).await;
        assert_eq!(secrets.fetch(&arn("")).await.unwrap_err().code(), "empty_value");
    }

    #[tokio::test]
    async fn an_endpoint_that_does_not_answer_is_unreachable() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let env = FixedEnv::new([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")])
            .with("AWS_ENDPOINT_URL", &format!("http://{closed}"));
        assert_eq!(
            AwsSecrets::new(env).fetch(&arn("")).await.unwrap_err().code(),
            "unreachable"
        );
    }
}
