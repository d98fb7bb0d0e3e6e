//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Measures the functions as processes beside two floors, all on one CPU, and prints ratios.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench", version)]
pub struct Options {
    /// The short form, under two minutes; the default.
    #[arg(long)]
    pub short: bool,

    /// More rounds and more invocations, for numbers to quote: about ten minutes.
    #[arg(long, conflicts_with = "short")]
    pub full: bool,

    /// Only rows whose name contains this text, and the floors; may be given several times.
    #[arg(long, value_name = "ROW")]
    pub only: Vec<String>,

    /// Instead: how cost grows with the size of bodies, tables, caches and messages, and with invocations at a time; about four minutes,
    /// with --short a trial of half a minute. Fails if one grows faster than it may.
    #[arg(long, conflicts_with_all = ["full", "render", "simulate"])]
    pub grow: bool,

    /// Instead: print the tables of a result of --grow; with --docs, write them and the plot into the documentation.
    #[arg(long, value_name = "FILE")]
    pub render: Option<PathBuf>,

    /// Instead: print what 10,000 requests a second need, reckoned and simulated; with --docs, write it into the documentation.
    #[arg(long)]
    pub simulate: bool,

    /// The directory of the pages that --render and --simulate write into; without it they print alone.
    #[arg(long, value_name = "DIRECTORY")]
    pub docs: Option<PathBuf>,

    /// Where the release binaries are; the `release` directory beside this program's own by default.
    #[arg(long, value_name = "DIRECTORY")]
    pub bin_dir: Option<PathBuf>,

    /// The CPU that everything runs on; the last one that this process may use by default.
    #[arg(long, value_name = "NUMBER")]
    pub cpu: Option<usize>,

    /// The JSON file to write; `bench/<time>-<form>.json` in the target directory by default.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
        let options = Options::parse_from(["bench", "--only", "signed", "--only", "v2", "--cpu", "1"]);
        assert_eq!(options.only, ["signed", "v2"]);
        assert!(Options::try_parse_from(["bench", "--short", "--full"]).is_err());
        assert!(Options::try_parse_from(["bench", "--grow", "--short"]).is_ok());
        assert!(Options::try_parse_from(["bench", "--grow", "--simulate"]).is_err());
    }
}
