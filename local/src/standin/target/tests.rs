//! Tests of the target, with the signer that the functions use.

mod endpoint;

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::super::tests::{client, listener};
use super::{Target, TargetOptions};
use crate::standin::Fault;

fn options() -> TargetOptions {
    TargetOptions {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "s3cret".to_owned(),
        session_token: Some("t0ken".to_owned()),
        region: "eu-west-1".to_owned(),
        api_key: "k3y".to_owned(),
    }
}

async fn start() -> Target {
    Target::start(listener().await, options()).expect("it starts")
}

fn credentials(secret: &str) -> Credentials {
    Credentials::new("AKIDEXAMPLE", secret, Some("t0ken".to_owned()), None, "test")
}

/// A request that is signed by the `aws-sigv4` crate, and may be changed afterwards.
fn signed(target: &Target, method: &str, path: &str, body: &[u8], secret: &str) -> reqwest::Request {
    let identity = credentials(secret).into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("lambda")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .expect("complete")
        .into();
    let url = format!("{}{path}", target.url());
    let signable =
        SignableRequest::new(method, &url, std::iter::empty(), SignableBody::Bytes(body)).expect("a request");
    let (instructions, _) = sign(signable, &params).expect("a signature").into_parts();
    let mut request = http::Request::builder()
        .method(method)
        .uri(&url)
        .body(body.to_vec())
        .expect("a request");
    instructions.apply_to_request_http1x(&mut request);
    reqwest::Request::try_from(request).expect("a request")
}

async fn send(request: reqwest::Request) -> Response {
    client().execute(request).await.expect("an answer")
}

async fn refusal(request: reqwest::Request) -> Value {
    let answer = send(request).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.headers().contains_key("x-amzn-errortype"));
    answer.json().await.expect("JSON")
}

#[tokio::test]
async fn signed_requests_are_echoed_as_they_came() {
    let target = start().await;
    let paths = [
        "/",
        "/base",
        "/base/",
        "/base/a%20b/%E1%88%B4/x%2Fy@z",
        "/base/@(1):;,=!$&'*",
        "/base//double///slash",
        "/base?b=2&a=1&a=0",
        "/base?with%20space=a%2Fb%20c&multi=m2&multi=m1&flag=&a=%2A&a-=x",
        "/base?%E1%88%B4=bar",
    ];
    let binary: Vec<u8> = (0..=255).collect();
    for path in paths {
        for (method, body) in [
            ("GET", &b""[..]),
            ("POST", b"{\"a\":1}"),
            ("PUT", &binary),
            ("DELETE", b""),
        ] {
            let answer = send(signed(&target, method, path, body, "s3cret")).await;
            let status = answer.status();
            let echo: Value = answer.json().await.expect("JSON");
            assert_eq!(status, StatusCode::OK, "{method} {path}: {echo}");
            assert_eq!(echo["method"], method);
            assert_eq!(echo["target"], path);
            assert_eq!(echo["via"], "function-url");
            assert_eq!(echo["headers"]["x-amz-security-token"], "t0ken");
            let encoding = if body == binary.as_slice() { "base64" } else { "utf-8" };
            assert_eq!(echo["body_encoding"], encoding);
            if encoding == "utf-8" {
                assert_eq!(echo["body"].as_str().map(str::as_bytes), Some(body));
            }
        }
    }
    let kept = serde_json::to_string(&target.calls()).expect("JSON");
    assert!(kept.contains("AKID***/") && !kept.contains("t0ken") && !kept.contains("AKIDEXAMPLE"));
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let target = start().await;
    let request = || signed(&target, "POST", "/base/a?x=1", b"body", "s3cret");
    assert_eq!(send(request()).await.status(), StatusCode::OK);
    let mismatch = "The request signature we calculated does not match";

    let wrong = refusal(signed(&target, "POST", "/base/a?x=1", b"body", "other")).await;
    assert!(
        wrong["message"].as_str().is_some_and(|text| text.starts_with(mismatch)),
        "{wrong}"
    );
    assert!(
        wrong["canonical_request"]
            .as_str()
            .is_some_and(|text| text.starts_with("POST\n/base/a\nx=1\n")),
        "{wrong}"
    );
    assert!(
        wrong["string_to_sign"]
            .as_str()
            .is_some_and(|text| text.starts_with("AWS4-HMAC-SHA256\n")),
        "{wrong}"
    );

    let mut body = request();
    *body.body_mut() = Some("Body".into());
    let mut query = request();
    query.url_mut().set_query(Some("x=2"));
    let mut path = request();
    path.url_mut().set_path("/base/A");
    let mut plus = signed(&target, "GET", "/base?x=a%20b", b"", "s3cret");
    plus.url_mut().set_query(Some("x=a+b"));
    let mut host = request();
    host.headers_mut()
        .insert("host", "example.com".parse().expect("a value"));
    for altered in [body, query, path, plus, host] {
        let name = altered.url().to_string();
        let refused = refusal(altered).await;
        assert!(
            refused["message"]
                .as_str()
                .is_some_and(|text| text.starts_with(mismatch)),
            "{name}: {refused}"
        );
    }

    let mut token = request();
    token
        .headers_mut()
        .insert("x-amz-security-token", "other".parse().expect("a value"));
    assert_eq!(
        refusal(token).await["message"],
        "The security token included in the request is invalid."
    );
    let mut extra = request();
    extra.headers_mut().insert("x-amz-extra", "x".parse().expect("a value"));
    let extra = refusal(extra).await;
    assert_eq!(
        extra["message"],
        "There were headers present in the request which were not signed: x-amz-extra."
    );
    assert_eq!(extra.get("canonical_request"), None);
    let mut unsigned = request();
    unsigned.headers_mut().remove("authorization");
    let answer = send(unsigned).await;
    assert_eq!(
        answer.headers()["x-amzn-errortype"],
        "MissingAuthenticationTokenException"
    );
    assert_eq!(
        answer.json::<Value>().await.expect("JSON"),
        json!({"message": "Missing Authentication Token"})
    );
}
