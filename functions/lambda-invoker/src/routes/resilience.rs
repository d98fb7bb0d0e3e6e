//! What a route does when its target fails: tries again, or stops asking for a while.

use std::time::Duration;

use http::Method;

use super::pattern::parse_method;
use super::reader::{Fields, Problems};

/// What may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryCause {
    /// No connection, so nothing was written: safe for every method.
    Connect,
    /// A connection from the pool turned out to be dead.
    Stale,
    /// The target answered with this status: 429, 502, 503 or 504.
    Status(u16),
}

/// `retry`: which failed attempts are followed by another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryRules {
    /// All attempts, the first among them; 1 never tries again.
    pub attempts: u32,
    /// What is tried again.
    pub on: Vec<RetryCause>,
    /// The methods that are tried again for any cause but [`RetryCause::Connect`].
    pub methods: Vec<Method>,
    /// The longest pause before the second attempt; it doubles with each further one.
    pub base: Duration,
    /// The longest pause before any attempt.
    pub max: Duration,
}

/// The causes by their words in the table.
pub(super) const CAUSES: [(&str, RetryCause); 6] = [
    ("connect", RetryCause::Connect),
    ("stale", RetryCause::Stale),
    ("429", RetryCause::Status(429)),
    ("502", RetryCause::Status(502)),
    ("503", RetryCause::Status(503)),
    ("504", RetryCause::Status(504)),
];

impl Default for RetryRules {
    fn default() -> Self {
        Self {
            attempts: 1,
            on: CAUSES.iter().map(|(_, cause)| *cause).collect(),
            methods: vec![Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE],
            base: Duration::from_millis(50),
            max: Duration::from_millis(500),
        }
    }
}

impl RetryRules {
    pub(super) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let mut rules = Self::default();
        let Some(mut fields) = fields else { return rules };
        if let Some(attempts) = fields.number("attempts", &(1..=3), problems) {
            rules.attempts = u32::try_from(attempts).unwrap_or(1);
        }
        if let Some(causes) = fields.choices("on", &CAUSES, problems) {
            rules.on = causes;
        }
        if let Some(texts) = fields.texts("methods", problems) {
            rules.methods.clear();
            for (path, text) in texts {
                match parse_method(text) {
                    Ok(method) => rules.methods.push(method),
                    Err(what) => problems.add(&path, what),
                }
            }
        }
        let base = fields.number("base_ms", &(1..=60_000), problems);
        rules.base = base.map_or(rules.base, millis);
        let least = i64::try_from(rules.base.as_millis()).unwrap_or(1);
        let max = fields.number("max_ms", &(least..=60_000), problems);
        rules.max = max.map_or(rules.max.max(rules.base), millis);
        fields.finish(problems);
        rules
    }
}

/// `circuit`: when a target that keeps failing is left alone. Counted in each execution environment by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitRules {
    /// So many failures open the circuit.
    pub failures: u32,
    /// They must fall into this time.
    pub window: Duration,
    /// The circuit stays open for this time; then one request may try.
    pub open: Duration,
}

impl CircuitRules {
    pub(super) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Option<Self> {
        let mut fields = fields?;
        let failures = fields.number("failures", &(1..=1_000_000), problems);
        let window = fields.number("window_ms", &(1..=3_600_000), problems);
        let open = fields.number("open_ms", &(1..=3_600_000), problems);
        fields.finish(problems);
        Some(Self {
            failures: failures.and_then(|number| u32::try_from(number).ok()).unwrap_or(5),
            window: millis(window.unwrap_or(10_000)),
            open: millis(open.unwrap_or(5000)),
        })
    }
}

fn millis(number: i64) -> Duration {
    Duration::from_millis(number.unsigned_abs())
}
