//! What grows: each series is one function on ever larger inputs, from one set of variables and one event.

mod authorizer;
mod hipchat_proxy;
mod lambda_invoker;

use std::time::Duration;

use serde_json::Value;

use super::crowd::WORKERS;
use super::fit::Word;
use crate::upstream::Route;

/// How often the upstream is called in a run of many invocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// By each invocation.
    Each,
    /// Once for each of the different events.
    ByKey,
}

/// A function on inputs of one size.
#[derive(Debug, Clone)]
pub struct Point {
    /// The function's variables; `{upstream}` in a value stands for the stand-ins' base URL.
    pub variables: Vec<(&'static str, String)>,
    /// The event's JSON, perhaps with [`crate::event::KEY`] in it.
    pub event: String,
    /// How many different events there are.
    pub keys: u64,
    /// How many invocations the function has at a time.
    pub workers: usize,
    /// How long the upstream holds back.
    pub delay: Duration,
    /// Text that stands in every answer.
    pub needle: &'static str,
    /// Text that stands in the body of every call to the upstream.
    pub sent: &'static str,
    /// The least that every such body has, in bytes.
    pub sent_bytes: u64,
    /// Which upstream is called, and how often; all others, never.
    pub calls: (Route, Called),
}

/// What grows in one function.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    /// The series' name: the function, what grows.
    pub name: &'static str,
    /// What the size counts.
    pub unit: &'static str,
    /// The function's binary.
    pub binary: &'static str,
    /// The sizes, growing.
    pub sizes: &'static [u64],
    /// The most that the CPU time of an invocation may grow.
    pub goal: Word,
    /// The function on inputs of one size.
    pub point: fn(u64) -> Point,
    /// A close look at an answer on inputs of one size.
    pub check: fn(u64, &Value) -> Result<(), String>,
}

/// All series.
#[must_use]
pub fn all() -> Vec<Series> {
    [lambda_invoker::SERIES, authorizer::SERIES, hipchat_proxy::SERIES].concat()
}

/// Invocations at a time.
const CONCURRENCY: &[u64] = &[1, 2, 4, 8, 16, WORKERS as u64];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::KEY;

    #[test]
    fn series_grow_and_their_inputs_are_json() {
        let mut names: Vec<&str> = all().iter().map(|series| series.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        for series in all() {
            assert!(
                series.sizes.len() >= 5 && series.sizes.is_sorted_by(|a, b| a < b),
                "{}",
                series.name
            );
            for size in series.sizes {
                let point = (series.point)(*size);
                serde_json::from_str::<Value>(&point.event).unwrap();
                assert_eq!(point.event.contains(KEY), point.keys > 1, "{}", series.name);
                assert!((1..=WORKERS).contains(&point.workers), "{}", series.name);
                for (name, value) in &point.variables {
                    if value.starts_with('{') && !value.starts_with("{upstream}") || value.starts_with('[') {
                        serde_json::from_str::<Value>(value).unwrap_or_else(|error| panic!("{name}: {error}"));
                    }
                }
            }
        }
    }
}
