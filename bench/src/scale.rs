//! The page about scale, `scale.md`: what is measured for it, and its generated parts.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::growth::render::{NOTHING, plot, tables};
use crate::growth::result::{Growth, Machine};
use crate::growth::{self, Plan};
use crate::options::Options;
use crate::simulate::{self, Section};
use crate::{page, pin, readme, target_directory};

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
    let file = options.render.clone().unwrap_or_else(kept);
    // A file that was named must be there; without one, what is kept counts if it is.
    let growth = if options.render.is_some() || file.is_file() {
        Some(read(&file)?)
    } else {
        None
    };
    // The reckoning begins with what was measured, so that a page that gets the one gets the other.
    let mut sections = Vec::new();
    if options.render.is_some() || options.docs.is_some() {
        sections.push(measured(growth.as_ref()));
    }
    if options.simulate || options.docs.is_some() {
        sections.extend(simulate::sections(growth.as_ref()));
    }
    if let Some(docs) = &options.docs {
        put_into(&docs.join(PAGE), &sections)?;
        if let Some(growth) = &growth {
            write(&docs.join(PLOT), &plot(growth))?;
        }
        put_into(
            &docs.join("..").join(readme::PAGE),
            &readme::sections(readme::kept()?.as_ref(), growth.as_ref()),
        )?;
    }
    output
        .write_all(simulate::text(&sections).as_bytes())
        .map_err(|error| format!("output: {error}"))?;
    Ok(true)
}

/// Puts the parts of a page in their places.
fn put_into(file: &Path, sections: &[Section]) -> Result<(), String> {
    let mut text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    for section in sections {
        text = page::put(&text, section.name, &section.body).map_err(|what| format!("{}: {what}", file.display()))?;
    }
    write(file, &text)
}

/// The page's part about the measurement that is kept, or about its not being there.
#[must_use]
pub fn measured(growth: Option<&Growth>) -> Section {
    Section {
        name: GROWTH,
        body: growth.map_or_else(|| NOTHING.to_owned(), tables),
    }
}

/// What is wrong with a page and its plot, given the measurement that is kept and what was simulated from it.
#[must_use]
pub fn faults(page: &str, svg: Option<&str>, growth: Option<&Growth>, simulated: &[Section]) -> Vec<String> {
    let mut sections = vec![measured(growth)];
    sections.extend_from_slice(simulated);
    let mut faults = stale(PAGE, page, &sections);
    if svg != growth.map(plot).as_deref() {
        faults.push(format!(
            "{PLOT} is not the plot of the measurement that is kept, or must not be there without one"
        ));
    }
    faults
}

/// What of a page's generated parts, all of which are `sections`, is not what is generated.
#[must_use]
pub fn stale(name: &str, page: &str, sections: &[Section]) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut told, mut made): (Vec<&str>, Vec<&str>) =
        (page::names(page), sections.iter().map(|section| section.name).collect());
    told.sort_unstable();
    made.sort_unstable();
    if told != made {
        faults.push(format!("{name} has marks for {told:?}, and {made:?} are generated"));
    }
    for section in sections {
        if !page.contains(&page::block(section.name, &section.body)) {
            faults.push(format!(
                "{name}: what stands between the marks of {} is not what is generated",
                section.name
            ));
        }
    }
    faults
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::result::tests::made_up;

    fn simulated() -> Vec<Section> {
        let section = |name, body: &str| Section {
            name,
            body: body.to_owned(),
        };
        vec![section("a", "| 1,000 |"), section("b", "| 2,000 |")]
    }

    fn written(growth: Option<&Growth>) -> (String, Option<String>) {
        let sections = [vec![measured(growth)], simulated()].concat();
        (format!("# Page\n\n{}", simulate::text(&sections)), growth.map(plot))
    }

    fn of(page: &str, svg: Option<&str>, growth: Option<&Growth>) -> usize {
        faults(page, svg, growth, &simulated()).len()
    }

    #[test]
    fn a_page_is_true_of_one_measurement_alone() {
        let (one, other) = (made_up(|_| 40.0), made_up(|_| 41.0));
        let (page, svg) = written(Some(&one));
        assert_eq!(of(&page, svg.as_deref(), Some(&one)), 0);
        assert_eq!(of(&page, svg.as_deref(), Some(&other)), 2, "tables and plot");
        assert_eq!(of(&page, svg.as_deref(), None), 2);
        assert_eq!(of(&page, None, Some(&one)), 1);
        let (unmeasured, none) = written(None);
        assert_eq!(of(&unmeasured, none.as_deref(), None), 0);
        assert_eq!(of(&unmeasured, svg.as_deref(), None), 1, "a plot of nothing");
        assert_eq!(of(&unmeasured, None, Some(&one)), 2);
    }

    #[test]
    fn an_edited_or_forgotten_part_is_noticed() {
        let (page, _) = written(None);
        assert_eq!(of(&page.replace("1,000", "1,001"), None, None), 1);
        let more = format!("{page}{}", page::block("hand-made", "numbers"));
        assert_eq!(of(&more, None, None), 1);
        assert_eq!(of(&page.replace("bench:b", "bench:c"), None, None), 2);
    }
}
