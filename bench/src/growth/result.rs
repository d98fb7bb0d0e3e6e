//! What a measurement of growth has found out: the JSON document that is kept, and what follows from it.

use serde::{Deserialize, Serialize};

use super::fit::{Word, exponent, steepest};
use super::probe::Reading;
use super::series::{self, Series};
use crate::stats::Summary;

/// A machine by its shape alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// CPUs that the measurement could have used; it used one of them.
    pub cpus: usize,
    /// Memory, in GiB, rounded.
    pub memory_gib: u64,
    /// The processor's instruction set, such as `x86_64`.
    pub architecture: String,
}

impl Machine {
    /// This machine. To be asked before the process is pinned to one CPU.
    #[must_use]
    pub fn here() -> Self {
        let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Self {
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_kib(&memory).map_or(0, |kib| (kib + (1 << 19)) >> 20),
            architecture: std::env::consts::ARCH.to_owned(),
        }
    }
}

/// The line `MemTotal:  8152296 kB` of `meminfo`.
fn memory_kib(meminfo: &str) -> Option<u64> {
    let value = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    value.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// One size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The size, in the series' unit.
    pub size: u64,
    /// Median latency, in microseconds.
    pub p50_us: Summary,
    /// CPU time of the function per invocation, in microseconds.
    pub cpu_us: Summary,
    /// Invocations per second.
    pub per_second: Summary,
}

impl Measured {
    /// Summarises the rounds; `None` if there are none.
    #[must_use]
    pub fn of(size: u64, rounds: &[Reading]) -> Option<Self> {
        let of = |of: fn(&Reading) -> f64| Summary::of(rounds.iter().map(of).collect());
        Some(Self {
            size,
            p50_us: of(|round| round.p50_us)?,
            cpu_us: of(|round| round.cpu_us)?,
            per_second: of(|round| round.per_second)?,
        })
    }
}

/// One series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesResult {
    /// The series' name.
    pub name: String,
    /// Its sizes, growing; none if it failed.
    pub points: Vec<Measured>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// All series of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// Where it ran.
    pub machine: Machine,
    /// Interleaved rounds.
    pub rounds: usize,
    /// How long a batch took, about, in milliseconds.
    pub batch_ms: u64,
    /// The series, in their order.
    pub series: Vec<SeriesResult>,
}

/// How one series grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The series' definition.
    pub goal: Word,
    /// The fitted exponent of the CPU time of an invocation, over all sizes.
    pub cpu: Option<f64>,
    /// The same of the median latency.
    pub p50: Option<f64>,
    /// The word for the CPU time, by the steeper of the whole and its end.
    pub word: Word,
    /// Whether the word is as good as the goal.
    pub met: bool,
}

impl Growth {
    /// Reads a document.
    ///
    /// # Errors
    /// It is not what a measurement writes.
    pub fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// Whether every series was measured and grows as its goal allows. A run of some series alone is judged by these.
    #[must_use]
    pub fn sound(&self) -> bool {
        !self.series.is_empty()
            && self
                .series
                .iter()
                .all(|series| series.verdict().is_some_and(|verdict| verdict.met))
    }

    /// The CPU time of an invocation on a series' smallest input, in seconds.
    #[must_use]
    pub fn smallest_cpu_secs(&self, series: &str) -> Option<f64> {
        let series = self.series.iter().find(|known| known.name == series)?;
        series.points.first().map(|point| point.cpu_us.median / 1e6)
    }
}

impl SeriesResult {
    /// The series' definition; `None` for one that is not known any more.
    #[must_use]
    pub fn definition(&self) -> Option<Series> {
        series::all().into_iter().find(|series| series.name == self.name)
    }

    /// Sizes with one of their measures.
    #[must_use]
    pub fn curve(&self, of: fn(&Measured) -> &Summary) -> Vec<(f64, f64)> {
        self.points
            .iter()
            .map(|point| (point.size as f64, of(point).median))
            .collect()
    }

    /// How it grows; `None` for a series that is not known any more, or was measured on other sizes.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let definition = self.definition()?;
        let sizes: Vec<u64> = self.points.iter().map(|point| point.size).collect();
        if sizes != definition.sizes {
            return None;
        }
        let cpu = self.curve(|point| &point.cpu_us);
        let word = Word::of(steepest(&cpu));
        Some(Verdict {
            goal: definition.goal,
            cpu: exponent(&cpu),
            p50: exponent(&self.curve(|point| &point.p50_us)),
            word,
            met: word <= definition.goal,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A measurement in which a series' CPU time is `cost` of the size.
    pub(crate) fn made_up(cost: impl Fn(f64) -> f64) -> Growth {
        let summary = |value: f64| Summary::of(vec![value]).unwrap();
        let series = series::all()
            .into_iter()
            .map(|series| SeriesResult {
                name: series.name.to_owned(),
                points: series
                    .sizes
                    .iter()
                    .map(|size| Measured {
                        size: *size,
                        p50_us: summary(2.0 * cost(*size as f64)),
                        cpu_us: summary(cost(*size as f64)),
                        per_second: summary(1e6 / cost(*size as f64)),
                    })
                    .collect(),
                failure: None,
            })
            .collect();
        Growth {
            machine: Machine {
                cpus: 2,
                memory_gib: 8,
                architecture: "x86_64".to_owned(),
            },
            rounds: 1,
            batch_ms: 1,
            series,
        }
    }

    #[test]
    fn goals_can_be_missed() {
        let met = |growth: &Growth| growth.series.iter().filter(|one| one.verdict().unwrap().met).count();
        let flat = made_up(|_| 40.0);
        assert!(flat.sound());
        // In proportion is good for all but the cache and invocations at a time.
        let linear = made_up(|size| 40.0 * size);
        assert!(!linear.sound());
        assert_eq!(
            met(&linear),
            series::all().iter().filter(|one| one.goal == Word::Linear).count()
        );
        let square = made_up(|size| size * size);
        assert_eq!(met(&square), 0);
    }

    #[test]
    fn what_is_missing_is_not_met() {
        let mut growth = made_up(|_| 40.0);
        growth.series[0].points.pop();
        assert!(!growth.sound());
        let mut failed = made_up(|_| 40.0);
        failed.series[0].points.clear();
        assert!(!failed.sound());
        let mut unknown = made_up(|_| 40.0);
        unknown.series[0].name = "no such series".to_owned();
        assert!(!unknown.sound());
        let none = Growth {
            series: Vec::new(),
            ..made_up(|_| 40.0)
        };
        assert!(!none.sound());
    }

    #[test]
    fn a_document_is_read_as_it_was_written() {
        let growth = made_up(|_| 40.0);
        let json = serde_json::to_string(&growth).unwrap();
        assert_eq!(Growth::read(&json), Ok(growth));
        assert!(Growth::read("{}").is_err());
    }

    #[test]
    fn memory_is_read_in_gib() {
        assert_eq!(
            memory_kib("MemFree: 1 kB\nMemTotal:        8152296 kB\n"),
            Some(8_152_296)
        );
        assert_eq!(memory_kib(""), None);
        assert!(Machine::here().cpus > 0);
    }
}
