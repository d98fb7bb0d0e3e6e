//! The Invoke API with the AWS SDK.

use std::time::{Duration, Instant};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LogType};

use super::*;

fn sdk(target: &Target, secret: &str) -> Client {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials(secret)))
        .retry_config(RetryConfig::disabled())
        .http_client(shared::aws::sdk_http_client())
        .endpoint_url(target.url())
        .build();
    Client::new(&config)
}

fn payload(output: &InvokeOutput) -> Value {
    serde_json::from_slice(output.payload().expect("a payload").as_ref()).expect("JSON")
}

#[tokio::test]
async fn a_function_is_found_by_every_kind_of_name() {
    let target = start().await;
    let sdk = sdk(&target, "s3cret");
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:echo";
    let cases = [
        ("echo", None, "$LATEST"),
        ("echo", Some("$LATEST"), "$LATEST"),
        ("echo", Some("live"), "1"),
        ("echo:live", None, "1"),
        ("echo:live", Some("live"), "1"),
        ("123456789012:function:echo", None, "$LATEST"),
        ("123456789012:function:echo:live", None, "1"),
        (arn, None, "$LATEST"),
        (arn, Some("live"), "1"),
    ];
    for (name, qualifier, version) in cases {
        let call = sdk
            .invoke()
            .function_name(name)
            .set_qualifier(qualifier.map(str::to_owned));
        let output = call
            .payload(Blob::new("{\"a\":[1,\"é\"]}"))
            .send()
            .await
            .expect("a result");
        assert_eq!(output.status_code(), 200, "{name}");
        assert_eq!(payload(&output), json!({"a": [1, "é"]}));
        assert_eq!(output.executed_version(), Some(version), "{name}");
        assert_eq!(output.function_error(), None);
    }
    let clash = sdk
        .invoke()
        .function_name("echo:live")
        .qualifier("test")
        .send()
        .await
        .expect_err("two qualifiers");
    assert_eq!(clash.code(), Some("InvalidParameterValueException"));
}

#[tokio::test]
async fn hello_answers_a_proxy_reply() {
    let target = start().await;
    let event = json!({
        "version": "2.0", "rawPath": "/a b", "rawQueryString": "x=1&x=2", "requestContext": {"http": {"method": "POST"}},
        "headers": {"authorization": "Bearer t1", "x-one": "1"}, "body": "aGk=", "isBase64Encoded": true,
    });
    let call = sdk(&target, "s3cret")
        .invoke()
        .function_name("hello")
        .payload(Blob::new(event.to_string()));
    let reply = payload(&call.send().await.expect("a result"));
    assert_eq!(
        (reply["statusCode"].as_u64(), reply["headers"]["content-type"].as_str()),
        (Some(200), Some("application/json"))
    );
    let body: Value = serde_json::from_str(reply["body"].as_str().expect("text")).expect("JSON");
    let expected = json!({
        "message": "hello", "method": "POST", "path": "/a b", "query": "x=1&x=2", "body": "aGk=", "is_base64": true,
    });
    assert_eq!(body, expected);
    let old = json!({"httpMethod": "GET", "path": "/x", "multiValueQueryStringParameters": {"a": ["1"]}, "body": null});
    let call = sdk(&target, "s3cret")
        .invoke()
        .function_name("hello")
        .payload(Blob::new(old.to_string()));
    let reply = payload(&call.send().await.expect("a result"));
    let body: Value = serde_json::from_str(reply["body"].as_str().expect("text")).expect("JSON");
    assert_eq!(
        (body["method"].as_str(), body["path"].as_str()),
        (Some("GET"), Some("/x"))
    );
    assert_eq!(body["query"], json!({"a": ["1"]}));
    // The record of an event loses the secrets that its headers carry.
    let call = &target.calls()[0];
    assert_eq!(
        call.json["headers"],
        json!({"authorization": "Bearer ***", "x-one": "1"})
    );
}

#[tokio::test]
async fn failures_events_and_dry_runs() {
    let target = start().await;
    let sdk = sdk(&target, "s3cret");
    let failed = sdk
        .invoke()
        .function_name("fail")
        .log_type(LogType::Tail)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (failed.status_code(), failed.function_error()),
        (200, Some("Unhandled"))
    );
    assert_eq!(payload(&failed)["errorType"], "DeliberateError");
    assert!(payload(&failed)["errorMessage"].is_string());
    assert!(failed.log_result().is_some_and(|log| log.len() > 10));
    let event = sdk
        .invoke()
        .function_name("slow")
        .invocation_type(InvocationType::Event);
    let start = Instant::now();
    let event = event.payload(Blob::new("{}")).send().await.expect("an answer");
    assert_eq!(event.status_code(), 202);
    assert!(start.elapsed() < Duration::from_secs(3));
    let dry = sdk
        .invoke()
        .function_name("echo")
        .invocation_type(InvocationType::DryRun)
        .send()
        .await;
    assert_eq!(dry.expect("an answer").status_code(), 204);
    let nothing = sdk.invoke().function_name("echo").send().await.expect("an answer");
    assert_eq!((payload(&nothing), nothing.log_result()), (json!({}), None));
}

#[tokio::test]
async fn slow_takes_five_seconds() {
    let target = start().await;
    let start = Instant::now();
    let output = sdk(&target, "s3cret")
        .invoke()
        .function_name("slow")
        .send()
        .await
        .expect("a result");
    assert_eq!(payload(&output)["statusCode"], 200);
    assert!((5..8).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn errors_are_those_of_the_api() {
    let target = start().await;
    let sdk = sdk(&target, "s3cret");
    let unknown = sdk
        .invoke()
        .function_name("nope")
        .send()
        .await
        .expect_err("no function");
    assert_eq!(unknown.raw_response().map(|raw| raw.status().as_u16()), Some(404));
    assert!(matches!(
        unknown.into_service_error(),
        InvokeError::ResourceNotFoundException(_)
    ));
    let bad = sdk
        .invoke()
        .function_name("echo")
        .payload(Blob::new("{"))
        .send()
        .await
        .expect_err("no JSON");
    assert!(matches!(
        bad.into_service_error(),
        InvokeError::InvalidRequestContentException(_)
    ));
    let context = sdk
        .invoke()
        .function_name("echo")
        .client_context("###")
        .send()
        .await
        .expect_err("no context");
    assert_eq!(context.code(), Some("InvalidRequestContentException"));
    let kind = sdk
        .invoke()
        .function_name("echo")
        .invocation_type("Later".into())
        .send()
        .await
        .expect_err("no such type");
    assert_eq!(kind.code(), Some("ValidationException"));
    let text = |len: usize| Blob::new(format!("\"{}\"", "x".repeat(len - 2)));
    for (kind, max) in [
        (InvocationType::RequestResponse, 6_291_456),
        (InvocationType::Event, 1_048_576),
    ] {
        let call = |len: usize| {
            sdk.invoke()
                .function_name("echo")
                .invocation_type(kind.clone())
                .payload(text(len))
        };
        assert!(call(max).send().await.is_ok());
        let long = call(max + 1).send().await.expect_err("too long");
        assert_eq!(long.raw_response().map(|raw| raw.status().as_u16()), Some(413));
        assert!(matches!(
            long.into_service_error(),
            InvokeError::RequestTooLargeException(_)
        ));
    }
    let wrong = super::invoke::sdk(&target, "other")
        .invoke()
        .function_name("echo")
        .send()
        .await
        .expect_err("a wrong secret");
    assert_eq!(wrong.raw_response().map(|raw| raw.status().as_u16()), Some(403));
    assert_eq!(wrong.code(), Some("InvalidSignatureException"));
}

#[tokio::test]
async fn only_post_invokes_and_other_paths_are_echoed() {
    let target = start().await;
    let get = send(signed(
        &target,
        "GET",
        "/2015-03-31/functions/echo/invocations",
        b"",
        "s3cret",
    ))
    .await;
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    for path in [
        "/2015-03-31/functions//invocations",
        "/2015-03-31/functions/a/b/invocations",
        "/2015-03-31/functions/echo",
    ] {
        let answer = send(signed(&target, "POST", path, b"{}", "s3cret")).await;
        // The path that is signed has the slashes of the wire path folded; the echo has them as they came.
        assert_eq!(answer.json::<Value>().await.expect("JSON")["target"], path);
    }
}
