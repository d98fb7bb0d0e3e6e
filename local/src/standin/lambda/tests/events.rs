//! Asynchronous events: accepted at once, tried three times, then given up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_lambda::types::InvocationType;
use serde_json::{Value, json};

use super::{blob, function, quick, sdk, start};
use crate::standin::{Deployment, Lambda, LambdaOptions};

async fn send(lambda: &Lambda, event: &Value) {
    let sent = sdk(lambda)
        .invoke()
        .function_name("hello")
        .invocation_type(InvocationType::Event);
    let output = sent.payload(blob(event)).send().await.unwrap();
    assert_eq!((output.status_code(), output.executed_version()), (202, None));
    assert_eq!((output.function_error(), output.log_result()), (None, None));
    assert!(output.payload().is_none_or(|payload| payload.as_ref().is_empty()));
}

/// Waits until a function ran so often, or an event was dropped.
async fn until(lambda: &Lambda, runs: &AtomicUsize, wanted: usize, dropped: usize) {
    let enough = async {
        while runs.load(Ordering::SeqCst) < wanted || lambda.dropped().len() < dropped {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(10), enough).await;
    assert!(
        done.is_ok(),
        "{} runs, {:?}",
        runs.load(Ordering::SeqCst),
        lambda.dropped()
    );
}

#[tokio::test]
async fn a_good_event_runs_once() {
    let lambda = start(quick()).await;
    let (deployment, runs) = function();
    lambda.deploy(deployment);
    send(&lambda, &json!({"a": 1})).await;
    until(&lambda, &runs, 1, 0).await;
    // Longer than both pauses.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        (runs.load(Ordering::SeqCst), lambda.dropped()),
        (1, Vec::<Value>::new())
    );
}

#[tokio::test]
async fn a_bad_event_runs_three_times_and_is_dropped() {
    let lambda = start(quick()).await;
    let (deployment, runs) = function();
    lambda.deploy(deployment);
    send(&lambda, &json!("fail")).await;
    until(&lambda, &runs, 3, 1).await;
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    let mut record = lambda.dropped().remove(0);
    let id = record["requestContext"]["requestId"].take();
    assert_eq!(id.as_str().map(str::len), Some(36));
    assert!(record["timestamp"].take().is_string());
    let expected = json!({
        "version": "1.0",
        "timestamp": null,
        "requestContext": {
            "requestId": null,
            "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:hello",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": "fail",
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Boom", "errorMessage": "it failed"},
    });
    assert_eq!(record, expected);
    let list: Value = reqwest::get(format!("{}/_dropped", lambda.url()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_throttled_event_waits_until_it_is_too_old() {
    let lambda = start(LambdaOptions {
        event_age: Duration::from_millis(60),
        ..quick()
    })
    .await;
    let (deployment, runs) = function();
    lambda.deploy(Deployment {
        reserved_concurrency: Some(0),
        ..deployment
    });
    send(&lambda, &json!({})).await;
    until(&lambda, &runs, 0, 1).await;
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    let record = lambda.dropped().remove(0);
    assert_eq!(record["requestContext"]["condition"], "EventAgeExceeded");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 0);
    assert!(record.get("responseContext").is_none());
}
