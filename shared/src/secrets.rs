//! Secrets by reference: read from AWS Secrets Manager once, kept for a time, read again on demand.

mod arn;
mod aws;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

pub use arn::SecretArn;
pub use aws::AwsSecrets;

use crate::{Clock, Deadline, Secret};

/// Lambda gives an init phase 10 s in all. All secrets and documents of a start are read within this part of it, so that
/// there is time to tell which of them could not be.
pub const AT_START: Duration = Duration::from_secs(6);

/// A failure speaks for whoever asks within this time.
const FAILURE_KEPT: Duration = Duration::from_secs(5);

/// What is said when there was no answer in time.
const TIMEOUT: &str = "timeout";

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
    /// Reads the version that `arn` names, and gives up by `deadline`.
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
        deadline: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>>;
}

/// Which text of which secret: id, staging label, version.
type Version = (String, Option<String>, Option<String>);

struct Kept {
    text: Secret,
    read_at_ms: u64,
}

/// A read that came to nothing.
struct Failed {
    error: SecretError,
    at_ms: u64,
    /// How much time there was, if that was too little.
    given: Option<Duration>,
}

impl Failed {
    /// Whether one who has so much time left would fare no better.
    fn speaks_for(&self, left: Duration) -> bool {
        // Of one function's requests each has a little more or less.
        self.given.is_none_or(|given| left <= given + given / 8)
    }
}

/// One text and the last read, as far as there were any.
#[derive(Default)]
struct Place {
    kept: Option<Kept>,
    failed: Option<Failed>,
}

type Slot = Arc<Mutex<Place>>;

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
    /// The store's error, `empty_value` for a secret without a value, `no_such_key` when the JSON key is absent, or
    /// `timeout` when nothing was known by `deadline`. An error of the store speaks for those that ask in the next seconds.
    pub async fn read(&self, source: &SecretSource, deadline: Deadline) -> Result<Secret, SecretError> {
        self.load(source, self.ttl, deadline).await
    }

    /// The value of a setting, read anew unless that was done, or tried without success, within `min_age`. For a value that
    /// was refused: it may have been rotated, and a storm of refusals must not become a storm of reads.
    ///
    /// # Errors
    /// As [`Secrets::read`].
    pub async fn refresh(
        &self,
        source: &SecretSource,
        min_age: Duration,
        deadline: Deadline,
    ) -> Result<Secret, SecretError> {
        self.load(source, min_age.min(self.ttl), deadline).await
    }

    async fn load(&self, source: &SecretSource, max_age: Duration, deadline: Deadline) -> Result<Secret, SecretError> {
        let arn = match source {
            SecretSource::Plain(secret) => return Ok(secret.clone()),
            SecretSource::Arn(arn) => arn,
        };
        let key = (arn.secret_id.clone(), arn.version_stage.clone(), arn.version_id.clone());
        let slot = self.kept.lock().await.entry(key).or_default().clone();
        let too_late = || SecretError::new(TIMEOUT);
        // Held while reading, so that simultaneous callers share one read.
        let place = timeout(deadline.remaining(), slot.lock()).await;
        let mut place = place.map_err(|_| too_late())?;
        let now_ms = self.clock.now_ms();
        let is_young = |at_ms: u64, max_age: Duration| {
            let age = now_ms.checked_sub(at_ms).map(Duration::from_millis);
            age.is_some_and(|age| age < max_age)
        };
        if let Some(kept) = &place.kept
            && is_young(kept.read_at_ms, max_age)
        {
            return arn.pick(&kept.text);
        }
        let left = deadline.remaining();
        if let Some(failed) = &place.failed
            && is_young(failed.at_ms, max_age.min(FAILURE_KEPT))
            && failed.speaks_for(left)
        {
            return Err(failed.error.clone());
        }
        // So it stays if whoever asks goes away meanwhile.
        place.failed = Some(Failed {
            error: too_late(),
            at_ms: now_ms,
            given: Some(left),
        });
        let read = timeout(left, self.store.fetch(arn, deadline)).await;
        match read.unwrap_or_else(|_| Err(too_late())) {
            Ok(text) => {
                // Also without the key that was asked for: that does not make it another text.
                let picked = arn.pick(&text);
                *place = Place {
                    kept: Some(Kept {
                        text,
                        read_at_ms: now_ms,
                    }),
                    failed: None,
                };
                picked
            }
            Err(error) => {
                place.failed = Some(Failed {
                    error: error.clone(),
                    at_ms: self.clock.now_ms(),
                    given: deadline.has_passed().then_some(left),
                });
                Err(error)
            }
        }
    }
}
