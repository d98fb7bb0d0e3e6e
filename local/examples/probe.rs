//! A Lambda function that does what its event says, for the tests of the local Lambda.

use std::{io::Write, time::Duration};

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() {
    match std::env::var("PROBE_INIT").as_deref() {
        Ok("exit") => {
            say("the variable PROBE_INIT says exit");
            std::process::exit(3);
        }
        Ok("hang") => std::future::pending::<()>().await,
        Ok("report") => report().await,
        _ => {}
    }
    let ended = Runtime::new(service_fn(handle)).run_concurrent().await;
    say(&format!("the runtime ended: {ended:?}"));
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let (payload, context) = event.into_parts();
    let text = |member: &str| {
        payload
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let number = |member: &str| payload.get(member).and_then(Value::as_u64).unwrap_or_default();
    match text("do").as_str() {
        "sleep" => tokio::time::sleep(Duration::from_millis(number("ms"))).await,
        "exit" => std::process::exit(i32::try_from(number("code")).unwrap_or(1)),
        "abort" => std::process::abort(),
        "error" => {
            return Err(Diagnostic {
                error_type: text("type"),
                error_message: text("message"),
            });
        }
        "big" => return Ok(json!("x".repeat(usize::try_from(number("bytes")).unwrap_or(0)))),
        "say" => say(&text("line")),
        "env" => {
            return Ok(std::env::vars()
                .collect::<std::collections::BTreeMap<_, _>>()
                .into_iter()
                .collect());
        }
        "spawn" => {
            // Work that outlives the answer by a crash.
            std::thread::spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                std::process::exit(9);
            });
        }
        _ => {}
    }
    Ok(json!({
        "pid": std::process::id(),
        "request_id": context.request_id,
        "deadline_ms": context.deadline,
        "arn": context.invoked_function_arn,
        "trace": context.xray_trace_id,
        "value": payload.get("value"),
    }))
}

/// Reports a failed start as the functions do, and exits.
async fn report() {
    say("the variable PROBE_INIT says report");
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    let sent = reqwest::Client::new()
        .post(format!("http://{api}/2018-06-01/runtime/init/error"))
        .body(r#"{"errorType":"ConfigurationError","errorMessage":"PROBE_INIT is report"}"#)
        .send()
        .await;
    say(&format!("reported: {:?}", sent.map(|response| response.status())));
    std::process::exit(1);
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
