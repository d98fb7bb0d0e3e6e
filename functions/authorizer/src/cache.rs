//! What the authorization server said about a token, remembered for a time: claims, not decisions.
//!
//! Held under the token's hash, in memory alone, bounded by the token's own expiry and by a number of entries.
//! Refusals have a pool of their own, so that a flood of bad tokens pushes out no good one.

mod lru;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::claims::Claims;
use crate::error::Problem;
use crate::token::AccessToken;
use lru::Lru;

/// The name of a token in the cache: a hash of the token, of the server that is asked and of who asks.
pub type Key = [u8; 32];

/// Makes keys. What all keys share is hashed once.
#[derive(Debug, Clone)]
pub struct Keys(Sha256);

impl Keys {
    /// Keys for answers from `url` to the caller `identity`.
    pub fn new(url: &str, identity: &str) -> Self {
        const VERSION: u8 = 1;
        let mut hash = Sha256::new();
        hash.update([VERSION]);
        hash.update(url);
        hash.update([0]);
        hash.update(identity);
        hash.update([0]);
        Self(hash)
    }

    /// The key of a token.
    pub fn key(&self, token: &AccessToken<'_>) -> Key {
        let mut hash = self.0.clone();
        hash.update(token.reveal());
        hash.finalize().into()
    }
}

/// How much is remembered, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheRules {
    /// How long claims are kept at most; zero keeps none.
    pub ttl: Duration,
    /// How long claims are kept beyond that, for when the authorization server fails.
    pub stale: Duration,
    /// How long a refusal is kept; zero keeps none.
    pub negative_ttl: Duration,
    /// The greatest number of claims. Refusals get an eighth of it, and at least 16.
    pub max_entries: usize,
    /// The greatest size of one token's claims, in bytes.
    pub max_entry_bytes: usize,
}

/// What the cache knows about a token.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// The claims of an active token.
    Claims(Arc<Claims>),
    /// The token was refused.
    Refused(Problem),
    /// Nothing.
    Nothing,
}

/// A value with the span of wall-clock time in which it counts. The wall clock, since a frozen environment may stop a
/// monotonic one; an entry from the future means that the clock was set back, and its age cannot be told.
#[derive(Debug)]
struct Timed<T> {
    value: T,
    stored_at_ms: u64,
    fresh_until_ms: u64,
    /// Not before it ceases to be fresh.
    dead_at_ms: u64,
}

impl<T> Timed<T> {
    fn is_fresh(&self, now_ms: u64) -> bool {
        (self.stored_at_ms..self.fresh_until_ms).contains(&now_ms)
    }

    fn lives(&self, now_ms: u64) -> bool {
        (self.stored_at_ms..self.dead_at_ms).contains(&now_ms)
    }
}

#[derive(Debug)]
struct Pools {
    claims: Lru<Timed<Arc<Claims>>>,
    refusals: Lru<Timed<Problem>>,
}

/// The cache of one process.
#[derive(Debug)]
pub struct Cache {
    rules: CacheRules,
    pools: Mutex<Pools>,
}

impl Cache {
    /// An empty cache.
    pub fn new(rules: CacheRules) -> Self {
        let pools = Pools {
            claims: Lru::new(rules.max_entries),
            refusals: Lru::new((rules.max_entries / 8).max(16)),
        };
        Self {
            rules,
            pools: Mutex::new(pools),
        }
    }

    /// Whether anything is ever remembered.
    pub fn is_on(&self) -> bool {
        !self.rules.ttl.is_zero() || !self.rules.negative_ttl.is_zero()
    }

    /// What is known about a token at this moment.
    pub fn find(&self, key: &Key, now_ms: u64) -> Found {
        let mut pools = self.lock();
        if let Some(entry) = pools.claims.get(key) {
            if entry.is_fresh(now_ms) {
                return Found::Claims(entry.value.clone());
            }
            if !entry.lives(now_ms) {
                pools.claims.remove(key);
            }
        }
        if let Some(entry) = pools.refusals.get(key) {
            if entry.is_fresh(now_ms) {
                return Found::Refused(entry.value);
            }
            pools.refusals.remove(key);
        }
        Found::Nothing
    }

    /// The claims of a token whose time is over but for failures of the authorization server. The token itself is not dead.
    pub fn find_stale(&self, key: &Key, now_ms: u64) -> Option<Arc<Claims>> {
        let mut pools = self.lock();
        let entry = pools.claims.get(key)?;
        entry.lives(now_ms).then(|| entry.value.clone())
    }

    /// Remembers claims that were asked for at `asked_at_ms`: until the time to live is over or the token expires.
    /// Claims without an expiry are not remembered (RFC 7662, section 4). In any case a refusal is forgotten.
    pub fn keep_claims(&self, key: &Key, claims: &Arc<Claims>, asked_at_ms: u64, now_ms: u64) {
        let mut pools = self.lock();
        pools.refusals.remove(key);
        pools.claims.remove(key);
        let Some(exp_secs) = claims.exp_secs() else { return };
        let exp_ms = exp_secs.saturating_mul(1000);
        let fresh_until_ms = after(asked_at_ms, self.rules.ttl);
        let entry = Timed {
            value: claims.clone(),
            stored_at_ms: now_ms,
            fresh_until_ms: fresh_until_ms.min(exp_ms),
            dead_at_ms: after(fresh_until_ms, self.rules.stale).min(exp_ms),
        };
        if entry.is_fresh(now_ms) && claims.size() <= self.rules.max_entry_bytes {
            pools.claims.insert(*key, entry);
        }
    }

    /// Remembers a refusal that was asked for at `asked_at_ms`. The token's claims are forgotten: it may be revoked.
    pub fn keep_refusal(&self, key: &Key, problem: Problem, asked_at_ms: u64, now_ms: u64) {
        let mut pools = self.lock();
        pools.claims.remove(key);
        pools.refusals.remove(key);
        let dead_at_ms = after(asked_at_ms, self.rules.negative_ttl);
        let entry = Timed {
            value: problem,
            stored_at_ms: now_ms,
            fresh_until_ms: dead_at_ms,
            dead_at_ms,
        };
        if entry.is_fresh(now_ms) {
            pools.refusals.insert(*key, entry);
        }
    }

    /// Forgets a token's claims, which a newer reply has overtaken.
    pub fn forget_claims(&self, key: &Key) {
        self.lock().claims.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Pools> {
        // Nothing panics while it is held; were it so, the pools are still whole entries.
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(at_ms: u64, time: Duration) -> u64 {
    at_ms.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
