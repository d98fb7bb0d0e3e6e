//! A Secrets Manager that answers well, badly, late, or something that nobody should believe.

use std::time::{Instant, UNIX_EPOCH};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4::SigningParams;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::scripted::{Reaction, Scripted, answer, whole};
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

async fn code(secrets: &AwsSecrets) -> String {
    secrets.fetch(&arn("")).await.unwrap_err().code().to_owned()
}

const GOOD: &str = r#"{"SecretString":"x"}"#;

#[tokio::test]
async fn a_value_is_asked_for_with_the_environments_credentials() {
    let (secrets, service) = service(vec![(200, r#"{"SecretString":"xoxb"}"#)]).await;
    let value = secrets.fetch(&arn("::AWSPREVIOUS:v-1")).await.unwrap();
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
        secrets.fetch(&arn("::AWSPREVIOUS:")).await.unwrap();
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
    let error = secrets.fetch(&arn("")).await.unwrap_err();
    assert_eq!(error.code(), "ResourceNotFoundException");
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    assert_eq!(asked.calls(), 1);
    let (secrets, asked) = service(vec![(500, "{}"), (200, r#"{"SecretString":"x"}"#)]).await;
    assert!(secrets.fetch(&arn("")).await.unwrap().matches("x"));
    assert_eq!(asked.calls(), 2);
    let (secrets, _) = service(vec![(200, r#"{"SecretBinary":"AA=="}"#)]).await;
    assert_eq!(secrets.fetch(&arn("")).await.unwrap_err().code(), "empty_value");
}

#[tokio::test]
async fn what_may_pass_is_asked_three_times() {
    let throttled = || answer(400, "x-amzn-ErrorType: ThrottlingException:http://x/\r\n", "{}");
    let down = || answer(500, "", r#"{"__type":"InternalServiceError"}"#);
    for (reactions, error, calls) in [
        (vec![Reaction::Close, answer(200, "", GOOD)], None, 2),
        (vec![throttled(), throttled(), answer(200, "", GOOD)], None, 3),
        (vec![down(), throttled(), answer(200, "", GOOD)], None, 3),
        (vec![answer(200, "", "{"), answer(200, "", GOOD)], None, 2),
        (vec![throttled()], Some("ThrottlingException"), 3),
        (vec![down()], Some("InternalServiceError"), 3),
        (vec![answer(502, "", "<html>")], Some("unreachable"), 3),
        (vec![answer(200, "", "{}x")], Some("unreachable"), 3),
        (vec![answer(200, "", r#"{"SecretString":7}"#)], Some("unreachable"), 3),
        (
            vec![down(), answer(400, "", r#"{"__type":"DecryptionFailure"}"#)],
            Some("DecryptionFailure"),
            2,
        ),
        // These would be the same again.
        (
            vec![answer(403, "", "<html>"), answer(200, "", GOOD)],
            Some("unreachable"),
            1,
        ),
        (
            vec![
                answer(400, "", r#"{"__type":"ns#AccessDeniedException"}"#),
                answer(200, "", GOOD),
            ],
            Some("AccessDeniedException"),
            1,
        ),
    ] {
        let (secrets, service) = reacting(reactions.clone()).await;
        let value = secrets.fetch(&arn("")).await;
        match error {
            None => assert!(value.unwrap().matches("x"), "{reactions:?}"),
            Some(error) => assert_eq!(value.unwrap_err().code(), error, "{reactions:?}"),
        }
        assert_eq!(service.calls(), calls, "{reactions:?}");
    }
}

#[tokio::test]
async fn an_attempt_that_hangs_is_followed_by_another_and_all_end_in_time() {
    let pace = Pace {
        read: Duration::from_millis(600),
        attempt: Duration::from_millis(150),
        ..QUICK
    };
    let late = Reaction::Late(Duration::from_millis(400), whole(200, "", GOOD));
    let (mut secrets, service) = reacting(vec![Reaction::Stall, answer(200, "", GOOD)]).await;
    secrets.pace = pace;
    assert!(secrets.fetch(&arn("")).await.unwrap().matches("x"));
    assert_eq!(service.calls(), 2);
    let (mut secrets, service) = reacting(vec![late, Reaction::Stall]).await;
    secrets.pace = pace;
    let started = Instant::now();
    assert_eq!(code(&secrets).await, "unreachable");
    assert!(
        started.elapsed() >= Duration::from_millis(440),
        "{:?}",
        started.elapsed()
    );
    assert!(
        started.elapsed() < Duration::from_millis(1500),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(service.calls(), 3);
    // A pause that would take all that is left is not made.
    let (mut secrets, service) = service_that_is_busy().await;
    secrets.pace = Pace {
        read: Duration::from_millis(100),
        throttled_pause: Duration::from_secs(3600),
        ..QUICK
    };
    let started = Instant::now();
    assert_eq!(code(&secrets).await, "ThrottlingException");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(service.calls(), 1);
}

async fn service_that_is_busy() -> (AwsSecrets, Scripted) {
    service(vec![(400, r#"{"__type":"ThrottlingException"}"#)]).await
}

#[test]
fn a_read_takes_four_seconds_at_most_and_an_attempt_one_and_a_half() {
    let pace = AwsSecrets::new(FixedEnv::default()).pace;
    assert_eq!((pace.read.as_millis(), pace.attempt.as_millis()), (4000, 1500));
}

#[tokio::test]
async fn a_signature_of_another_time_is_made_once_more_by_the_services_clock() {
    let refused = "x-amzn-ErrorType: InvalidSignatureException\r\nDate: Sun, 06 Nov 1994 10:49:37 GMT\r\n";
    let service = Scripted::start(vec![answer(400, refused, "{}"), answer(200, "", GOOD)]).await;
    let (secrets, clock) = store(env(&service.url));
    for _ in 0..2 {
        secrets.fetch(&arn("")).await.unwrap();
        clock.advance_ms(1000);
    }
    let dates = service.asked().into_iter().map(|request| {
        let date = request.split("x-amz-date: ").nth(1).unwrap();
        date.split("\r\n").next().unwrap().to_owned()
    });
    // The second read knows the time from the first one.
    let expected = ["19941106T084937Z", "19941106T104937Z", "19941106T104938Z"];
    assert_eq!(dates.collect::<Vec<_>>(), expected);
    // Three minutes are not why it was refused, and a service that goes on refusing is believed.
    for (date, calls) in [("08:52:37", 1), ("10:49:37", 2)] {
        let refused = format!("x-amzn-ErrorType: SignatureDoesNotMatch\r\nDate: Sun, 06 Nov 1994 {date} GMT\r\n");
        let (secrets, service) = reacting(vec![answer(400, &refused, "{}")]).await;
        assert_eq!(code(&secrets).await, "SignatureDoesNotMatch");
        assert_eq!(service.calls(), calls, "{date}");
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let env = FixedEnv::new([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")])
        .with("AWS_ENDPOINT_URL", &format!("http://{closed}"));
    assert_eq!(
        AwsSecrets::new(env).fetch(&arn("")).await.unwrap_err().code(),
        "unreachable"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_unreachable() {
    let service = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let no_keys = env(&service.url).with("AWS_ACCESS_KEY_ID", "");
    let bad_token = env(&service.url).with("AWS_SESSION_TOKEN", "a\r\nx-injected: 1");
    let fips = env(&service.url).with("AWS_USE_FIPS_ENDPOINT", "true");
    for env in [no_keys, bad_token, fips, env("no url")] {
        assert_eq!(code(&store(env).0).await, "unreachable");
    }
    let mut elsewhere = arn("");
    elsewhere.region = "eu-west-1.example.com/".to_owned();
    let (secrets, _) = store(env("http://127.0.0.1:1"));
    assert_eq!(secrets.fetch(&elsewhere).await.unwrap_err().code(), "unreachable");
    assert_eq!(service.calls(), 0);
}

#[tokio::test]
async fn hostile_answers_are_no_values() {
    let elsewhere = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let location = format!("Location: {}/\r\n", elsewhere.url);
    let huge = format!("{{\"SecretString\":\"{}\"}}", "x".repeat(1024 * 1024));
    let announced = "HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n{".to_owned();
    let deep = "[".repeat(200_000);
    for (reaction, expected, calls) in [
        (answer(307, &location, GOOD), "unreachable", 1),
        (answer(302, &location, GOOD), "unreachable", 1),
        (answer(200, "", &huge), "unreachable", 1),
        (Reaction::Send(announced), "unreachable", 1),
        (answer(200, "", &format!("{{\"x\":{deep}")), "unreachable", 3),
        (answer(400, "", &format!("{{\"__type\":{deep}")), "unreachable", 1),
        (Reaction::Send("SSH-2.0-OpenSSH_9.9\r\n".to_owned()), "unreachable", 3),
        (answer(400, "x-amzn-ErrorType: <script>\r\n", "{}"), "unreachable", 1),
        (answer(400, "", r#"{"__type":"line\nbreak"}"#), "unreachable", 1),
    ] {
        let (secrets, service) = reacting(vec![reaction.clone()]).await;
        assert_eq!(code(&secrets).await, expected, "{calls}");
        assert_eq!(service.calls(), calls);
    }
    assert_eq!(elsewhere.calls(), 0);
}

#[tokio::test]
async fn a_containers_credentials_sign_and_stale_ones_are_replaced() {
    let keys = |number: u32| {
        let body = json!({"AccessKeyId": format!("ASIA{number}"), "SecretAccessKey": "s", "Token": format!("token{number}"),
            "Expiration": "1994-11-06T12:00:00Z"});
        answer(200, "", &body.to_string())
    };
    let container = Scripted::start(vec![keys(1), keys(2)]).await;
    let stale = || answer(400, "", r#"{"__type":"ExpiredTokenException"}"#);
    let snapstart = |service: &Scripted| {
        env(&service.url)
            .with("AWS_ACCESS_KEY_ID", "")
            .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.url)
    };
    let service = Scripted::start(vec![answer(200, "", GOOD), stale(), answer(200, "", GOOD)]).await;
    let (secrets, _) = store(snapstart(&service));
    for _ in 0..2 {
        assert!(secrets.fetch(&arn("")).await.unwrap().matches("x"));
    }
    let signed_with = |number: u32| {
        let (key, token) = (
            format!("Credential=ASIA{number}/"),
            format!("x-amz-security-token: token{number}\r\n"),
        );
        move |request: &String| request.contains(&key) && request.contains(&token)
    };
    let asked = service.asked();
    assert!(
        asked[..2].iter().all(signed_with(1)) && asked[2..].iter().all(signed_with(2)),
        "{asked:?}"
    );
    assert_eq!((asked.len(), container.calls()), (3, 2));
    // Those of the environment are all that there is.
    let (secrets, service) = reacting(vec![stale(), answer(200, "", GOOD)]).await;
    assert_eq!(code(&secrets).await, "ExpiredTokenException");
    assert_eq!(service.calls(), 1);
}

#[tokio::test]
async fn several_secrets_are_read_on_one_connection_with_one_set_of_credentials() {
    let service = Scripted::start(vec![answer(200, "", GOOD)]).await;
    let (secrets, _) = store(env(&service.url));
    for suffix in ["", "::AWSPREVIOUS:"] {
        secrets.fetch(&arn(suffix)).await.unwrap();
    }
    let mut other = arn("");
    other.region = "us-east-1".to_owned();
    secrets.fetch(&other).await.unwrap();
    let scopes: Vec<bool> = service
        .asked()
        .iter()
        .map(|request| request.contains("/us-east-1/secretsmanager/aws4_request"))
        .collect();
    assert_eq!(scopes, [false, false, true]);
    assert_eq!(service.connections(), 1);
}
