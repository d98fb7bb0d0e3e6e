//! Processes that do not get ready.

use std::time::Duration;

use local::function::{Function, FunctionOptions, InitFailure, Invoked};
use serde_json::{Value, json};

use super::probe::{invoke, options};

#[track_caller]
fn check_init(failure: InitFailure, error_type: &str, error_message: &str, lines: &[&str]) {
    assert_eq!(
        (failure.error_type.as_str(), failure.error_message.as_str()),
        (error_type, error_message)
    );
    assert_eq!(failure.lines, lines);
    let payload: Value = serde_json::from_slice(&failure.payload).unwrap();
    assert_eq!(payload, json!({"errorType": error_type, "errorMessage": error_message}));
}

#[tokio::test]
async fn a_reported_init_error_reaches_who_warms_and_who_invokes() {
    let lines = ["the variable PROBE_INIT says report", "reported: Ok(202)"];
    let function = Function::new(options().env("PROBE_INIT", "report"));
    let failure = function.warm().await.expect_err("the probe refuses to start");
    check_init(failure, "ConfigurationError", "PROBE_INIT is report", &lines);
    match invoke(&function, json!({})).await {
        Invoked::InitFailed(failure) => check_init(failure, "ConfigurationError", "PROBE_INIT is report", &lines),
        other => panic!("{other:?}"),
    }
    assert_eq!(function.environments(), 0);
}

#[tokio::test]
async fn a_process_that_ends_before_it_is_ready() {
    let function = Function::new(options().env("PROBE_INIT", "exit"));
    let failure = function.warm().await.expect_err("the probe exits");
    let lines = ["the variable PROBE_INIT says exit"];
    check_init(
        failure,
        "Runtime.ExitError",
        "Runtime exited with error: exit status 3",
        &lines,
    );
}

#[tokio::test]
async fn a_process_that_does_not_get_ready_in_time() {
    let options = FunctionOptions {
        init_timeout: Duration::from_millis(300),
        ..options().env("PROBE_INIT", "hang")
    };
    let failure = Function::new(options).warm().await.expect_err("the probe hangs");
    check_init(failure, "Sandbox.Timedout", "Init timed out after 0.30 seconds", &[]);
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let function = Function::new(FunctionOptions::new("probe", "/nowhere/probe"));
    let failure = function.warm().await.expect_err("no such program");
    assert_eq!(failure.error_type, "Runtime.InvalidEntrypoint");
    assert!(
        failure.error_message.starts_with("cannot start /nowhere/probe: "),
        "{failure}"
    );
}
