//! The result of a run: the JSON document, and the tables that a person reads.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cases::{FLOOR_ECHO, FLOOR_POST, NotYet};
use crate::goals::Goal;
use crate::growth::result::Machine;
use crate::null_client::DriverCost;
use crate::results::{RowResult, WarmSummary};
use crate::rounds::{DELAY, Plan};
use crate::size::Size;
use crate::stats::Summary;
use crate::table::Table;

/// Everything that a run has found out. Its JSON is what the file holds.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Seconds since 1970 at the start.
    pub unix_time: u64,
    /// `short` or `full`.
    pub form: &'static str,
    /// The machine.
    pub machine: Machine,
    /// The CPU that everything ran on.
    pub cpu: usize,
    /// How much was measured.
    pub plan: Plan,
    /// What the driver itself costs.
    pub driver: DriverCost,
    /// The rows, floors first.
    pub rows: Vec<RowResult>,
    /// Rows that wait for their function, and what it lacks.
    pub not_yet: BTreeMap<&'static str, &'static str>,
    /// The packages, floors first.
    pub sizes: Vec<Size>,
    /// The goals, met or not.
    pub goals: Vec<Goal>,
}

/// A run with more difference between its rounds than this is not one to quote.
const NOISY: f64 = 0.3;

impl Report {
    /// Whether every row could be measured and answered rightly. Goals that are not met are no failure.
    #[must_use]
    pub fn sound(&self) -> bool {
        self.rows.iter().all(|row| row.failure.is_none())
    }

    /// The tables.
    #[must_use]
    pub fn text(&self) -> String {
        [
            self.head(),
            self.cold(),
            self.warm(),
            self.delayed(),
            self.packages(),
            self.verdicts(),
            self.tail(),
        ]
        .concat()
    }

    fn head(&self) -> String {
        let driver = &self.driver;
        let verdict = if driver.cpu_us < 10.0 { "under" } else { "NOT under" };
        let mut text = format!(
            "Everything on CPU {}, {} interleaved rounds. Numbers are medians over the rounds; (1.23x) is the median of the\n\
             rounds' own ratios to the floor, with [lowest-highest]. Only ratios can be compared between runs and machines.\n\
             Driver: {:.1} us of its own CPU per invocation, {verdict} 10 us; {:.1} us per upstream call. A function that does\n\
             nothing (inside the driver, over loopback) shows a p50 of {:.1} us and a cycle of {:.1} us: nothing is subtracted.\n\n",
            self.cpu, self.plan.rounds, driver.cpu_us, driver.upstream_cpu_us, driver.p50_us, driver.cycle_us,
        );
        let spread = [FLOOR_ECHO, FLOOR_POST]
            .iter()
            .filter_map(|name| self.floor(name)?.warm.as_ref())
            .map(|warm| warm.p50_us.spread())
            .fold(0.0, f64::max);
        if spread > NOISY {
            text.push_str(&format!(
                "NOISY: the floors' p50 differ by {:.0} % between rounds. Something else is running; do not quote this run.\n\n",
                spread * 100.0
            ));
        }
        text
    }

    fn floor(&self, name: &str) -> Option<&RowResult> {
        self.rows.iter().find(|row| row.name == name)
    }

    fn cold(&self) -> String {
        let mut table = Table::new(&[
            "cold start",
            "to next ms",
            "",
            "to response ms",
            "",
            "",
            "CPU ms",
            "",
            "",
        ]);
        for row in &self.rows {
            let post = self.floor(FLOOR_POST);
            let plain = post.and_then(|floor| floor.cold.as_ref());
            let https = post.and_then(|floor| floor.cold_https.as_ref());
            for (cold, floor, name) in [
                (&row.cold, plain, ""),
                (&row.cold_secret, plain, " + 1 secret"),
                (&row.cold_https, https, ", https, refused"),
            ] {
                let Some(cold) = cold else { continue };
                let [next, next_ratio, _] = cells(&cold.first_next_ms, floor.map(|cold| &cold.first_next_ms), 2);
                let mut line = vec![format!("{}{name}", row.name), next, next_ratio];
                if cold.response_ms.median > 0.0 {
                    line.extend(cells(&cold.response_ms, floor.map(|cold| &cold.response_ms), 2));
                    line.extend(cells(&cold.response_cpu_ms, floor.map(|cold| &cold.response_cpu_ms), 2));
                }
                table.row(line);
            }
        }
        table.text()
    }

    fn warm(&self) -> String {
        let columns = [
            "warm, upstream at once",
            "p50 us",
            "",
            "",
            "p99 us",
            "",
            "per s",
            "CPU ms/1000",
            "",
            "",
            "peak MiB",
            "",
            "flat",
        ];
        let mut table = Table::new(&columns);
        for row in &self.rows {
            let Some(warm) = &row.warm else { continue };
            let floor = |of: fn(&WarmSummary) -> &Summary| self.floor(row.floor)?.warm.as_ref().map(of);
            let mut line = vec![row.name.to_owned()];
            line.extend(cells(&warm.p50_us, floor(|warm| &warm.p50_us), 1));
            let [p99, p99_ratio, _] = cells(&warm.p99_us, floor(|warm| &warm.p99_us), 1);
            line.extend([p99, p99_ratio, format!("{:.0}", warm.per_second.median)]);
            line.extend(cells(&warm.cpu_ms_per_1000, floor(|warm| &warm.cpu_ms_per_1000), 1));
            line.extend(self.memory(row));
            table.row(line);
        }
        table.text()
    }

    /// Peak memory, its ratio to floor-post's, and whether it is flat.
    fn memory(&self, row: &RowResult) -> [String; 3] {
        let last = |row: &RowResult| row.memory.as_ref()?.peak();
        let Some((memory, peak)) = row.memory.as_ref().zip(last(row)) else {
            return Default::default();
        };
        let ratio = self
            .floor(FLOOR_POST)
            .and_then(last)
            .map_or(String::new(), |floor| ratio(peak / floor));
        [
            format!("{:.1}", peak / 1024.0),
            ratio,
            if memory.flat { "yes" } else { "NO" }.to_owned(),
        ]
    }

    fn delayed(&self) -> String {
        let title = format!("warm, upstream after {} ms", DELAY.as_millis());
        let mut table = Table::new(&[&title, "p50 us over it", "", "", "CPU ms/1000", "", ""]);
        for row in &self.rows {
            let Some(warm) = &row.delayed else { continue };
            let floor = self.floor(row.floor).and_then(|floor| floor.delayed.as_ref());
            let over = |warm: &WarmSummary| {
                let rounds = &warm.p50_us.rounds;
                Summary::of(rounds.iter().map(|p50| p50 - DELAY.as_secs_f64() * 1e6).collect())
            };
            let Some(p50) = over(warm) else { continue };
            let mut line = vec![row.name.to_owned()];
            line.extend(cells(&p50, floor.and_then(over).as_ref(), 1));
            line.extend(cells(&warm.cpu_ms_per_1000, floor.map(|warm| &warm.cpu_ms_per_1000), 1));
            table.row(line);
        }
        table.text()
    }

    fn packages(&self) -> String {
        let mut table = Table::new(&["package", "plain MB", "zipped MB", ""]);
        let post = self
            .sizes
            .iter()
            .find(|size| size.binary == FLOOR_POST)
            .map(|size| size.zipped as f64);
        for size in &self.sizes {
            let mb = |bytes: usize| format!("{:.2}", bytes as f64 / 1e6);
            let ratio = post.map_or(String::new(), |post| ratio(size.zipped as f64 / post));
            table.row([size.binary.to_owned(), mb(size.plain), mb(size.zipped), ratio]);
        }
        table.text()
    }

    fn verdicts(&self) -> String {
        let mut table = Table::new(&["goals", "measure", "is", "at most", "of", ""]);
        for goal in &self.goals {
            table.row([
                goal.row.to_owned(),
                goal.measure.to_owned(),
                goal.value.map_or("-".to_owned(), |value| format!("{value:.2}")),
                format!("{:.2}", goal.limit),
                goal.unit.to_owned(),
                if goal.met { "met" } else { "NOT MET" }.to_owned(),
            ]);
        }
        table.text()
    }

    fn tail(&self) -> String {
        let met = self.goals.iter().filter(|goal| goal.met).count();
        let mut text = format!("{met} of {} goals met\n", self.goals.len());
        for (name, lacks) in &self.not_yet {
            text.push_str(&format!("not yet: {name}: the function lacks {lacks}\n"));
        }
        for failure in self.rows.iter().filter_map(|row| row.failure.as_ref()) {
            text.push_str(&format!("FAILED: {failure}\n"));
        }
        text
    }
}

/// The rows that wait for their function, as the report holds them.
#[must_use]
pub fn waiting(rows: &[NotYet]) -> BTreeMap<&'static str, &'static str> {
    rows.iter().map(|row| (row.name, row.lacks)).collect()
}

/// A value, its ratio to the floor, and the range of that ratio over the rounds.
fn cells(value: &Summary, floor: Option<&Summary>, digits: usize) -> [String; 3] {
    let (middle, range) = floor
        .and_then(|floor| value.over(floor))
        .map_or_else(Default::default, |over| {
            (ratio(over.median), format!("[{:.2}-{:.2}]", over.min, over.max))
        });
    [format!("{:.digits$}", value.median), middle, range]
}

fn ratio(value: f64) -> String {
    format!("({value:.2}x)")
}
