//! Whatever the function forwards is signed as botocore signs it: an oracle on botocore's `SigV4Auth` recomputes each
//! signature from the bytes that arrived.

mod invoke;
mod request;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::function::Function;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use super::super::environment::Environment;
use super::{Server, answer, invoker};
use request::{Front, Request, requests, text};

use crate::stage::listener;

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", ""),
];
const TEMPORARY_KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "K7MDENG/bPxRfiCYEXAMPLEKEYwJalrXUtnFEMI+"),
    ("AWS_SESSION_TOKEN", "token/with+odd=characters"),
];

/// The oracle, and the function in front of it: everything below `/base`, signed for the oracle's own scope.
async fn stage(keys: &[(&str, &str)], service: &str) -> (Server, Function) {
    let mut oracle = Environment::new("signers").python("oracle.py");
    oracle.args(["eu-west-1", service]);
    let oracle = Server::start(oracle).await;
    let authorization = json!({"iam": {"service": service}, "client_authorization": "replace"});
    let url = format!("http://127.0.0.1:{}/base", oracle.port);
    let route = json!({"uri": "/*", "function_uri": url, "authorization": authorization, "timeout": 2500});
    let function = invoker(&json!([route]), keys);
    (oracle, function)
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

/// What the target saw, decoded and sorted.
fn seen(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').expect("every pair has its ="))
        .map(|(name, value)| (text(name), text(value)))
        .collect();
    pairs.sort();
    pairs
}

/// Whether the function refused the request itself, in a way that it may.
fn is_refused(answer: &Value) -> bool {
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let known = [
        "bad_path",
        "bad_header",
        "invalid_query_encoding",
        "bad_method",
        "method_not_implemented",
    ];
    body["error"].as_str().is_some_and(|word| known.contains(&word)) && body["request_id"].is_string()
}

fn agrees(request: &Request, answer: &Value) -> Result<bool, TestCaseError> {
    if answer["statusCode"] != 200 {
        let refused = is_refused(answer) || request.method == "HEAD" && answer["statusCode"] == 400;
        prop_assert!(refused, "{answer}");
        return Ok(false);
    }
    if request.method == "HEAD" {
        return Ok(true);
    }
    let echo: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    prop_assert_eq!(&echo["method"], &json!(request.method));
    prop_assert_eq!(&echo["body"], &json!(STANDARD.encode(&request.body)));
    let target = echo["target"].as_str().unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    // What the route's `*` took stands behind one slash; nothing leaves the target's path as it is.
    let expected = match &request.path[1..] {
        "" => "/base".to_owned(),
        tail => format!("/base/{}", tail.trim_start_matches('/')),
    };
    prop_assert_eq!(decoded(path), decoded(&expected));
    prop_assert_eq!(seen(query), request.meant());
    Ok(true)
}

#[test]
fn whatever_is_forwarded_is_signed_as_botocore_signs_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for keys in [KEYS, TEMPORARY_KEYS] {
        let (oracle, function) = runtime.block_on(stage(&keys, "execute-api"));
        let mut runner = TestRunner::new(Config {
            cases: 250,
            failure_persistence: None,
            ..Config::default()
        });
        let forwarded = std::cell::Cell::new(0);
        let checked = runner.run(&requests(), |request| {
            let answer = runtime.block_on(answer(&function, &request.event()));
            if agrees(&request, &answer)? {
                forwarded.set(forwarded.get() + 1);
            }
            Ok(())
        });
        runtime.block_on(function.stop());
        drop(oracle);
        checked.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(
            forwarded.get() > 120,
            "only {} requests were forwarded",
            forwarded.get()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oracle_knows_good_from_bad() {
    let output = Environment::new("signers")
        .python("oracle.py")
        .arg("--self-test")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_for_another_scope_or_secret_is_refused() {
    for (keys, iam) in [
        (KEYS, json!({"service": "lambda"})),
        (KEYS, json!({"service": "execute-api", "aws_region": "us-east-1"})),
        (
            KEYS,
            json!({"service": "execute-api", "accesskey": "AKIDEXAMPLE", "secretkey": "wrong"}),
        ),
        (
            TEMPORARY_KEYS,
            json!({"service": "execute-api", "accesskey": "ASIAEXAMPLE", "secretkey": "K7MDENG/bPxRfiCYEXAMPLEKEYwJalrXUtnFEMI+"}),
        ),
    ] {
        let (oracle, _) = stage(&keys, "execute-api").await;
        let url = format!("http://127.0.0.1:{}/", oracle.port);
        let route = json!({"uri": "/", "function_uri": url, "authorization": {"iam": iam}});
        let function = invoker(&json!([route]), &keys);
        let request = Request {
            front: Front::FunctionUrl,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        assert_eq!(answer(&function, &request.event()).await["statusCode"], 403, "{iam}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_headers_are_signed_and_a_payload_is_not_if_the_route_has_it_so() {
    let (oracle, _) = stage(&KEYS, "execute-api").await;
    let url = format!("http://127.0.0.1:{}/", oracle.port);
    let iam = json!({"service": "execute-api", "signed_headers": ["x-own", "Date"], "unsigned_payload": true});
    let route = json!({"uri": "/", "function_uri": url, "authorization": {"iam": iam}});
    let function = invoker(&json!([route]), &KEYS);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        front: Front::AlbMultiValue,
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers: vec![header("x-own", " a  b"), header("x-own", "c"), header("x-other", "d")],
        body: b"anything".to_vec(),
    };
    let answer = answer(&function, &request.event()).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let echo: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let headers = echo["headers"].as_array().unwrap();
    let value = |name: &str| {
        headers.iter().find(|pair| pair[0] == name).unwrap()[1]
            .as_str()
            .unwrap()
    };
    assert!(value("authorization").contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-own,"));
    assert_eq!(value("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
}

/// A container's credentials endpoint on loopback; gives its URL and counts who asked.
async fn container() -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = listener().await;
    let url = format!("http://{}/creds", listener.local_addr().unwrap());
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            let head = String::from_utf8_lossy(&buffer[..read]).to_lowercase();
            let [(_, key), (_, secret), (_, token)] = TEMPORARY_KEYS;
            let body = json!({"AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": "2199-01-01T00:00:00Z"});
            let body = body.to_string();
            let (status, body) = if head.contains("authorization: container-token") {
                counted.fetch_add(1, Ordering::SeqCst);
                ("200 OK", body.as_str())
            } else {
                ("401 Unauthorized", "")
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_snapstart_signs_with_what_its_container_gives() {
    let (url, asked) = container().await;
    let request = Request {
        front: Front::FunctionUrl,
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: b"x".to_vec(),
    };
    for (token, status) in [("container-token", 200), ("another", 502)] {
        let environment = [
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token),
        ];
        let (_oracle, function) = stage(&environment, "execute-api").await;
        for _ in 0..2 {
            let answer = answer(&function, &request.event()).await;
            assert_eq!(answer["statusCode"], status, "{answer}");
        }
        assert!(!function.log().text().contains("container-token"));
    }
    // Kept while they last.
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
}
