//! The life of one environment: its listener, its process, and how it ends.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    time::timeout,
};

use super::{InitFailure, Source, pool::Pool, process, runtime_api, state::Phase};

/// How long the last lines of a process may take once it has ended.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Runs one environment to its end and takes it off the pool's books.
pub(super) async fn run(pool: Arc<Pool>, id: u64, phase: watch::Receiver<Phase>, kill: Arc<Notify>) {
    let log = pool.log();
    let stream: Arc<str> = format!(
        "{}/[{}]{}",
        crate::clock::log_day(crate::clock::epoch_millis()),
        pool.options.version,
        crate::random::hex(16)
    )
    .into();
    let mut failure = live(&pool, id, &stream, phase, kill).await;
    failure.lines = log
        .lines()
        .into_iter()
        .filter(|line| line.stream == stream && line.source != Source::Platform)
        .map(|line| line.text)
        .collect();
    if !pool.is_stopped() {
        log.write(
            Source::Platform,
            &stream,
            format!("environment ended: {}", failure.error_message),
        );
    }
    pool.ended(id, failure);
}

async fn live(
    pool: &Arc<Pool>,
    id: u64,
    stream: &Arc<str>,
    phase: watch::Receiver<Phase>,
    kill: Arc<Notify>,
) -> InitFailure {
    let options = &pool.options;
    let failed = |error_type: &str, message: &str| InitFailure::new(&options.name, error_type, message);
    let server = match TcpListener::bind(("127.0.0.1", 0))
        .await
        .and_then(|listener| runtime_api::start(pool, id, listener))
    {
        Ok(server) => server,
        Err(error) => return failed("Runtime.Unknown", &format!("no listener for the Runtime API: {error}")),
    };
    let (mut child, lines, pipes) = match process::spawn(options, server.address(), &pool.log(), stream) {
        Ok(spawned) => spawned,
        Err(error) => {
            let program = options.binary.display();
            return failed("Runtime.InvalidEntrypoint", &format!("cannot start {program}: {error}"));
        }
    };
    pool.prints(id, stream, pipes);
    let end = tokio::select! {
        status = child.wait() => status.map_or_else(|error| error.to_string(), describe),
        () = kill.notified() => "Runtime exited with error: signal: killed".to_owned(),
        () = init_limit(options.init_timeout, phase) => {
            format!("Init timed out after {:.2} seconds", options.init_timeout.as_secs_f64())
        }
    };
    let error_type = if end.starts_with("Init timed out") {
        "Sandbox.Timedout"
    } else {
        "Runtime.ExitError"
    };
    // Harmless where the process has ended already.
    let _ = child.kill().await;
    for task in lines {
        // A grandchild may hold the pipe open for longer than the process lives.
        let _ = timeout(LAST_LINES, task).await;
    }
    failed(error_type, &end)
}

/// Ends when the process has not got ready in time.
async fn init_limit(limit: Duration, mut phase: watch::Receiver<Phase>) {
    if timeout(limit, phase.wait_for(|phase| matches!(phase, Phase::Ready)))
        .await
        .is_ok()
    {
        std::future::pending::<()>().await;
    }
}

/// Lambda's sentence about the end of a process.
fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(signal)) => format!("Runtime exited with error: signal: {}", signal_name(signal)),
        (None, None) => "Runtime exited without providing a reason".to_owned(),
    }
}

fn signal_name(signal: i32) -> String {
    match signal {
        2 => "interrupt".to_owned(),
        4 => "illegal instruction".to_owned(),
        6 => "aborted".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        15 => "terminated".to_owned(),
        other => format!("signal {other}"),
    }
}
