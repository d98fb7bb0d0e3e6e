//! The benchmark: the functions as processes under a Lambda Runtime API of its own, beside two floors.
//!
//! `floor-echo` and `floor-post` are the least that a Rust function can cost; every number is quoted as a ratio to
//! one of them, measured in the same run on the same CPU.

pub mod answer;
pub mod cases;
pub mod event;
mod function_url;
pub mod goals;
pub mod growth;
pub mod measure;
pub mod null_client;
pub mod options;
pub mod page;
pub mod pin;
pub mod process;
pub mod readme;
mod replies;
pub mod report;
pub mod results;
pub mod rounds;
pub mod runtime_api;
pub mod scale;
pub mod server;
pub mod session;
#[cfg(test)]
mod session_tests;
mod sigv4;
pub mod simulate;
pub mod size;
pub mod stats;
mod table;
pub mod upstream;
#[cfg(test)]
mod upstream_tests;
pub mod watched;
pub mod wire;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cases::{Case, NotYet};
use growth::result::Machine;
use measure::Stage;
use options::Options;
use report::Report;
use rounds::Plan;

/// Invocations of the null client, after a tenth of them to warm up.
const DRIVER_INVOCATIONS: usize = 20_000;

/// The whole run; `false` if a row failed, or a series of the growth misses its goal.
///
/// # Errors
/// Something outside the rows does not work: the CPU, the ports, a missing binary, the files.
pub fn run(options: &Options, output: &mut impl Write) -> Result<bool, String> {
    if options.simulate || options.render.is_some() || options.grow {
        return scale::run(options, output);
    }
    let machine = Machine::here();
    let cpu = pin::pin(options.cpu)?;
    let target = target_directory()?;
    let bin_dir = options.bin_dir.clone().unwrap_or_else(|| target.join("release"));
    let (cases, not_yet) = chosen(&options.only)?;
    missing(&bin_dir, cases.iter().map(|case| case.binary))?;
    let results = target.join("bench");
    let told = |error: io::Error| format!("{}: {error}", results.display());
    std::fs::create_dir_all(&results).map_err(told)?;

    let ports = |error: io::Error| format!("cannot listen on loopback: {error}");
    let stage = Stage::start(bin_dir, results.join("stderr.log")).map_err(ports)?;
    let upstream = (&*stage.upstream, stage.upstream_address);
    let driver = null_client::measure(&stage.api, stage.api_address, upstream, DRIVER_INVOCATIONS)?;

    let (form, plan) = if options.full {
        ("full", Plan::FULL)
    } else {
        ("short", Plan::SHORT)
    };
    let unix_time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let mut terminal = io::stderr();
    let mut nowhere = io::sink();
    let progress: &mut dyn Write = if terminal.is_terminal() {
        &mut terminal
    } else {
        &mut nowhere
    };
    let rows = rounds::run(&stage, &cases, &plan, progress);
    let mut sizes = Vec::new();
    for binary in cases::binaries()
        .into_iter()
        .filter(|binary| cases.iter().any(|case| case.binary == *binary))
    {
        sizes.push(size::weigh(&stage.bin_dir, binary).map_err(|error| format!("{binary}: {error}"))?);
    }
    let goals = goals::judge(&rows, &sizes);
    let not_yet = report::waiting(&not_yet);
    let report = Report {
        unix_time,
        form,
        machine,
        cpu,
        plan,
        driver,
        rows,
        not_yet,
        sizes,
        goals,
    };

    let file = options
        .json
        .clone()
        .unwrap_or_else(|| results.join(format!("{unix_time}-{form}.json")));
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let json = serde_json::to_string_pretty(&report).map_err(|error| told(&error))?;
    std::fs::write(&file, json).map_err(|error| told(&error))?;
    writeln!(output, "{}wrote {}", report.text(), file.display()).map_err(|error| format!("output: {error}"))?;
    Ok(report.sound())
}

/// The directory that cargo builds into: this program is in one of its profiles' directories.
pub(crate) fn target_directory() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    let target = program.parent().and_then(Path::parent);
    target
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("{} is not in a target directory", program.display()))
}

/// The rows whose name contains one of the texts, and the floors; all rows if there is no text.
fn chosen(only: &[String]) -> Result<(Vec<Case>, Vec<NotYet>), String> {
    let wanted = |name: &str| only.is_empty() || only.iter().any(|text| name.contains(text.as_str()));
    let mut cases = cases::all();
    let mut not_yet = cases::not_yet();
    if !cases.iter().any(|case| wanted(case.name)) && !not_yet.iter().any(|row| wanted(row.name)) {
        return Err(format!("no row's name contains {}", only.join(" or ")));
    }
    cases.retain(|case| case.name == case.floor || wanted(case.name));
    not_yet.retain(|row| wanted(row.name));
    Ok((cases, not_yet))
}

/// An error that names every binary which is not there; what stands side by side more than once is named once.
pub(crate) fn missing<'a>(bin_dir: &Path, binaries: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut names: Vec<&str> = binaries.collect();
    names.dedup();
    names.retain(|name| !bin_dir.join(name).is_file());
    if names.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} lacks {}: build them in release mode first",
        bin_dir.display(),
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keeps_the_floors() {
        let names = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(|text| (*text).to_owned()).collect();
            chosen(&only).unwrap().0.iter().map(|case| case.name).collect()
        };
        assert_eq!(
            names(&["v1"]),
            ["floor-echo", "floor-post", "hipchat-proxy, v1 message"]
        );
        assert_eq!(names(&[]).len(), cases::all().len());
        assert!(chosen(&["no such row".to_owned()]).is_err());
    }

    #[test]
    fn missing_binaries_are_named() {
        let error = missing(Path::new("/no/such/directory"), cases::binaries().into_iter()).unwrap_err();
        assert!(
            error.contains("floor-echo, floor-post, authorizer, hipchat-proxy, lambda-invoker"),
            "{error}"
        );
    }
}
