//! The limits of Slack.

use super::SECOND;

/// A limit of Slack's: a bucket that is filled steadily.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    rate: f64,
    burst: f64,
    pub(super) level: f64,
    at: u64,
}

impl Bucket {
    pub(super) fn new(rate: f64, burst: f64) -> Self {
        Self {
            rate,
            burst,
            level: burst,
            at: 0,
        }
    }

    /// Fills it up to now, and gives the seconds until it has one; zero if it has.
    pub(super) fn wait(&mut self, now: u64) -> f64 {
        let passed = now.saturating_sub(self.at) as f64 / SECOND as f64;
        self.level = (self.level + passed * self.rate).min(self.burst);
        self.at = now;
        // A millionth is less than any time here.
        if self.level >= 1.0 - 1e-6 {
            0.0
        } else {
            (1.0 - self.level) / self.rate
        }
    }
}
