//! How long an invocation may still take, so that a function answers before Lambda kills it.

use std::time::{Duration, Instant};

use crate::Clock;
use crate::start::Context;

/// The moment by which an answer must be on its way. Every outbound call is bounded by it.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// The invocation's own deadline (`Lambda-Runtime-Deadline-Ms`) less `margin`, which is what the function
    /// needs to write its answer. A context without a deadline counts as already spent.
    pub fn from_context(context: &Context, clock: &dyn Clock, margin: Duration) -> Self {
        let left = Duration::from_millis(context.deadline.saturating_sub(clock.now_ms()));
        Self::after(left.saturating_sub(margin))
    }

    /// A deadline `budget` from now.
    pub fn after(budget: Duration) -> Self {
        let now = Instant::now();
        // A budget too large for the clock is no bound worth keeping: a day stands for it.
        Self(now.checked_add(budget).unwrap_or(now + Duration::from_secs(86_400)))
    }

    /// The earlier of this deadline and `budget` from now.
    #[must_use]
    pub fn capped(self, budget: Duration) -> Self {
        Self(self.0.min(Self::after(budget).0))
    }

    /// The same deadline, moved back by `grace`.
    #[must_use]
    pub fn later(self, grace: Duration) -> Self {
        Self(self.0.checked_add(grace).unwrap_or(self.0))
    }

    /// What is left; zero when the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether nothing is left.
    pub fn has_passed(&self) -> bool {
        self.remaining().is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    fn context(deadline: u64) -> Context {
        Context {
            deadline,
            ..Context::default()
        }
    }

    #[test]
    fn the_margin_is_taken_off_the_invocations_deadline() {
        let clock = ManualClock::at_ms(1_000_000);
        let deadline = Deadline::from_context(&context(1_003_000), &clock, Duration::from_millis(500));
        let left = deadline.remaining();
        assert!(
            left <= Duration::from_millis(2500) && left > Duration::from_millis(2000),
            "{left:?}"
        );
    }

    #[test]
    fn a_missing_or_past_deadline_is_already_spent() {
        let clock = ManualClock::at_ms(1_000_000);
        assert!(Deadline::from_context(&context(0), &clock, Duration::ZERO).has_passed());
        assert!(Deadline::from_context(&context(1_000_100), &clock, Duration::from_millis(100)).has_passed());
    }

    #[test]
    fn a_grace_is_counted_from_the_deadline_and_not_from_now() {
        let passed = Deadline::after(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(20));
        assert!(passed.later(Duration::from_millis(10)).has_passed());
        assert!(!passed.later(Duration::from_secs(60)).has_passed());
    }

    #[test]
    fn a_cap_only_shortens() {
        let long = Deadline::after(Duration::from_secs(60));
        assert!(long.capped(Duration::from_secs(1)).remaining() <= Duration::from_secs(1));
        let short = Deadline::after(Duration::from_millis(10));
        assert!(short.capped(Duration::from_secs(60)).remaining() <= Duration::from_millis(10));
        assert!(Deadline::after(Duration::MAX).remaining() > Duration::from_secs(3600));
    }
}
