//! The end of the log of one invocation, as Lambda writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::function::{Invoked, Run};

/// How much of the log is given, in bytes.
const MAX_BYTES: usize = 4096;

/// The last 4 KB in Base64: the frame that Lambda writes around every invocation, and between it what the function printed. `REPORT`
/// does not tell the memory used, which nobody measures here.
pub(super) async fn tail(run: &Run, request_id: &str, version: &str, memory_mb: u32) -> String {
    let mut log = format!("START RequestId: {request_id} Version: {version}\n");
    for line in run.lines().await {
        log.push_str(&line);
        log.push('\n');
    }
    let status = match &run.outcome {
        Invoked::TimedOut { message } => Some((message.as_str(), "timeout", None)),
        Invoked::Crashed { message } => Some((message.as_str(), "error", Some("Runtime.ExitError"))),
        Invoked::InitFailed(failure) => Some((
            failure.error_message.as_str(),
            "error",
            Some(failure.error_type.as_str()),
        )),
        _ => None,
    };
    if let Some((message, ..)) = status {
        log.push_str(message);
        log.push('\n');
    }
    let ms = run.took.as_secs_f64() * 1000.0;
    log.push_str(&format!(
        "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {ms:.2} ms\tBilled Duration: {:.0} ms\t\
         Memory Size: {memory_mb} MB\t",
        ms.ceil()
    ));
    if let Some((_, status, error_type)) = status {
        log.push_str(&format!("Status: {status}\t"));
        if let Some(error_type) = error_type {
            log.push_str(&format!("Error Type: {error_type}\t"));
        }
    }
    log.push('\n');
    let from = log.len().saturating_sub(MAX_BYTES);
    STANDARD.encode(log.as_bytes().get(from..).unwrap_or_default())
}
