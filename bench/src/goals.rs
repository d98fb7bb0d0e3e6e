//! The goals, as ratios to the floors of the same run.

use serde::Serialize;

use crate::cases::{FLOOR_ECHO, FLOOR_POST};
use crate::results::RowResult;
use crate::size::Size;
use crate::stats::Summary;

/// One goal for one row.
#[derive(Debug, Clone, Serialize)]
pub struct Goal {
    /// The row or the package.
    pub row: &'static str,
    /// What is measured.
    pub measure: &'static str,
    /// The most that it may be.
    pub limit: f64,
    /// What it is compared with: a floor's name, `MB`, or the reading `early` in the life.
    pub unit: &'static str,
    /// What it is; `None` if it could not be measured.
    pub value: Option<f64>,
    /// Whether it is met; one that could not be measured is not.
    pub met: bool,
}

impl Goal {
    fn new(row: &'static str, measure: &'static str, limit: f64, unit: &'static str, value: Option<f64>) -> Self {
        Self {
            row,
            measure,
            limit,
            unit,
            value,
            met: value.is_some_and(|value| value <= limit),
        }
    }
}

/// Row, measure of it, limit, floor.
type WarmGoal = (&'static str, f64, &'static str);

const WARM: &[WarmGoal] = &[
    ("authorizer, cached", 1.5, FLOOR_ECHO),
    ("authorizer, uncached", 1.3, FLOOR_POST),
    ("hipchat-proxy, v2 notification", 1.4, FLOOR_POST),
    ("lambda-invoker, signed endpoint", 1.3, FLOOR_POST),
];

/// Largest package, in MB of 1,000,000 bytes.
const PACKAGE_MB: f64 = 3.0;

/// Judges a run. Rows that were not asked for have no goals.
#[must_use]
pub fn judge(rows: &[RowResult], sizes: &[Size]) -> Vec<Goal> {
    let floor = |name: &str| rows.iter().find(|row| row.name == name);
    let mut goals = Vec::new();
    for row in rows.iter().filter(|row| row.name != row.floor) {
        let mut add = |measure, limit, unit, value| goals.push(Goal::new(row.name, measure, limit, unit, value));
        let post = floor(FLOOR_POST).and_then(|row| row.cold.as_ref());
        let ratio = |of: Option<&Summary>, floor: Option<&Summary>| Some(of?.over(floor?)?.median);
        if let Some(cold) = &row.cold {
            let response = ratio(Some(&cold.response_ms), post.map(|cold| &cold.response_ms));
            add("cold response, plain", 2.0, FLOOR_POST, response);
            let cpu = ratio(Some(&cold.response_cpu_ms), post.map(|cold| &cold.response_cpu_ms));
            add("cold CPU, plain", 2.0, FLOOR_POST, cpu);
        }
        if let Some(cold) = &row.cold_secret {
            let response = ratio(Some(&cold.response_ms), post.map(|cold| &cold.response_ms));
            add("cold response, one secret", 3.0, FLOOR_POST, response);
        }
        if let Some((_, limit, floor_name)) = WARM.iter().find(|(name, _, _)| *name == row.name) {
            let ours = row.warm.as_ref();
            let floor = floor(floor_name).and_then(|row| row.warm.as_ref());
            let p50 = ratio(ours.map(|warm| &warm.p50_us), floor.map(|warm| &warm.p50_us));
            add("p50", *limit, floor_name, p50);
            let cpu = ratio(
                ours.map(|warm| &warm.cpu_ms_per_1000),
                floor.map(|warm| &warm.cpu_ms_per_1000),
            );
            add("CPU", *limit, floor_name, cpu);
        }
        if let Some(memory) = &row.memory {
            let last = |row: &RowResult| row.memory.as_ref()?.peak();
            let peak = floor(FLOOR_POST)
                .and_then(last)
                .and_then(|floor| Some(last(row)? / floor));
            add("peak memory", 2.5, FLOOR_POST, peak);
            let growth = memory.growth();
            goals.push(Goal {
                met: memory.flat,
                ..Goal::new(row.name, "memory growth", 1.03, "early", growth)
            });
        }
    }
    for size in sizes
        .iter()
        .filter(|size| ![FLOOR_ECHO, FLOOR_POST].contains(&size.binary))
    {
        let value = Some(size.zipped as f64 / 1e6);
        goals.push(Goal::new(size.binary, "zipped package", PACKAGE_MB, "MB", value));
    }
    goals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{ColdSummary, Memory, WarmSummary};

    fn row(name: &'static str, floor: &'static str, values: f64, kib: u64) -> RowResult {
        let summary = || Summary::of(vec![values, values]).unwrap();
        RowResult {
            name,
            floor,
            cold: Some(ColdSummary {
                first_next_ms: summary(),
                first_next_cpu_ms: summary(),
                response_ms: summary(),
                response_cpu_ms: summary(),
            }),
            warm: Some(WarmSummary {
                p50_us: summary(),
                p99_us: summary(),
                per_second: summary(),
                cpu_ms_per_1000: summary(),
            }),
            memory: Some(Memory {
                peak_kib: vec![(1, kib), (2, kib), (10, kib)],
                flat: true,
            }),
            ..RowResult::default()
        }
    }

    #[test]
    fn goals_are_ratios_to_the_floor_of_the_same_run() {
        let rows = [
            row(FLOOR_ECHO, FLOOR_ECHO, 10.0, 3_000),
            row(FLOOR_POST, FLOOR_POST, 40.0, 4_000),
            row("authorizer, cached", FLOOR_ECHO, 16.0, 9_000),
            row("lambda-invoker, signed endpoint", FLOOR_POST, 50.0, 11_000),
        ];
        let sizes = [Size {
            binary: "authorizer",
            plain: 1,
            zipped: 3_100_000,
        }];
        let goals = judge(&rows, &sizes);
        let of = |row: &str, measure: &str| {
            let goal = goals
                .iter()
                .find(|goal| goal.row == row && goal.measure == measure)
                .unwrap();
            (goal.value, goal.met)
        };
        assert_eq!(of("authorizer, cached", "p50"), (Some(1.6), false));
        assert_eq!(of("authorizer, cached", "cold response, plain"), (Some(0.4), true));
        assert_eq!(of("authorizer, cached", "peak memory"), (Some(2.25), true));
        assert_eq!(of("lambda-invoker, signed endpoint", "CPU"), (Some(1.25), true));
        assert_eq!(
            of("lambda-invoker, signed endpoint", "peak memory"),
            (Some(2.75), false)
        );
        assert_eq!(
            of("lambda-invoker, signed endpoint", "memory growth"),
            (Some(1.0), true)
        );
        assert_eq!(of("authorizer", "zipped package"), (Some(3.1), false));
        assert!(!goals.iter().any(|goal| goal.row.starts_with("floor")));
    }

    #[test]
    fn without_its_floor_a_goal_is_not_met() {
        let rows = [row("authorizer, uncached", FLOOR_POST, 1.0, 1)];
        assert!(
            judge(&rows, &[])
                .iter()
                .all(|goal| goal.measure == "memory growth" || !goal.met)
        );
    }
}
