//! An alarm of the template, and whether it goes off
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>).

use std::collections::BTreeMap;

use serde_json::Value;

use super::PERIOD_SECS;
use super::math::evaluate;
use super::metrics::{Metric, Period, named};
use crate::template::stack::{at, items, text};

/// An alarm.
#[derive(Debug)]
pub struct Alarm {
    measured: Vec<Measured>,
    /// The expression that is watched; without one, the only metric.
    expression: Option<String>,
    evaluation_periods: usize,
    /// So many of the periods must be bad.
    pub datapoints_to_alarm: usize,
    threshold: f64,
    comparison: fn(&f64, &f64) -> bool,
    /// What a period without a value counts for.
    missing: Missing,
}

#[derive(Debug)]
struct Measured {
    id: String,
    metric: Metric,
    statistic: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Good,
    Bad,
    /// It stays as it was: not gone off.
    Nothing,
}

impl Alarm {
    /// Reads an alarm's properties.
    ///
    /// # Errors
    /// What cannot be understood, or would mean something else than a round of traffic can show.
    pub fn read(properties: &Value) -> Result<Self, String> {
        let mut measured = Vec::new();
        let mut expression = None;
        if properties["Metrics"].is_null() {
            measured.push(read_metric("", properties, properties)?);
        }
        for query in items(&properties["Metrics"]) {
            let id = text(&query["Id"]);
            let is_watched = query["ReturnData"] == true;
            if query["MetricStat"].is_null() {
                if !is_watched || expression.is_some() {
                    return Err(format!("{id}: one expression, and that is watched"));
                }
                expression = Some(text(&query["Expression"]));
            } else if is_watched {
                return Err(format!("{id}: is watched beside the expression"));
            } else {
                measured.push(read_metric(&id, &query["MetricStat"], at(query, "/MetricStat/Metric"))?);
            }
        }
        let evaluation_periods = number(&properties["EvaluationPeriods"])?;
        let datapoints = &properties["DatapointsToAlarm"];
        Ok(Self {
            measured,
            expression,
            evaluation_periods,
            datapoints_to_alarm: if datapoints.is_null() {
                evaluation_periods
            } else {
                number(datapoints)?
            },
            threshold: number(&properties["Threshold"])?,
            comparison: match text(&properties["ComparisonOperator"]).as_str() {
                "GreaterThanOrEqualToThreshold" => f64::ge,
                "GreaterThanThreshold" => f64::gt,
                "LessThanThreshold" => f64::lt,
                "LessThanOrEqualToThreshold" => f64::le,
                other => return Err(format!("no comparison {other:?}")),
            },
            missing: match text(&properties["TreatMissingData"]).as_str() {
                "notBreaching" => Missing::Good,
                "breaching" => Missing::Bad,
                "ignore" | "missing" | "" => Missing::Nothing,
                other => return Err(format!("no treatment of missing data {other:?}")),
            },
        })
    }

    /// The metrics that it names.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.measured.iter().map(|measured| &measured.metric)
    }

    /// Whether it goes off in one of these periods, before which there was nothing.
    ///
    /// # Errors
    /// What is wrong with its statistic or expression.
    pub fn goes_off(&self, periods: &[&Period]) -> Result<bool, String> {
        let mut bad = vec![self.is_bad(None); self.evaluation_periods];
        for period in periods {
            bad.push(self.is_bad(self.value(period)?));
            let window = bad.iter().rev().take(self.evaluation_periods);
            if window.filter(|bad| **bad).count() >= self.datapoints_to_alarm {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_bad(&self, value: Option<f64>) -> bool {
        value.map_or(self.missing == Missing::Bad, |value| {
            (self.comparison)(&value, &self.threshold)
        })
    }

    fn value(&self, period: &Period) -> Result<Option<f64>, String> {
        let mut values = BTreeMap::new();
        for Measured { id, metric, statistic } in &self.measured {
            values.insert(id.clone(), period.statistic(metric, statistic)?);
        }
        match &self.expression {
            Some(expression) => evaluate(expression, &values),
            None => Ok(values.into_values().next().flatten()),
        }
    }
}

fn read_metric(id: &str, measure: &Value, metric: &Value) -> Result<Measured, String> {
    let statistic = ["Stat", "Statistic", "ExtendedStatistic"]
        .iter()
        .map(|member| text(&measure[*member]))
        .find(|statistic| !statistic.is_empty());
    let period: f64 = number(&measure["Period"])?;
    if (period - PERIOD_SECS).abs() > f64::EPSILON {
        return Err(format!("{id}: looks at periods of {period} s, not of {PERIOD_SECS} s"));
    }
    if !measure["Unit"].is_null() {
        return Err(format!("{id}: takes one unit alone"));
    }
    Ok(Measured {
        id: id.to_owned(),
        metric: named(metric),
        statistic: statistic.ok_or_else(|| format!("{id}: no statistic"))?,
    })
}

fn number<T: std::str::FromStr>(value: &Value) -> Result<T, String> {
    text(value).parse().map_err(|_| format!("no number: {value}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn periods(values: &[Option<f64>]) -> Vec<Period> {
        let of = |value: &Option<f64>| {
            let mut period = Period::default();
            if let Some(value) = value {
                period.add(named(&json!({"Namespace": "N", "MetricName": "M"})), *value);
            }
            period
        };
        values.iter().map(of).collect()
    }

    fn goes_off(changes: &Value, values: &[Option<f64>]) -> bool {
        let mut alarm = json!({"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 300, "Threshold": 5,
            "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching"});
        for (name, value) in changes.as_object().unwrap() {
            alarm[name] = value.clone();
        }
        let periods = periods(values);
        Alarm::read(&alarm)
            .unwrap()
            .goes_off(&periods.iter().collect::<Vec<_>>())
            .unwrap()
    }

    #[test]
    fn thresholds_and_periods() {
        let bad = Some(5.0);
        let good = Some(4.0);
        assert!(goes_off(&json!({}), &[good, bad, good]));
        assert!(!goes_off(&json!({}), &[good, good]));
        assert!(!goes_off(
            &json!({"ComparisonOperator": "GreaterThanThreshold"}),
            &[bad]
        ));
        assert!(goes_off(&json!({"ComparisonOperator": "LessThanThreshold"}), &[good]));
        let two_of_three = json!({"EvaluationPeriods": 3, "DatapointsToAlarm": 2});
        assert!(goes_off(&two_of_three, &[bad, good, bad]));
        assert!(goes_off(&two_of_three, &[bad, None, bad]));
        assert!(!goes_off(&two_of_three, &[bad, good, good, bad]));
        assert!(!goes_off(&json!({"EvaluationPeriods": 2}), &[bad, good, bad]));
    }

    #[test]
    fn missing_data() {
        assert!(!goes_off(&json!({}), &[None]));
        assert!(goes_off(&json!({"TreatMissingData": "breaching"}), &[None]));
        assert!(!goes_off(&json!({"TreatMissingData": "missing"}), &[None]));
    }

    #[test]
    fn other_periods_and_units_are_refused() {
        let alarm = json!({"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60});
        assert!(Alarm::read(&alarm).unwrap_err().contains("periods of 60 s"));
        let alarm = json!({"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 300, "Unit": "Count"});
        assert!(Alarm::read(&alarm).unwrap_err().contains("one unit"));
    }
}
