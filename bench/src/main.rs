//! Wiring: read the options, pin the process, run the rounds, print the table and write the JSON file.

use std::io::{self, Write as _};
use std::process::ExitCode;

use bench::options::Options;
use clap::Parser as _;

fn main() -> ExitCode {
    match bench::run(&Options::parse(), &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}
