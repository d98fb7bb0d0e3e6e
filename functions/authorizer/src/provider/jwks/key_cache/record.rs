//! What is known of an issuer's keys by now, and what that means for a token. Pure.

use std::sync::Arc;
use std::time::Duration;

use super::KeySet;
use crate::error::Problem;

/// A key that is not known is looked for so long after keys were asked for and had, at the soonest.
const UNKNOWN_PAUSE_MS: u64 = 10_000;
/// After a failure nobody fetches for so long; it doubles with each up to [`LAST_PENALTY_MS`].
const FIRST_PENALTY_MS: u64 = 1000;
const LAST_PENALTY_MS: u64 = 10_000;

/// How long keys count, and how long is waited for others.
#[derive(Debug, Clone, Copy)]
pub(in crate::provider::jwks) struct KeyRules {
    /// Without being seen again. From half of it on they are looked for, in vain if need be.
    pub(in crate::provider::jwks) ttl: Duration,
    /// Beyond that, while the server fails.
    pub(in crate::provider::jwks) stale: Duration,
    /// What a server gets to answer in, where the request has as much. Whose keys count waits no longer for others.
    pub(in crate::provider::jwks) patience: Duration,
    /// What whose keys count leaves of its time for another server that is asked then; at most half of it.
    pub(in crate::provider::jwks) reserve: Duration,
}

/// Keys, and the failures that they stand in for.
#[derive(Debug, Clone)]
pub(in crate::provider::jwks) struct Found {
    pub(in crate::provider::jwks) keys: Arc<KeySet>,
    /// Why others could not be had just now.
    pub(in crate::provider::jwks) failure: Option<Problem>,
    /// Why these count although their time is over.
    pub(in crate::provider::jwks) stale: Option<Problem>,
}

/// What to do for a token.
pub(super) enum Plan {
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

/// How a fetch ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    /// Whether it failed because the time of the one request was over.
    pub(super) is_cut_off: bool,
    /// Whether it had the time that is due to a server.
    pub(super) is_whole: bool,
}

/// What came of the fetches so far. Times are by the wall clock, which goes on while this process is frozen.
#[derive(Default)]
pub(super) struct Record {
    held: Option<Held>,
    /// Of the server, since keys were had last.
    failure: Option<Failure>,
    /// When keys were asked for last, whatever came of it.
    asked_at_ms: Option<u64>,
    landed: Landed,
}

struct Held {
    keys: Arc<KeySet>,
    /// When they were asked for.
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

impl Record {
    /// What to do for a token with a key of this name. `is_under_way` tells that somebody fetches just now.
    pub(super) fn plan(&self, rules: &KeyRules, kid: &str, now_ms: u64, is_under_way: bool) -> Plan {
        let waits = self.waits(now_ms);
        let held = self.counting(rules, now_ms);
        let fetch = |can_fail| Plan::Fetch {
            can_fail,
            after: self.landed.count,
        };
        let Some((known, age_ms)) = held.filter(|(held, _)| held.keys.knows(kid)) else {
            // After a failure nobody can tell whether a key is a new one, and the penalty alone says when to ask again.
            return match (waits, held) {
                (Some(problem), _) => Plan::Refuse(problem),
                (None, Some((_, age_ms))) if self.failure.is_none() && age_ms < UNKNOWN_PAUSE_MS => {
                    Plan::Refuse(Problem::UnknownKey)
                }
                (None, _) => fetch(false),
            };
        };
        let ttl_ms = millis(rules.ttl);
        let is_fresh = age_ms < ttl_ms;
        // One that was cut off is no failure, but no reason for each request to try the same at once either.
        let is_tried = since(self.asked_at_ms, now_ms).is_some_and(|since_ms| since_ms < FIRST_PENALTY_MS);
        if waits.is_some() || (is_fresh && (age_ms < ttl_ms / 2 || is_tried || is_under_way)) {
            return Plan::Serve(Found {
                stale: waits.filter(|_| !is_fresh),
                ..Found::fresh(known.keys.clone())
            });
        }
        fetch(true)
    }

    /// The failure after which it is too soon to ask again.
    pub(super) fn waits(&self, now_ms: u64) -> Option<Problem> {
        let failure = self.failure?;
        // A clock that was set back tells nothing about the time since.
        let since_ms = since(Some(failure.at_ms), now_ms)?;
        (since_ms < penalty_ms(failure.in_a_row)).then_some(failure.problem)
    }

    /// What serves when others cannot be had.
    pub(super) fn instead(&self, rules: &KeyRules, kid: &str, now_ms: u64, problem: Problem) -> Option<Found> {
        let (held, age_ms) = self.counting(rules, now_ms)?;
        held.keys.knows(kid).then(|| Found {
            keys: held.keys.clone(),
            failure: Some(problem),
            stale: (age_ms >= millis(rules.ttl)).then_some(problem),
        })
    }

    /// What another came back with since so many had landed.
    pub(super) fn landed_after(&self, count: u64) -> Option<Result<Arc<KeySet>, Problem>> {
        if self.landed.count == count {
            return None;
        }
        match self.landed.failure {
            Some(problem) => Some(Err(problem)),
            None => self.held.as_ref().map(|held| Ok(held.keys.clone())),
        }
    }

    /// Notes that keys are asked for.
    pub(super) fn ask(&mut self, now_ms: u64) {
        self.asked_at_ms = Some(now_ms);
    }

    /// Notes what came of it: for everybody, unless the time of the one request was over; and as a failure of the server,
    /// unless that had less time than is due to it.
    ///
    /// # Errors
    /// The fetch's own; [`Problem::UpstreamInvalid`] for a document without usable keys.
    pub(super) fn note(
        &mut self,
        fetched: Result<KeySet, Problem>,
        ending: Ending,
        asked_at_ms: u64,
        now_ms: u64,
    ) -> Result<Arc<KeySet>, Problem> {
        let had = match fetched {
            Ok(keys) if keys.usable() > 0 => Ok(Arc::new(keys)),
            // The issuer's own word: what it published before is withdrawn, and nothing has taken its place.
            Ok(_) => {
                self.held = None;
                Err(Problem::UpstreamInvalid)
            }
            Err(problem) => Err(problem),
        };
        if !ending.is_cut_off {
            self.landed.count += 1;
            self.landed.failure = had.as_ref().err().copied();
        }
        match &had {
            Ok(keys) => {
                self.failure = None;
                self.held = Some(Held {
                    keys: keys.clone(),
                    fetched_at_ms: asked_at_ms,
                });
            }
            Err(problem) if ending.is_whole || !ending.is_cut_off => {
                self.failure = Some(Failure {
                    problem: *problem,
                    in_a_row: self.failure.map_or(0, |failure| failure.in_a_row) + 1,
                    at_ms: now_ms,
                });
            }
            Err(_) => {}
        }
        had
    }

    /// The keys that count, and their age.
    fn counting(&self, rules: &KeyRules, now_ms: u64) -> Option<(&Held, u64)> {
        let held = self.held.as_ref()?;
        let age_ms = since(Some(held.fetched_at_ms), now_ms)?;
        let life_ms = millis(rules.ttl).saturating_add(millis(rules.stale));
        (age_ms < life_ms).then_some((held, age_ms))
    }
}

impl Found {
    pub(super) fn fresh(keys: Arc<KeySet>) -> Self {
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
mod tests {
    use super::*;

    #[test]
    fn penalties_double_up_to_a_limit() {
        let penalties: Vec<u64> = [1, 2, 3, 4, 5, 6, 100, u32::MAX].map(penalty_ms).to_vec();
        assert_eq!(penalties, [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000]);
    }
}
