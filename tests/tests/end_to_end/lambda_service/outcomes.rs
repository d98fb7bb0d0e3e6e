//! How a run may end, and what the end of its log says.

use std::time::Duration;

use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::types::LogType;
use local::function::FunctionOptions;
use local::standin::Deployment;
use serde_json::{Value, json};

use super::{blob, demo, hello, log, payload};

/// The answer to an event with the end of the log, and the log.
async fn tailed(change: impl FnOnce(FunctionOptions) -> FunctionOptions, event: Value) -> (InvokeOutput, String) {
    let options = change(demo("hello"));
    let (_lambda, client) = hello(|_| Deployment::new(options)).await;
    let call = client
        .invoke()
        .function_name("hello")
        .log_type(LogType::Tail)
        .payload(blob(&event));
    let output = call.send().await.unwrap();
    let text = log(output.log_result());
    (output, text)
}

fn frame(output: &InvokeOutput, text: &str) {
    let id = output.request_id().unwrap();
    assert!(
        text.contains(&format!("\nEND RequestId: {id}\nREPORT RequestId: {id}\tDuration: ")),
        "{text}"
    );
    assert!(text.contains(" ms\tMemory Size: 128 MB\t"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_what_the_function_printed() {
    let (output, text) = tailed(|options| options, json!({"do": "say", "line": "on the one hand"})).await;
    let id = output.request_id().unwrap();
    let start = format!("START RequestId: {id} Version: $LATEST\non the one hand\nEND RequestId: {id}\n");
    assert!(text.starts_with(&start), "{text}");
    frame(&output, &text);
    assert_eq!(output.function_error(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_cut_to_its_last_four_kilobytes() {
    let line = format!("{} end of line", "x".repeat(6000));
    let (output, text) = tailed(|options| options, json!({"do": "say", "line": line})).await;
    assert_eq!(text.len(), 4096);
    assert!(
        text.starts_with('x') && text.contains("xxx end of line\nEND RequestId: "),
        "{text}"
    );
    frame(&output, &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reported_error_comes_as_the_function_wrote_it() {
    let event = json!({"do": "error", "type": "Boom", "message": "it failed"});
    let (output, text) = tailed(|options| options, event).await;
    assert_eq!(
        (output.status_code(), output.function_error()),
        (200, Some("Unhandled"))
    );
    assert_eq!(
        payload(&output),
        json!({"errorType": "Boom", "errorMessage": "it failed"})
    );
    frame(&output, &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_too_long_is_ended() {
    let limit = |options| FunctionOptions {
        timeout: Duration::from_secs(1),
        ..options
    };
    let (output, text) = tailed(limit, json!({"do": "sleep", "ms": 20_000})).await;
    assert_eq!(
        (output.status_code(), output.function_error()),
        (200, Some("Unhandled"))
    );
    let id = output.request_id().unwrap();
    let message = format!("RequestId: {id} Error: Task timed out after 1.00 seconds");
    assert_eq!(
        payload(&output),
        json!({"errorType": "Sandbox.Timedout", "errorMessage": message})
    );
    assert!(
        text.contains(&message) && text.ends_with("\tStatus: timeout\t\n"),
        "{text}"
    );
    frame(&output, &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_told_with_how_the_process_ended() {
    let (output, text) = tailed(|options| options, json!({"do": "exit", "code": 3})).await;
    assert_eq!(
        (output.status_code(), output.function_error()),
        (200, Some("Unhandled"))
    );
    let id = output.request_id().unwrap();
    let message = format!("RequestId: {id} Error: Runtime exited with error: exit status 3");
    assert_eq!(
        payload(&output),
        json!({"errorType": "Runtime.ExitError", "errorMessage": message})
    );
    assert!(
        text.ends_with("\tStatus: error\tError Type: Runtime.ExitError\t\n"),
        "{text}"
    );
    frame(&output, &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_may_have_so_many_bytes_and_no_more() {
    let (_lambda, client) = hello(|deployment| deployment).await;
    // Two quotation marks belong to it.
    for (bytes, fits) in [(6_291_554, true), (6_291_555, false)] {
        let call = client
            .invoke()
            .function_name("hello")
            .payload(blob(&json!({"do": "big", "bytes": bytes})));
        let output = call.send().await.unwrap();
        assert_eq!(output.function_error().is_none(), fits);
        let payload = payload(&output);
        if fits {
            assert_eq!(payload.as_str().map(str::len), Some(bytes));
        } else {
            let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
            let error = json!({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message});
            assert_eq!(payload, error);
        }
    }
}
