//! How cost grows: each series' function on ever larger inputs, in interleaved rounds, with the exponent of the growth.

pub mod crowd;
pub mod fit;
pub mod probe;
pub mod render;
pub mod result;
pub mod series;
mod svg;

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::missing;
use probe::{Reading, Stage};
use result::{Growth, Machine, Measured, SeriesResult};
use series::Series;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Interleaved rounds; the value of a point is the median of its rounds.
    pub rounds: usize,
    /// How long a batch takes, about.
    pub budget: Duration,
}

impl Plan {
    /// To see whether all works, under half a minute.
    pub const SHORT: Self = Self {
        rounds: 1,
        budget: Duration::from_millis(50),
    };

    /// For numbers to quote, under five minutes on an idle machine.
    pub const USUAL: Self = Self {
        rounds: 7,
        budget: Duration::from_millis(300),
    };
}

/// Measures the series whose name contains one of the texts, or all.
///
/// # Errors
/// Something outside the series does not work: the ports, a missing binary.
pub fn measure(
    only: &[String],
    plan: Plan,
    machine: Machine,
    bin_dir: PathBuf,
    errors: PathBuf,
) -> Result<Growth, String> {
    let mut series = series::all();
    series.retain(|series| only.is_empty() || only.iter().any(|text| series.name.contains(text.as_str())));
    if series.is_empty() {
        return Err(format!("no series' name contains {}", only.join(" or ")));
    }
    missing(&bin_dir, series.iter().map(|series| series.binary))?;
    let ports = |error: io::Error| format!("cannot listen on loopback: {error}");
    let stage = Stage::start(bin_dir, errors).map_err(ports)?;
    let mut measured: Vec<Rounds> = series.into_iter().map(Rounds::new).collect();
    let mut terminal = io::stderr();
    for round in 0..plan.rounds {
        if terminal.is_terminal() {
            // Nobody has to read this.
            let _ = write!(terminal, "\rround {} of {} ", round + 1, plan.rounds);
        }
        for series in &mut measured {
            series.round(&stage, plan.budget, round % 2 == 1);
        }
    }
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r{:24}\r", "");
    }
    Ok(Growth {
        machine,
        rounds: plan.rounds,
        batch_ms: u64::try_from(plan.budget.as_millis()).unwrap_or(u64::MAX),
        series: measured.into_iter().map(Rounds::result).collect(),
    })
}

/// A series while it is measured.
struct Rounds {
    series: Series,
    readings: Vec<(u64, Vec<Reading>)>,
    failure: Option<String>,
}

impl Rounds {
    fn new(series: Series) -> Self {
        Self {
            series,
            readings: series.sizes.iter().map(|size| (*size, Vec::new())).collect(),
            failure: None,
        }
    }

    /// One reading of each size, every other round from the largest, so that no size always follows the same neighbour.
    fn round(&mut self, stage: &Stage, budget: Duration, reversed: bool) {
        let count = self.readings.len();
        for step in 0..count {
            let at = if reversed { count - 1 - step } else { step };
            if self.failure.is_some() {
                return;
            }
            if let Some((size, readings)) = self.readings.get_mut(at) {
                match stage.measure(&self.series, *size, budget) {
                    Ok(reading) => readings.push(reading),
                    Err(what) => self.failure = Some(what),
                }
            }
        }
    }

    fn result(self) -> SeriesResult {
        let points = if self.failure.is_some() {
            Vec::new()
        } else {
            self.readings
                .iter()
                .filter_map(|(size, readings)| Measured::of(*size, readings))
                .collect()
        };
        SeriesResult {
            name: self.series.name.to_owned(),
            points,
            failure: self.failure,
        }
    }
}
