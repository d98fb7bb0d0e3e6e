//! `local smoke`: asks each front of a stack, deployed or on this machine, and says what came.

use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use clap::Args;

use crate::smoke::{self, Api, Check, Fronts, Hipchat, Invoker};

/// Where a stack's fronts are. Outputs of the stack hold them.
#[derive(Debug, Args)]
pub(super) struct SmokeArgs {
    /// A file that `local run --addresses` wrote: all fronts of the suite on this machine
    #[arg(long, value_name = "FILE")]
    addresses: Option<PathBuf>,
    /// A REST API behind the authorizer, with its stage
    #[arg(long, value_name = "URL")]
    rest_api: Option<String>,
    /// An HTTP API behind the authorizer
    #[arg(long, value_name = "URL")]
    http_api: Option<String>,
    /// The path that both APIs answer with 200
    #[arg(long, value_name = "PATH", default_value = "/hello")]
    path: String,
    /// An access token that the authorizer takes
    #[arg(long, env = "SMOKE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// The load balancer of hipchat-proxy
    #[arg(long, value_name = "URL")]
    hipchat: Option<String>,
    /// The host name that will lead to hipchat-proxy: asked for where the URL leads, certificate included
    #[arg(long, value_name = "HOST", requires = "hipchat")]
    hipchat_host: Option<String>,
    /// A token of the HipChat API; nothing is posted with it
    #[arg(
        long,
        env = "SMOKE_HIPCHAT_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        requires = "hipchat_room"
    )]
    hipchat_token: Option<String>,
    /// A room that the token may write to
    #[arg(long, value_name = "ROOM")]
    hipchat_room: Option<String>,
    /// The load balancer of lambda-invoker
    #[arg(long, value_name = "URL", conflicts_with = "invoker_api")]
    invoker: Option<String>,
    /// The HTTP API of lambda-invoker, in place of a load balancer
    #[arg(long, value_name = "URL")]
    invoker_api: Option<String>,
    /// The host name that will lead to lambda-invoker, likewise
    #[arg(long, value_name = "HOST", requires = "invoker")]
    invoker_host: Option<String>,
    /// A path of the route table that answers a GET with 200
    #[arg(long, value_name = "PATH")]
    invoker_path: Option<String>,
    /// The Function URL of lambda-invoker, which must be closed
    #[arg(long, value_name = "URL")]
    function_url: Option<String>,
    /// Certificate authorities that are trusted beside the system's, PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Asks all fronts. The error is a sentence; it counts what is not as it must be.
pub(super) fn run(args: SmokeArgs) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let checks = runtime.block_on(async {
        let ca = args.ca_file.as_ref().map(read).transpose()?;
        let fronts = fronts(args).await?;
        smoke::run(&fronts, ca.as_deref()).await
    })?;
    if checks.is_empty() {
        return Err("nothing to ask: give at least one URL, or --addresses".to_owned());
    }
    // Nobody to tell when standard output is gone; the exit code still tells.
    let _ = stdout().lock().write_all(table(&checks).as_bytes());
    match checks.iter().filter(|check| !check.is_right).count() {
        0 => Ok(()),
        wrong => Err(format!("{wrong} of {} answers are wrong", checks.len())),
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

async fn fronts(args: SmokeArgs) -> Result<Fronts, String> {
    let mut fronts = match &args.addresses {
        Some(path) => Fronts::of_local(&String::from_utf8_lossy(&read(path)?)).await?,
        None => Fronts::default(),
    };
    let path = args.path;
    let api = |url| Api {
        url,
        path: path.clone(),
    };
    fronts.rest_api = args.rest_api.map(api).or(fronts.rest_api);
    fronts.http_api = args.http_api.map(api).or(fronts.http_api);
    fronts.token = args.token.or(fronts.token);
    if let Some(url) = args.hipchat {
        fronts.hipchat = Some(Hipchat {
            url,
            host: args.hipchat_host,
            token: args.hipchat_token.zip(args.hipchat_room),
        });
    }
    let is_api = args.invoker_api.is_some();
    if let Some(url) = args.invoker_api.or(args.invoker) {
        fronts.invoker = Some(Invoker {
            url,
            host: args.invoker_host,
            path: args.invoker_path,
            is_api,
        });
    }
    fronts.function_url = args.function_url;
    Ok(fronts)
}

fn table(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let lines = checks.iter().map(|check| match check.is_right {
        true => format!("ok     {:width$}  {}\n", check.name, check.came),
        false => format!(
            "WRONG  {:width$}  {}, wanted {}\n",
            check.name, check.came, check.wanted
        ),
    });
    lines.collect()
}
