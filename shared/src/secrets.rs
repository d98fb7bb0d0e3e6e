//! Secrets by reference: read from AWS Secrets Manager once, kept for a time, read again on demand.

mod arn;
mod aws;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

pub use arn::SecretArn;
pub use aws::AwsSecrets;

use crate::{Clock, Secret};

/// Where a secret setting's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// Given in the environment itself, for local use.
    Plain(Secret),
    /// A value in Secrets Manager.
    Arn(SecretArn),
}

/// Why a secret could not be had. Holds a stable word (the service's error code, or our own), never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError {
    code: String,
}

impl SecretError {
    /// An error with the service's code, such as `ResourceNotFoundException`, or a word of ours.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into() }
    }

    /// The stable word.
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot be read from Secrets Manager ({})", self.code)
    }
}

impl std::error::Error for SecretError {}

/// Where the outside begins: reads one secret's whole text, without picking a JSON key.
pub trait SecretStore: Send + Sync {
    /// Reads the version that `arn` names.
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>>;
}

/// Which text of which secret: id, staging label, version.
type Version = (String, Option<String>, Option<String>);

struct Kept {
    text: Secret,
    read_at_ms: u64,
}

/// The place of one text, empty until it was read.
type Slot = Arc<Mutex<Option<Kept>>>;

/// Reads secrets and keeps each for a time. One read serves all JSON keys of a secret, and callers that ask
/// at the same moment wait for the same read.
pub struct Secrets {
    store: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    ttl: Duration,
    /// Each text behind a lock of its own, so that different secrets are read at the same time.
    kept: Mutex<HashMap<Version, Slot>>,
}

impl Secrets {
    /// Secrets from `store`, each kept for `ttl`. Nothing is read before it is asked for.
    pub fn new(store: Arc<dyn SecretStore>, clock: Arc<dyn Clock>, ttl: Duration) -> Self {
        Self {
            store,
            clock,
            ttl,
            kept: Mutex::new(HashMap::new()),
        }
    }

    /// The value of a setting, from memory while its time lasts.
    ///
    /// # Errors
    /// The store's error, `empty_value` for a secret without a value, or `no_such_key` when the JSON key is absent.
    pub async fn read(&self, source: &SecretSource) -> Result<Secret, SecretError> {
        self.load(source, self.ttl).await
    }

    /// The value of a setting, read anew unless that was done within `min_age`. For a value that was refused:
    /// it may have been rotated, and a storm of refusals must not become a storm of reads.
    ///
    /// # Errors
    /// As [`Secrets::read`].
    pub async fn refresh(&self, source: &SecretSource, min_age: Duration) -> Result<Secret, SecretError> {
        self.load(source, min_age.min(self.ttl)).await
    }

    async fn load(&self, source: &SecretSource, max_age: Duration) -> Result<Secret, SecretError> {
        let arn = match source {
            SecretSource::Plain(secret) => return Ok(secret.clone()),
            SecretSource::Arn(arn) => arn,
        };
        let key = (arn.secret_id.clone(), arn.version_stage.clone(), arn.version_id.clone());
        let slot = self.kept.lock().await.entry(key).or_default().clone();
        // Held while reading, so that simultaneous callers share one read.
        let mut kept = slot.lock().await;
        let now_ms = self.clock.now_ms();
        if let Some(entry) = kept.as_ref() {
            let age = now_ms.checked_sub(entry.read_at_ms).map(Duration::from_millis);
            if age.is_some_and(|age| age < max_age) {
                return arn.pick(&entry.text);
            }
        }
        let text = self.store.fetch(arn).await?;
        let picked = arn.pick(&text)?;
        *kept = Some(Kept {
            text,
            read_at_ms: now_ms,
        });
        Ok(picked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ManualClock, MemorySecrets};

    const ID: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf";

    fn source(suffix: &str) -> SecretSource {
        SecretSource::Arn(SecretArn::parse(&format!("{ID}{suffix}")).unwrap())
    }

    fn fixture() -> (Arc<MemorySecrets>, Arc<ManualClock>, Secrets) {
        let store = Arc::new(MemorySecrets::default());
        store.put(ID, r#"{"token":"one","n":5}"#);
        let clock = Arc::new(ManualClock::at_secs(1_760_000_000));
        let secrets = Secrets::new(store.clone(), clock.clone(), Duration::from_secs(300));
        (store, clock, secrets)
    }

    #[tokio::test]
    async fn one_read_serves_all_keys_until_the_time_is_up() {
        let (store, clock, secrets) = fixture();
        assert!(secrets.read(&source(":token::")).await.unwrap().matches("one"));
        assert!(
            secrets
                .read(&source(""))
                .await
                .unwrap()
                .matches(r#"{"token":"one","n":5}"#)
        );
        assert_eq!(store.reads(), 1);
        store.put(ID, r#"{"token":"two"}"#);
        clock.advance_ms(299_999);
        assert!(secrets.read(&source(":token::")).await.unwrap().matches("one"));
        clock.advance_ms(1);
        assert!(secrets.read(&source(":token::")).await.unwrap().matches("two"));
        assert_eq!(store.reads(), 2);
    }

    #[tokio::test]
    async fn a_refused_value_is_read_again_but_not_in_a_storm() {
        let (store, clock, secrets) = fixture();
        secrets.read(&source(":token::")).await.unwrap();
        store.put(ID, r#"{"token":"two"}"#);
        let min_age = Duration::from_secs(10);
        assert!(
            secrets
                .refresh(&source(":token::"), min_age)
                .await
                .unwrap()
                .matches("one")
        );
        clock.advance_ms(10_000);
        assert!(
            secrets
                .refresh(&source(":token::"), min_age)
                .await
                .unwrap()
                .matches("two")
        );
        assert!(
            secrets
                .refresh(&source(":token::"), min_age)
                .await
                .unwrap()
                .matches("two")
        );
        assert_eq!(store.reads(), 2);
    }

    #[tokio::test]
    async fn a_clock_that_moved_back_reads_again() {
        let (store, clock, secrets) = fixture();
        secrets.read(&source("")).await.unwrap();
        clock.set_ms(1_000);
        secrets.read(&source("")).await.unwrap();
        assert_eq!(store.reads(), 2);
    }

    /// Answers only when two different secrets have been asked for.
    struct InPairs(tokio::sync::Barrier);

    impl SecretStore for InPairs {
        fn fetch<'a>(
            &'a self,
            _: &'a SecretArn,
        ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
            Box::pin(async move {
                self.0.wait().await;
                Ok(Secret::new("x"))
            })
        }
    }

    #[tokio::test]
    async fn different_secrets_are_read_side_by_side() {
        let store = Arc::new(InPairs(tokio::sync::Barrier::new(2)));
        let secrets = Secrets::new(store, Arc::new(ManualClock::default()), Duration::from_secs(300));
        let (one, other) = (source(""), source("::AWSPREVIOUS:"));
        let both = async { tokio::join!(secrets.read(&one), secrets.read(&other)) };
        let (one, other) = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
        assert!(one.unwrap().matches("x") && other.unwrap().matches("x"));
    }

    #[tokio::test]
    async fn what_is_missing_is_told_by_a_stable_word() {
        let (store, _, secrets) = fixture();
        assert_eq!(
            secrets.read(&source(":nope::")).await.unwrap_err().code(),
            "no_such_key"
        );
        assert_eq!(secrets.read(&source(":n::")).await.unwrap_err().code(), "no_such_key");
        store.put(ID, "");
        assert_eq!(
            secrets.refresh(&source(""), Duration::ZERO).await.unwrap_err().code(),
            "empty_value"
        );
        let other = SecretArn::parse("arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-AbCdEf").unwrap();
        let error = secrets.read(&SecretSource::Arn(other)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot be read from Secrets Manager (ResourceNotFoundException)"
        );
        let plain = SecretSource::Plain(Secret::new("x"));
        assert!(secrets.read(&plain).await.unwrap().matches("x"));
    }
}
