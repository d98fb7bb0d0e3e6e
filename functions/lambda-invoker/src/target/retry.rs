//! Which failed attempts are followed by another one, and when.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use http::Method;
use shared::Deadline;

use crate::routes::{RetryCause, RetryRules};

/// Less time than this is not worth another attempt.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// The attempts of one request.
#[derive(Debug)]
pub struct Attempts<'a> {
    rules: &'a RetryRules,
    made: u32,
}

impl<'a> Attempts<'a> {
    /// Before the first attempt.
    pub fn new(rules: &'a RetryRules) -> Self {
        Self { rules, made: 0 }
    }

    /// Whether another attempt may follow the one that comes next.
    pub fn may_go_on(&self) -> bool {
        self.made + 1 < self.rules.attempts
    }

    /// How long to wait before the next attempt after one that ended with `cause`; `None` if there is none. The target
    /// may have asked for a longer time.
    pub fn next(
        &mut self,
        cause: RetryCause,
        safe: bool,
        asked: Option<Duration>,
        deadline: &Deadline,
    ) -> Option<Duration> {
        self.made += 1;
        if self.made >= self.rules.attempts || !self.rules.on.contains(&cause) {
            return None;
        }
        // What was never sent is no danger to anybody.
        if cause != RetryCause::Connect && !safe {
            return None;
        }
        if asked.is_some_and(|asked| asked > self.rules.max) {
            return None;
        }
        let most = self
            .rules
            .base
            .saturating_mul(1 << (self.made - 1).min(16))
            .min(self.rules.max);
        // "Full jitter": any time up to the most, so that those who failed together do not come back together.
        let delay = most.mul_f64(random()).max(asked.unwrap_or_default());
        (delay + LEAST_TIME < deadline.remaining()).then_some(delay)
    }

    /// Whether a request of this method may be made twice after an answer that asks for it.
    pub fn is_safe(&self, method: &Method) -> bool {
        self.rules.methods.contains(method)
    }

    /// Whether a request may be sent again after a connection broke on which it had been written: once more does
    /// nothing else (RFC 9110, section 9.2.2).
    pub fn may_repeat(&self, method: &Method) -> bool {
        let idempotent = matches!(
            *method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
        );
        idempotent && self.rules.on.contains(&RetryCause::Stale)
    }
}

/// A number from 0 to 1. Every state of the standard library's hash is another one.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    // 53 bits are what a float holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 53 bits")]
    let number = bits as f64;
    number / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(attempts: u32) -> RetryRules {
        RetryRules {
            attempts,
            ..RetryRules::default()
        }
    }

    #[test]
    fn delays_grow_up_to_the_most_and_differ() {
        let rules = RetryRules {
            attempts: 4,
            base: Duration::from_millis(100),
            max: Duration::from_millis(300),
            ..rules(3)
        };
        let deadline = Deadline::after(Duration::from_secs(10));
        let mut seen = [Duration::ZERO; 3];
        let mut distinct = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut attempts = Attempts::new(&rules);
            for (at, most) in [100, 200, 300].into_iter().enumerate() {
                let delay = attempts.next(RetryCause::Connect, false, None, &deadline).unwrap();
                assert!(delay <= Duration::from_millis(most), "{delay:?}");
                seen[at] = seen[at].max(delay);
                distinct.insert(delay);
            }
            assert_eq!(attempts.next(RetryCause::Connect, false, None, &deadline), None);
        }
        assert!(
            seen[0] > Duration::from_millis(80) && seen[2] > Duration::from_millis(240),
            "{seen:?}"
        );
        assert!(distinct.len() > 500);
    }

    #[test]
    fn only_what_may_happen_twice_happens_twice() {
        let deadline = Deadline::after(Duration::from_secs(10));
        let next = |attempts, cause, safe, asked| {
            let rules = rules(attempts);
            Attempts::new(&rules).next(cause, safe, asked, &deadline).is_some()
        };
        assert!(next(2, RetryCause::Status(503), true, None));
        assert!(!next(1, RetryCause::Status(503), true, None));
        assert!(!next(2, RetryCause::Status(503), false, None));
        assert!(!next(2, RetryCause::Status(500), true, None));
        assert!(next(2, RetryCause::Connect, false, None));
        assert!(next(2, RetryCause::Status(503), true, Some(Duration::from_millis(400))));
        assert!(!next(2, RetryCause::Status(503), true, Some(Duration::from_secs(1))));
        let rules = rules(2);
        let soon = Deadline::after(Duration::from_millis(40));
        assert_eq!(Attempts::new(&rules).next(RetryCause::Connect, true, None, &soon), None);
        assert!(Attempts::new(&rules).may_repeat(&Method::GET));
        assert!(!Attempts::new(&rules).may_repeat(&Method::POST));
    }
}
