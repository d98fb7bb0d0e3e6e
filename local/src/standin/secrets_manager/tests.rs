//! Tests of the stand-in for Secrets Manager: with the AWS SDK, and request by request.

mod functions;

use std::collections::BTreeMap;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::super::tests::{client, listener};
use super::SecretsManager;
use crate::standin::Fault;

const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=AKID/20261122/eu-west-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0";

async fn start() -> SecretsManager {
    let secrets =
        [("app/token", "s3cret"), ("plain", "{\"a\":1}")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    SecretsManager::start(listener().await, BTreeMap::from(secrets)).expect("it starts")
}

fn sdk(secrets: &SecretsManager) -> Client {
    let credentials = Credentials::new("AKID", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(secrets.url())
        .http_client(crate::sdk::http_client())
        .build();
    Client::new(&config)
}

fn raw(secrets: &SecretsManager, operation: &str, body: &str) -> RequestBuilder {
    client()
        .post(secrets.url())
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("secretsmanager.{operation}"))
        .header("authorization", SIGNED)
        .body(body.to_owned())
}

#[tokio::test]
async fn the_sdk_reads_a_secret_by_name_and_by_arn() {
    let secrets = start().await;
    let sdk = sdk(&secrets);
    let arn = secrets.arn("app/token");
    let partial = arn.rsplit_once('-').expect("a suffix").0.to_owned();
    for id in ["app/token", &arn, &partial] {
        let value = sdk.get_secret_value().secret_id(id).send().await.expect("a secret");
        assert_eq!(value.secret_string(), Some("s3cret"), "{id}");
        assert_eq!((value.arn(), value.name()), (Some(arn.as_str()), Some("app/token")));
        assert_eq!(value.version_stages(), ["AWSCURRENT"]);
        assert_eq!(value.version_id().map(str::len), Some(36));
        let created = value.created_date().expect("a date").secs();
        assert!((crate::clock::unix_now().cast_signed() - created).abs() < 5);
    }
    let kept = serde_json::to_string(&secrets.calls()).expect("JSON");
    assert!(kept.contains("AKID***") && !kept.contains("s3cret"), "{kept}");
}

#[tokio::test]
async fn a_new_version_takes_the_label() {
    let secrets = start().await;
    let sdk = sdk(&secrets);
    let first = sdk
        .get_secret_value()
        .secret_id("plain")
        .send()
        .await
        .expect("a secret");
    secrets.put("plain", "two");
    secrets.put("new", "fresh");
    let get = || sdk.get_secret_value().secret_id("plain");
    let second = get().send().await.expect("a secret");
    assert_eq!(second.secret_string(), Some("two"));
    assert_ne!(second.version_id(), first.version_id());
    let previous = get().version_stage("AWSPREVIOUS").send().await.expect("a secret");
    assert_eq!(
        (previous.secret_string(), previous.version_id()),
        (Some("{\"a\":1}"), first.version_id())
    );
    let by_id = get()
        .set_version_id(first.version_id().map(str::to_owned))
        .send()
        .await
        .expect("a secret");
    assert_eq!(by_id.version_stages(), ["AWSPREVIOUS"]);
    let fresh = sdk.get_secret_value().secret_id("new").send().await.expect("a secret");
    assert_eq!(fresh.secret_string(), Some("fresh"));
    sdk.put_secret_value()
        .secret_id("plain")
        .secret_string("three")
        .send()
        .await
        .expect("a version");
    assert_eq!(get().send().await.expect("a secret").secret_string(), Some("three"));
    // Two versions back: no label, so it is gone.
    let gone = get()
        .set_version_id(first.version_id().map(str::to_owned))
        .send()
        .await
        .expect_err("gone");
    assert_eq!(gone.code(), Some("ResourceNotFoundException"));
}

#[tokio::test]
async fn the_sdk_understands_the_errors() {
    let secrets = start().await;
    let sdk = sdk(&secrets);
    for id in [
        "nope",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nope-AbCdEf",
    ] {
        let error = sdk
            .get_secret_value()
            .secret_id(id)
            .send()
            .await
            .expect_err("no such secret")
            .into_service_error();
        assert!(
            matches!(error, GetSecretValueError::ResourceNotFoundException(_)),
            "{error}"
        );
        assert_eq!(
            error.message(),
            Some("Secrets Manager can't find the specified secret.")
        );
    }
    let stage = sdk
        .get_secret_value()
        .secret_id("plain")
        .version_stage("AWSPENDING")
        .send()
        .await
        .expect_err("no version");
    assert_eq!(
        stage.message(),
        Some("Secrets Manager can't find the specified secret value for staging label: AWSPENDING")
    );
    let version = sdk
        .get_secret_value()
        .secret_id("plain")
        .send()
        .await
        .expect("a secret")
        .version_id()
        .map(str::to_owned);
    let both = sdk
        .get_secret_value()
        .secret_id("plain")
        .set_version_id(version)
        .version_stage("AWSPREVIOUS");
    let error = both
        .send()
        .await
        .expect_err("a stage of another version")
        .into_service_error();
    assert!(
        matches!(error, GetSecretValueError::InvalidRequestException(_)),
        "{error}"
    );
    secrets.fault(Fault::status(500));
    assert!(sdk.get_secret_value().secret_id("plain").send().await.is_err());
    assert!(sdk.get_secret_value().secret_id("plain").send().await.is_ok());
}

#[tokio::test]
async fn what_is_no_proper_request_is_refused() {
    let secrets = start().await;
    let good = r#"{"SecretId":"plain"}"#;
    let long = json!({"SecretId": "plain", "SecretString": "x".repeat(65_537)}).to_string();
    let with = |authorization: &str| raw(&secrets, "GetSecretValue", good).header("authorization", authorization);
    let without = client()
        .post(secrets.url())
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .body(good);
    let replaced = |authorization: &str| {
        let mut request = with(authorization).build().expect("a request");
        request
            .headers_mut()
            .insert("authorization", authorization.parse().expect("ASCII"));
        RequestBuilder::from_parts(client(), request)
    };
    let cases = [
        (without, "MissingAuthenticationTokenException"),
        (replaced("Bearer x"), "IncompleteSignatureException"),
        (
            replaced("AWS4-HMAC-SHA256 Credential=a"),
            "IncompleteSignatureException",
        ),
        (
            replaced(&SIGNED.replace("secretsmanager", "lambda")),
            "InvalidSignatureException",
        ),
        (raw(&secrets, "DeleteSecret", good), "UnknownOperationException"),
        (client().get(secrets.url()), "UnknownOperationException"),
        (raw(&secrets, "GetSecretValue", "{"), "SerializationException"),
        (
            raw(&secrets, "GetSecretValue", r#"{"SecretId": 1}"#),
            "SerializationException",
        ),
        (raw(&secrets, "GetSecretValue", "{}"), "InvalidParameterException"),
        (raw(&secrets, "PutSecretValue", good), "InvalidRequestException"),
        (raw(&secrets, "PutSecretValue", &long), "InvalidParameterException"),
        (
            raw(&secrets, "PutSecretValue", r#"{"SecretId":"nope","SecretString":"x"}"#),
            "ResourceNotFoundException",
        ),
    ];
    for (index, (request, name)) in cases.into_iter().enumerate() {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 400, "case {index}");
        assert_eq!(answer.headers()["x-amzn-errortype"], name, "case {index}");
        assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.1");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["__type"], name, "case {index}");
        assert!(body["message"].is_string(), "case {index}");
    }
    assert_eq!(
        raw(&secrets, "GetSecretValue", good)
            .send()
            .await
            .expect("an answer")
            .status()
            .as_u16(),
        200
    );
}

#[tokio::test]
async fn arns_are_stable() {
    let (one, other) = (start().await, start().await);
    let arn = one.arn("app/token");
    assert_eq!(arn, other.arn("app/token"));
    let suffix = arn
        .strip_prefix("arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/token-")
        .expect("the name");
    assert!(
        suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphabetic()),
        "{suffix}"
    );
    assert_ne!(arn, one.arn("plain"));
}
