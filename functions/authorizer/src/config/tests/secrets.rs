//! Secrets that the settings refer to, as a start reads them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use shared::secrets::{SecretArn, SecretError, SecretStore};
use shared::testing::{ManualClock, MemorySecrets};
use shared::{Deadline, Secret, Secrets};

use super::read;

#[tokio::test]
async fn secrets_are_read_at_start_and_a_failure_names_its_variable() {
    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hydra-AbCdEf";
    let store = Arc::new(MemorySecrets::default());
    store.put(ARN, r#"{"secret":"s3cret"}"#);
    let secrets = Secrets::new(store, Arc::new(ManualClock::at_secs(1)), Duration::from_secs(60));
    let with = |secret: &str, bundle: &str| {
        read(&[
            ("AUTHZ_INTROSPECTION_AUTH", "basic"),
            ("AUTHZ_CLIENT_ID", "id"),
            ("AUTHZ_CLIENT_SECRET_SECRET_ARN", secret),
            ("AUTHZ_CA_BUNDLE", bundle),
        ])
        .unwrap()
    };
    let good = with(&format!("{ARN}:secret"), "").credentials(&secrets).await.unwrap();
    assert!(good.providers[0].caller.clone().unwrap().matches("s3cret"));
    let bad = with(&format!("{ARN}:nope"), "/nowhere/s3cret.pem")
        .credentials(&secrets)
        .await
        .unwrap_err();
    assert_eq!(
        bad.problems(),
        [
            "AUTHZ_CLIENT_SECRET_SECRET_ARN: cannot be read from Secrets Manager (no_such_key)",
            "AUTHZ_CA_BUNDLE: is neither PEM nor a file that can be read (entity not found)",
        ]
    );
}

/// Answers only when three secrets have been asked for, each with about the time that all have.
struct InThrees(tokio::sync::Barrier);

impl SecretStore for InThrees {
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
        deadline: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        Box::pin(async move {
            assert!(deadline.remaining() <= Duration::from_secs(6));
            self.0.wait().await;
            Err(SecretError::new(arn.secret_id.rsplit(':').next().unwrap()))
        })
    }
}

#[tokio::test]
async fn secrets_are_read_at_the_same_time_and_told_of_in_order() {
    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";
    let (one, two, three) = (format!("{ARN}one"), format!("{ARN}two"), format!("{ARN}three"));
    let config = read(&[
        ("AUTHZ_INTROSPECTION_AUTH", "bearer"),
        ("AUTHZ_BEARER_SECRET_ARN", &one),
        ("AUTHZ_CA_BUNDLE_SECRET_ARN", &two),
        ("AUTHZ_PERMISSION_CHECK", "warden"),
        ("AUTHZ_PERMISSION_URL", "http://127.0.0.1:9/p"),
        ("AUTHZ_PERMISSION_CA_BUNDLE_SECRET_ARN", &three),
    ])
    .unwrap();
    let store = Arc::new(InThrees(tokio::sync::Barrier::new(3)));
    let secrets = Secrets::new(store, Arc::new(ManualClock::at_secs(1)), Duration::from_secs(60));
    let read = tokio::time::timeout(Duration::from_secs(5), config.credentials(&secrets)).await;
    let problem = |name: &str, code: &str| format!("{name}_SECRET_ARN: cannot be read from Secrets Manager ({code})");
    assert_eq!(
        read.unwrap().unwrap_err().problems(),
        [
            problem("AUTHZ_BEARER", "one"),
            problem("AUTHZ_CA_BUNDLE", "two"),
            problem("AUTHZ_PERMISSION_CA_BUNDLE", "three"),
        ]
    );
}
