//! What a function is told beside its event, and in which process it runs.

use std::collections::BTreeSet;

use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::types::InvocationType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::function::FunctionOptions;
use local::standin::Deployment;
use serde_json::json;

use super::{blob, demo, hello, payload, sdk, service};
use crate::stage::binaries;

#[tokio::test(flavor = "multi_thread")]
async fn a_function_learns_who_asked_and_what_for() {
    let (_lambda, client) = hello(|deployment| deployment.alias("live", 7)).await;
    let context = json!({"custom": {"k": "v"}});
    let event = blob(&json!({"do": "context"}));
    let call = client
        .invoke()
        .function_name("hello")
        .client_context(STANDARD.encode(context.to_string()));
    let output = call.payload(event.clone()).send().await.unwrap();
    let told = payload(&output);
    assert_eq!(told["awsRequestId"].as_str(), output.request_id());
    assert_eq!(
        told["invokedFunctionArn"],
        "arn:aws:lambda:eu-west-1:123456789012:function:hello"
    );
    assert_eq!(told["clientContext"]["custom"], json!({"k": "v"}));
    assert_eq!(
        (&told["tenantId"], &told["functionVersion"]),
        (&json!(null), &json!("$LATEST"))
    );

    // An alias is part of the ARN, and its version is what runs.
    let call = client.invoke().function_name("hello:live").payload(event.clone());
    let output = call.send().await.unwrap();
    assert_eq!(output.executed_version(), Some("7"));
    let told = payload(&output);
    assert_eq!(
        told["invokedFunctionArn"],
        "arn:aws:lambda:eu-west-1:123456789012:function:hello:live"
    );
    assert_eq!(
        (&told["functionVersion"], &told["clientContext"]),
        (&json!("7"), &json!(null))
    );
    assert!(told["logStreamName"].as_str().unwrap().contains("/[7]"), "{told}");
    let other = client
        .invoke()
        .function_name("hello")
        .qualifier("7")
        .payload(event)
        .send()
        .await
        .unwrap();
    assert_eq!(
        payload(&other)["process"],
        told["process"],
        "a version has its own processes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_never_share_a_process() {
    let (_lambda, client) = hello(|deployment| Deployment {
        tenants: true,
        ..deployment
    })
    .await;
    let mut processes = BTreeSet::new();
    for tenant in ["blue", "green", "blue"] {
        let call = client.invoke().function_name("hello").tenant_id(tenant);
        let told = payload(&call.payload(blob(&json!({"do": "context"}))).send().await.unwrap());
        assert_eq!(told["tenantId"], tenant);
        processes.insert(told["process"].to_string());
    }
    assert_eq!(processes.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_run_at_a_time_as_are_reserved() {
    let (_lambda, client) = hello(|deployment| Deployment {
        reserved_concurrency: Some(3),
        ..deployment
    })
    .await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..8 {
        let event = blob(&json!({"do": "sleep", "ms": 1500, "number": number}));
        calls.spawn(client.invoke().function_name("hello").payload(event).send());
    }
    let (mut ran, mut throttled) = (0, 0);
    for answer in calls.join_all().await {
        match answer {
            Ok(output) => {
                assert_eq!(output.function_error(), None);
                ran += 1;
            }
            Err(error) => {
                assert!(error.into_service_error().is_too_many_requests_exception());
                throttled += 1;
            }
        }
    }
    assert_eq!((ran, throttled), (3, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_has_no_client_context_and_keeps_its_request_id() {
    let (lambda, client) = hello(|deployment| deployment).await;
    let event = blob(&json!({"do": "error", "type": "Boom", "message": "no", "id": "event"}));
    let context = STANDARD.encode(r#"{"custom": {"k": "v"}}"#);
    let call = client
        .invoke()
        .function_name("hello")
        .invocation_type(InvocationType::Event);
    let output = call.client_context(context).payload(event).send().await.unwrap();
    assert_eq!(output.status_code(), 202);
    for _ in 0..500 {
        if !lambda.dropped().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let record = lambda.dropped().pop().expect("given up");
    assert_eq!(record["requestContext"]["requestId"].as_str(), output.request_id());
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(
        record["responsePayload"],
        json!({"errorType": "Boom", "errorMessage": "no"})
    );
    assert_eq!(super::runs(&lambda, "hello", "event"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suites_own_functions_run_there() {
    let lambda = service().await;
    lambda.deploy(Deployment::new(demo("hello")));
    let table = json!({"version": 1, "routes": [{"uri": "/hello", "function":
        {"name": "hello", "region": "eu-west-1", "endpoint_url": lambda.url()}}]});
    let key = super::key("ASIATEST");
    let options = FunctionOptions::new("lambda-invoker", binaries().join("lambda-invoker"))
        .env("INVOKER_CONFIG", table.to_string())
        .env("AWS_ACCESS_KEY_ID", key.id)
        .env("AWS_SECRET_ACCESS_KEY", key.secret)
        .env("AWS_SESSION_TOKEN", key.session_token.unwrap());
    lambda.deploy(Deployment::new(FunctionOptions {
        timeout: std::time::Duration::from_secs(10),
        ..options
    }));
    let event =
        json!({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/hello", "headers": {}, "body": ""});
    let output = sdk(&lambda)
        .invoke()
        .function_name("lambda-invoker")
        .payload(blob(&event))
        .send()
        .await
        .unwrap();
    let answer = payload(&output);
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert!(answer["body"].as_str().unwrap().contains("\"hello\""), "{answer}");
}
