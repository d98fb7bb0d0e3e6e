//! How a cost grows with a size: the exponent of the power law that fits best, and the word for it.

use serde::Serialize;

/// A cost that grows by less than this exponent does not depend on the size.
const FLAT: f64 = 0.1;
/// A cost that grows by at most this exponent is in proportion to the size, or less. The tenth is for the measurement.
const LINEAR: f64 = 1.1;

/// The word for an exponent, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Word {
    /// An exponent of at most 0.1.
    Flat,
    /// An exponent of at most 1.1.
    Linear,
    /// Any other, and one that could not be fitted.
    Worse,
}

impl Word {
    /// The word for an exponent; `None` is none that could be fitted.
    #[must_use]
    pub fn of(exponent: Option<f64>) -> Self {
        match exponent {
            Some(exponent) if exponent <= FLAT => Self::Flat,
            Some(exponent) if exponent <= LINEAR => Self::Linear,
            _ => Self::Worse,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Linear => "linear",
            Self::Worse => "worse",
        }
    }
}

/// The slope of the straight line that fits the logarithms of the points best, by least squares; `None` with fewer than two
/// sizes, or with a size or cost that is not above zero.
#[must_use]
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    if points.iter().any(|(x, y)| !(*x > 0.0 && *y > 0.0)) {
        return None;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let shared: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (spread > 1e-12).then(|| shared / spread)
}

/// The steeper of two exponents: of all points, and of the last three alone. What a size costs is hidden behind what
/// every request costs while the size is small, so that the end tells what the whole does not.
#[must_use]
pub fn steepest(points: &[(f64, f64)]) -> Option<f64> {
    let tail = points.get(points.len().saturating_sub(3)..).unwrap_or_default();
    Some(exponent(points)?.max(exponent(tail)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cost: impl Fn(f64) -> f64) -> f64 {
        let sizes = [1.0, 10.0, 50.0, 100.0, 200.0];
        steepest(&sizes.map(|x| (x, cost(x)))).unwrap()
    }

    #[test]
    fn power_laws_are_recognised() {
        for power in [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0] {
            let found = of(|x| 7.0 * x.powf(power));
            assert!((found - power).abs() < 1e-9, "{power}: {found}");
        }
    }

    #[test]
    fn each_word_has_its_costs() {
        let word = |cost: fn(f64) -> f64| Word::of(Some(of(cost)));
        assert_eq!(word(|_| 40.0), Word::Flat);
        assert_eq!(word(|x| 40.0 + x.ln()), Word::Flat);
        assert_eq!(word(|x| 40.0 + 0.5 * x), Word::Linear);
        assert_eq!(word(|x| x), Word::Linear);
        assert_eq!(word(|x| x * (1.0 + x.ln())), Word::Worse);
        assert_eq!(word(|x| x * x), Word::Worse);
        assert_eq!(Word::of(None), Word::Worse);
        assert_eq!(Word::of(Some(f64::NAN)), Word::Worse);
    }

    #[test]
    fn a_square_behind_a_large_fixed_cost_shows_at_the_end() {
        let points = [1.0, 10.0, 100.0, 1_000.0, 10_000.0].map(|x| (x, 1_000.0 + x * x / 100.0));
        assert!(exponent(&points).unwrap() < 1.1, "the whole alone would not tell");
        assert_eq!(Word::of(steepest(&points)), Word::Worse);
    }

    #[test]
    fn what_cannot_be_fitted_is_none() {
        assert_eq!(exponent(&[(1.0, 2.0)]), None);
        assert_eq!(exponent(&[(3.0, 2.0), (3.0, 4.0)]), None);
        assert_eq!(exponent(&[(1.0, 0.0), (2.0, 4.0)]), None);
        assert_eq!(exponent(&[(1.0, f64::NAN), (2.0, 4.0)]), None);
        assert_eq!(steepest(&[]), None);
    }
}
