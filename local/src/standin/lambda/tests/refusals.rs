//! Who and what is turned away: signatures, names, versions, tenants, and errors on order.

use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::types::InvocationType;
use serde_json::json;

use super::{function, key, quick, sdk, sdk_with, start};
use crate::standin::{AccessKey, Deployment, Fault, Lambda};

/// Status, name and message of an error.
fn told(answer: Result<InvokeOutput, SdkError<InvokeError>>) -> (u16, String, String) {
    let error = answer.unwrap_err();
    let status = error.raw_response().map(|raw| raw.status().as_u16()).unwrap();
    let error = error.into_service_error();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (status, text(error.code()), text(error.message()))
}

#[tokio::test]
async fn a_wrong_signature_is_refused() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    for (id, secret, token, code) in [
        ("ASIATEST", "wrong", Some("session"), "InvalidSignatureException"),
        ("ASIATEST", "secret", Some("other"), "UnrecognizedClientException"),
        ("ASIATEST", "secret", None, "UnrecognizedClientException"),
        ("AKIAOTHER", "secret", None, "UnrecognizedClientException"),
    ] {
        let client = sdk_with(&lambda, id, secret, token);
        let (status, name, message) = told(client.invoke().function_name("hello").send().await);
        assert_eq!((status, name.as_str()), (403, code), "{message}");
    }
    lambda.set_keys(vec![AccessKey { expired: true, ..key() }]);
    let (status, name, message) = told(sdk(&lambda).invoke().function_name("hello").send().await);
    assert_eq!((status, name.as_str()), (403, "ExpiredTokenException"));
    assert_eq!(message, "The security token included in the request is expired");
    let unsigned = reqwest::Client::new()
        .post(format!("{}/2015-03-31/functions/hello/invocations", lambda.url()))
        .send();
    let unsigned = unsigned.await.unwrap();
    assert_eq!(
        unsigned.headers()["x-amzn-errortype"],
        "MissingAuthenticationTokenException"
    );
    assert_eq!(
        (
            unsigned.status().as_u16(),
            unsigned.headers().contains_key("x-amzn-requestid")
        ),
        (403, true)
    );
}

/// A function of one published version behind two aliases.
async fn published() -> Lambda {
    let lambda = start(quick()).await;
    lambda.deploy(function().0.alias("live", 7).alias("next", 7));
    lambda
}

#[tokio::test]
async fn every_name_finds_its_function() {
    let lambda = published().await;
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:hello";
    for name in ["hello", "123456789012:function:hello", arn, "hello:$LATEST"] {
        let output = sdk(&lambda).invoke().function_name(name).send().await.unwrap();
        assert_eq!(output.executed_version(), Some("$LATEST"), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let lambda = published().await;
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function";
    let not_found = "ResourceNotFoundException".to_owned();
    for (name, qualifier, missing) in [
        ("gone", None, format!("{arn}:gone")),
        ("gone:live", None, format!("{arn}:gone:live")),
        ("hello:other", None, format!("{arn}:hello:other")),
        ("hello", Some("8"), format!("{arn}:hello:8")),
    ] {
        let call = sdk(&lambda)
            .invoke()
            .function_name(name)
            .set_qualifier(qualifier.map(str::to_owned));
        let expected = (404, not_found.clone(), format!("Function not found: {missing}"));
        assert_eq!(told(call.send().await), expected);
    }
    lambda.deploy(function().0);
    let call = sdk(&lambda)
        .invoke()
        .function_name("hello")
        .qualifier("$LATEST.PUBLISHED");
    let (status, name, _) = told(call.send().await);
    assert_eq!((status, name.as_str()), (400, "NoPublishedVersionException"));
}

#[tokio::test]
async fn tenants_are_for_functions_that_have_them() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    let (status, name, _) = told(
        sdk(&lambda)
            .invoke()
            .function_name("hello")
            .tenant_id("blue")
            .send()
            .await,
    );
    assert_eq!((status, name.as_str()), (400, "InvalidParameterValueException"));
    lambda.deploy(Deployment {
        tenants: true,
        ..function().0
    });
    let (status, name, _) = told(sdk(&lambda).invoke().function_name("hello").send().await);
    assert_eq!((status, name.as_str()), (400, "InvalidParameterValueException"));
    let call = sdk(&lambda).invoke().function_name("hello").tenant_id("b!ue");
    assert_eq!(told(call.send().await).1, "ValidationException");
}

#[tokio::test]
async fn what_breaks_the_model_is_refused() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    let call = sdk(&lambda)
        .invoke()
        .function_name("hello")
        .invocation_type(InvocationType::from("Never"));
    let (status, name, message) = told(call.send().await);
    assert_eq!((status, name.as_str()), (400, "ValidationException"));
    assert!(message.contains("Value 'Never' at 'invocationType'"), "{message}");
    let (_, name, _) = told(
        sdk(&lambda)
            .invoke()
            .function_name("hello")
            .qualifier("a.b")
            .send()
            .await,
    );
    assert_eq!(name, "ValidationException");
}

#[tokio::test]
async fn an_error_of_the_model_can_be_ordered() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    lambda.fault(Fault::error("KMSDisabledException"));
    let error = sdk(&lambda).invoke().function_name("hello").send().await.unwrap_err();
    assert_eq!(error.raw_response().map(|raw| raw.status().as_u16()), Some(502));
    assert!(error.into_service_error().is_kms_disabled_exception());
    let post = |fault: serde_json::Value| {
        reqwest::Client::new()
            .post(format!("{}/_faults", lambda.url()))
            .body(fault.to_string())
            .send()
    };
    assert_eq!(post(json!({"error": "NoSuchException"})).await.unwrap().status(), 400);
    assert_eq!(
        post(json!({"error": "ServiceException", "cut": 1}))
            .await
            .unwrap()
            .status(),
        400
    );
    let sent = post(json!({"error": "TooManyRequestsException", "headers": {"retry-after": "9"}})).await;
    assert_eq!(sent.unwrap().status(), 201);
    match sdk(&lambda)
        .invoke()
        .function_name("hello")
        .send()
        .await
        .unwrap_err()
        .into_service_error()
    {
        InvokeError::TooManyRequestsException(error) => assert_eq!(error.retry_after_seconds(), Some("9")),
        other => panic!("{other:?}"),
    }
    assert!(sdk(&lambda).invoke().function_name("hello").send().await.is_ok());
}

#[tokio::test]
async fn an_answer_can_be_cut_in_the_middle() {
    let lambda = start(quick()).await;
    lambda.deploy(function().0);
    for bytes in [0, 3] {
        lambda.fault(Fault::cut(bytes));
        let error = sdk(&lambda)
            .invoke()
            .function_name("hello")
            .payload(super::blob(&json!("wait")))
            .send()
            .await;
        assert!(!matches!(error.unwrap_err(), SdkError::ServiceError(_)));
    }
    lambda.fault(Fault::cut(20));
    let sent = sdk(&lambda)
        .invoke_with_response_stream()
        .function_name("hello")
        .send()
        .await;
    let broken = match sent {
        Ok(mut output) => output.event_stream.recv().await.is_err(),
        Err(_) => true,
    };
    assert!(broken);
}
