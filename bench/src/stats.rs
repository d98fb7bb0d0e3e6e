//! Medians, quantiles and ratios over rounds.

use serde::{Deserialize, Serialize};

/// A measure over all rounds of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The middle round.
    pub median: f64,
    /// The lowest and the highest round.
    pub min: f64,
    /// See `min`.
    pub max: f64,
    /// One value per round, in order.
    pub rounds: Vec<f64>,
}

impl Summary {
    /// Summarises the rounds; `None` if there are none.
    #[must_use]
    pub fn of(rounds: Vec<f64>) -> Option<Self> {
        Some(Self {
            median: quantile(&rounds, 0.5)?,
            min: rounds.iter().copied().reduce(f64::min)?,
            max: rounds.iter().copied().reduce(f64::max)?,
            rounds,
        })
    }

    /// How many times as much as `floor` this is: each round against the same round of the floor, which cancels what
    /// slows a whole round down, then summarised. `None` if a floor is not above zero or the rounds do not pair.
    #[must_use]
    pub fn over(&self, floor: &Self) -> Option<Self> {
        if self.rounds.len() != floor.rounds.len() || floor.rounds.iter().any(|value| *value <= 0.0) {
            return None;
        }
        Self::of(
            self.rounds
                .iter()
                .zip(&floor.rounds)
                .map(|(value, floor)| value / floor)
                .collect(),
        )
    }

    /// The distance from the lowest to the highest round, as a share of the median.
    #[must_use]
    pub fn spread(&self) -> f64 {
        if self.median > 0.0 {
            (self.max - self.min) / self.median
        } else {
            0.0
        }
    }
}

/// The value below which a share `q` (0 to 1) of the values lies, interpolated between neighbours; `None` without values.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * count(last);
    let below = position.floor() as usize;
    let low = *sorted.get(below)?;
    let high = *sorted.get(below + 1).unwrap_or(&low);
    Some(low + (high - low) * (position - position.floor()))
}

/// A count as a number to divide by.
#[must_use]
pub fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(rounds: &[f64]) -> Summary {
        Summary::of(rounds.to_vec()).unwrap()
    }

    #[test]
    fn quantiles_interpolate() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&values, 0.0), Some(1.0));
        assert_eq!(quantile(&values, 0.5), Some(2.5));
        assert_eq!(quantile(&values, 1.0), Some(4.0));
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
        let hundred: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&hundred, 0.99), Some(99.0));
    }

    #[test]
    fn a_summary_keeps_the_rounds() {
        let summary = summary(&[3.0, 1.0, 2.0]);
        assert_eq!((summary.median, summary.min, summary.max), (2.0, 1.0, 3.0));
        assert_eq!(summary.spread(), 1.0);
        assert_eq!(Summary::of(Vec::new()), None);
    }

    #[test]
    fn ratios_pair_the_rounds() {
        // The second round ran on a machine half as fast: the ratio does not notice.
        let floor = summary(&[10.0, 20.0, 10.0]);
        let ratio = summary(&[15.0, 30.0, 15.0]).over(&floor).unwrap();
        assert_eq!((ratio.median, ratio.min, ratio.max), (1.5, 1.5, 1.5));
        assert_eq!(summary(&[1.0]).over(&floor), None);
        assert_eq!(summary(&[1.0]).over(&summary(&[0.0])), None);
    }
}
