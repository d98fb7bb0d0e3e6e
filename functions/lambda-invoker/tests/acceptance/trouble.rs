//! What goes wrong: bad requests, limits, time, targets that misbehave.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::event::{get, post};
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, function};

async fn through(upstream: &Upstream, members: Value) -> Function {
    let mut route =
        json!({"uri": "/*", "function_uri": upstream.url("/base"), "authorization": {"iam": {"service": "lambda"}}});
    for (name, value) in members.as_object().unwrap() {
        route[name.as_str()] = value.clone();
    }
    function(json!([route])).await
}

#[tokio::test]
async fn what_cannot_be_forwarded_never_reaches_the_target() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream, json!({"max_req_body_size": 10})).await;
    let long = "x".repeat(8 * 1024);
    let malformed = |member: &str, value: Value| {
        let mut event = get("/x").url();
        event[member] = value;
        event
    };
    for (event, status, code) in [
        (get("/a/../b").url(), 400, "bad_path"),
        (get("/a/%2e%2E/b").alb(), 400, "bad_path"),
        (get("/a/..%2fb").alb(), 400, "bad_path"),
        (get("/a\\..\\b").alb(), 400, "bad_path"),
        (get("/a%00b").alb(), 400, "bad_path"),
        (get("/a%0d%0aHost:x").alb(), 400, "bad_path"),
        (get("/a\r\nx").v2(), 400, "bad_path"),
        (get("/x?a=%FF").url(), 400, "invalid_query_encoding"),
        (get("/x?%80=1").alb(), 400, "invalid_query_encoding"),
        (get("/x").header("x-a", "a\r\nx-b: 1").alb(), 400, "bad_header"),
        (get("/x").header("x a", "1").alb(), 400, "bad_header"),
        (get("/x").method("GE T").alb(), 400, "bad_method"),
        (get("/x").method("CONNECT").alb(), 501, "method_not_implemented"),
        (malformed("rawPath", json!("x")), 400, "bad_path"),
        (malformed("body", json!({"a": 1})), 400, "bad_body"),
        (
            json!({"requestContext": {"elb": {}}, "httpMethod": "POST", "path": "/", "body": "%%%", "isBase64Encoded": true}),
            400,
            "bad_body",
        ),
        (malformed("headers", json!([])), 400, "malformed_event"),
        (json!({"unrelated": true}), 400, "malformed_event"),
        (get(&format!("/{long}")).alb(), 414, "uri_too_long"),
        (get(&format!("/x?a={long}")).alb(), 414, "uri_too_long"),
        (
            get("/x").header("x-a", &"x".repeat(33 * 1024)).alb(),
            431,
            "headers_too_large",
        ),
        (post("/x", b"12345678901").alb(), 413, "request_too_large"),
        (
            post("/x", b"1").header("content-length", "11").alb(),
            413,
            "request_too_large",
        ),
    ] {
        let answer = function.call(&event).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, code), "{event}");
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
        let line = function.line();
        assert_eq!(
            (line["outcome"].as_str(), line["reason"].as_str()),
            (Some("client_error"), Some(code))
        );
    }
    assert_eq!(upstream.calls(), 0);
    assert_eq!(function.call(&post("/x", b"1234567890").alb()).await.status, 200);
}

#[tokio::test]
async fn case_18_a_body_over_the_limit_never_reaches_the_target() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream, json!({"max_req_body_size": 256})).await;
    let most: Vec<u8> = (0..=255).collect();
    let more = [most.as_slice(), b"x"].concat();
    for event in [post("/x", &more).alb(), post("/x", &more).url(), post("/x", &more).v1()] {
        let answer = function.call(&event).await;
        assert_eq!((answer.status, answer.error().as_str()), (413, "request_too_large"));
    }
    assert_eq!(upstream.calls(), 0);
    // It counts as it is, not as Base64.
    assert_eq!(function.call(&post("/x", &most).alb()).await.status, 200);
}

#[tokio::test]
async fn a_query_that_is_not_utf_8_is_passed_on_where_nothing_is_signed() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream, json!({"authorization": null})).await;
    assert_eq!(function.call(&get("/x?a=%FF").url()).await.status, 200);
    assert_eq!(upstream.last().target(), "/base/x?a=%FF");
}

#[tokio::test]
async fn going_in_circles_is_refused() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream, json!({})).await;
    for (via, status) in [
        ("1.1 lambda-invoker-front-door", 508),
        ("1.0 fred, 1.1 lambda-invoker-front-door (x)", 508),
        ("1.1 \u{e9},1.1 lambda-invoker-front-door", 508),
        ("1.1 lambda-invoker-front-door-2, 1.1 lambda-invoker-front", 200),
        ("lambda-invoker-front-door", 200),
    ] {
        let answer = function.call(&get("/x").header("Via", via).alb()).await;
        assert_eq!(answer.status, status, "{via}");
    }
    assert_eq!(upstream.last().all("via").len(), 2);
    let answer = function
        .call(&get("/x").header("via", "1.1 lambda-invoker-front-door").alb())
        .await;
    assert_eq!(answer.error(), "loop_detected");
    assert_eq!(function.line()["outcome"], "refused");
}

#[tokio::test]
async fn case_19_a_target_that_takes_too_long_is_given_up_in_time() {
    let slow = http("200 OK", "", b"late");
    for reaction in [
        Reaction::Late(Duration::from_secs(5), slow.clone()),
        Reaction::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec()),
        Reaction::Stall(b"HTTP/1.1 200 OK\r\nConte".to_vec()),
        Reaction::Stall(Vec::new()),
    ] {
        let upstream = Upstream::reacting(reaction.clone()).await;
        let function = through(&upstream, json!({"timeout": 300})).await;
        let took = soonest(&function, 30_000, Duration::from_millis(500)).await;
        assert!(took >= Duration::from_millis(290), "{reaction:?} {took:?}");
        let line = function.line();
        assert_eq!(line["attempts"], 1);
        assert!(line["upstream_ms"].as_f64().unwrap() >= 150.0, "{line}");
    }
}

/// The shortest time of a few calls that must all end in 504; another one is made only while none was within `enough`,
/// since a busy machine can hold up any of them.
async fn soonest(function: &Function, left_ms: u64, enough: Duration) -> Duration {
    let mut soonest = Duration::MAX;
    for _ in 0..4 {
        let started = Instant::now();
        let answer = function.call_within(&get("/x").alb(), left_ms).await;
        assert_eq!((answer.status, answer.error().as_str()), (504, "upstream_timeout"));
        soonest = soonest.min(started.elapsed());
        if soonest < enough {
            break;
        }
    }
    assert!(soonest < enough, "{soonest:?}");
    soonest
}

#[tokio::test]
async fn case_20_the_answer_is_there_before_lambda_ends_the_invocation() {
    let upstream = Upstream::reacting(Reaction::Late(Duration::from_secs(5), http("200 OK", "", b"late"))).await;
    let function = through(&upstream, json!({"timeout": 3000})).await;
    soonest(&function, 500, Duration::from_millis(450)).await;
    let calls = upstream.calls();
    assert!(calls > 0);
    // With less than 50 ms to go nobody is asked.
    for left_ms in [0, 200, 240] {
        let answer = function.call_within(&get("/x").alb(), left_ms).await;
        assert_eq!((answer.status, answer.error().as_str()), (504, "upstream_timeout"));
    }
    assert_eq!(upstream.calls(), calls);
}

#[tokio::test]
async fn a_target_that_misbehaves_is_a_bad_gateway() {
    for (reaction, code) in [
        (Reaction::Close(Vec::new()), "upstream_connect"),
        (
            Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec()),
            "bad_upstream_response",
        ),
        (
            Reaction::Close(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
            "bad_upstream_response",
        ),
        (
            Reaction::Close(b"HTTP/1.1 99 Odd\r\n\r\n".to_vec()),
            "bad_upstream_response",
        ),
        (
            Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n".to_vec()),
            "bad_upstream_response",
        ),
        (
            Reaction::Close(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".to_vec()),
            "bad_upstream_response",
        ),
    ] {
        let upstream = Upstream::reacting(reaction.clone()).await;
        let function = through(&upstream, json!({})).await;
        let answer = function.call(&get("/x").alb()).await;
        assert_eq!((answer.status, answer.error().as_str()), (502, code), "{reaction:?}");
        assert_eq!(function.line()["outcome"], "upstream_error");
    }
}

#[tokio::test]
async fn an_answer_larger_than_the_front_takes_is_refused() {
    let big = vec![b'a'; 900 * 1024];
    let text = Upstream::sending(http("200 OK", "Content-Type: text/plain\r\n", &big)).await;
    let binary = Upstream::sending(http("200 OK", "Content-Type: image/png\r\n", &big)).await;
    let chunked = Upstream::reacting(Reaction::Send(
        [
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
            [b"40000\r\n".to_vec(), vec![b'a'; 0x40000], b"\r\n".to_vec()]
                .concat()
                .repeat(8),
            b"0\r\n\r\n".to_vec(),
        ]
        .concat(),
    ))
    .await;
    let too_large = "upstream_response_too_large";
    for (upstream, event, expected) in [
        (&text, get("/x").alb(), None),
        // In Base64 it is more than a load balancer's megabyte.
        (&binary, get("/x").alb(), Some(too_large)),
        (&binary, get("/x").url(), None),
        (&chunked, get("/x").alb(), Some(too_large)),
        (&chunked, get("/x").url(), None),
    ] {
        let function = through(upstream, json!({})).await;
        let answer = function.call(&event).await;
        match expected {
            None => assert_eq!(answer.status, 200),
            Some(code) => assert_eq!((answer.status, answer.error().as_str()), (502, code)),
        }
    }
    let function = through(&text, json!({"max_resp_body_size": 1000})).await;
    assert_eq!(function.call(&get("/x").url()).await.error(), too_large);
}

#[tokio::test]
async fn case_21_nobody_there_is_a_bad_gateway() {
    let function = function(json!([
        {"uri": "/refused", "function_uri": "http://127.0.0.1:1/"},
        {"uri": "/unknown", "function_uri": "https://nobody.invalid/"},
    ]))
    .await;
    for path in ["/refused", "/unknown"] {
        let answer = function.call(&get(path).alb()).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (502, "upstream_connect"),
            "{path}"
        );
        assert!(!answer.text().contains("127.0.0.1") && !answer.text().contains("nobody"));
    }
}
