//! What Secrets Manager is asked, and what comes of its answers.

mod again;
mod hostile;

use std::time::UNIX_EPOCH;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4::SigningParams;
use serde_json::json;

use super::*;
use crate::scripted::{Reaction, Scripted, answer};
use crate::testing::{FixedEnv, ManualClock};

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW_MS: u64 = 784_111_777_000;

/// What tests need not wait for.
const QUICK: Pace = Pace {
    pause: Duration::from_millis(2),
    throttled_pause: Duration::from_millis(4),
    ..PACE
};

fn env(endpoint: &str) -> FixedEnv {
    FixedEnv::new([("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "k3y")])
        .with("AWS_SESSION_TOKEN", "t0ken")
        .with("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)
}

fn store(env: FixedEnv) -> (AwsSecrets, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at_ms(NOW_MS));
    let secrets = AwsSecrets {
        pace: QUICK,
        ..AwsSecrets::with_clock(env, clock.clone())
    };
    (secrets, clock)
}

/// A service that reacts in this way, and a store that asks it.
async fn reacting(reactions: Vec<Reaction>) -> (AwsSecrets, Scripted) {
    let service = Scripted::start(reactions).await;
    let (secrets, _) = store(env(&service.url));
    (secrets, service)
}

async fn service(answers: Vec<(u16, &'static str)>) -> (AwsSecrets, Scripted) {
    let reactions = answers.into_iter().map(|(status, body)| answer(status, "", body));
    reacting(reactions.collect()).await
}

fn arn(suffix: &str) -> SecretArn {
    SecretArn::parse(&format!(
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf{suffix}"
    ))
    .unwrap()
}

/// More time than a read takes.
fn long() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

async fn code(secrets: &AwsSecrets) -> String {
    secrets.fetch(&arn(""), long()).await.unwrap_err().code().to_owned()
}

const GOOD: &str = r#"{"SecretString":"x"}"#;

#[tokio::test]
async fn a_value_is_asked_for_with_the_environments_credentials() {
    let (secrets, service) = service(vec![(200, r#"{"SecretString":"xoxb"}"#)]).await;
    let value = secrets.fetch(&arn("::AWSPREVIOUS:v-1"), long()).await.unwrap();
    assert!(value.matches("xoxb"));
    let asked = service.asked();
    let request = asked[0].to_ascii_lowercase();
    assert!(request.starts_with("post / http/1.1\r\n"), "{request}");
    assert!(
        request.contains("x-amz-target: secretsmanager.getsecretvalue\r\n"),
        "{request}"
    );
    assert!(
        request.contains("content-type: application/x-amz-json-1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("credential=akidexample/") && request.contains("/eu-west-1/secretsmanager/"));
    assert!(request.contains("x-amz-security-token: t0ken\r\n"));
    let body: serde_json::Value = serde_json::from_str(asked[0].split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(
        body,
        json!({"SecretId": arn("").secret_id, "VersionStage": "AWSPREVIOUS", "VersionId": "v-1"})
    );
}

/// What the SDK's crate signs a request with whose headers arrived like this.
fn reference(head: &str, body: &str, host: &str, target: &str) -> String {
    let identity = aws_credential_types::Credentials::new("AKIDEXAMPLE", "k3y", Some("t0ken".to_owned()), None, "test");
    let identity = identity.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("secretsmanager")
        .time(UNIX_EPOCH + Duration::from_millis(NOW_MS))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let signed = |name: &str| ["host", "content-type", "x-amz-target"].contains(&name);
    let headers = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.filter(|(name, _)| signed(name));
    let uri = format!("http://{host}{target}");
    let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(body.as_bytes())).unwrap();
    let (instructions, _) = aws_sigv4::http_request::sign(signable, &params).unwrap().into_parts();
    let mut headers = instructions.headers();
    headers.find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
}

#[tokio::test]
async fn requests_are_signed_as_the_sdk_signs_them() {
    for (base, target) in [
        ("", "/"),
        ("/", "/"),
        ("/aws/base", "/aws/base/"),
        ("/a%20b/", "/a%20b/"),
    ] {
        let service = Scripted::start(vec![answer(200, "", GOOD)]).await;
        let (secrets, _) = store(env(&format!("{}{base}?ignored=1", service.url)));
        secrets.fetch(&arn("::AWSPREVIOUS:"), long()).await.unwrap();
        let asked = service.asked().pop().unwrap();
        let (head, body) = asked.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("POST {target} HTTP/1.1\r\n")), "{head}");
        let host = service.url.strip_prefix("http://").unwrap();
        let expected = reference(head, body, host, target);
        assert!(
            head.contains(&format!("authorization: {expected}\r\n")),
            "{head}\n{expected}"
        );
    }
}

#[tokio::test]
async fn a_refusal_is_told_by_its_code_alone_and_a_fault_is_tried_again() {
    let refused = r#"{"__type":"ResourceNotFoundException","message":"s3cret"}"#;
    let (secrets, asked) = service(vec![(400, refused)]).await;
    let error = secrets.fetch(&arn(""), long()).await.unwrap_err();
    assert_eq!(error.code(), "ResourceNotFoundException");
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    assert_eq!(asked.calls(), 1);
    let (secrets, asked) = service(vec![(500, "{}"), (200, r#"{"SecretString":"x"}"#)]).await;
    assert!(secrets.fetch(&arn(""), long()).await.unwrap().matches("x"));
    assert_eq!(asked.calls(), 2);
    let (secrets, _) = service(vec![(200, r#"{"SecretBinary":"AA=="}"#)]).await;
    assert_eq!(secrets.fetch(&arn(""), long()).await.unwrap_err().code(), "empty_value");
}

#[tokio::test]
async fn several_secrets_are_read_on_one_connection_with_one_set_of_credentials() {
    let service = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let (secrets, _) = store(env(&service.url));
    for suffix in ["", "::AWSPREVIOUS:"] {
        secrets.fetch(&arn(suffix), long()).await.unwrap();
    }
    let mut other = arn("");
    other.region = "us-east-1".to_owned();
    secrets.fetch(&other, long()).await.unwrap();
    let scopes: Vec<bool> = service
        .asked()
        .iter()
        .map(|request| request.contains("/us-east-1/secretsmanager/aws4_request"))
        .collect();
    assert_eq!(scopes, [false, false, true]);
    assert_eq!(service.connections(), 1);
}

#[tokio::test]
async fn the_environments_proxy_is_on_the_way() {
    let proxy = Scripted::start(vec![answer(403, "", "")]).await;
    let env = env("").with("HTTPS_PROXY", &proxy.url);
    assert_eq!(code(&store(env.clone()).0).await, "unreachable");
    let asked = proxy.asked();
    assert!(
        asked[0].starts_with("CONNECT secretsmanager.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n"),
        "{asked:?}"
    );
    // Not on the way to this machine.
    let service = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let here = env.with("AWS_ENDPOINT_URL_SECRETS_MANAGER", &service.url);
    assert!(store(here).0.fetch(&arn(""), long()).await.unwrap().matches("x"));
    assert_eq!(proxy.calls(), asked.len());
}
