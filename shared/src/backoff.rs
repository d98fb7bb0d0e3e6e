//! How long to wait before something is tried again.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// A random part of `most`, so that many callers that failed together do not come back together.
pub fn full_jitter(most: Duration) -> Duration {
    // Each state is seeded anew; its hash of nothing is as random as a pause needs.
    let random = RandomState::new().hash_one(0_u8);
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(random % micros.saturating_add(1).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_random_and_bounded() {
        let most = Duration::from_millis(100);
        let pauses: Vec<Duration> = (0..200).map(|_| full_jitter(most)).collect();
        assert!(pauses.iter().all(|pause| *pause <= most));
        assert!(pauses.iter().any(|pause| *pause < most / 4) && pauses.iter().any(|pause| *pause > most / 4 * 3));
        assert_eq!(full_jitter(Duration::ZERO), Duration::ZERO);
    }
}
