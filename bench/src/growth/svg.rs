//! The plot: a small diagram for each series, both axes logarithmic, readable on light and on dark pages.

use std::fmt::Write as _;

use super::render::micros;
use super::result::{Growth, SeriesResult};

const COLUMNS: usize = 2;
const CELL: (f64, f64) = (420.0, 250.0);
/// The diagram inside its cell: left, top, right, bottom.
const INSIDE: (f64, f64, f64, f64) = (64.0, 40.0, 400.0, 206.0);
const LEGEND: f64 = 36.0;

/// The plot of all series that have points.
#[must_use]
pub fn plot(growth: &Growth) -> String {
    let series: Vec<&SeriesResult> = growth.series.iter().filter(|series| series.points.len() > 1).collect();
    let rows = series.len().div_ceil(COLUMNS);
    let (width, height) = (CELL.0 * COLUMNS as f64, CELL.1 * rows as f64 + LEGEND);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>How cost grows</title>\n\
         <style>\n\
         .ground {{ fill: #ffffff }} text {{ fill: #1f2328 }} .faint {{ fill: #59636e }}\n\
         .grid {{ stroke: #d1d9e0; stroke-width: 1; fill: none }} .guide {{ stroke: #59636e; stroke-dasharray: 2 4; fill: none }}\n\
         .p50 {{ stroke: #8250df; stroke-width: 2; fill: none }} .cpu {{ stroke: #0969da; stroke-width: 2; fill: none }}\n\
         .p50-dot {{ fill: #8250df }} .cpu-dot {{ fill: #0969da }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         .ground {{ fill: #0d1117 }} text {{ fill: #f0f6fc }} .faint {{ fill: #9198a1 }}\n\
         .grid {{ stroke: #3d444d }} .guide {{ stroke: #9198a1 }}\n\
         .p50 {{ stroke: #bf8fff }} .cpu {{ stroke: #58a6ff }} .p50-dot {{ fill: #bf8fff }} .cpu-dot {{ fill: #58a6ff }}\n\
         }}\n\
         </style>\n\
         <rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\"/>\n\
         <path class=\"p50\" d=\"M64 20H88\"/><text x=\"94\" y=\"24\">p50 latency</text>\n\
         <path class=\"cpu\" d=\"M184 20H208\"/><text x=\"214\" y=\"24\">CPU per invocation</text>\n\
         <path class=\"guide\" d=\"M344 20H368\"/><text x=\"374\" y=\"24\">in proportion</text>\n"
    );
    for (index, series) in series.iter().enumerate() {
        let left = CELL.0 * (index % COLUMNS) as f64;
        let top = CELL.1 * (index / COLUMNS) as f64 + LEGEND;
        // Writing into a string cannot fail.
        let _ = writeln!(svg, "<g transform=\"translate({left:.0} {top:.0})\">");
        diagram(&mut svg, series);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn diagram(svg: &mut String, series: &SeriesResult) {
    let p50 = series.curve(|point| &point.p50_us);
    let cpu = series.curve(|point| &point.cpu_us);
    let unit = series.definition().map_or("", |definition| definition.unit);
    let across = Axis::over(p50.iter().map(|(x, _)| *x), INSIDE.0, INSIDE.2, false);
    let up = Axis::over(p50.iter().chain(&cpu).map(|(_, y)| *y), INSIDE.3, INSIDE.1, true);
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"24\" font-weight=\"bold\">{}</text>",
        INSIDE.0, series.name
    );
    for tick in up.ticks() {
        let y = up.place(tick);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{:.1} {y:.1}H{:.1}\"/><text class=\"faint\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            INSIDE.0,
            INSIDE.2,
            INSIDE.0 - 6.0,
            y + 4.0,
            micros(tick).replace(".00", "")
        );
    }
    for (x, _) in &p50 {
        let place = across.place(*x);
        let _ = writeln!(
            svg,
            "<text class=\"faint\" x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            INSIDE.3 + 18.0,
            short(*x)
        );
    }
    let middle = (INSIDE.0 + INSIDE.2) / 2.0;
    let _ = writeln!(
        svg,
        "<text class=\"faint\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{unit}</text>",
        INSIDE.3 + 34.0
    );
    if let (Some((x0, _)), Some((x1, y1))) = (cpu.first(), cpu.last()) {
        // What would be in proportion and end where the CPU time does, as far as it is inside.
        let from = (y1 * x0 / x1).max(up.low);
        let at = x1 * from / y1;
        let _ = writeln!(
            svg,
            "<path class=\"guide\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
            across.place(at),
            up.place(from),
            across.place(*x1),
            up.place(*y1)
        );
    }
    for (class, curve) in [("p50", p50), ("cpu", cpu)] {
        let mut path = String::new();
        for (index, (x, y)) in curve.iter().enumerate() {
            let (x, y) = (across.place(*x), up.place(*y));
            let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
            let _ = writeln!(
                svg,
                "<circle class=\"{class}-dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"
            );
        }
        let _ = writeln!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
    }
}

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// An axis on which all values lie; `rounded` begins and ends it at a tick.
    fn over(values: impl Iterator<Item = f64>, start: f64, end: f64, rounded: bool) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 1.0_f64);
        for value in values.map(|value| value.max(1e-3)) {
            (low, high) = (low.min(value), high.max(value));
        }
        low = low.min(high);
        if rounded {
            low = STEPS.into_iter().rev().find(|step| *step <= low).unwrap_or(low);
            high = STEPS
                .into_iter()
                .find(|step| *step >= high && *step > low)
                .unwrap_or(high);
        }
        Self { low, high, start, end }
    }

    fn place(&self, value: f64) -> f64 {
        let whole = (self.high / self.low).ln();
        let part = (value.max(1e-3) / self.low).ln();
        let share = if whole > 0.0 { part / whole } else { 0.5 };
        self.start + (self.end - self.start) * share
    }

    /// The powers of ten inside, or all steps where there are few of these.
    fn ticks(&self) -> Vec<f64> {
        let inside = |step: &f64| *step >= self.low * 0.999 && *step <= self.high * 1.001;
        let all: Vec<f64> = STEPS.into_iter().filter(inside).collect();
        if all.len() <= 6 {
            return all;
        }
        all.into_iter()
            .filter(|step| step.log10().fract().abs() < 1e-9)
            .collect()
    }
}

/// Where ticks may be, in microseconds.
const STEPS: [f64; 22] = [
    1.0, 2.0, 5.0, 1e1, 2e1, 5e1, 1e2, 2e2, 5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7,
];

/// A size in few characters.
fn short(size: f64) -> String {
    const KIB: f64 = 1024.0;
    if size >= KIB * KIB {
        format!("{:.0}M", size / KIB / KIB)
    } else if size >= KIB && size % KIB == 0.0 {
        format!("{:.0}k", size / KIB)
    } else if size >= 1e3 {
        format!("{}k", size / 1e3)
    } else {
        format!("{size:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::made_up;
    use super::*;

    #[test]
    fn a_plot_is_well_formed_and_has_every_point() {
        let growth = made_up(|size| 40.0 + size);
        let svg = plot(&growth);
        let points: usize = growth.series.iter().map(|series| series.points.len()).sum();
        assert_eq!(svg.matches("<circle").count(), 2 * points);
        assert_eq!(svg.matches("<g ").count(), growth.series.len());
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
        assert!(
            svg.contains("prefers-color-scheme: dark") && !svg.contains("NaN") && !svg.contains("inf"),
            "{svg}"
        );
        let open = svg.matches("<text").count();
        assert_eq!(open, svg.matches("</text>").count());
    }

    #[test]
    fn axes_place_by_the_logarithm() {
        let axis = Axis::over([10.0, 1_000.0].into_iter(), 0.0, 100.0, true);
        assert_eq!((axis.place(10.0), axis.place(1_000.0)), (0.0, 100.0));
        assert!((axis.place(100.0) - 50.0).abs() < 1e-9);
        assert_eq!(axis.ticks(), [10.0, 100.0, 1_000.0]);
        let one = Axis::over([7.0, 7.0].into_iter(), 0.0, 100.0, false);
        assert_eq!(one.place(7.0), 50.0);
        assert_eq!(
            [1.0, 1_024.0, 4_194_304.0, 10_000.0].map(short),
            ["1", "1k", "4M", "10k"]
        );
    }
}
