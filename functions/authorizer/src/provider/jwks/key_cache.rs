//! The keys of an issuer between requests: who fetches them, who waits, and for how long.

mod record;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::{Clock, Deadline};

use super::key_set::KeySet;
use crate::error::Problem;
use crate::flight::Flights;
use record::{Ending, Plan, Record};
pub(super) use record::{Found, KeyRules};

/// The keys of one issuer.
pub(super) struct KeyCache {
    rules: KeyRules,
    clock: Arc<dyn Clock>,
    record: Mutex<Record>,
    /// One fetch serves all who wait.
    fetching: Flights<(), Arc<KeySet>>,
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
            record: Mutex::default(),
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
        let (can_fail, after) = match self.plan(kid) {
            Plan::Serve(found) => return Ok(found),
            Plan::Refuse(problem) => return Err(problem),
            Plan::Fetch { can_fail, after } => (can_fail, after),
        };
        let (rules, remaining) = (&self.rules, deadline.remaining());
        let given = match can_fail {
            false => remaining,
            true => rules.patience.min(remaining - rules.reserve.min(remaining / 2)),
        };
        let deadline = deadline.capped(given);
        // The way here has taken its moment.
        let is_whole = given >= rules.patience - rules.patience / 10;
        let fetched = self
            .fetching
            .join(&(), deadline, async || match self.settled(can_fail, after) {
                Some(settled) => settled,
                None => self.fetched(fetch(deadline), deadline, is_whole).await,
            })
            .await;
        match fetched {
            Ok(keys) => Ok(Found::fresh(keys)),
            // Looked up again: a document may have come meanwhile that withdraws the key.
            Err(problem) => {
                let instead = self.lock().instead(rules, kid, self.clock.now_ms(), problem);
                instead.ok_or(problem)
            }
        }
    }

    fn plan(&self, kid: &str) -> Plan {
        let is_under_way = self.fetching.is_under_way(&());
        self.lock().plan(&self.rules, kid, self.clock.now_ms(), is_under_way)
    }

    /// What makes a fetch needless that was planned when so many had landed: what another came back with; or, for whom keys
    /// are there, that another has waited in vain.
    fn settled(&self, can_fail: bool, after: u64) -> Option<Result<Arc<KeySet>, Problem>> {
        let record = self.lock();
        let waits = || record.waits(self.clock.now_ms()).filter(|_| can_fail).map(Err);
        record.landed_after(after).or_else(waits)
    }

    async fn fetched(
        &self,
        fetch: impl Future<Output = Result<KeySet, Problem>>,
        deadline: Deadline,
        is_whole: bool,
    ) -> Result<Arc<KeySet>, Problem> {
        let asked_at_ms = self.clock.now_ms();
        self.lock().ask(asked_at_ms);
        let fetched = fetch.await;
        let ending = Ending {
            is_cut_off: fetched.is_err() && deadline.has_passed(),
            is_whole,
        };
        self.lock().note(fetched, ending, asked_at_ms, self.clock.now_ms())
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // Nothing panics while it is held.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
