//! What CloudWatch would see and do: metrics by period, the alarms and the dashboard that look at them.

pub mod alarm;
pub mod dashboard;
pub mod math;
pub mod metrics;

use std::collections::BTreeSet;

use crate::template::stack::Stack;
use alarm::Alarm;
use metrics::{Metric, Period};

/// The length of a period in seconds. A round of traffic stands for what comes in one.
pub const PERIOD_SECS: f64 = 300.0;

/// Traffic of some periods, one after the other, and the alarms that must go off.
#[derive(Debug)]
pub struct Scenario {
    /// What happens.
    pub name: &'static str,
    /// The names of the alarms in the template that it is the fault for; none for traffic that is well.
    pub fires: &'static [&'static str],
    /// What was measured.
    pub periods: Vec<Period>,
}

/// Every place where alarms and dashboard do not fit what was measured: what they name and nobody emits, alarms that
/// keep quiet at their fault, that go off elsewhere, that no fault is for.
#[must_use]
pub fn faults(stack: &Stack, scenarios: &[Scenario]) -> Vec<String> {
    let emitted: BTreeSet<&Metric> = scenarios
        .iter()
        .flat_map(|scenario| &scenario.periods)
        .flat_map(Period::metrics)
        .collect();
    let mut faults = dashboard::faults(stack, &emitted);
    for (name, properties) in stack.of("AWS::CloudWatch::Alarm") {
        match Alarm::read(properties) {
            Ok(alarm) => {
                let found = of_alarm(name, &alarm, scenarios, &emitted);
                faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
            }
            Err(problem) => faults.push(format!("{name}: {problem}")),
        }
    }
    let known: BTreeSet<&str> = stack.of("AWS::CloudWatch::Alarm").map(|(name, _)| name).collect();
    for scenario in scenarios {
        let gone = scenario.fires.iter().filter(|name| !known.contains(**name));
        faults.extend(gone.map(|name| format!("{name}: there is no such alarm, for: {}", scenario.name)));
    }
    faults
}

fn of_alarm(name: &str, alarm: &Alarm, scenarios: &[Scenario], emitted: &BTreeSet<&Metric>) -> Vec<String> {
    let unknown = alarm.metrics().filter(|metric| !emitted.contains(metric));
    let mut faults: Vec<String> = unknown.map(|metric| format!("nobody emits {metric}")).collect();
    let mut goes_off = |periods: &[&Period], wanted: bool, when: &str| match alarm.goes_off(periods) {
        Ok(state) if state == wanted => {}
        Ok(_) if wanted => faults.push(format!("keeps quiet at: {when}")),
        Ok(_) => faults.push(format!("goes off at: {when}")),
        Err(problem) => faults.push(problem),
    };
    let silence = Period::default();
    goes_off(&[&silence, &silence, &silence], false, "no traffic");
    for scenario in scenarios {
        let wanted = scenario.fires.contains(&name);
        let periods: Vec<&Period> = scenario.periods.iter().collect();
        goes_off(&periods, wanted, scenario.name);
        // An alarm that wants several bad periods is patient with one.
        if wanted && alarm.datapoints_to_alarm > 1 {
            for bad in &scenario.periods {
                goes_off(
                    &[&silence, bad, &silence],
                    false,
                    &format!("one period of: {}", scenario.name),
                );
            }
        }
    }
    if !scenarios.iter().any(|scenario| scenario.fires.contains(&name)) {
        faults.push("no fault is tried that it is for".to_owned());
    }
    faults
}
