//! The dashboard: every row of its widgets shows something that is emitted.

use std::collections::BTreeSet;

use serde_json::Value;

use super::metrics::{Metric, of_row, rows};
use crate::template::stack::{Stack, at, items, text};

/// The rows that show nothing, and dashboards that cannot be read.
#[must_use]
pub fn faults(stack: &Stack, emitted: &BTreeSet<&Metric>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, dashboard) in stack.of("AWS::CloudWatch::Dashboard") {
        let Ok(body) = serde_json::from_str::<Value>(&text(&dashboard["DashboardBody"])) else {
            faults.push(format!("{name}: is no JSON"));
            continue;
        };
        let mut shown = 0;
        for row in items(at(&body, "/widgets")).flat_map(rows) {
            shown += 1;
            let metric = of_row(row);
            if !emitted.contains(&metric) {
                faults.push(format!("{name}: nobody emits {metric}"));
            }
        }
        if shown == 0 {
            faults.push(format!("{name}: shows nothing"));
        }
    }
    faults
}
