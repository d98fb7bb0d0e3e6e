//! Metrics as CloudWatch keeps them: by namespace, name and dimensions, the values of one period.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::template::stack::{at, items, members, text};

/// A metric. One with another set of dimensions is another metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The dimensions; their order means nothing.
    pub dimensions: BTreeMap<String, String>,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.namespace, self.name)?;
        self.dimensions
            .iter()
            .try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// The values of all metrics in one period.
#[derive(Debug, Clone, Default)]
pub struct Period(BTreeMap<Metric, Vec<f64>>);

impl Period {
    /// Adds a value.
    pub fn add(&mut self, metric: Metric, value: f64) {
        self.0.entry(metric).or_default().push(value);
    }

    /// Adds a value of one of Lambda's own metrics, as it counts for an alias.
    pub fn add_of_lambda(&mut self, name: &str, resource: &str, value: f64) {
        let function = format!("${{{resource}}}");
        let dimensions = BTreeMap::from([
            ("Resource".to_owned(), format!("{function}:live")),
            ("FunctionName".to_owned(), function),
        ]);
        let metric = Metric {
            namespace: "AWS/Lambda".to_owned(),
            name: name.to_owned(),
            dimensions,
        };
        self.add(metric, value);
    }

    /// Adds what CloudWatch reads out of a line in its embedded metric format; nothing of any other line.
    ///
    /// # Errors
    /// What is wrong with the line: CloudWatch drops such metrics without a word.
    pub fn add_line(&mut self, line: &str) -> Result<(), String> {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return Ok(());
        };
        for directive in items(at(&line, "/_aws/CloudWatchMetrics")) {
            for names in items(&directive["Dimensions"]) {
                let mut dimensions = BTreeMap::new();
                for name in items(names).map(text) {
                    let value = line
                        .get(&name)
                        .and_then(Value::as_str)
                        .filter(|value| !value.is_empty());
                    let value = value.ok_or_else(|| format!("the dimension {name} has no value: {line}"))?;
                    dimensions.insert(name, value.to_owned());
                }
                for metric in items(&directive["Metrics"]) {
                    let name = text(&metric["Name"]);
                    let value = line.get(&name).and_then(Value::as_f64);
                    let value = value.ok_or_else(|| format!("the metric {name} has no value: {line}"))?;
                    let metric = Metric {
                        namespace: text(&directive["Namespace"]),
                        name,
                        dimensions: dimensions.clone(),
                    };
                    self.add(metric, value);
                }
            }
        }
        Ok(())
    }

    /// What was measured at all.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.0.keys()
    }

    /// A statistic of a metric in this period; nothing where nothing was measured.
    ///
    /// # Errors
    /// There is no such statistic.
    pub fn statistic(&self, metric: &Metric, statistic: &str) -> Result<Option<f64>, String> {
        let Some(values) = self.0.get(metric).filter(|values| !values.is_empty()) else {
            return Ok(None);
        };
        let count = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
        let sum: f64 = values.iter().sum();
        let value = match statistic {
            "Sum" => sum,
            "SampleCount" => count,
            "Average" => sum / count,
            "Minimum" => values.iter().copied().fold(f64::INFINITY, f64::min),
            "Maximum" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            _ => {
                let percent = statistic.strip_prefix('p').and_then(|percent| percent.parse().ok());
                let percent: f64 = percent.ok_or_else(|| format!("no statistic {statistic:?}"))?;
                percentile(values, percent)
            }
        };
        Ok(Some(value))
    }
}

/// The smallest value that so many of a hundred do not exceed.
fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(sorted.len()).unwrap_or(u32::MAX));
    let enough = |at: usize| f64::from(u32::try_from(at + 1).unwrap_or(u32::MAX)) * 100.0 >= percent * count;
    let found = sorted.iter().enumerate().find(|(at, _)| enough(*at));
    found.map_or(f64::NAN, |(_, value)| *value)
}

/// A metric as an alarm's member `Metric`, or an alarm itself, names it.
#[must_use]
pub fn named(value: &Value) -> Metric {
    Metric {
        namespace: text(&value["Namespace"]),
        name: text(&value["MetricName"]),
        dimensions: items(&value["Dimensions"])
            .map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"])))
            .collect(),
    }
}

/// A metric as a row of a widget names it: `[namespace, metric, dimension, value, ..., {options}]`.
#[must_use]
pub fn of_row(row: &Value) -> Metric {
    let mut words = items(row).filter_map(Value::as_str).map(str::to_owned);
    let (namespace, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut dimensions = BTreeMap::new();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        dimensions.insert(name, value);
    }
    Metric {
        namespace,
        name,
        dimensions,
    }
}

/// The rows of a widget.
pub fn rows(widget: &Value) -> impl Iterator<Item = &Value> {
    members(widget)
        .filter(|(name, _)| *name == "properties")
        .flat_map(|(_, properties)| items(&properties["metrics"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LINE: &str = r#"{"service":"s","outcome":"ok","Requests":1,"Ms":2.5,"_aws":{"Timestamp":1,"CloudWatchMetrics":[
        {"Namespace":"N","Dimensions":[["service"],["service","outcome"]],"Metrics":[{"Name":"Requests"},{"Name":"Ms"}]}]}}"#;

    #[test]
    fn a_line_gives_each_metric_by_each_set_of_dimensions() {
        let mut period = Period::default();
        period.add_line(LINE).unwrap();
        period.add_line("no JSON").unwrap();
        let seen: Vec<String> = period.metrics().map(ToString::to_string).collect();
        assert_eq!(
            seen,
            [
                "N Ms outcome=ok service=s",
                "N Ms service=s",
                "N Requests outcome=ok service=s",
                "N Requests service=s"
            ]
        );
        let row = of_row(&json!(["N", "Ms", "outcome", "ok", "service", "s", {"stat": "p50"}]));
        assert_eq!(period.statistic(&row, "Maximum"), Ok(Some(2.5)));
        assert!(period.add_line(&LINE.replace("\"Ms\":2.5,", "")).is_err());
        assert!(period.add_line(&LINE.replace("\"outcome\":\"ok\",", "")).is_err());
    }

    #[test]
    fn statistics() {
        let metric = of_row(&json!(["N", "M"]));
        let mut period = Period::default();
        for value in 1..=200_i32 {
            period.add(metric.clone(), f64::from(value));
        }
        for (statistic, value) in [
            ("Sum", 20_100.0),
            ("Average", 100.5),
            ("Minimum", 1.0),
            ("Maximum", 200.0),
            ("SampleCount", 200.0),
            ("p99", 198.0),
            ("p50", 100.0),
        ] {
            assert_eq!(period.statistic(&metric, statistic), Ok(Some(value)), "{statistic}");
        }
        assert!(period.statistic(&metric, "Total").is_err());
        assert_eq!(Period::default().statistic(&metric, "Sum"), Ok(None));
    }
}
