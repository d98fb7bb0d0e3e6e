//! Answers of a function, as a load balancer passes them on or refuses them.

use http_body_util::BodyExt;
use serde_json::json;

use super::*;

/// The response as text: status line, headers in the order of names, body.
fn shown(mode: HeaderMode, reply: &Value) -> String {
    let response = match read(mode, reply.to_string().as_bytes()) {
        Ok(response) => response,
        Err(problem) => return format!("502 {problem}"),
    };
    let phrase = response
        .extensions()
        .get::<ReasonPhrase>()
        .map(|phrase| String::from_utf8_lossy(phrase.as_bytes()).into_owned());
    let mut headers: Vec<String> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect();
    headers.sort();
    let status = format!("{} {}", response.status().as_u16(), phrase.as_deref().unwrap_or("-"));
    let body = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(response.into_body().collect());
    let body = String::from_utf8_lossy(&body.expect("a body").to_bytes()).into_owned();
    [vec![status], headers, vec![body]].concat().join(" | ")
}

#[track_caller]
fn check(mode: HeaderMode, reply: Value, expected: &str) {
    assert_eq!(shown(mode, &reply), expected, "{reply}");
}

#[test]
fn single_value_replies() {
    check(
        HeaderMode::Single,
        json!({"statusCode": 204, "statusDescription": "204 No Content", "isBase64Encoded": false, "headers": {"X-RateLimit-Limit": "500"}, "body": ""}),
        "204 No Content | server: awselb/2.0 | x-ratelimit-limit: 500 | ",
    );
    check(
        HeaderMode::Single,
        json!({"statusCode": 200, "headers": {"Content-Type": "text/plain", "server": "mine"}, "body": "hi"}),
        "200 - | content-type: text/plain | server: mine | hi",
    );
    check(
        HeaderMode::Single,
        json!({"statusCode": 200, "multiValueHeaders": {"X-A": ["1"]}}),
        "200 - | server: awselb/2.0 | ",
    );
}

#[test]
fn multi_value_replies() {
    check(
        HeaderMode::Multi,
        json!({"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "Content-Type": ["text/plain"]}, "body": "hi"}),
        "200 - | content-type: text/plain | server: awselb/2.0 | set-cookie: a=1 | set-cookie: b=2 | hi",
    );
    check(
        HeaderMode::Multi,
        json!({"statusCode": 200, "headers": {"X-A": "1"}, "multiValueHeaders": null}),
        "200 - | server: awselb/2.0 | ",
    );
}

#[test]
fn bodies() {
    let with = |reply: Value, expected: &str| check(HeaderMode::Single, reply, expected);
    with(
        json!({"statusCode": 200, "body": "eD0x", "isBase64Encoded": true}),
        "200 - | content-type: application/octet-stream | server: awselb/2.0 | x=1",
    );
    with(
        json!({"statusCode": 200, "body": null}),
        "200 - | server: awselb/2.0 | ",
    );
    with(
        json!({"statusCode": 304, "body": "none", "headers": {"content-type": "text/plain"}}),
        "304 - | content-type: text/plain | server: awselb/2.0 | ",
    );
}

#[test]
fn headers_of_the_connection_are_dropped() {
    check(
        HeaderMode::Single,
        json!({"statusCode": 200, "headers": {
            "Connection": "close", "Transfer-Encoding": "chunked", "Content-Length": "99", "Keep-Alive": "1", "Upgrade": "h2c", "X-A": "1"}}),
        "200 - | server: awselb/2.0 | x-a: 1 | ",
    );
}

#[test]
fn the_reason_phrase() {
    let with = |description: Value, expected: &str| {
        check(
            HeaderMode::Single,
            json!({"statusCode": 404, "statusDescription": description}),
            expected,
        );
    };
    with(json!("404 Nothing Here"), "404 Nothing Here | server: awselb/2.0 | ");
    with(json!("200 OK"), "404 - | server: awselb/2.0 | ");
    with(json!(404), "502 statusDescription is not a string");
    with(json!("404 a\nb"), "502 statusDescription has bad characters");
}

#[test]
fn faults_are_refused() {
    let single = |reply: Value, expected: &str| check(HeaderMode::Single, reply, &format!("502 {expected}"));
    single(json!({}), "statusCode is missing");
    single(json!({"statusCode": "200"}), "statusCode is not an integer");
    single(json!({"statusCode": 200.5}), "statusCode is not an integer");
    single(json!({"statusCode": -1}), "statusCode is not an integer");
    single(json!({"statusCode": 100}), "statusCode 100 is no final status");
    single(json!({"statusCode": 1000}), "statusCode 1000 is no final status");
    single(json!({"statusCode": 200, "body": {"a": 1}}), "body is not a string");
    single(
        json!({"statusCode": 200, "isBase64Encoded": "true"}),
        "isBase64Encoded is not a boolean",
    );
    single(
        json!({"statusCode": 200, "isBase64Encoded": true, "body": "%"}),
        "body is not Base64",
    );
    single(json!({"statusCode": 200, "headers": []}), "headers is not an object");
    single(
        json!({"statusCode": 200, "headers": {"X-A": 1}}),
        "headers.X-A has the wrong type",
    );
    single(
        json!({"statusCode": 200, "headers": {"X A": "1"}}),
        "headers.X A is no header name",
    );
    single(
        json!({"statusCode": 200, "headers": {"X-A": "1\r\nX-B: 2"}}),
        "headers.X-A has bad characters",
    );
    let multi = |reply: Value, expected: &str| check(HeaderMode::Multi, reply, &format!("502 {expected}"));
    multi(
        json!({"statusCode": 200, "multiValueHeaders": {"X-A": "1"}}),
        "multiValueHeaders.X-A has the wrong type",
    );
    multi(
        json!({"statusCode": 200, "multiValueHeaders": {"X-A": [1]}}),
        "multiValueHeaders.X-A holds no strings",
    );
    for payload in [b"".as_slice(), b"null", b"\"text\"", b"[]", b"{", b"\xff"] {
        let problem = read(HeaderMode::Single, payload).expect_err("no reply");
        assert!(problem.starts_with("no JSON object"), "{problem}");
    }
}

#[test]
fn the_reply_has_at_most_one_megabyte() {
    let reply = |padding: usize| json!({"statusCode": 200, "body": "x".repeat(padding)}).to_string();
    let overhead = reply(0).len();
    assert!(read(HeaderMode::Single, reply(MAX_BYTES - overhead).as_bytes()).is_ok());
    let problem = read(HeaderMode::Single, reply(MAX_BYTES - overhead + 1).as_bytes()).expect_err("too large");
    assert_eq!(problem, "1048577 bytes are more than 1 MB");
}
