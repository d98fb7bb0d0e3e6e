//! The keys of an issuer between requests: when they are fetched, how long they count, who fetches.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::{Clock, Deadline};

use super::key_set::KeySet;
use crate::error::Problem;
use crate::flight::Flights;

/// A key that is not known is looked for at most once in this time.
const UNKNOWN_PAUSE_MS: u64 = 10_000;
/// After a failure nobody fetches for so long; it doubles with each up to [`UNKNOWN_PAUSE_MS`].
const FIRST_PENALTY_MS: u64 = 1000;

/// How long keys count.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyRules {
    /// Without being seen again. From half of it on they are looked for, in vain if need be.
    pub(super) ttl: Duration,
    /// Beyond that, while the server fails.
    pub(super) stale: Duration,
    /// How long somebody waits for others whose keys count. Never more than half of the time that there is, for other
    /// servers may have to be asked, too.
    pub(super) patience: Duration,
}

/// Keys, and the failure that they stand in for.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) keys: Arc<KeySet>,
    pub(super) failure: Option<Problem>,
}

/// The keys of one issuer.
pub(super) struct KeyCache {
    rules: KeyRules,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// One fetch serves all who wait.
    fetching: Flights<(), Arc<KeySet>>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    last: Option<Attempt>,
    /// How often keys were fetched.
    attempts: u64,
}

struct Held {
    keys: Arc<KeySet>,
    /// When they were asked for. By the wall clock, which goes on while this process is frozen.
    fetched_at_ms: u64,
}

struct Attempt {
    at_ms: u64,
    /// Why it failed, and how many did in a row.
    failure: Option<(Problem, u32)>,
}

/// What to do for a token.
enum Plan {
    Serve(Arc<KeySet>),
    /// Nobody knows, and it is too soon to ask again.
    Refuse(Problem),
    Fetch {
        /// What serves if that fails.
        instead: Option<Arc<KeySet>>,
        /// How many attempts there were before.
        after: u64,
    },
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl KeyCache {
    pub(super) fn new(rules: KeyRules, clock: Arc<dyn Clock>) -> Self {
        Self {
            rules,
            clock,
            state: Mutex::default(),
            fetching: Flights::default(),
        }
    }

    /// Keys in which to look for one of this name. `fetch` gets them from the server; it is told until when, which is sooner
    /// where others can serve.
    ///
    /// # Errors
    /// Why there are none; `UnknownKey` when they were looked at a moment ago, without that one among them.
    pub(super) async fn find(
        &self,
        kid: &str,
        deadline: Deadline,
        fetch: impl AsyncFnOnce(Deadline) -> Result<KeySet, Problem>,
    ) -> Result<Found, Problem> {
        let (instead, after) = match self.plan(kid, self.clock.now_ms()) {
            Plan::Serve(keys) => return Ok(Found { keys, failure: None }),
            Plan::Refuse(problem) => return Err(problem),
            Plan::Fetch { instead, after } => (instead, after),
        };
        let deadline = match instead {
            None => deadline,
            Some(_) => deadline.capped(self.rules.patience.min(deadline.remaining() / 2)),
        };
        let fetched = self
            .fetching
            .join(&(), deadline, async || match self.landed_after(after) {
                Some(landed) => landed,
                None => self.fetched(fetch(deadline)).await,
            })
            .await;
        match (fetched, instead) {
            (Ok(keys), _) => Ok(Found { keys, failure: None }),
            (Err(problem), Some(keys)) => Ok(Found {
                keys,
                failure: Some(problem),
            }),
            (Err(problem), None) => Err(problem),
        }
    }

    fn plan(&self, kid: &str, now_ms: u64) -> Plan {
        let state = self.lock();
        let held = state.held.as_ref();
        let age_ms = held.and_then(|held| now_ms.checked_sub(held.fetched_at_ms));
        let (ttl_ms, stale_ms) = (millis(self.rules.ttl), millis(self.rules.stale));
        let counts = age_ms.is_some_and(|age_ms| age_ms < ttl_ms.saturating_add(stale_ms));
        let keys = held.filter(|_| counts).map(|held| held.keys.clone());
        let known = keys.clone().filter(|keys| keys.knows(kid));
        let fetch = |instead| Plan::Fetch {
            instead,
            after: state.attempts,
        };
        // A clock that was set back tells nothing about the time since.
        let since_ms = state.last.as_ref().and_then(|last| now_ms.checked_sub(last.at_ms));
        let failure = state.last.as_ref().and_then(|last| last.failure);
        let since_ms = since_ms.unwrap_or(u64::MAX);
        let waits = failure.is_some_and(|(_, count)| since_ms < penalty_ms(count));
        match (known, failure) {
            (Some(known), _) if waits || age_ms.is_some_and(|age_ms| age_ms < ttl_ms / 2) => Plan::Serve(known),
            (Some(known), _) => fetch(Some(known)),
            (None, Some((problem, _))) if waits || (keys.is_some() && since_ms < UNKNOWN_PAUSE_MS) => {
                Plan::Refuse(problem)
            }
            (None, None) if keys.is_some() && since_ms < UNKNOWN_PAUSE_MS => Plan::Refuse(Problem::UnknownKey),
            (None, _) => fetch(None),
        }
    }

    /// What another came back with since there were so many attempts.
    fn landed_after(&self, attempts: u64) -> Option<Result<Arc<KeySet>, Problem>> {
        let state = self.lock();
        if state.attempts == attempts {
            return None;
        }
        let failure = state.last.as_ref().and_then(|last| last.failure);
        match failure {
            Some((problem, _)) => Some(Err(problem)),
            None => state.held.as_ref().map(|held| Ok(held.keys.clone())),
        }
    }

    async fn fetched(&self, fetch: impl Future<Output = Result<KeySet, Problem>>) -> Result<Arc<KeySet>, Problem> {
        let asked_at_ms = self.clock.now_ms();
        let fetched = fetch.await;
        let now_ms = self.clock.now_ms();
        let mut state = self.lock();
        state.attempts += 1;
        let failures = state
            .last
            .as_ref()
            .and_then(|last| last.failure)
            .map_or(0, |(_, count)| count);
        let failure = fetched.as_ref().err().map(|problem| (*problem, failures + 1));
        state.last = Some(Attempt { at_ms: now_ms, failure });
        let keys = Arc::new(fetched?);
        state.held = Some(Held {
            keys: keys.clone(),
            fetched_at_ms: asked_at_ms,
        });
        Ok(keys)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn penalty_ms(failures: u32) -> u64 {
    let doubled = FIRST_PENALTY_MS.checked_shl(failures.saturating_sub(1).min(16));
    doubled.unwrap_or(u64::MAX).min(UNKNOWN_PAUSE_MS)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
