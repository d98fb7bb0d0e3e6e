//! `local run`: starts the suite, prints where it is, waits for the end.

use std::{
    collections::BTreeMap,
    io::{Write, stdout},
    path::PathBuf,
    time::Duration,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{RunArgs, table};
use crate::suite::{AddressesFile, Credentials, Options, StartError, Suite};

/// Runs the suite until it is told to stop. The error is a sentence.
pub(super) fn run(args: RunArgs) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(until_stopped(args))
}

async fn until_stopped(args: RunArgs) -> Result<(), String> {
    let mut signals = Signals::new().map_err(|error| error.to_string())?;
    let file = args.addresses.clone();
    let options = options(args)?;
    let suite = match Suite::start_until(options, signals.any()).await {
        Ok(suite) => suite,
        Err(StartError::Stopped) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let written = file
        .map(|path| AddressesFile::write(&path, suite.addresses()))
        .transpose();
    let outcome = match written {
        Err(problem) => Err(problem),
        Ok(file) => {
            // The table is a courtesy: a closed terminal does not stop the suite.
            let _ = stdout().lock().write_all(table::table(suite.addresses()).as_bytes());
            signals.any().await;
            drop(file);
            Ok(())
        }
    };
    suite.stop().await;
    outcome
}

fn options(args: RunArgs) -> Result<Options, String> {
    let binaries = args.binaries.map_or_else(beside_this_program, Ok)?;
    // Variables that are not UTF-8 cannot be for our functions, which read theirs as UTF-8.
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let aws = if args.aws { Some(credentials(&variables)?) } else { None };
    Ok(Options {
        port_base: args.port_base,
        gateway_ttl: Duration::from_secs_f64(args.gateway_ttl),
        environments: args.environments,
        max_concurrency: args.max_concurrency,
        hydra_url: args.hydra_url,
        permissions: args.permissions,
        keto_url: args.keto_url,
        slack_url: args.slack_url,
        lambda_url: args.lambda_url,
        aws,
        variables,
        echo: true,
        ..Options::new(binaries)
    })
}

fn beside_this_program() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program's folder: {error}"))?;
    program
        .parent()
        .map(PathBuf::from)
        .ok_or_else(|| "this program has no folder".to_owned())
}

fn credentials(variables: &BTreeMap<String, String>) -> Result<Credentials, String> {
    let get = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let need = |name: &str| get(name).ok_or_else(|| format!("--aws needs {name} in the environment"));
    Ok(Credentials {
        access_key_id: need("AWS_ACCESS_KEY_ID")?,
        secret_access_key: need("AWS_SECRET_ACCESS_KEY")?,
        session_token: get("AWS_SESSION_TOKEN"),
        region: get("AWS_REGION").map_or_else(
            || need("AWS_DEFAULT_REGION").map_err(|_| "--aws needs AWS_REGION in the environment".to_owned()),
            Ok,
        )?,
    })
}

/// The ways of being told to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
