//! What the rounds add up to, row by row.

use std::time::Duration;

use serde::Serialize;

use crate::measure::{Cold, Warm};
use crate::stats::Summary;

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

impl ColdSummary {
    /// Summarises the rounds; `None` if there are none.
    #[must_use]
    pub fn of(rounds: &[Cold]) -> Option<Self> {
        let of =
            |of: fn(&Cold) -> Duration| Summary::of(rounds.iter().map(|round| of(round).as_secs_f64() * 1e3).collect());
        Some(Self {
            first_next_ms: of(|round| round.first_next)?,
            first_next_cpu_ms: of(|round| round.first_next_cpu)?,
            response_ms: of(|round| round.response)?,
            response_cpu_ms: of(|round| round.response_cpu)?,
        })
    }
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

impl WarmSummary {
    /// Summarises the rounds; `None` if there are none.
    #[must_use]
    pub fn of(rounds: &[Warm]) -> Option<Self> {
        let of = |of: fn(&Warm) -> f64| Summary::of(rounds.iter().map(of).collect());
        Some(Self {
            p50_us: of(|round| round.p50_us)?,
            p99_us: of(|round| round.p99_us)?,
            per_second: of(|round| round.per_second)?,
            cpu_ms_per_1000: of(|round| round.cpu_ms)?,
        })
    }
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
    /// Judges the readings.
    #[must_use]
    pub fn of(peak_kib: Vec<(usize, u64)>) -> Self {
        let flat = is_flat(&peak_kib);
        Self { peak_kib, flat }
    }

    /// The last reading, in KiB.
    #[must_use]
    pub fn peak(&self) -> Option<f64> {
        self.peak_kib.last().map(|(_, kib)| *kib as f64)
    }

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
    /// Cold starts with an https upstream that refuses the connection.
    pub cold_https: Option<ColdSummary>,
    /// Warm batches with upstreams that answer at once.
    pub warm: Option<WarmSummary>,
    /// Warm batches with upstreams that hold back for 20 ms.
    pub delayed: Option<WarmSummary>,
    /// Peak memory.
    pub memory: Option<Memory>,
}

/// Flat means that from the second reading (a fifth of the life) to the last the peak grew by at most 3 %, or by
/// 256 KiB, below which the kernel's own account is not exact.
fn is_flat(peak_kib: &[(usize, u64)]) -> bool {
    match (peak_kib.get(1), peak_kib.last()) {
        (Some((_, early)), Some((_, late))) => late.saturating_sub(*early) <= (early * 3 / 100).max(256),
        _ => false,
    }
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
