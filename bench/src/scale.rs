//! The page about scale, `scale.md`: what is measured for it, and its generated parts.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::growth::render::{NOTHING, plot, tables};
use crate::growth::result::{Growth, Machine};
use crate::growth::{self, Plan};
use crate::options::Options;
use crate::simulate::{self, Section};
use crate::{page, pin, target_directory};

/// The page, below the documentation's directory.
pub const PAGE: &str = "scale.md";
/// The plot that it shows, beside it.
pub const PLOT: &str = "growth.svg";
/// The measurement that is kept, below the benchmark's own directory.
pub const RESULT: &str = "results/growth.json";
/// The name of the page's part that shows the measurement.
const GROWTH: &str = "growth";

/// `--grow`, `--render` and `--simulate`; `false` if a series could not be measured or grows faster than it may.
///
/// # Errors
/// Files, ports or binaries that are not as they should be.
pub fn run(options: &Options, output: &mut impl Write) -> Result<bool, String> {
    if options.grow {
        return grow(options, output);
    }
    let mut sections = Vec::new();
    if let Some(file) = &options.render {
        let growth = read(file)?;
        sections.push(measured(Some(&growth)));
        if let Some(docs) = &options.docs {
            write(&docs.join(PLOT), &plot(&growth))?;
        }
    }
    // The reckoning begins with what was measured, so that it changes with it.
    if options.simulate || options.docs.is_some() {
        let file = options.render.clone().unwrap_or_else(kept);
        let growth = if file.is_file() { Some(read(&file)?) } else { None };
        sections.extend(simulate::sections(growth.as_ref()));
    }
    if let Some(docs) = &options.docs {
        let file = docs.join(PAGE);
        let mut text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        for section in &sections {
            text =
                page::put(&text, section.name, &section.body).map_err(|what| format!("{}: {what}", file.display()))?;
        }
        write(&file, &text)?;
    }
    output
        .write_all(simulate::text(&sections).as_bytes())
        .map_err(|error| format!("output: {error}"))?;
    Ok(true)
}

/// The page's part about the measurement that is kept, or about its not being there.
#[must_use]
pub fn measured(growth: Option<&Growth>) -> Section {
    Section {
        name: GROWTH,
        body: growth.map_or_else(|| NOTHING.to_owned(), tables),
    }
}

/// Reads the result of a measurement.
///
/// # Errors
/// There is no such file, or it is none.
pub fn read(file: &Path) -> Result<Growth, String> {
    let json = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Growth::read(&json).map_err(|what| format!("{}: {what}", file.display()))
}

/// Where the measurement is kept, seen from where the benchmark was built.
#[must_use]
pub fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(RESULT)
}

fn grow(options: &Options, output: &mut impl Write) -> Result<bool, String> {
    let machine = Machine::here();
    pin::pin(options.cpu)?;
    let target = target_directory()?;
    let results = target.join("bench");
    fs::create_dir_all(&results).map_err(|error| format!("{}: {error}", results.display()))?;
    let bin_dir = options.bin_dir.clone().unwrap_or_else(|| target.join("release"));
    let plan = if options.short { Plan::SHORT } else { Plan::USUAL };
    let growth = growth::measure(&options.only, plan, machine, bin_dir, results.join("stderr.log"))?;
    let file = options.json.clone().unwrap_or_else(|| results.join("growth.json"));
    let json = serde_json::to_string_pretty(&growth).map_err(|error| format!("{}: {error}", file.display()))?;
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    }
    write(&file, &format!("{json}\n"))?;
    let failures: String = growth
        .series
        .iter()
        .filter_map(|series| series.failure.as_ref())
        .map(|failure| format!("FAILED: {failure}\n"))
        .collect();
    writeln!(output, "{}\n{failures}wrote {}", tables(&growth), file.display())
        .map_err(|error| format!("output: {error}"))?;
    Ok(growth.sound())
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
