//! The process of one environment: its variables and its pipes.

use std::{collections::BTreeMap, net::SocketAddr, os::fd::AsFd, process::Stdio, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use super::{FunctionOptions, Log, Source, run::Pipes};

/// CloudWatch cuts a log event here.
const MAX_LINE_BYTES: u64 = 256 * 1024;

/// Starts the program with a clean environment. Its lines go to `log`; the tasks that carry them end with the process.
pub(super) fn spawn(
    options: &FunctionOptions,
    runtime_api: SocketAddr,
    log: &Log,
    stream: &Arc<str>,
) -> std::io::Result<(Child, [JoinHandle<()>; 2], Pipes)> {
    let mut command = Command::new(&options.binary);
    command
        .env_clear()
        .envs(variables(options, runtime_api, stream))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own: Ctrl-C in the terminal is for us, and we end the children in order.
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let outputs = [
        child.stdout.as_ref().map(AsFd::as_fd),
        child.stderr.as_ref().map(AsFd::as_fd),
    ];
    // Where a pipe cannot be watched, its last lines may be missing from a log's tail.
    let watched = outputs
        .into_iter()
        .flatten()
        .filter_map(|pipe| pipe.try_clone_to_owned().ok());
    let pipes = Pipes(watched.collect());
    let stdout = child
        .stdout
        .take()
        .map(|pipe| forward(pipe, Source::Stdout, log.clone(), stream.clone()));
    let stderr = child
        .stderr
        .take()
        .map(|pipe| forward(pipe, Source::Stderr, log.clone(), stream.clone()));
    Ok((
        child,
        [stdout, stderr].map(|task| task.unwrap_or_else(|| tokio::spawn(async {}))),
        pipes,
    ))
}

/// What Lambda sets for a function on an OS-only runtime, under the function's own variables.
///
/// `AWS_EXECUTION_ENV` is missing because AWS does not define it for these runtimes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
fn variables(options: &FunctionOptions, runtime_api: SocketAddr, stream: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
    set("PATH", &std::env::var("PATH").unwrap_or_default());
    set("TZ", ":UTC");
    set("LANG", "en_US.UTF-8");
    set("_HANDLER", "bootstrap");
    set(
        "LAMBDA_TASK_ROOT",
        &options
            .binary
            .parent()
            .map(|folder| folder.to_string_lossy())
            .unwrap_or_default(),
    );
    set("LAMBDA_RUNTIME_DIR", "/var/runtime");
    set("AWS_REGION", &options.region);
    set("AWS_DEFAULT_REGION", &options.region);
    set("AWS_LAMBDA_FUNCTION_NAME", &options.name);
    set("AWS_LAMBDA_FUNCTION_VERSION", &options.version);
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &options.memory_mb.to_string());
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", options.name));
    set("AWS_LAMBDA_LOG_STREAM_NAME", stream);
    set("AWS_LAMBDA_LOG_FORMAT", "JSON");
    set("AWS_LAMBDA_LOG_LEVEL", "INFO");
    set("AWS_ACCESS_KEY_ID", "ASIALOCALLOCALLOCAL1");
    set("AWS_SECRET_ACCESS_KEY", "local");
    set("AWS_SESSION_TOKEN", "local");
    if options.max_concurrency > 1 {
        set("AWS_LAMBDA_MAX_CONCURRENCY", &options.max_concurrency.to_string());
        set("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances");
    }
    all.extend(options.environment.clone());
    all.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), runtime_api.to_string());
    all
}

fn forward(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    source: Source,
    log: Log,
    stream: Arc<str>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    log.write(source, &stream, text.trim_end_matches(['\n', '\r']).to_owned());
                }
            }
        }
    })
}
