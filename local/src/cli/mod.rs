//! The command line.

mod migration;
mod routes;
mod run;
mod smoke;
mod table;

use std::{
    io::{Write, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use serde_json::Value;

use crate::{
    slack_app::{self, Feature},
    suite::Permissions,
};

/// What stands under the options.
const VARIABLES: &str = "\
Variables of the environment that begin with AUTHZ_ go to authorizer, with HIPCHAT_ or SLACK_ to hipchat-proxy, with INVOKER_
to lambda-invoker, and AWS_LAMBDA_LOG_LEVEL to all of them. They win over the local defaults.";

/// The suite on this machine, without an AWS account.
#[derive(Debug, Parser)]
#[command(name = "local", args_conflicts_with_subcommands = true, after_help = VARIABLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything and print where it is; Ctrl-C stops it. This is what happens without a command
    Run(RunArgs),
    /// Check and make route tables of lambda-invoker
    #[command(subcommand)]
    Routes(routes::RoutesCommand),
    /// Make the directory of hipchat-proxy from HipChat's rooms and Slack's channels; tells how each room was matched
    Directory(migration::DirectoryArgs),
    /// Make an entry of the allow-list of hipchat-proxy from a token on standard input
    HashToken(migration::HashTokenArgs),
    /// Send recorded requests of HipChat clients to a stage, and compare the answers with the recorded ones
    Replay(migration::ReplayArgs),
    /// Print the manifest of the Slack app, with the scopes that these features need
    SlackManifest {
        /// Features beside messages, separated by commas
        #[arg(long, value_enum, value_delimiter = ',', value_name = "FEATURE")]
        with: Vec<Feature>,
    },
    /// Ask each front of a stack, deployed or on this machine, whether it lets in whom it must; posts and changes nothing
    Smoke(Box<smoke::SmokeArgs>),
}

#[derive(Debug, Args)]
#[command(after_help = VARIABLES)]
struct RunArgs {
    /// The first of thirteen consecutive ports; 0 takes any free ones
    #[arg(long, env = "LOCAL_PORT_BASE", default_value_t = 8080, value_name = "PORT")]
    port_base: u16,
    /// A file that gets all addresses as JSON once everything answers
    #[arg(long, env = "LOCAL_ADDRESSES", value_name = "FILE")]
    addresses: Option<PathBuf>,
    /// The folder with the functions' binaries [default: where this program is]
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
    /// A real Hydra's administrative base URL, in place of the stand-in
    #[arg(long, value_name = "URL", value_parser = base_url)]
    hydra_url: Option<String>,
    /// Who is asked what a token permits: warden makes the stand-in a Hydra 0.11, keto takes two more ports. The APIs then
    /// keep no replies
    #[arg(long, value_enum, default_value_t = Permissions::None, value_name = "SERVER")]
    permissions: Permissions,
    /// The base URL of a real Keto's read port, in place of the stand-in
    #[arg(long, value_name = "URL", value_parser = base_url)]
    keto_url: Option<String>,
    /// Slack's base URL, such as <https://slack.com>, in place of the stand-in; needs SLACK_TOKEN
    #[arg(long, value_name = "URL", value_parser = base_url)]
    slack_url: Option<String>,
    /// The base URL of another stand-in for Lambda's service; it gets the suite's own signatures. The real one is `--aws`
    #[arg(long, value_name = "URL", value_parser = base_url)]
    lambda_url: Option<String>,
    /// Use the AWS credentials of the environment, and no stand-ins for Secrets Manager, Lambda and the target
    #[arg(long)]
    aws: bool,
    /// The most environments of each function
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = at_least_one)]
    environments: usize,
    /// The events that one environment works on at a time, as on Lambda Managed Instances
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = at_least_one)]
    max_concurrency: usize,
    /// How long the APIs keep the authorizer's replies; 0 switches their caches off
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS", value_parser = ttl)]
    gateway_ttl: f64,
}

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Run(cli.run)) {
        Command::Run(args) => run::run(args),
        Command::Routes(command) => routes::run(&command),
        Command::Directory(args) => migration::directory(&args),
        Command::HashToken(args) => migration::hash_token(args),
        Command::Replay(args) => migration::replay(&args),
        Command::SlackManifest { with } => print(&slack_app::manifest(&with)),
        Command::Smoke(args) => smoke::run(*args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nobody to tell when standard error is gone.
            let _ = writeln!(stderr(), "local: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn print(document: &Value) -> Result<(), String> {
    writeln!(stdout(), "{document:#}").map_err(|error| error.to_string())
}

fn base_url(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("a base URL begins with http:// or https:// and has no query".to_owned())
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=100).contains(&number) => Ok(number),
        _ => Err("a number from 1 to 100".to_owned()),
    }
}

fn ttl(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("seconds, from 0 to 3600".to_owned()),
    }
}
