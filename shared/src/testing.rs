//! Doubles for tests: a clock that is set by hand, an environment from a list, secrets from a map.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::secrets::{SecretArn, SecretError, SecretStore};
use crate::{Clock, Deadline, Env, Secret};

/// A clock that moves only when told to.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that stands at `epoch_ms`.
    pub fn at_ms(epoch_ms: u64) -> Self {
        Self(AtomicU64::new(epoch_ms))
    }

    /// A clock that stands at `epoch_secs`.
    pub fn at_secs(epoch_secs: u64) -> Self {
        Self::at_ms(epoch_secs * 1000)
    }

    /// Moves the clock on by `ms`.
    pub fn advance_ms(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the clock, also backwards.
    pub fn set_ms(&self, epoch_ms: u64) {
        self.0.store(epoch_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An environment made of a list of names and values.
#[derive(Debug, Clone, Default)]
pub struct FixedEnv(BTreeMap<String, String>);

impl FixedEnv {
    /// The variables of `pairs`; a later pair wins.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The same environment with one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Env for FixedEnv {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// A secret store in memory that counts its reads and can be told never to answer.
#[derive(Debug, Default)]
pub struct MemorySecrets {
    values: Mutex<BTreeMap<String, String>>,
    held: Mutex<BTreeSet<String>>,
    reads: AtomicU64,
}

impl MemorySecrets {
    /// A store that holds `value` under `secret_id` (the ARN without json key, stage and version).
    pub fn put(&self, secret_id: &str, value: &str) {
        if let Ok(mut values) = self.values.lock() {
            values.insert(secret_id.to_owned(), value.to_owned());
        }
    }

    /// From now on reads of `secret_id` never end.
    pub fn hold(&self, secret_id: &str) {
        if let Ok(mut held) = self.held.lock() {
            held.insert(secret_id.to_owned());
        }
    }

    /// How often the store was read.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

impl SecretStore for MemorySecrets {
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
        _: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let value = self
            .values
            .lock()
            .ok()
            .and_then(|values| values.get(&arn.secret_id).cloned());
        let is_held = self.held.lock().is_ok_and(|held| held.contains(&arn.secret_id));
        Box::pin(async move {
            if is_held {
                std::future::pending::<()>().await;
            }
            value
                .map(Secret::new)
                .ok_or_else(|| SecretError::new("ResourceNotFoundException"))
        })
    }
}
