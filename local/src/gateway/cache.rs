//! API Gateway's own cache of an authorizer's replies, keyed by the identity sources.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Replies with a time to live. Time is tokio's, so that a test can move it.
#[derive(Debug)]
pub(super) struct Cache<T> {
    ttl: Duration,
    entries: Mutex<HashMap<String, (Instant, T)>>,
}

/// When this many replies are kept, the expired ones are dropped before another is added.
const SWEEP_AT: usize = 1000;

impl<T: Clone> Cache<T> {
    /// A cache whose entries live for `ttl`; zero keeps nothing.
    pub(super) fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            entries: Mutex::default(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<T> {
        let mut entries = self.locked();
        match entries.get(key) {
            Some((until, value)) if Instant::now() < *until => Some(value.clone()),
            Some(_) => {
                entries.remove(key);
                None
            }
            None => None,
        }
    }

    pub(super) fn put(&self, key: String, value: T) {
        if self.ttl.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut entries = self.locked();
        if entries.len() >= SWEEP_AT {
            entries.retain(|_, (until, _)| now < *until);
        }
        entries.insert(key, (now + self.ttl, value));
    }

    pub(super) fn flush(&self) {
        self.locked().clear();
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, (Instant, T)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn entries_live_for_their_time() {
        let cache = Cache::new(Duration::from_secs(5));
        cache.put("token".into(), 1);
        tokio::time::advance(Duration::from_millis(4999)).await;
        assert_eq!(cache.get("token"), Some(1));
        assert_eq!(cache.get("other"), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(cache.get("token"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn reading_does_not_prolong_and_flushing_empties() {
        let cache = Cache::new(Duration::from_secs(5));
        cache.put("token".into(), 1);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(cache.get("token"), Some(1));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(cache.get("token"), None);
        cache.put("token".into(), 2);
        cache.flush();
        assert_eq!(cache.get("token"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn zero_keeps_nothing() {
        let cache = Cache::new(Duration::ZERO);
        cache.put("token".into(), 1);
        assert_eq!(cache.get("token"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn expired_entries_do_not_pile_up() {
        let cache = Cache::new(Duration::from_secs(1));
        for number in 0..3 * SWEEP_AT {
            cache.put(number.to_string(), number);
            tokio::time::advance(Duration::from_millis(5)).await;
        }
        assert!(cache.locked().len() <= SWEEP_AT);
    }
}
