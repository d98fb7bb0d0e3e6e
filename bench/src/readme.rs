//! README.md's part about speed: the run that is kept, and how cost grows.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cases::{FLOOR_ECHO, FLOOR_POST};
use crate::growth::render::{micros, summary};
use crate::growth::result::{Growth, Machine};
use crate::scale::PLOT;
use crate::simulate::Section;
use crate::stats::Summary;

/// The page, beside the documentation's directory.
pub const PAGE: &str = "README.md";
/// The run that is kept, below the benchmark's own directory.
pub const RESULT: &str = "results/run.json";

/// What stands in the page while no run is kept.
const NOTHING: &str = "No run is kept yet. On an idle machine, `make bench ARGS=\"--full --json=bench/results/run.json\"` makes one, and\n\
    `make bench ARGS=\"--render=bench/results/growth.json --docs=docs\"` writes it here.\n";

/// What of a run's document the page tells.
#[derive(Debug, Deserialize)]
pub struct Run {
    machine: Machine,
    plan: Plan,
    rows: Vec<Row>,
    sizes: Vec<Size>,
    goals: Vec<Goal>,
}

#[derive(Debug, Deserialize)]
struct Plan {
    rounds: usize,
}

#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    floor: String,
    cold: Option<Cold>,
    cold_secret: Option<Cold>,
    warm: Option<Warm>,
    memory: Option<Memory>,
}

#[derive(Debug, Deserialize)]
struct Cold {
    response_ms: Summary,
}

#[derive(Debug, Deserialize)]
struct Warm {
    p50_us: Summary,
    cpu_ms_per_1000: Summary,
}

#[derive(Debug, Deserialize)]
struct Memory {
    peak_kib: Vec<(usize, u64)>,
}

#[derive(Debug, Deserialize)]
struct Size {
    binary: String,
    zipped: u64,
}

#[derive(Debug, Deserialize)]
struct Goal {
    met: bool,
}

/// The run that is kept, if there is one.
///
/// # Errors
/// The file is no document of a run.
pub fn kept() -> Result<Option<Run>, String> {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(RESULT);
    if !file.is_file() {
        return Ok(None);
    }
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let json = fs::read_to_string(&file).map_err(|error| told(&error))?;
    serde_json::from_str(&json).map(Some).map_err(|error| told(&error))
}

/// The page's generated parts.
#[must_use]
pub fn sections(run: Option<&Run>, growth: Option<&Growth>) -> Vec<Section> {
    vec![
        Section {
            name: "speed",
            body: run.map_or_else(|| NOTHING.to_owned(), speed),
        },
        Section {
            name: "growth",
            body: growth.map_or_else(
                || crate::growth::render::NOTHING.to_owned(),
                |growth| {
                    let plot = format!("![How cost grows: a plot for each series](docs/{PLOT})\n\n");
                    plot + &summary(growth)
                },
            ),
        },
    ]
}

fn speed(run: &Run) -> String {
    let met = run.goals.iter().filter(|goal| goal.met).count();
    let floors = run.rows.iter().filter(|row| row.name == row.floor);
    let spread = floors.filter_map(|row| Some(row.warm.as_ref()?.p50_us.spread()));
    let spread = spread.fold(0.0, f64::max) * 100.0;
    let mut text = format!(
        "Measured on one CPU of a machine with {} CPUs ({}) and {} GiB of memory, with the driver and all stand-ins on that CPU;\n\
         medians over {} rounds, and in brackets how many times the floor of the same rounds, which is what can be compared: the\n\
         floors' own p50 differed by {spread:.0} % between rounds. {met} of {} goals are met.\n\n\
         | invocation | p50 | CPU | first answer of a new process | the same with a secret | peak memory |\n\
         |---|--:|--:|--:|--:|--:|\n",
        run.machine.cpus,
        run.machine.architecture,
        run.machine.memory_gib,
        run.plan.rounds,
        run.goals.len(),
    );
    for row in &run.rows {
        let floor = |name: &str| run.rows.iter().find(|row| row.name == name);
        let warm = |of: fn(&Warm) -> &Summary| {
            let ours = of(row.warm.as_ref()?);
            let floor = floor(&row.floor)?.warm.as_ref().map(of)?;
            // 1 ms for 1,000 invocations is 1 us for one.
            Some(micros(ours.median) + &times(row, ours, floor))
        };
        let cold = |cold: &Option<Cold>| {
            let ours = &cold.as_ref()?.response_ms;
            let floor = &floor(FLOOR_POST)?.cold.as_ref()?.response_ms;
            Some(format!("{:.1} ms{}", ours.median, times(row, ours, floor)))
        };
        let peak = |row: &Row| row.memory.as_ref()?.peak_kib.last().map(|(_, kib)| *kib as f64);
        let memory = peak(row).map(|kib| format!("{:.1} MiB", kib / 1024.0));
        let cells = [
            warm(|warm| &warm.p50_us),
            warm(|warm| &warm.cpu_ms_per_1000),
            cold(&row.cold),
            cold(&row.cold_secret),
            memory,
        ];
        // Writing into a string cannot fail.
        let _ = write!(text, "| {} |", row.name);
        for cell in cells {
            let _ = write!(text, " {} |", cell.unwrap_or_default());
        }
        text.push('\n');
    }
    let sizes: Vec<String> = run
        .sizes
        .iter()
        .filter(|size| ![FLOOR_ECHO, FLOOR_POST].contains(&size.binary.as_str()))
        .map(|size| format!("{} {:.2} MB", size.binary, size.zipped as f64 / 1e6))
        .collect();
    let _ = writeln!(text, "\nPackages, zipped: {}.", sizes.join(", "));
    text
}

/// How many times the floor, for rows that are no floors.
fn times(row: &Row, ours: &Summary, floor: &Summary) -> String {
    match ours.over(floor) {
        Some(ratio) if row.name != row.floor => format!(" ({:.2})", ratio.median),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary(rounds: &[f64]) -> serde_json::Value {
        serde_json::to_value(Summary::of(rounds.to_vec()).unwrap()).unwrap()
    }

    #[test]
    fn a_run_is_a_table_of_figures_and_of_ratios_within_its_rounds() {
        let run = json!({
            "machine": {"cpus": 2, "memory_gib": 8, "architecture": "x86_64"},
            "plan": {"rounds": 3},
            "rows": [
                {"name": "floor-post", "floor": "floor-post", "cold": {"response_ms": summary(&[2.0, 4.0, 2.0])},
                 "warm": {"p50_us": summary(&[50.0, 100.0, 50.0]), "cpu_ms_per_1000": summary(&[40.0, 80.0, 40.0])}},
                {"name": "ours", "floor": "floor-post", "cold": {"response_ms": summary(&[3.0, 6.0, 3.0])},
                 "cold_secret": {"response_ms": summary(&[4.0, 8.0, 4.0])},
                 "warm": {"p50_us": summary(&[55.0, 110.0, 55.0]), "cpu_ms_per_1000": summary(&[20.0, 40.0, 20.0])},
                 "memory": {"peak_kib": [[1, 1000], [10, 2048]]}},
            ],
            "sizes": [{"binary": "floor-post", "zipped": 1}, {"binary": "ours", "zipped": 2_154_000}],
            "goals": [{"met": true}, {"met": false}],
        });
        let text = speed(&serde_json::from_value(run).unwrap());
        assert!(text.contains("2 CPUs (x86_64) and 8 GiB"), "{text}");
        assert!(
            text.contains("differed by 100 % between rounds. 1 of 2 goals are met"),
            "{text}"
        );
        assert!(text.contains("| floor-post | 50 us | 40 us | 2.0 ms |  |  |"), "{text}");
        assert!(
            text.contains("| ours | 55 us (1.10) | 20 us (0.50) | 3.0 ms (1.50) | 4.0 ms (2.00) | 2.0 MiB |"),
            "{text}"
        );
        assert!(text.ends_with("Packages, zipped: ours 2.15 MB.\n"), "{text}");
    }

    #[test]
    fn without_a_run_the_page_tells_how_to_make_one() {
        let sections = sections(None, None);
        assert_eq!(sections.len(), 2);
        assert!(sections[0].body.contains("--json=bench/results/run.json"));
        assert!(sections[1].body.contains("--grow"));
    }
}
