//! What is counted: concurrency, payloads, client context.

use std::sync::atomic::Ordering;

use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::types::{InvocationType, ThrottleReason};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{blob, function, quick, sdk, start};
use crate::standin::{Deployment, LambdaOptions};

/// Invokes so often at a time; how many ran, and why the others did not.
async fn burst(
    options: LambdaOptions,
    reserved: Option<usize>,
    count: usize,
) -> (usize, Vec<(ThrottleReason, String)>) {
    let lambda = start(options).await;
    let (deployment, runs) = function();
    lambda.deploy(Deployment {
        reserved_concurrency: reserved,
        ..deployment
    });
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..count {
        let call = sdk(&lambda)
            .invoke()
            .function_name("hello")
            .payload(blob(&json!("wait")));
        calls.spawn(call.send());
    }
    let mut refused = Vec::new();
    for answer in calls.join_all().await {
        match answer.map_err(|error| error.into_service_error()) {
            Ok(output) => assert_eq!(output.status_code(), 200),
            Err(InvokeError::TooManyRequestsException(error)) => {
                assert_eq!(error.message(), Some("Rate Exceeded."));
                let after = error.retry_after_seconds().unwrap().to_owned();
                refused.push((error.reason().unwrap().clone(), after));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    (runs.load(Ordering::SeqCst), refused)
}

#[tokio::test]
async fn more_than_the_reserved_concurrency_is_throttled() {
    let (runs, refused) = burst(quick(), Some(2), 5).await;
    let reason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
    assert_eq!((runs, refused), (2, vec![(reason, "1".to_owned()); 3]));
}

#[tokio::test]
async fn more_than_the_accounts_concurrency_is_throttled() {
    let options = LambdaOptions {
        concurrency: 3,
        ..quick()
    };
    let (runs, refused) = burst(options, None, 4).await;
    let reason = ThrottleReason::ConcurrentInvocationLimitExceeded;
    assert_eq!((runs, refused), (3, vec![(reason, "1".to_owned())]));
}

#[tokio::test]
async fn a_place_is_free_again_once_the_function_is_done() {
    let lambda = start(quick()).await;
    let (deployment, runs) = function();
    lambda.deploy(Deployment {
        reserved_concurrency: Some(1),
        ..deployment
    });
    for _ in 0..3 {
        let output = sdk(&lambda).invoke().function_name("hello").send().await.unwrap();
        assert_eq!(output.status_code(), 200);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn payloads_have_their_limits_to_the_byte() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    for (kind, limit) in [
        (InvocationType::RequestResponse, 6_291_456),
        (InvocationType::Event, 1_048_576),
    ] {
        let send = |bytes: usize| {
            let text = "x".repeat(bytes - 2);
            let call = sdk(&lambda)
                .invoke()
                .function_name("hello")
                .invocation_type(kind.clone());
            call.payload(blob(&json!(text))).send()
        };
        assert!(send(limit).await.is_ok(), "{kind:?}");
        let error = send(limit + 1).await.unwrap_err();
        assert_eq!(error.raw_response().map(|raw| raw.status().as_u16()), Some(413));
        assert!(error.into_service_error().is_request_too_large_exception(), "{kind:?}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let lambda = start(quick()).await;
    let (deployment, runs) = function();
    lambda.deploy(deployment);
    for payload in ["{", "x", "{} {}", "\u{feff}{}"] {
        let sent = sdk(&lambda)
            .invoke()
            .function_name("hello")
            .payload(payload.as_bytes().to_vec().into())
            .send();
        let error = sent.await.unwrap_err().into_service_error();
        assert!(error.is_invalid_request_content_exception(), "{payload}: {error:?}");
    }
    let long = STANDARD.encode(json!({"custom": {"a": "x".repeat(3000)}}).to_string());
    for context in ["???", &STANDARD.encode("[]"), &long] {
        let sent = sdk(&lambda)
            .invoke()
            .function_name("hello")
            .client_context(context)
            .send();
        let error = sent.await.unwrap_err().into_service_error();
        assert!(error.is_invalid_request_content_exception(), "{context}: {error:?}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}
