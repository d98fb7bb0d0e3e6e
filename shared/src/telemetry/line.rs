//! One JSON line: written as it is filled, every text bounded and stripped of control characters.

use std::fmt::Write;

use super::Level;
use crate::clock::{push_decimal, write_rfc3339};

/// The longest text value in a line, in bytes.
const MAX_TEXT: usize = 256;

/// The longest value of a text that is meant to be read as a whole, in bytes.
const MAX_LONG_TEXT: usize = 2048;

/// Units of CloudWatch metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A duration.
    Milliseconds,
    /// A size.
    Bytes,
}

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Bytes => "Bytes",
        }
    }
}

/// A log line in the making. Keys are literals of the code; values are escaped here.
#[derive(Debug)]
pub struct Line {
    now_ms: u64,
    level: Level,
    service: &'static str,
    outcome: Option<(&'static str, &'static str)>,
    fields: String,
    metrics: Vec<(&'static str, Unit, f64)>,
    dimension: Option<(&'static str, String)>,
}

impl Line {
    pub(super) fn new(now_ms: u64, level: Level, service: &'static str, message: &str) -> Self {
        // A whole line of an invocation has room in it.
        let mut fields = String::with_capacity(2048);
        fields.push_str("{\"timestamp\":\"");
        write_rfc3339(now_ms, &mut fields);
        fields.push_str("\",\"level\":\"");
        fields.push_str(level.word());
        fields.push('"');
        let mut line = Self {
            now_ms,
            level,
            service,
            outcome: None,
            fields,
            metrics: Vec::new(),
            dimension: None,
        };
        line.text("message", message);
        line
    }

    /// Adds a text. It is cut at 256 bytes; control characters are left out, so that nobody can forge a line.
    pub fn text(&mut self, key: &'static str, value: &str) {
        self.key(key);
        push_text(&mut self.fields, value, MAX_TEXT);
    }

    /// Adds a text that is cut at 2,048 bytes only, such as the beginning of a body. Secrets in it are the caller's
    /// to mask.
    pub fn long_text(&mut self, key: &'static str, value: &str) {
        self.key(key);
        push_text(&mut self.fields, value, MAX_LONG_TEXT);
    }

    /// Adds a number. What JSON cannot hold (NaN, infinity) becomes `null`.
    pub fn number(&mut self, key: &'static str, value: impl Into<f64>) {
        self.key(key);
        push_number(&mut self.fields, value.into());
    }

    /// Adds a boolean.
    pub fn flag(&mut self, key: &'static str, value: bool) {
        self.key(key);
        self.fields.push_str(if value { "true" } else { "false" });
    }

    /// Adds a metric of the function, with the dimension `service`. A metric named twice keeps the last value.
    pub fn metric(&mut self, name: &'static str, unit: Unit, value: impl Into<f64>) {
        self.metrics.retain(|(known, _, _)| *known != name);
        self.metrics.push((name, unit, value.into()));
    }

    /// Adds a text by which the function's metrics are told apart too: each is then there with the dimensions `service`
    /// and `service`, `key`. Every value is a metric of its own in CloudWatch, so there must be few. It takes ASCII
    /// alone; a `?` stands for what else there is.
    pub fn dimension(&mut self, key: &'static str, value: &str) {
        let ascii = |letter: char| if letter.is_ascii() { letter } else { '?' };
        self.dimension = Some((key, value.chars().map(ascii).collect()));
    }

    /// Sets the outcome and its reason, and counts the request by them.
    pub(super) fn outcome(&mut self, outcome: &'static str, reason: &'static str) {
        self.outcome = Some((outcome, reason));
    }

    fn key(&mut self, key: &str) {
        self.fields.push_str(",\"");
        self.fields.push_str(key);
        self.fields.push_str("\":");
    }

    /// The finished line with its newline, or `None` when there is nothing to write at `wanted`.
    pub(super) fn finish(mut self, wanted: Level, namespace: &str) -> Option<String> {
        let has_metrics = !self.metrics.is_empty() || self.outcome.is_some();
        if self.level < wanted {
            if !has_metrics {
                return None;
            }
            self.fields.clear();
            self.fields.push_str("{\"service\":\"");
        } else {
            self.fields.push_str(",\"service\":\"");
        }
        self.fields.push_str(self.service);
        self.fields.push('"');
        if let Some((outcome, reason)) = self.outcome {
            self.text("outcome", outcome);
            self.text("reason", reason);
        }
        if let Some((key, value)) = &self.dimension {
            let (key, value) = (*key, value.clone());
            self.text(key, &value);
        }
        if has_metrics {
            self.push_metrics(namespace);
        }
        self.fields.push_str("}\n");
        Some(self.fields)
    }

    /// The metric values and the directive that makes CloudWatch read them
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
    fn push_metrics(&mut self, namespace: &str) {
        let metrics = std::mem::take(&mut self.metrics);
        for (name, _, value) in &metrics {
            self.number(name, *value);
        }
        if self.outcome.is_some() {
            self.number("Requests", 1);
        }
        self.fields.push_str(",\"_aws\":{\"Timestamp\":");
        push_decimal(&mut self.fields, self.now_ms, 1);
        self.fields.push_str(",\"CloudWatchMetrics\":[");
        if self.outcome.is_some() {
            self.push_directive(
                namespace,
                r#"["service","outcome"],["service","outcome","reason"]"#,
                &[("Requests", Unit::Count, 1.0)],
            );
        }
        if !metrics.is_empty() {
            if self.outcome.is_some() {
                self.fields.push(',');
            }
            let dimensions = match self.dimension {
                Some((key, _)) => format!(r#"["service"],["service","{key}"]"#),
                None => r#"["service"]"#.to_owned(),
            };
            self.push_directive(namespace, &dimensions, &metrics);
        }
        self.fields.push_str("]}");
    }

    fn push_directive(&mut self, namespace: &str, dimensions: &str, metrics: &[(&'static str, Unit, f64)]) {
        let out = &mut self.fields;
        for part in [
            "{\"Namespace\":\"",
            namespace,
            "\",\"Dimensions\":[",
            dimensions,
            "],\"Metrics\":[",
        ] {
            out.push_str(part);
        }
        for (at, (name, unit, _)) in metrics.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            for part in ["{\"Name\":\"", name, "\",\"Unit\":\"", unit.word(), "\"}"] {
                out.push_str(part);
            }
        }
        out.push_str("]}");
    }
}

/// Three decimals, none for a whole number.
fn push_number(out: &mut String, value: f64) {
    /// Thousandths below this are exact.
    const LARGE: f64 = 1e12;
    if !value.is_finite() {
        out.push_str("null");
    } else if value.abs() < LARGE {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and below 10^15"
        )]
        let thousandths = (value.abs() * 1000.0).round() as u64;
        if value < 0.0 && thousandths > 0 {
            out.push('-');
        }
        push_decimal(out, thousandths / 1000, 1);
        let fraction = thousandths % 1000;
        if fraction > 0 {
            out.push('.');
            push_decimal(out, fraction, 3);
        }
    } else {
        // Writing to a String cannot fail.
        let _ = write!(out, "{value:.0}");
    }
}

fn push_text(out: &mut String, value: &str, longest: usize) {
    out.push('"');
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if value.len() <= longest && value.bytes().all(is_plain) {
        out.push_str(value);
        out.push('"');
        return;
    }
    let mut left = longest;
    for letter in value.chars() {
        if letter.is_control() {
            continue;
        }
        let Some(rest) = left.checked_sub(letter.len_utf8()) else {
            break;
        };
        left = rest;
        if letter == '"' || letter == '\\' {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(fill: impl FnOnce(&mut Line)) -> serde_json::Value {
        let mut line = Line::new(0, Level::Info, "s", "m");
        fill(&mut line);
        serde_json::from_str(&line.finish(Level::Debug, "LambdaSuite").unwrap()).unwrap()
    }

    #[test]
    fn texts_are_escaped_bounded_and_free_of_control_characters() {
        let line = finished(|line| {
            line.text("a", "say \"hi\" \\ \r\n{\"level\":\"ERROR\"}\u{85}\u{7f}");
            line.text("b", &"é".repeat(200));
            line.text("c", &"x".repeat(256));
            line.text("d", &"x".repeat(257));
            line.text("e", "a\"b");
            line.text("f", "a\\b");
            line.text("g", "a\tb\u{7f}");
            line.long_text("h", &"é\n".repeat(1025));
        });
        assert_eq!(line["a"], "say \"hi\" \\ {\"level\":\"ERROR\"}");
        assert_eq!(line["b"], "é".repeat(128));
        assert_eq!(line["c"], "x".repeat(256));
        assert_eq!(line["d"], "x".repeat(256));
        assert_eq!(line["e"], "a\"b");
        assert_eq!(line["f"], "a\\b");
        assert_eq!(line["g"], "ab");
        assert_eq!(line["h"], "é".repeat(1024));
    }

    #[test]
    fn metrics_may_have_one_more_dimension() {
        let line = finished(|line| {
            line.dimension("room", "Café \"x\"");
            line.metric("Sent", Unit::Count, 1);
        });
        assert_eq!(line["room"], "Caf? \"x\"");
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            serde_json::json!([["service"], ["service", "room"]])
        );
        // Also where nothing but the metrics is wanted.
        let mut line = Line::new(0, Level::Info, "s", "m");
        line.dimension("room", "Ops");
        line.metric("Sent", Unit::Count, 1);
        assert!(
            line.finish(Level::Error, "LambdaSuite")
                .unwrap()
                .contains(r#""room":"Ops""#)
        );
    }

    #[test]
    fn numbers_are_json() {
        let line = finished(|line| {
            line.number("a", 1.5);
            line.number("b", 200);
            line.number("c", f64::NAN);
            line.flag("d", true);
            line.number("e", -0.0625);
            line.number("f", 1e18);
            line.number("g", 0.0004);
            line.number("h", 59.9996);
        });
        assert_eq!(line["a"], 1.5);
        assert_eq!(line["b"], 200);
        assert!(line["c"].is_null());
        assert_eq!(line["d"], true);
        assert_eq!(line["e"], -0.063);
        assert_eq!(line["f"], 1e18);
        assert_eq!(line["g"], 0);
        assert_eq!(line["h"], 60);
    }

    #[test]
    fn a_line_without_metrics_has_no_directive() {
        assert_eq!(finished(|_| ()).get("_aws"), None);
    }
}
