//! A target that keeps failing is left alone for a while, so that requests fail at once instead of in their time.

use std::sync::{Arc, Mutex, PoisonError};

use crate::routes::CircuitRules;

/// The circuit breaker of one target, in this execution environment alone. Its times are those of the wall clock.
#[derive(Debug)]
pub struct Breaker {
    rules: CircuitRules,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// Requests go through; when the last ones in a row failed, in milliseconds since the Unix epoch.
    Closed(Vec<u64>),
    /// No request goes through until then.
    Open { until_ms: u64 },
    /// One request tries.
    HalfOpen,
}

/// A request may go through; its outcome decides about the next ones. One that is given up says nothing.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    trial: bool,
    told: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(rules: CircuitRules) -> Self {
        Self {
            rules,
            state: Mutex::new(State::Closed(Vec::new())),
        }
    }

    /// Lets a request through.
    ///
    /// # Errors
    /// The whole seconds until it makes sense to ask again.
    pub fn admit(&self, now_ms: u64) -> Result<Permit<'_>, u64> {
        let mut state = self.state();
        let trial = match *state {
            State::Closed(_) => false,
            State::Open { until_ms } if now_ms < until_ms => return Err((until_ms - now_ms).div_ceil(1000)),
            State::Open { .. } => {
                *state = State::HalfOpen;
                true
            }
            State::HalfOpen => return Err(1),
        };
        Ok(Permit {
            breaker: self,
            trial,
            told: false,
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the outcome of a request that was let through while the circuit was closed. What comes once it has opened
    /// comes too late to say anything.
    pub fn count(&self, good: bool, now_ms: u64) {
        let mut state = self.state();
        let State::Closed(failures) = &mut *state else { return };
        if good {
            failures.clear();
            return;
        }
        let window_ms = u64::try_from(self.rules.window.as_millis()).unwrap_or(u64::MAX);
        failures.retain(|at_ms| now_ms.saturating_sub(*at_ms) <= window_ms);
        failures.push(now_ms);
        if failures.len() >= self.rules.failures as usize {
            *state = self.open(now_ms);
        }
    }

    fn open(&self, now_ms: u64) -> State {
        let open_ms = u64::try_from(self.rules.open.as_millis()).unwrap_or(u64::MAX);
        State::Open {
            until_ms: now_ms.saturating_add(open_ms),
        }
    }
}

impl Permit<'_> {
    /// A word for the log.
    pub fn word(&self) -> &'static str {
        if self.trial { "half_open" } else { "closed" }
    }

    /// Whether it is the one request that tries.
    pub fn is_trial(&self) -> bool {
        self.trial
    }

    /// Tells whether the target did its work.
    pub fn tell(mut self, good: bool, now_ms: u64) {
        self.told = true;
        let breaker = self.breaker;
        if !self.trial {
            return breaker.count(good, now_ms);
        }
        *breaker.state() = if good {
            State::Closed(Vec::new())
        } else {
            breaker.open(now_ms)
        };
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.trial && !self.told {
            // The next request tries in its place.
            *self.breaker.state() = State::Open { until_ms: 0 };
        }
    }
}

/// All breakers of a table: routes to one target with the same rules share one.
#[derive(Debug, Default)]
pub struct Breakers(Vec<(String, Arc<Breaker>)>);

impl Breakers {
    /// The breaker of a target with these rules, if any.
    pub fn of(&mut self, target: &str, rules: Option<&CircuitRules>) -> Option<Arc<Breaker>> {
        let rules = rules?;
        let known = self
            .0
            .iter()
            .find(|(known, breaker)| known == target && breaker.rules == *rules);
        if let Some((_, breaker)) = known {
            return Some(breaker.clone());
        }
        let breaker = Arc::new(Breaker::new(rules.clone()));
        self.0.push((target.to_owned(), breaker.clone()));
        Some(breaker)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(CircuitRules {
            failures: 3,
            window: Duration::from_millis(1000),
            open: Duration::from_millis(5000),
        })
    }

    fn tell(breaker: &Breaker, outcomes: &[(bool, u64)]) {
        for &(good, now_ms) in outcomes {
            breaker.admit(now_ms).unwrap().tell(good, now_ms);
        }
    }

    #[test]
    fn failures_in_a_row_within_the_window_open_it() {
        let open = |outcomes: &[(bool, u64)]| {
            let breaker = breaker();
            tell(&breaker, outcomes);
            breaker.admit(2000).is_err()
        };
        assert!(open(&[(false, 1000), (false, 1100), (false, 1200)]));
        assert!(!open(&[(false, 1000), (false, 1100)]));
        assert!(!open(&[(false, 1000), (false, 1100), (true, 1150), (false, 1200)]));
        assert!(!open(&[(false, 0), (false, 1100), (false, 1200)]));
    }

    #[test]
    fn one_request_tries_after_a_while() {
        let breaker = breaker();
        tell(&breaker, &[(false, 0), (false, 0), (false, 0)]);
        assert_eq!(breaker.admit(0).unwrap_err(), 5);
        assert_eq!(breaker.admit(4001).unwrap_err(), 1);
        let trial = breaker.admit(5000).unwrap();
        assert_eq!(trial.word(), "half_open");
        assert_eq!(breaker.admit(5000).unwrap_err(), 1);
        trial.tell(false, 5000);
        assert_eq!(breaker.admit(6000).unwrap_err(), 4);
        // A trial that nobody waits for any more makes room for the next one.
        drop(breaker.admit(10_000).unwrap());
        breaker.admit(10_000).unwrap().tell(true, 10_000);
        assert_eq!(breaker.admit(10_000).unwrap().word(), "closed");
    }

    #[test]
    fn what_set_out_earlier_changes_nothing() {
        let breaker = breaker();
        let late = breaker.admit(0).unwrap();
        tell(&breaker, &[(false, 0), (false, 0), (false, 0)]);
        late.tell(true, 100);
        assert!(breaker.admit(200).is_err());
    }
}
