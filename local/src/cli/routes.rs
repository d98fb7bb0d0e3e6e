//! `local routes`: the tools for route tables of lambda-invoker.

use std::{
    io::{Read, Write, stderr, stdin, stdout},
    path::{Path, PathBuf},
};

use clap::Subcommand;

use crate::table;

#[derive(Debug, Subcommand)]
pub(super) enum RoutesCommand {
    /// Check a route table as the function does at its start, without AWS; prints every problem
    Check {
        /// The table, as JSON; - is standard input. Files that it names are looked for beside it
        file: PathBuf,
    },
    /// Print a route table made from routes of APISIX with the plugin aws-lambda
    FromApisix {
        /// A route, a list of routes, an answer of the Admin API or an apisix.yaml; - is standard input
        file: PathBuf,
    },
    /// Print the JSON Schema of route tables
    Schema,
}

/// Runs a command. The error is a sentence, or empty when everything was said.
pub(super) fn run(command: &RoutesCommand) -> Result<(), String> {
    match command {
        RoutesCommand::Check { file } => {
            let report = table::check(&read(file)?, folder(file));
            if !report.problems.is_empty() {
                return Err(said(&report.problems, file));
            }
            let mut text = format!("{}: routes: {}, no problem\n", file.display(), report.routes);
            for remark in report.remarks {
                text.push_str(&format!("note {remark}\n"));
            }
            for need in report.needs {
                text.push_str(&format!("needs {need}\n"));
            }
            print(&text)
        }
        RoutesCommand::FromApisix { file } => {
            let converted = table::from_apisix(&read(file)?)?;
            for warning in &converted.warnings {
                let _ = writeln!(stderr(), "warning: {warning}");
            }
            let text = pretty(&converted.table)?;
            let report = table::check(&text, folder(file));
            print(&text)?;
            if report.problems.is_empty() {
                Ok(())
            } else {
                Err(said(&report.problems, Path::new("the table")))
            }
        }
        RoutesCommand::Schema => print(&pretty(&lambda_invoker::routes::schema())?),
    }
}

/// Prints problems, one line each, and sums them up.
fn said(problems: &[String], file: &Path) -> String {
    for problem in problems {
        let _ = writeln!(stderr(), "{problem}");
    }
    format!("{}: problems: {}", file.display(), problems.len())
}

fn read(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

fn pretty(value: &serde_json::Value) -> Result<String, String> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    text.push('\n');
    Ok(text)
}

fn print(text: &str) -> Result<(), String> {
    stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(|error| error.to_string())
}
