//! Logs that end, alarms that somebody reads, a dashboard; and no metric in them that the code does not emit.

use serde_json::Value;

use super::Deployed;
use super::code::Code;
use super::stack::{Stack, at, items, text};

/// Lambda's own metrics that the template may name; they are watched on the alias.
const LAMBDA_METRICS: [&str; 4] = ["Duration", "Errors", "Invocations", "Throttles"];

/// What must be watched beside errors, throttles and duration, by function: a metric, or an outcome or reason of
/// `Requests`.
const WATCHED: [(&str, &str); 12] = [
    ("authorizer", "error"),
    ("authorizer", "unauthorized"),
    ("authorizer", "forbidden"),
    ("authorizer", "upstream_connect"),
    ("authorizer", "upstream_unauthorized"),
    ("hipchat-proxy", "MessagesFailed"),
    ("hipchat-proxy", "MessagesRefused"),
    ("hipchat-proxy", "SlackAuthFailures"),
    ("lambda-invoker", "upstream_error"),
    ("lambda-invoker", "error"),
    ("lambda-invoker", "circuit_open"),
    ("lambda-invoker", "ReloadFailures"),
];

/// A metric with its dimensions, as an alarm or a widget names it.
struct Named {
    namespace: String,
    metric: String,
    dimensions: Vec<(String, String)>,
    statistic: String,
}

pub(super) fn faults(stack: &Stack, functions: &[Deployed<'_>], code: &Code) -> Vec<String> {
    let mut faults = logs(stack, functions);
    let topic = stack
        .parameters
        .get("AlarmTopicArn")
        .map(String::as_str)
        .unwrap_or_default();
    let mut watched = Vec::new();
    for (name, alarm) in stack.of("AWS::CloudWatch::Alarm") {
        let actions: Vec<String> = items(&alarm["AlarmActions"])
            .chain(items(&alarm["OKActions"]))
            .map(text)
            .collect();
        if actions != if topic.is_empty() { vec![] } else { vec![topic; 2] } {
            faults.push(format!("{name}: does not tell AlarmTopicArn"));
        }
        if text(&alarm["AlarmDescription"]).split_whitespace().count() < 10 {
            faults.push(format!("{name}: does not say what is seen and where to look"));
        }
        if alarm["TreatMissingData"] != "notBreaching" {
            faults.push(format!("{name}: goes off when nothing is called"));
        }
        let named = named_by_alarm(alarm);
        faults.extend(
            named
                .iter()
                .filter_map(|metric| Some(format!("{name}: {}", unknown(metric, functions, code)?))),
        );
        watched.extend(named.into_iter().map(|metric| (text(&alarm["Threshold"]), metric)));
    }
    faults.extend(unwatched(functions, code, &watched));
    let mut shown = 0;
    for (name, dashboard) in stack.of("AWS::CloudWatch::Dashboard") {
        shown += 1;
        let Ok(body) = serde_json::from_str::<Value>(&text(&dashboard["DashboardBody"])) else {
            faults.push(format!("{name}: is no JSON"));
            continue;
        };
        let metrics: Vec<Named> = items(at(&body, "/widgets")).flat_map(named_by_widget).collect();
        faults.extend(
            metrics
                .iter()
                .filter_map(|metric| Some(format!("{name}: {}", unknown(metric, functions, code)?))),
        );
        for function in functions {
            for wanted in ["Requests", "DurationMs", "ColdStarts"] {
                let is_shown = |metric: &Named| {
                    (metric.metric == wanted || (wanted == "Requests" && metric.metric == "MessagesSent"))
                        && metric.value("service") == Some(function.folder)
                };
                if !metrics.iter().any(is_shown) {
                    faults.push(format!("{name}: does not show {wanted} of {}", function.folder));
                }
            }
        }
    }
    if shown != 1 {
        faults.push(format!("{shown} dashboards"));
    }
    faults
}

fn logs(stack: &Stack, functions: &[Deployed<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, group) in stack.of("AWS::Logs::LogGroup") {
        if !text(&group["RetentionInDays"])
            .parse::<u32>()
            .is_ok_and(|days| days > 0)
        {
            faults.push(format!("{name}: keeps its lines for ever"));
        }
        if text(&group["KmsKeyId"]) != stack.parameters.get("LogsKmsKeyArn").cloned().unwrap_or_default() {
            faults.push(format!("{name}: is not encrypted with LogsKmsKeyArn"));
        }
    }
    for function in functions {
        let logging = &function.properties["LoggingConfig"];
        if stack.at(&logging["LogGroup"]).is_null() || logging["LogFormat"] != "JSON" {
            faults.push(format!("{}: must log JSON to a group of this stack", function.name));
        }
        // Lambda takes a line without a level for INFO, and metrics travel in such lines too.
        if !matches!(logging["ApplicationLogLevel"].as_str(), Some("DEBUG" | "INFO")) {
            faults.push(format!(
                "{}: its log level drops lines that carry metrics",
                function.name
            ));
        }
    }
    faults
}

/// What nobody would be told.
fn unwatched(functions: &[Deployed<'_>], code: &Code, watched: &[(String, Named)]) -> Vec<String> {
    let mut faults = Vec::new();
    for function in functions {
        let of_lambda = |name: &'static str| {
            watched.iter().filter(move |(_, metric)| {
                metric.namespace == "AWS/Lambda"
                    && metric.metric == name
                    && metric.value("FunctionName") == Some(&token(function))
            })
        };
        if of_lambda("Throttles").next().is_none() {
            faults.push(format!("{}: its throttles are not watched", function.name));
        }
        // Refusing with 401 is an error to Lambda: the authorizer has a metric of its own.
        if (of_lambda("Errors").next().is_some()) != (function.folder != "authorizer") {
            faults.push(format!("{}: its errors are watched by the wrong metric", function.name));
        }
        let limit = match function.folder {
            // It gives up by itself long before its timeout: after two attempts, which the settings above its alarm bound.
            "authorizer" => 2800,
            _ => text(&function.properties["Timeout"]).parse::<u32>().unwrap_or(0) * 800,
        };
        if !of_lambda("Duration")
            .any(|(threshold, metric)| metric.statistic == "p99" && *threshold == limit.to_string())
        {
            faults.push(format!(
                "{}: p99 of its duration must be watched at {limit} ms",
                function.name
            ));
        }
        let own = |wanted: &str| {
            watched.iter().any(|(_, metric)| {
                metric.value("service") == Some(function.folder)
                    && (metric.metric == wanted || metric.dimensions.last().is_some_and(|(_, value)| value == wanted))
            })
        };
        for (_, wanted) in WATCHED.iter().filter(|(folder, _)| *folder == function.folder) {
            if !own(wanted) {
                faults.push(format!("{}: {wanted} is not watched", function.name));
            }
        }
        let breakers = code
            .functions
            .get(function.folder)
            .into_iter()
            .flat_map(|own| own.metrics.keys());
        for breaker in breakers.filter(|metric| metric.contains("Breaker")) {
            if !own(breaker) {
                faults.push(format!("{}: {breaker} is not watched", function.name));
            }
        }
    }
    faults
}

impl Named {
    fn value(&self, dimension: &str) -> Option<&str> {
        let found = self.dimensions.iter().find(|(name, _)| name == dimension);
        found.map(|(_, value)| value.as_str())
    }
}

fn token(function: &Deployed<'_>) -> String {
    format!("${{{}}}", function.name)
}

/// Why nobody emits this metric.
fn unknown(named: &Named, functions: &[Deployed<'_>], code: &Code) -> Option<String> {
    let names: Vec<&str> = named.dimensions.iter().map(|(name, _)| name.as_str()).collect();
    let Named { namespace, metric, .. } = named;
    if namespace == "AWS/Lambda" {
        let function = functions
            .iter()
            .find(|function| named.value("FunctionName") == Some(&token(function)));
        let on_alias =
            function.is_some_and(|function| named.value("Resource") == Some(&format!("{}:live", token(function))));
        let known = LAMBDA_METRICS.contains(&metric.as_str()) && on_alias && names == ["FunctionName", "Resource"];
        return (!known).then(|| format!("Lambda has no metric {metric} by {}", names.join(", ")));
    }
    let service = named.value("service").unwrap_or_default();
    let deployed = functions.iter().any(|function| function.folder == service);
    let Some(own) = code
        .functions
        .get(service)
        .filter(|_| deployed && *namespace == code.namespace)
    else {
        return Some(format!("{namespace} {metric}: no function of this stack, {service:?}"));
    };
    let Some(sets) = own.metrics.get(metric) else {
        return Some(format!("{service} emits no metric {metric}"));
    };
    if !sets.iter().any(|set| *set == names) {
        return Some(format!("{service} emits {metric}, but not by {}", names.join(", ")));
    }
    let words = named.dimensions.iter().skip(1).map(|(_, value)| value);
    words
        .filter(|word| !own.words.contains(*word))
        .map(|word| format!("{service} knows no outcome or reason {word}"))
        .next()
}

fn named_by_alarm(alarm: &Value) -> Vec<Named> {
    let read = |metric: &Value, statistic: &Value| Named {
        namespace: text(&metric["Namespace"]),
        metric: text(&metric["MetricName"]),
        dimensions: items(&metric["Dimensions"])
            .map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"])))
            .collect(),
        statistic: text(statistic),
    };
    if alarm["Metrics"].is_null() {
        let statistic = if alarm["Statistic"].is_null() {
            &alarm["ExtendedStatistic"]
        } else {
            &alarm["Statistic"]
        };
        return vec![read(alarm, statistic)];
    }
    items(&alarm["Metrics"])
        .map(|query| &query["MetricStat"])
        .filter(|stat| !stat.is_null())
        .map(|stat| read(&stat["Metric"], &stat["Stat"]))
        .collect()
}

/// A widget's metrics: `[namespace, metric, dimension, value, ..., {options}]`.
fn named_by_widget(widget: &Value) -> Vec<Named> {
    items(at(widget, "/properties/metrics"))
        .map(|row| {
            let mut words = items(row).filter_map(Value::as_str).map(str::to_owned);
            let (namespace, metric) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let mut dimensions = Vec::new();
            while let (Some(name), Some(value)) = (words.next(), words.next()) {
                dimensions.push((name, value));
            }
            Named {
                namespace,
                metric,
                dimensions,
                statistic: String::new(),
            }
        })
        .collect()
}
