//! The keys of an issuer between requests: when they are fetched, how long they count, who fetches.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::{Clock, Deadline};

use super::key_set::KeySet;
use crate::error::Problem;
use crate::flight::Flights;

/// A key that is not known is looked for so long after keys were asked for and had, at the soonest.
const UNKNOWN_PAUSE_MS: u64 = 10_000;
/// After a failure nobody fetches for so long; it doubles with each up to [`LAST_PENALTY_MS`].
const FIRST_PENALTY_MS: u64 = 1000;
const LAST_PENALTY_MS: u64 = 10_000;

/// How long keys count, and how long is waited for others.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyRules {
    /// Without being seen again. From half of it on they are looked for, in vain if need be.
    pub(super) ttl: Duration,
    /// Beyond that, while the server fails.
    pub(super) stale: Duration,
    /// What a server gets to answer in, where the request has as much. Whose keys count waits no longer for others.
    pub(super) patience: Duration,
    /// What whose keys count leaves of its time for another server that is asked then; at most half of it.
    pub(super) reserve: Duration,
}

/// Keys, and the failures that they stand in for.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) keys: Arc<KeySet>,
    /// Why others could not be had just now.
    pub(super) failure: Option<Problem>,
    /// Why these count although their time is over.
    pub(super) stale: Option<Problem>,
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
    /// Of the server, since keys were had last.
    failure: Option<Failure>,
    /// When keys were asked for last, whatever came of it.
    asked_at_ms: Option<u64>,
    landed: Landed,
}

struct Held {
    keys: Arc<KeySet>,
    /// When they were asked for. By the wall clock, which goes on while this process is frozen.
    fetched_at_ms: u64,
}

#[derive(Clone, Copy)]
struct Failure {
    problem: Problem,
    in_a_row: u32,
    at_ms: u64,
}

/// The last fetch whose outcome counts for everybody.
#[derive(Default)]
struct Landed {
    /// How many there were.
    count: u64,
    failure: Option<Problem>,
}

/// What to do for a token.
enum Plan {
    Serve(Found),
    /// Nobody knows, and it is too soon to ask again.
    Refuse(Problem),
    Fetch {
        /// Whether keys are there that serve if that fails.
        can_fail: bool,
        /// How many fetches had landed before.
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
        let (can_fail, after) = match self.plan(kid, self.clock.now_ms()) {
            Plan::Serve(found) => return Ok(found),
            Plan::Refuse(problem) => return Err(problem),
            Plan::Fetch { can_fail, after } => (can_fail, after),
        };
        let (rules, remaining) = (self.rules, deadline.remaining());
        let given = match can_fail {
            false => remaining,
            true => rules.patience.min(remaining - rules.reserve.min(remaining / 2)),
        };
        let deadline = deadline.capped(given);
        // The way here has taken its moment.
        let is_whole = given >= rules.patience - rules.patience / 10;
        let fetched = self
            .fetching
            .join(&(), deadline, async || match self.landed_after(after) {
                Some(landed) => landed,
                None => match self.waits(self.clock.now_ms()) {
                    // Another has waited for all of us.
                    Some(problem) if can_fail => Err(problem),
                    _ => self.fetched(fetch(deadline), deadline, is_whole).await,
                },
            })
            .await;
        match fetched {
            Ok(keys) => Ok(Found::fresh(keys)),
            Err(problem) => self.instead(kid, problem).ok_or(problem),
        }
    }

    fn plan(&self, kid: &str, now_ms: u64) -> Plan {
        let waits = self.waits(now_ms);
        let state = self.lock();
        let held = self.counting(&state, now_ms);
        let fetch = |can_fail| Plan::Fetch {
            can_fail,
            after: state.landed.count,
        };
        let Some((known, age_ms)) = held.filter(|(held, _)| held.keys.knows(kid)) else {
            // After a failure nobody can tell whether a key is a new one, and the penalty alone says when to ask again.
            return match (waits, held) {
                (Some(problem), _) => Plan::Refuse(problem),
                (None, Some((_, age_ms))) if state.failure.is_none() && age_ms < UNKNOWN_PAUSE_MS => {
                    Plan::Refuse(Problem::UnknownKey)
                }
                (None, _) => fetch(false),
            };
        };
        let ttl_ms = millis(self.rules.ttl);
        let is_fresh = age_ms < ttl_ms;
        // Whoever has no time for it, or comes while another asks, takes what there is.
        let is_tried = || since(state.asked_at_ms, now_ms).is_some_and(|since_ms| since_ms < FIRST_PENALTY_MS);
        let is_left = is_fresh && (age_ms < ttl_ms / 2 || is_tried() || self.fetching.is_under_way(&()));
        if waits.is_some() || is_left {
            return Plan::Serve(Found {
                stale: waits.filter(|_| !is_fresh),
                ..Found::fresh(known.keys.clone())
            });
        }
        fetch(true)
    }

    /// The failure after which it is too soon to ask again.
    fn waits(&self, now_ms: u64) -> Option<Problem> {
        let failure = self.lock().failure?;
        // A clock that was set back tells nothing about the time since.
        let since_ms = since(Some(failure.at_ms), now_ms)?;
        (since_ms < penalty_ms(failure.in_a_row)).then_some(failure.problem)
    }

    /// The keys that count, and their age.
    fn counting<'s>(&self, state: &'s State, now_ms: u64) -> Option<(&'s Held, u64)> {
        let held = state.held.as_ref()?;
        let age_ms = since(Some(held.fetched_at_ms), now_ms)?;
        let life_ms = millis(self.rules.ttl).saturating_add(millis(self.rules.stale));
        (age_ms < life_ms).then_some((held, age_ms))
    }

    /// What serves when others cannot be had. Looked up again: a document may have come meanwhile that withdraws it.
    fn instead(&self, kid: &str, problem: Problem) -> Option<Found> {
        let state = self.lock();
        let (held, age_ms) = self.counting(&state, self.clock.now_ms())?;
        held.keys.knows(kid).then(|| Found {
            keys: held.keys.clone(),
            failure: Some(problem),
            stale: (age_ms >= millis(self.rules.ttl)).then_some(problem),
        })
    }

    /// What another came back with since so many had landed.
    fn landed_after(&self, count: u64) -> Option<Result<Arc<KeySet>, Problem>> {
        let state = self.lock();
        if state.landed.count == count {
            return None;
        }
        match state.landed.failure {
            Some(problem) => Some(Err(problem)),
            None => state.held.as_ref().map(|held| Ok(held.keys.clone())),
        }
    }

    /// Fetches, and notes what comes of it: for everybody, unless the time of this one request was over; and as a failure of
    /// the server, unless it had less time than is due to it.
    async fn fetched(
        &self,
        fetch: impl Future<Output = Result<KeySet, Problem>>,
        deadline: Deadline,
        is_whole: bool,
    ) -> Result<Arc<KeySet>, Problem> {
        let asked_at_ms = self.clock.now_ms();
        self.lock().asked_at_ms = Some(asked_at_ms);
        let fetched = fetch.await;
        let is_cut_off = fetched.is_err() && deadline.has_passed();
        let mut state = self.lock();
        let had = match fetched {
            Ok(keys) if keys.usable() > 0 => Ok(Arc::new(keys)),
            // The issuer's own word: what it published before is withdrawn, and nothing has taken its place.
            Ok(_) => {
                state.held = None;
                Err(Problem::UpstreamInvalid)
            }
            Err(problem) => Err(problem),
        };
        if !is_cut_off {
            state.landed.count += 1;
            state.landed.failure = had.as_ref().err().copied();
        }
        match &had {
            Ok(keys) => {
                state.failure = None;
                state.held = Some(Held {
                    keys: keys.clone(),
                    fetched_at_ms: asked_at_ms,
                });
            }
            Err(problem) if is_whole || !is_cut_off => {
                state.failure = Some(Failure {
                    problem: *problem,
                    in_a_row: state.failure.map_or(0, |failure| failure.in_a_row) + 1,
                    at_ms: self.clock.now_ms(),
                });
            }
            Err(_) => {}
        }
        had
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Found {
    fn fresh(keys: Arc<KeySet>) -> Self {
        Self {
            keys,
            failure: None,
            stale: None,
        }
    }
}

/// The time since a moment; nothing when the clock was set back.
fn since(at_ms: Option<u64>, now_ms: u64) -> Option<u64> {
    now_ms.checked_sub(at_ms?)
}

fn penalty_ms(failures: u32) -> u64 {
    let doubled = FIRST_PENALTY_MS.checked_shl(failures.saturating_sub(1).min(16));
    doubled.unwrap_or(u64::MAX).min(LAST_PENALTY_MS)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
