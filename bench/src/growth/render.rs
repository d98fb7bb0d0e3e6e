//! A measurement of growth as Markdown: a line for each series, and every point.

use std::fmt::Write as _;

use super::result::{Growth, SeriesResult};
pub use super::svg::plot;

/// What stands in the page while nothing was measured.
pub const NOTHING: &str = "Nothing measured is kept yet. On an idle machine, `make bench ARGS=\"--grow --json=bench/results/growth.json\"` measures it, in\n\
    a few minutes, and `make bench ARGS=\"--render=bench/results/growth.json --docs=docs\"` writes tables and plot here.\n";

/// The tables.
#[must_use]
pub fn tables(growth: &Growth) -> String {
    let machine = &growth.machine;
    let mut text = format!(
        "Measured on one CPU of a machine with {} CPUs ({}) and {} GiB of memory; medians over {} rounds. The driver\n\
         and all stand-ins share that CPU with the function, so latencies hold their work, and so does the throughput of many\n\
         invocations at a time; CPU times are the function's alone.\n\n\
         ![How cost grows: a plot for each series](growth.svg)\n\n",
        machine.cpus, machine.architecture, machine.memory_gib, growth.rounds
    );
    text.push_str(&summary(growth));
    text.push_str(
        "\nThe exponent is the slope of the straight line through the logarithms: 0 is flat, 1 is in proportion. The word is\n\
         that of the steeper of two lines, through all sizes and through the last three: *flat* up to 0.1, *linear* up to 1.1,\n\
         else *worse*.\n\n\
         | what grows | size | p50 | CPU | invocations per second |\n|---|--:|--:|--:|--:|\n",
    );
    for series in &growth.series {
        for point in &series.points {
            // Writing into a string cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                series.name,
                thousands(point.size as f64),
                micros(point.p50_us.median),
                micros(point.cpu_us.median),
                thousands(point.per_second.median)
            );
        }
    }
    text
}

/// A line for each series.
#[must_use]
pub fn summary(growth: &Growth) -> String {
    let lines: String = growth.series.iter().map(line).collect();
    format!(
        "| what grows | from, to | CPU per invocation | exponent of CPU | of latency | CPU is | goal |\n\
         |---|---|---|---|---|---|---|\n{lines}"
    )
}

fn line(series: &SeriesResult) -> String {
    let unit = series.definition().map_or("", |definition| definition.unit);
    let (Some(first), Some(last), Some(verdict)) = (series.points.first(), series.points.last(), series.verdict())
    else {
        return format!("| {} | not measured | | | | | **not met** |\n", series.name);
    };
    let slope = |slope: Option<f64>| slope.map_or("-".to_owned(), |slope| format!("{slope:.2}"));
    format!(
        "| {} | {} to {} {unit} | {} to {} | {} | {} | {} | {}: {} |\n",
        series.name,
        thousands(first.size as f64),
        thousands(last.size as f64),
        micros(first.cpu_us.median),
        micros(last.cpu_us.median),
        slope(verdict.cpu),
        slope(verdict.p50),
        verdict.word.text(),
        verdict.goal.text(),
        if verdict.met { "met" } else { "**not met**" },
    )
}

/// Microseconds in a unit that a person reads.
pub(crate) fn micros(us: f64) -> String {
    if us < 1_000.0 {
        format!("{us:.0} us")
    } else {
        format!("{:.2} ms", us / 1e3)
    }
}

/// A count, rounded, with commas.
#[must_use]
pub fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::made_up;
    use super::*;

    #[test]
    fn tables_tell_the_exponent_and_the_word() {
        let text = tables(&made_up(|size| 40.0 * size));
        assert!(
            text.contains(
                "| lambda-invoker, routes | 1 to 200 routes | 40 us to 8.00 ms | 1.00 | 1.00 | linear | linear: met |"
            ),
            "{text}"
        );
        assert!(
            text.contains("| authorizer, tokens in the cache | 1 to 10,000 tokens | 40 us to 400.00 ms | 1.00 | 1.00 | linear | flat: **not met** |"),
            "{text}"
        );
        assert!(
            text.contains("| authorizer, route rules | 200 | 16.00 ms | 8.00 ms | 125 |"),
            "{text}"
        );
    }

    #[test]
    fn a_series_that_failed_is_told() {
        let mut growth = made_up(|_| 40.0);
        growth.series[0].points.clear();
        assert!(tables(&growth).contains("| not measured | | | | | **not met** |"));
    }

    #[test]
    fn counts_have_commas() {
        assert_eq!(
            ["1", "12", "123", "1234", "1234567"].map(|text| thousands(text.parse().unwrap())),
            ["1", "12", "123", "1,234", "1,234,567"]
        );
    }
}
