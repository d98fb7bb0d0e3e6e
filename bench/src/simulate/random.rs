//! Numbers that look random and are the same in every run: SplitMix64 (Steele, Lea and Flood, 2014), and what is drawn with it.

/// A generator with its seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator; equal seeds give equal numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number from 0 up to, but not, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `end`, which is above zero.
    pub fn below(&mut self, end: usize) -> usize {
        // The product of two numbers of 64 bits has 128; its upper half is below `end`.
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// The time to the next of events that come independently, at so many in a unit of time.
    pub fn gap(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }
}

/// The shares of `count` users, the first the busiest, by Zipf's law with an exponent; their sum is 1.
#[must_use]
pub fn zipf(count: usize, exponent: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-exponent)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_the_published_ones() {
        let mut random = Random::new(1_234_567);
        assert_eq!(
            [random.next(), random.next(), random.next()],
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn draws_have_their_means() {
        let mut random = Random::new(1);
        let draws = 200_000;
        let mean = |sum: f64| sum / f64::from(draws);
        let unit = mean((0..draws).map(|_| random.unit()).sum());
        assert!((unit - 0.5).abs() < 0.005, "{unit}");
        let gap = mean((0..draws).map(|_| random.gap(4.0)).sum());
        assert!((gap - 0.25).abs() < 0.005, "{gap}");
        let mut seen = [0_u32; 7];
        for _ in 0..70_000 {
            seen[random.below(7)] += 1;
        }
        assert!(seen.iter().all(|count| (9_500..10_500).contains(count)), "{seen:?}");
    }

    #[test]
    fn shares_follow_the_law() {
        let shares = zipf(1_000, 1.0);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((shares[0] / shares[9] - 10.0).abs() < 1e-9);
        assert_eq!(zipf(4, 0.0), [0.25; 4]);
    }
}
