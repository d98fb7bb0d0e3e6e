//! Tests of the stand-in for Lambda, with the AWS SDK for Rust: what a caller sees of every kind of invocation.

mod events;
mod limits;
mod refusals;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, InvokeWithResponseStreamResponseEvent, LogType};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::tests::listener;
use super::{AccessKey, Deployment, Lambda, LambdaOptions};
use crate::function::{Function, FunctionOptions, Invoked};

fn key() -> AccessKey {
    AccessKey {
        id: "ASIATEST".to_owned(),
        secret: "secret".to_owned(),
        session_token: Some("session".to_owned()),
        expired: false,
    }
}

fn quick() -> LambdaOptions {
    LambdaOptions {
        retry_delays: [Duration::from_millis(10), Duration::from_millis(20)],
        throttle_delay: Duration::from_millis(10),
        ..LambdaOptions::new("eu-west-1", vec![key()])
    }
}

async fn start(options: LambdaOptions) -> Lambda {
    Lambda::start(listener().await, options).expect("it starts")
}

/// A function that does what its event says: `fail`, `crash`, `time out`, or comes back as it is; and how often it ran.
fn function() -> (Deployment, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = runs.clone();
    let function = Function::from_fn("hello", move |payload: Bytes| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            let event: Value = serde_json::from_slice(&payload).unwrap();
            let message = |text: &str| format!("RequestId: 1 Error: {text}");
            match event.as_str().unwrap_or_default() {
                "fail" => Invoked::function_error("Boom", "it failed"),
                "crash" => Invoked::Crashed {
                    message: message("Runtime exited with error: exit status 1"),
                },
                "time out" => Invoked::TimedOut {
                    message: message("Task timed out after 3.00 seconds"),
                },
                "wait" => {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    Invoked::Response(payload)
                }
                _ => Invoked::Response(payload),
            }
        }
    });
    let options = FunctionOptions::new("hello", "unused");
    (Deployment::of(function, options), runs)
}

fn sdk_with(lambda: &Lambda, id: &str, secret: &str, token: Option<&str>) -> Client {
    let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(lambda.url())
        .http_client(crate::sdk::http_client())
        .build();
    Client::new(&config)
}

fn sdk(lambda: &Lambda) -> Client {
    sdk_with(lambda, "ASIATEST", "secret", Some("session"))
}

fn blob(value: &Value) -> Blob {
    Blob::new(value.to_string())
}

/// What `hello` makes of an event.
async fn invoked(lambda: &Lambda, event: &Value) -> InvokeOutput {
    let invoke = sdk(lambda).invoke().function_name("hello").payload(blob(event));
    invoke.send().await.unwrap()
}

#[tokio::test]
async fn a_result_comes_back_with_its_version_and_request_id() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    let output = invoked(&lambda, &json!({"a": 1})).await;
    assert_eq!((output.status_code(), output.function_error()), (200, None));
    assert_eq!(
        (output.executed_version(), output.log_result()),
        (Some("$LATEST"), None)
    );
    assert_eq!(output.payload().unwrap().as_ref(), br#"{"a":1}"#);
    assert_eq!(output.request_id().map(str::len), Some(36));
    // Nothing is an empty object.
    let output = sdk(&lambda).invoke().function_name("hello").send().await.unwrap();
    assert_eq!(output.payload().unwrap().as_ref(), b"{}");
}

#[tokio::test]
async fn a_failed_run_is_a_success_of_the_api() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    for (event, error_type, message) in [
        ("fail", "Boom", "it failed"),
        (
            "crash",
            "Runtime.ExitError",
            "RequestId: 1 Error: Runtime exited with error: exit status 1",
        ),
        (
            "time out",
            "Sandbox.Timedout",
            "RequestId: 1 Error: Task timed out after 3.00 seconds",
        ),
    ] {
        let output = invoked(&lambda, &json!(event)).await;
        assert_eq!(
            (output.status_code(), output.function_error()),
            (200, Some("Unhandled")),
            "{event}"
        );
        assert_eq!(output.executed_version(), Some("$LATEST"));
        let payload: Value = serde_json::from_slice(output.payload().unwrap().as_ref()).unwrap();
        assert_eq!(payload, json!({"errorType": error_type, "errorMessage": message}));
    }
    lambda.deploy(Deployment {
        handled_errors: true,
        ..function().0
    });
    for (event, kind) in [("fail", "Handled"), ("crash", "Unhandled")] {
        let output = invoked(&lambda, &json!(event)).await;
        assert_eq!(output.function_error(), Some(kind), "{event}");
    }
}

#[tokio::test]
async fn a_dry_run_checks_and_does_not_run() {
    let lambda = start(quick()).await;
    let (deployment, runs) = function();
    lambda.deploy(deployment);
    let dry = |name: &str| {
        sdk(&lambda)
            .invoke()
            .function_name(name)
            .invocation_type(InvocationType::DryRun)
            .send()
    };
    let output = dry("hello").await.unwrap();
    assert_eq!((output.status_code(), output.executed_version()), (204, None));
    assert!(output.payload().is_none_or(|payload| payload.as_ref().is_empty()));
    assert!(
        dry("gone")
            .await
            .unwrap_err()
            .into_service_error()
            .is_resource_not_found_exception()
    );
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

/// The payload of a stream, and its last event.
async fn streamed(client: &Client, event: &Value) -> (Vec<u8>, Option<(Option<String>, Option<String>, bool)>) {
    let sent = client
        .invoke_with_response_stream()
        .function_name("hello")
        .log_type(LogType::Tail);
    let mut output = sent.payload(blob(event)).send().await.unwrap();
    assert_eq!(
        (output.status_code(), output.executed_version()),
        (200, Some("$LATEST"))
    );
    assert_eq!(
        output.response_stream_content_type(),
        Some("application/vnd.amazon.eventstream")
    );
    let (mut payload, mut end) = (Vec::new(), None);
    while let Some(event) = output.event_stream.recv().await.unwrap() {
        assert!(end.is_none(), "nothing comes after the end");
        match event {
            InvokeWithResponseStreamResponseEvent::PayloadChunk(chunk) => {
                payload.extend_from_slice(chunk.payload().unwrap().as_ref());
            }
            InvokeWithResponseStreamResponseEvent::InvokeComplete(last) => {
                end = Some((last.error_code, last.error_details, last.log_result.is_some()));
            }
            other => panic!("{other:?}"),
        }
    }
    (payload, end)
}

#[tokio::test]
async fn a_stream_has_chunks_and_an_end() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    let client = sdk(&lambda);
    let (payload, end) = streamed(&client, &json!({"a": "x".repeat(300_000)})).await;
    assert_eq!(payload.len(), 300_008);
    assert_eq!(end, Some((None, None, true)));
    let (payload, end) = streamed(&client, &json!("fail")).await;
    assert!(payload.is_empty());
    let report = r#"{"errorMessage":"it failed","errorType":"Boom"}"#;
    assert_eq!(end, Some((Some("Boom".to_owned()), Some(report.to_owned()), true)));
    // The record has what was sent.
    let last = lambda.calls().pop().unwrap().answered.unwrap();
    assert_eq!((last.status, last.body_encoding), (200, "base64"));
    assert!(!last.body.is_empty());
}
