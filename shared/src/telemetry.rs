//! Logs and metrics: one JSON line per invocation, which is the log entry and carries the metrics too.
//!
//! Keys are those that operators know from Powertools for AWS Lambda. Metrics travel in the same line in
//! CloudWatch's embedded metric format, so that an invocation costs one write.

mod line;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

pub use line::{Line, Unit};

use crate::start::Context;
use crate::{Clock, Env};

/// The CloudWatch namespace of the suite's metrics.
pub const NAMESPACE: &str = "LambdaSuite";

/// How grave a line is. `Error` means that a person should act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For following one request.
    Debug,
    /// What happened.
    Info,
    /// Odd, but handled.
    Warn,
    /// A person should act.
    Error,
}

impl Level {
    /// The upper-case word of the `level` key.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    /// The level that Lambda's own `AWS_LAMBDA_LOG_LEVEL` asks for; `Info` when unset or unknown. `TRACE` counts
    /// as `Debug`: nothing here logs more.
    pub fn from_env(env: &dyn Env) -> Self {
        match env
            .get("AWS_LAMBDA_LOG_LEVEL")
            .unwrap_or_default()
            .to_ascii_uppercase()
            .as_str()
        {
            "TRACE" | "DEBUG" => Self::Debug,
            "WARN" => Self::Warn,
            "ERROR" | "FATAL" => Self::Error,
            _ => Self::Info,
        }
    }
}

/// Where lines go.
#[derive(Debug, Clone)]
pub enum Output {
    /// Standard output, which Lambda sends to CloudWatch Logs.
    Stdout,
    /// A list in memory, for tests.
    Memory(Arc<Mutex<Vec<String>>>),
}

impl Output {
    fn write(&self, line: &str) {
        match self {
            // A log that cannot be written must not fail an invocation.
            Self::Stdout => {
                let _ = std::io::stdout().lock().write_all(line.as_bytes());
            }
            Self::Memory(lines) => {
                if let Ok(mut lines) = lines.lock() {
                    lines.push(line.to_owned());
                }
            }
        }
    }
}

/// A function's log and metrics. Built once, shared by all invocations.
pub struct Telemetry {
    service: &'static str,
    level: Level,
    output: Output,
    clock: Arc<dyn Clock>,
    cold: AtomicBool,
    namespace: OnceLock<String>,
}

impl Telemetry {
    /// Telemetry of the function `service` that writes lines of `level` and above to `output`.
    pub fn new(service: &'static str, level: Level, output: Output, clock: Arc<dyn Clock>) -> Self {
        Self {
            service,
            level,
            output,
            clock,
            cold: AtomicBool::new(true),
            namespace: OnceLock::new(),
        }
    }

    /// Puts the metrics into another namespace than [`NAMESPACE`], for good: the first call counts. The name is a
    /// legal one of CloudWatch's, which the caller has checked.
    pub fn use_namespace(&self, namespace: &str) {
        let _ = self.namespace.set(namespace.to_owned());
    }

    /// Telemetry that keeps everything in memory, and the list where it goes.
    pub fn in_memory(service: &'static str, clock: Arc<dyn Clock>) -> (Self, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        (
            Self::new(service, Level::Debug, Output::Memory(lines.clone()), clock),
            lines,
        )
    }

    /// Begins the account of one invocation.
    pub fn invocation(&self, context: &Context) -> Invocation {
        Invocation {
            request_id: context.request_id.clone(),
            trace_id: context.xray_trace_id.clone(),
            cold_start: self.cold.swap(false, Ordering::Relaxed),
            started: Instant::now(),
        }
    }

    /// A line with the keys that every line has, to be filled and given to [`Telemetry::write`].
    pub fn line(&self, level: Level, message: &str) -> Line {
        Line::new(self.clock.now_ms(), level, self.service, message)
    }

    /// Writes a line if its level is wanted. The metrics of an unwanted line are written all the same, as a line
    /// that holds nothing else.
    pub fn write(&self, line: Line) {
        let namespace = self.namespace.get().map_or(NAMESPACE, String::as_str);
        if let Some(text) = line.finish(self.level, namespace) {
            self.output.write(&text);
        }
    }

    /// Ends the account of one invocation: its line with id, trace, cold start and duration, the fields and
    /// metrics that `fill` adds, and the metrics `Requests` (count, by `service`, `outcome` and `reason`),
    /// `DurationMs` and `ColdStarts` (by `service`).
    ///
    /// `outcome` and `reason` are stable words of the function's ladder.
    pub fn finish(
        &self,
        invocation: &Invocation,
        level: Level,
        message: &str,
        outcome: (&'static str, &'static str),
        fill: impl FnOnce(&mut Line),
    ) {
        let mut line = self.line(level, message);
        line.text("function_request_id", &invocation.request_id);
        if let Some(trace_id) = &invocation.trace_id {
            line.text("xray_trace_id", trace_id);
        }
        line.flag("cold_start", invocation.cold_start);
        line.outcome(outcome.0, outcome.1);
        fill(&mut line);
        let duration_ms = invocation.started.elapsed().as_secs_f64() * 1000.0;
        line.metric("DurationMs", Unit::Milliseconds, duration_ms);
        if invocation.cold_start {
            line.metric("ColdStarts", Unit::Count, 1.0);
        }
        line.number("duration_ms", duration_ms);
        self.write(line);
    }
}

/// The account of one invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// The X-Ray trace header of the invocation.
    pub trace_id: Option<String>,
    /// Whether it is the first of its execution environment.
    pub cold_start: bool,
    started: Instant,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{FixedEnv, ManualClock};

    fn telemetry(level: Level) -> (Telemetry, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let clock = Arc::new(ManualClock::at_secs(1_760_000_000));
        (
            Telemetry::new("authorizer", level, Output::Memory(lines.clone()), clock),
            lines,
        )
    }

    fn finish(telemetry: &Telemetry, level: Level) {
        let context = Context {
            request_id: "id-1".to_owned(),
            ..Context::default()
        };
        let invocation = telemetry.invocation(&context);
        telemetry.finish(&invocation, level, "decided", ("allow", "granted"), |line| {
            line.text("route", "GET /hello");
            line.metric("UpstreamMs", Unit::Milliseconds, 12.5);
        });
    }

    #[test]
    fn an_invocation_is_one_line_with_its_metrics() {
        let (telemetry, lines) = telemetry(Level::Info);
        finish(&telemetry, Level::Info);
        finish(&telemetry, Level::Info);
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("}\n") && lines[0].matches('\n').count() == 1);
        let mut line: Value = serde_json::from_str(&lines[0]).unwrap();
        let duration = line["duration_ms"].take();
        assert!(duration.as_f64().unwrap() >= 0.0);
        assert!(line["DurationMs"].take().is_number());
        assert_eq!(
            line,
            json!({
                "timestamp": "2025-10-09T08:53:20.000Z", "level": "INFO", "service": "authorizer", "message": "decided",
                "function_request_id": "id-1", "cold_start": true, "outcome": "allow", "reason": "granted",
                "route": "GET /hello", "duration_ms": null, "DurationMs": null, "UpstreamMs": 12.5, "ColdStarts": 1,
                "Requests": 1,
                "_aws": {"Timestamp": 1_760_000_000_000_u64, "CloudWatchMetrics": [
                    {"Namespace": "LambdaSuite", "Dimensions": [["service", "outcome"], ["service", "outcome", "reason"]],
                     "Metrics": [{"Name": "Requests", "Unit": "Count"}]},
                    {"Namespace": "LambdaSuite", "Dimensions": [["service"]], "Metrics": [
                        {"Name": "UpstreamMs", "Unit": "Milliseconds"}, {"Name": "DurationMs", "Unit": "Milliseconds"},
                        {"Name": "ColdStarts", "Unit": "Count"}]},
                ]},
            })
        );
        let second: Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!(second["cold_start"], json!(false));
        assert_eq!(second.get("ColdStarts"), None);
    }

    #[test]
    fn metrics_go_to_one_namespace() {
        let (telemetry, lines) = telemetry(Level::Info);
        telemetry.use_namespace("Example/Invoker");
        telemetry.use_namespace("Example/Other");
        finish(&telemetry, Level::Info);
        let line: Value = serde_json::from_str(&lines.lock().unwrap()[0]).unwrap();
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Namespace"], "Example/Invoker");
        }
    }

    #[test]
    fn an_unwanted_line_still_carries_its_metrics() {
        let (telemetry, lines) = telemetry(Level::Error);
        finish(&telemetry, Level::Info);
        telemetry.write(telemetry.line(Level::Warn, "odd"));
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 1);
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        let mut keys: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        assert_eq!(
            keys,
            [
                "ColdStarts",
                "DurationMs",
                "Requests",
                "UpstreamMs",
                "_aws",
                "outcome",
                "reason",
                "service"
            ]
        );
    }

    #[test]
    fn the_level_is_lambdas_own() {
        for (value, level) in [
            ("", Level::Info),
            ("trace", Level::Debug),
            ("DEBUG", Level::Debug),
            ("WARN", Level::Warn),
            ("FATAL", Level::Error),
        ] {
            assert_eq!(
                Level::from_env(&FixedEnv::new([("AWS_LAMBDA_LOG_LEVEL", value)])),
                level
            );
        }
    }
}
