//! The run: rows in interleaved rounds, so that what slows the machine down for a while touches all of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use crate::cases::{Case, Configuration, Frequency};
use crate::measure::{Cold, Stage, Warm};
use crate::results::{ColdSummary, Memory, RowResult, WarmSummary};
use crate::stats;

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
        if case.calls.is_some_and(|(_, frequency)| frequency == Frequency::Each) {
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
        self.memory.insert(case.name, Memory::of(peak_kib));
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
        let cold = |configuration: Configuration| ColdSummary::of(self.cold.get(&(case.name, configuration as u8))?);
        RowResult {
            cold: cold(Configuration::Plain),
            cold_secret: cold(Configuration::Secret),
            cold_https: cold(Configuration::Https),
            warm: self.warm.get(case.name).and_then(|rounds| WarmSummary::of(rounds)),
            delayed: self.delayed.get(case.name).and_then(|rounds| WarmSummary::of(rounds)),
            memory: self.memory.get(case.name).cloned(),
            ..row
        }
    }
}
