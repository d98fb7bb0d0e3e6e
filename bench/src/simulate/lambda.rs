//! How many execution environments a load needs, how long Lambda takes to have them, and what they cost.

/// Concurrent executions of an account and region at first
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const CONCURRENCY: f64 = 1_000.0;
/// Synchronous invocations per second for each of these (same page).
pub const PER_ENVIRONMENT: f64 = 10.0;
/// Environments that a function may get in each second: 1,000 in 10 s, given out evenly
/// (<https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>).
pub const NEW_PER_SECOND: f64 = 100.0;
/// And at once, where it had none for a while.
pub const NEW_AT_ONCE: f64 = 1_000.0;

/// Requests that are busy at a time, on average: Little's law.
#[must_use]
pub fn busy(rate: f64, seconds: f64) -> f64 {
    rate * seconds
}

/// How many are busy at a time in all but one of 10,000 moments. Independent arrivals make the number one of Poisson's, and
/// the normal distribution is close to it where it is large; its quantile is 3.72.
#[must_use]
pub fn peak(busy: f64) -> f64 {
    (busy + 3.72 * busy.sqrt() + 1.0).floor()
}

/// The concurrency that the account needs for a load: for what is busy at a time, and for the rate.
#[must_use]
pub fn quota(rate: f64, seconds: f64) -> f64 {
    peak(busy(rate, seconds)).max(rate / PER_ENVIRONMENT)
}

/// What a load that comes all at once suffers until there are enough environments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// Until nothing is refused any more, in seconds.
    pub seconds: f64,
    /// Requests that were refused (429) meanwhile.
    pub throttled: f64,
}

/// Steps of the simulation per second.
const STEPS: u32 = 100;

/// Simulates a load that begins at once and stays, with no environment at first and no limit of the account.
#[must_use]
pub fn ramp(rate: f64, seconds: f64) -> Ramp {
    let step = 1.0 / f64::from(STEPS);
    let needed = busy(rate, seconds).max(rate / PER_ENVIRONMENT);
    let (mut environments, mut allowance) = (0.0, NEW_AT_ONCE);
    let (mut steps, mut throttled) = (0_u32, 0.0);
    // An hour is more than any load of these pages takes.
    while steps < 3_600 * STEPS {
        let new = allowance.min((needed - environments).max(0.0));
        environments += new;
        // What is not used is not saved up beyond what is given out at once.
        allowance = (allowance - new + NEW_PER_SECOND * step).min(NEW_AT_ONCE);
        if environments >= needed - 1e-9 {
            break;
        }
        throttled += rate * (1.0 - environments / needed) * step;
        steps += 1;
    }
    Ramp {
        seconds: f64::from(steps) * step,
        throttled,
    }
}

/// Prices of us-east-1 for arm64 in its first tier, in US dollars (<https://aws.amazon.com/lambda/pricing/>): they change, and
/// other regions have others.
pub mod price {
    /// A request.
    pub const REQUEST: f64 = 0.20 / 1e6;
    /// A GB of memory for a second.
    pub const GB_SECOND: f64 = 0.000_013_333_4;
}

/// Seconds of a month of 30 days.
pub const MONTH: f64 = 30.0 * 86_400.0;

/// What a load costs in a month, in US dollars: requests, and memory for the time of each, which is counted in whole
/// milliseconds.
#[must_use]
pub fn cost(rate: f64, seconds: f64, memory_mb: f64) -> (f64, f64) {
    let requests = rate * MONTH;
    let billed = (seconds * 1e3).ceil().max(1.0) / 1e3;
    (
        requests * price::REQUEST,
        requests * billed * memory_mb / 1024.0 * price::GB_SECOND,
    )
}

/// A bucket of tokens as API Gateway's: so many requests pass at once, and so many more each second.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Requests per second.
    pub rate: f64,
    /// Requests at once.
    pub burst: f64,
}

impl Bucket {
    /// The share that is refused (429) of a load that is on for `on` seconds and off for `off`, in the long run.
    #[must_use]
    pub fn refused(&self, load: f64, on: f64, off: f64) -> f64 {
        let step = 0.001;
        let (on_steps, off_steps) = ((on / step) as u32, (off / step) as u32);
        let mut level = self.burst;
        let (mut asked, mut passed) = (0.0, 0.0);
        // The first rounds spend what the bucket begins with.
        for round in 0..200 {
            for at in 0..on_steps + off_steps {
                level = (level + self.rate * step).min(self.burst);
                if at < on_steps {
                    let now = (load * step).min(level);
                    level -= now;
                    if round >= 100 {
                        asked += load * step;
                        passed += now;
                    }
                }
            }
        }
        1.0 - passed / f64::max(asked, f64::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    #[test]
    fn littles_law_and_its_peak_hold_for_random_arrivals() {
        // 1,000 requests a second of 50 ms each: 50 are busy on average, and hardly ever more than the peak.
        let (rate, seconds) = (1_000.0, 0.05);
        let mut random = Random::new(3);
        let (mut time, mut arrivals) = (0.0, Vec::new());
        while time < 200.0 {
            time += random.gap(rate);
            arrivals.push(time);
        }
        let busy_at =
            |at: f64| arrivals.partition_point(|t| *t <= at) - arrivals.partition_point(|t| *t <= at - seconds);
        let looks: Vec<f64> = (0..19_000)
            .map(|look| busy_at(1.0 + f64::from(look) * 0.01) as f64)
            .collect();
        let mean = looks.iter().sum::<f64>() / looks.len() as f64;
        assert!((mean - busy(rate, seconds)).abs() < 0.5, "{mean}");
        let above = looks.iter().filter(|seen| **seen > peak(50.0)).count();
        assert!(above <= 10, "{above} of {} looks", looks.len());
        let hardly = looks.iter().filter(|seen| **seen > peak(50.0) - 12.0).count();
        assert!(hardly > 20, "{hardly}: the peak is no bound that is near");
    }

    #[test]
    fn short_invocations_need_concurrency_for_their_rate() {
        assert_eq!(quota(10_000.0, 0.005), 1_000.0);
        assert_eq!(quota(10_000.0, 1.0), 10_373.0);
    }

    #[test]
    fn environments_come_at_their_rate() {
        // 1,000 at once are enough for short invocations.
        assert_eq!(
            ramp(10_000.0, 0.005),
            Ramp {
                seconds: 0.0,
                throttled: 0.0
            }
        );
        // 3,000: 2,000 more take 20 s, in which the missing share falls evenly from two thirds.
        let slow = ramp(10_000.0, 0.3);
        assert!((slow.seconds - 20.0).abs() < 0.1, "{slow:?}");
        assert!((slow.throttled - 10_000.0 * 20.0 / 3.0).abs() < 500.0, "{slow:?}");
    }

    #[test]
    fn an_overload_is_refused_in_proportion() {
        let gateway = Bucket {
            rate: 10_000.0,
            burst: 5_000.0,
        };
        assert!(gateway.refused(9_000.0, 1.0, 0.0) < 1e-9);
        assert!((gateway.refused(20_000.0, 1.0, 0.0) - 0.5).abs() < 1e-6);
        // A second at 20,000 and one of silence: 5,000 are saved up, and 10,000 come, of 20,000.
        assert!((gateway.refused(20_000.0, 1.0, 1.0) - 0.25).abs() < 1e-3);
    }

    #[test]
    fn costs_are_those_of_requests_and_of_time() {
        let (requests, memory) = cost(1.0, 0.0101, 1024.0);
        assert!((requests - 2_592_000.0 * 0.2e-6).abs() < 1e-9);
        assert!((memory - 2_592_000.0 * 0.011 * 0.000_013_333_4).abs() < 1e-9);
    }
}
