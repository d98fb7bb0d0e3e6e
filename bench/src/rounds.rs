//! The run: rows in interleaved rounds, so that what slows the machine down for a while touches all of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use crate::cases::{Case, Configuration};
use crate::measure::{Cold, Stage, Warm};
use crate::stats::{self, Summary};

/// How long upstreams hold back in the delayed rounds.
pub const DELAY: Duration = Duration::from_millis(20);

/// How much is measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Plan {
    /// Interleaved rounds; each gives one value per row and measure.
    pub rounds: usize,
    /// Processes started per row, configuration and round; the round's value is their median.
    pub cold_starts: usize,
    /// Invocations before a warm batch is measured.
    pub warm_up: usize,
    /// Invocations of a warm batch.
    pub invocations: usize,
    /// Rounds in which the upstreams hold back.
    pub delayed_rounds: usize,
    /// Invocations of such a batch.
    pub delayed_invocations: usize,
    /// Invocations after which the peak memory is read.
    pub memory_invocations: usize,
}

impl Plan {
    /// Under two minutes.
    pub const SHORT: Self = Self {
        rounds: 7,
        cold_starts: 5,
        warm_up: 500,
        invocations: 2_000,
        delayed_rounds: 2,
        delayed_invocations: 40,
        memory_invocations: 10_000,
    };

    /// For numbers to quote.
    pub const FULL: Self = Self {
        rounds: 21,
        cold_starts: 15,
        warm_up: 2_000,
        invocations: 10_000,
        delayed_rounds: 7,
        delayed_invocations: 100,
        memory_invocations: 50_000,
    };
}

/// The measures of cold starts.
#[derive(Debug, Clone, Serialize)]
pub struct ColdSummary {
    /// Start to first `next`, in milliseconds.
    pub first_next_ms: Summary,
    /// CPU time by then, in milliseconds.
    pub first_next_cpu_ms: Summary,
    /// Start to first answer, in milliseconds; zero where no event is sent.
    pub response_ms: Summary,
    /// CPU time by then, in milliseconds.
    pub response_cpu_ms: Summary,
}

/// The measures of warm batches.
#[derive(Debug, Clone, Serialize)]
pub struct WarmSummary {
    /// Median latency, in microseconds.
    pub p50_us: Summary,
    /// 99th percentile of the latency, in microseconds.
    pub p99_us: Summary,
    /// Invocations per second, back to back.
    pub per_second: Summary,
    /// CPU time of the function per 1,000 invocations, in milliseconds.
    pub cpu_ms_per_1000: Summary,
}

/// Peak memory over a long life with one event.
#[derive(Debug, Clone, Serialize)]
pub struct Memory {
    /// Invocations in all and `VmHWM` after them, in KiB.
    pub peak_kib: Vec<(usize, u64)>,
    /// Whether the last four fifths of the invocations added next to nothing.
    pub flat: bool,
}

impl Memory {
    /// How many times the reading after a fifth of the life the last one is.
    #[must_use]
    pub fn growth(&self) -> Option<f64> {
        let (_, early) = self.peak_kib.get(1)?;
        let (_, late) = self.peak_kib.last()?;
        (*early > 0).then(|| *late as f64 / *early as f64)
    }
}

/// What is known of one row at the end.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowResult {
    /// The row.
    pub name: &'static str,
    /// Its binary.
    pub binary: &'static str,
    /// The row that it is compared with.
    pub floor: &'static str,
    /// Why the row failed, if it did; nothing else is told of it then.
    pub failure: Option<String>,
    /// Cold starts with all secrets in the environment.
    pub cold: Option<ColdSummary>,
    /// Cold starts with one secret in Secrets Manager.
    pub cold_secret: Option<ColdSummary>,
    /// Cold starts with an https upstream, up to the first `next`.
    pub cold_https: Option<ColdSummary>,
    /// Warm batches with upstreams that answer at once.
    pub warm: Option<WarmSummary>,
    /// Warm batches with upstreams that hold back for 20 ms.
    pub delayed: Option<WarmSummary>,
    /// Peak memory.
    pub memory: Option<Memory>,
}

/// Values of the rounds by row, still to be summarised.
#[derive(Default)]
struct Collected {
    failures: BTreeMap<&'static str, String>,
    cold: BTreeMap<(&'static str, u8), Vec<Cold>>,
    warm: BTreeMap<&'static str, Vec<Warm>>,
    delayed: BTreeMap<&'static str, Vec<Warm>>,
    memory: BTreeMap<&'static str, Memory>,
}

/// Measures all `cases` and tells `progress` where it is.
pub fn run(stage: &Stage, cases: &[Case], plan: &Plan, progress: &mut dyn Write) -> Vec<RowResult> {
    let mut collected = Collected::default();
    let steps = plan.rounds + plan.delayed_rounds + 1;
    for step in 0..steps {
        // Nobody has to read this.
        let _ = write!(progress, "\rround {} of {steps} ", step + 1);
        let _ = progress.flush();
        // Every other round runs the other way, so that no row always follows the same neighbour.
        let forward: Vec<&Case> = cases.iter().collect();
        let order = if step % 2 == 0 {
            forward
        } else {
            forward.into_iter().rev().collect()
        };
        for case in order {
            if collected.failures.contains_key(case.name) {
                continue;
            }
            let done = if step < plan.rounds {
                collected.usual_round(stage, case, plan)
            } else if step < plan.rounds + plan.delayed_rounds {
                collected.delayed_round(stage, case, plan)
            } else {
                collected.memory_round(stage, case, plan)
            };
            if let Err(failure) = done {
                collected.failures.insert(case.name, failure);
            }
        }
    }
    let _ = write!(progress, "\r{:24}\r", "");
    cases.iter().map(|case| collected.row(case)).collect()
}

impl Collected {
    fn usual_round(&mut self, stage: &Stage, case: &Case, plan: &Plan) -> Result<(), String> {
        for configuration in [Configuration::Plain, Configuration::Secret, Configuration::Https] {
            if case.cold && case.variables(configuration, "").is_some() {
                let starts: Result<Vec<Cold>, String> =
                    (0..plan.cold_starts).map(|_| stage.cold(case, configuration)).collect();
                let starts = starts?;
                let middle = |of: fn(&Cold) -> Duration| {
                    let values: Vec<f64> = starts.iter().map(|start| of(start).as_secs_f64()).collect();
                    Duration::from_secs_f64(stats::quantile(&values, 0.5).unwrap_or_default())
                };
                self.cold
                    .entry((case.name, configuration as u8))
                    .or_default()
                    .push(Cold {
                        first_next: middle(|start| start.first_next),
                        first_next_cpu: middle(|start| start.first_next_cpu),
                        response: middle(|start| start.response),
                        response_cpu: middle(|start| start.response_cpu),
                    });
            }
        }
        let share = |invocations: usize| (invocations / case.divisor).max(1);
        let warm = stage.warm(case, Duration::ZERO, share(plan.warm_up), share(plan.invocations))?;
        self.warm.entry(case.name).or_default().push(warm);
        Ok(())
    }

    fn delayed_round(&mut self, stage: &Stage, case: &Case, plan: &Plan) -> Result<(), String> {
        // Rows that do not call an upstream each time would show nothing new.
        if case
            .calls
            .is_some_and(|(_, frequency)| frequency == crate::cases::Frequency::Each)
        {
            let warm = stage.warm(case, DELAY, 5, plan.delayed_invocations)?;
            self.delayed.entry(case.name).or_default().push(warm);
        }
        Ok(())
    }

    fn memory_round(&mut self, stage: &Stage, case: &Case, plan: &Plan) -> Result<(), String> {
        let last = plan.memory_invocations / case.divisor;
        let steps = [last / 10, last / 5, last / 2, last];
        let peaks = stage.memory(case, &steps)?;
        let peak_kib: Vec<(usize, u64)> = steps.into_iter().zip(peaks).collect();
        let flat = is_flat(&peak_kib);
        self.memory.insert(case.name, Memory { peak_kib, flat });
        Ok(())
    }

    fn row(&self, case: &Case) -> RowResult {
        let row = RowResult {
            name: case.name,
            binary: case.binary,
            floor: case.floor,
            ..RowResult::default()
        };
        if let Some(failure) = self.failures.get(case.name) {
            return RowResult {
                failure: Some(failure.clone()),
                ..row
            };
        }
        let cold = |configuration: Configuration| summarise_cold(self.cold.get(&(case.name, configuration as u8))?);
        RowResult {
            cold: cold(Configuration::Plain),
            cold_secret: cold(Configuration::Secret),
            cold_https: cold(Configuration::Https),
            warm: self.warm.get(case.name).and_then(|rounds| summarise_warm(rounds)),
            delayed: self.delayed.get(case.name).and_then(|rounds| summarise_warm(rounds)),
            memory: self.memory.get(case.name).cloned(),
            ..row
        }
    }
}

/// Flat means that from the second reading (a fifth of the life) to the last the peak grew by at most 3 %, or by
/// 256 KiB, below which the kernel's own account is not exact.
fn is_flat(peak_kib: &[(usize, u64)]) -> bool {
    match (peak_kib.get(1), peak_kib.last()) {
        (Some((_, early)), Some((_, late))) => late.saturating_sub(*early) <= (early * 3 / 100).max(256),
        _ => false,
    }
}

fn summarise_cold(rounds: &[Cold]) -> Option<ColdSummary> {
    let of =
        |of: fn(&Cold) -> Duration| Summary::of(rounds.iter().map(|round| of(round).as_secs_f64() * 1e3).collect());
    Some(ColdSummary {
        first_next_ms: of(|round| round.first_next)?,
        first_next_cpu_ms: of(|round| round.first_next_cpu)?,
        response_ms: of(|round| round.response)?,
        response_cpu_ms: of(|round| round.response_cpu)?,
    })
}

fn summarise_warm(rounds: &[Warm]) -> Option<WarmSummary> {
    let of = |of: fn(&Warm) -> f64| Summary::of(rounds.iter().map(of).collect());
    Some(WarmSummary {
        p50_us: of(|round| round.p50_us)?,
        p99_us: of(|round| round.p99_us)?,
        per_second: of(|round| round.per_second)?,
        cpu_ms_per_1000: of(|round| round.cpu_ms)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_is_told_from_growing() {
        assert!(is_flat(&[(1, 3000), (2, 4000), (5, 4100), (10, 4250)]));
        assert!(!is_flat(&[(1, 3000), (2, 4000), (5, 4100), (10, 4300)]));
        assert!(is_flat(&[(1, 30_000), (2, 40_000), (10, 41_200)]));
        assert!(!is_flat(&[(1, 30_000), (2, 40_000), (10, 41_201)]));
        assert!(!is_flat(&[]));
    }
}
