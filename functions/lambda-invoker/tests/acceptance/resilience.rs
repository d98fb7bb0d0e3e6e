//! Attempts that follow failed ones, and targets that are left alone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::endpoint::verified;
use crate::support::event::{get, post};
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, function};

fn status(line: &str) -> Reaction {
    Reaction::Send(http(line, "", b"told"))
}

/// A route to an upstream that signs and tries three times with short waits.
async fn trying(upstream: &Upstream, retry: Value) -> Function {
    let mut rules = json!({"attempts": 3, "base_ms": 1, "max_ms": 5});
    rules
        .as_object_mut()
        .unwrap()
        .extend(retry.as_object().unwrap().clone());
    let iam = json!({"iam": {"service": "execute-api"}});
    function(json!([{"uri": "/", "function_uri": upstream.url(""), "authorization": iam, "retry": rules}])).await
}

#[tokio::test]
async fn case_22_a_get_is_tried_again_and_a_post_is_not() {
    let upstream = Upstream::script(vec![status("503 Service Unavailable"), status("200 OK")]).await;
    let function = trying(&upstream, json!({})).await;
    let answer = function.call(&get("/").alb()).await;
    assert_eq!((answer.status, answer.text()), (200, "told"));
    let seen = upstream.all();
    assert_eq!(seen.len(), 2);
    seen.iter().for_each(|seen| drop(verified(seen)));
    let line = function.line();
    assert_eq!((&line["attempts"], &line["Retries"]), (&json!(2), &json!(1)));
    assert_eq!(line["upstream_status"], 200);

    let upstream = Upstream::script(vec![status("503 Service Unavailable"), status("200 OK")]).await;
    let function = trying(&upstream, json!({})).await;
    let answer = function.call(&post("/", b"x").alb()).await;
    assert_eq!((answer.status, answer.text()), (503, "told"));
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn each_attempt_is_signed_at_its_own_time() {
    let slow = Reaction::Late(Duration::from_millis(150), http("503 Service Unavailable", "", b""));
    let upstream = Upstream::script(vec![slow, status("200 OK")]).await;
    let function = trying(&upstream, json!({})).await;
    let event = get("/").alb();
    let advance = async {
        while upstream.calls() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        function.clock.advance_ms(7000);
    };
    let (answer, ()) = tokio::join!(function.call(&event), advance);
    assert_eq!(answer.status, 200);
    let seen = upstream.all();
    let dates: Vec<_> = seen.iter().map(|seen| seen.header("x-amz-date").unwrap()).collect();
    assert_eq!(dates, ["20260301T120000Z", "20260301T120007Z"]);
    seen.iter().for_each(|seen| drop(verified(seen)));
}

#[tokio::test]
async fn the_last_answer_stands_when_all_attempts_are_used_up() {
    for (retry, first, calls) in [
        (json!({}), "503 Service Unavailable", 3),
        (json!({}), "429 Too Many Requests", 3),
        (json!({}), "500 Internal Server Error", 1),
        (json!({"attempts": 1}), "503 Service Unavailable", 1),
        (json!({"on": ["502"]}), "503 Service Unavailable", 1),
        (json!({"methods": ["POST"]}), "503 Service Unavailable", 1),
    ] {
        let upstream = Upstream::script(vec![status(first)]).await;
        let function = trying(&upstream, retry.clone()).await;
        let answer = function.call(&get("/").alb()).await;
        assert_eq!(answer.status, first[..3].parse::<u64>().unwrap());
        assert_eq!(upstream.calls(), calls, "{retry} {first}");
    }
}

#[tokio::test]
async fn what_was_never_sent_is_tried_again_whatever_the_method() {
    let iam = json!({"iam": {"service": "lambda"}});
    for (on, attempts) in [(json!(["connect"]), 3), (json!(["503"]), 1)] {
        let retry = json!({"attempts": 3, "base_ms": 1, "max_ms": 2, "on": on});
        let route = json!({"uri": "/", "function_uri": "http://127.0.0.1:1/", "authorization": iam, "retry": retry});
        let function = function(json!([route])).await;
        let answer = function.call(&post("/", b"x").alb()).await;
        assert_eq!((answer.status, answer.error().as_str()), (502, "upstream_connect"));
        assert_eq!(function.line()["attempts"], attempts);
    }
}

#[tokio::test]
async fn a_target_that_asks_for_more_time_than_there_is_is_left_alone() {
    let busy = |seconds: u32| {
        let header = format!("Retry-After: {seconds}\r\n");
        Reaction::Send(http("503 Service Unavailable", &header, b""))
    };
    let upstream = Upstream::script(vec![busy(60)]).await;
    let function = trying(&upstream, json!({})).await;
    assert_eq!(function.call(&get("/").alb()).await.status, 503);
    assert_eq!(upstream.calls(), 1);
    // A wait that would end after the deadline is not begun.
    let upstream = Upstream::script(vec![busy(1)]).await;
    let function = trying(&upstream, json!({"base_ms": 1000, "max_ms": 5000})).await;
    let started = Instant::now();
    assert_eq!(function.call_within(&get("/").alb(), 700).await.status, 503);
    assert!(started.elapsed() < Duration::from_millis(450));
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn a_throttled_function_did_not_run_and_is_asked_again() {
    let refused = |status: &str, code: &str| {
        let headers = format!("x-amzn-errortype: {code}\r\nContent-Type: application/json\r\n");
        Reaction::Send(http(status, &headers, b"{}"))
    };
    let fine = Reaction::Send(http("200 OK", "", b"{\"statusCode\":201}"));
    for (first, status, calls) in [
        (refused("429 Too Many Requests", "TooManyRequestsException"), 201, 2),
        (refused("500 Internal Server Error", "ServiceException"), 502, 1),
        (refused("503 Service Unavailable", "ServiceUnavailable"), 503, 1),
    ] {
        let upstream = Upstream::script(vec![first, fine.clone()]).await;
        let retry = json!({"attempts": 2, "base_ms": 1, "max_ms": 2});
        let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
        let function = function(json!([{"uri": "/", "function": invoked, "retry": retry}])).await;
        let answer = function.call(&post("/", b"{}").alb()).await;
        assert_eq!((answer.status, upstream.calls()), (status, calls));
        assert_eq!(function.line()["attempts"], calls);
    }
}

#[tokio::test]
async fn a_target_that_keeps_failing_is_left_alone_for_a_while() {
    let down = || status("503 Service Unavailable");
    let upstream = Upstream::script(vec![down(), down(), down(), status("200 OK")]).await;
    let circuit = json!({"failures": 2, "window_ms": 10_000, "open_ms": 5000});
    let route = |uri: &str| json!({"uri": uri, "function_uri": upstream.url("/"), "circuit": circuit});
    let function = function(json!([
        route("/a"),
        route("/b"),
        {"uri": "/other", "function_uri": upstream.url("/"), "circuit": {"failures": 3}},
    ]))
    .await;
    let state = |function: &Function| function.line()["circuit"].as_str().unwrap().to_owned();
    // Both routes lead to one target.
    for path in ["/a", "/b"] {
        assert_eq!(function.call(&get(path).alb()).await.text(), "told");
        assert_eq!(state(&function), "closed");
    }
    for path in ["/a", "/b"] {
        let answer = function.call(&get(path).alb()).await;
        assert_eq!((answer.status, answer.error().as_str()), (503, "circuit_open"));
        assert_eq!(answer.header("retry-after").as_deref(), Some("5"));
        assert_eq!(state(&function), "open");
    }
    assert_eq!(upstream.calls(), 2);
    // One request tries, fails, and the target is left alone once more.
    function.clock.advance_ms(5000);
    assert_eq!(function.call(&get("/a").alb()).await.text(), "told");
    assert_eq!(state(&function), "half_open");
    assert_eq!(function.call(&get("/a").alb()).await.error(), "circuit_open");
    function.clock.advance_ms(5000);
    for expected in ["half_open", "closed"] {
        assert_eq!(function.call(&get("/b").alb()).await.status, 200);
        assert_eq!(state(&function), expected);
    }
    assert_eq!(upstream.calls(), 5);
    // Other rules count for themselves.
    assert_eq!(function.call(&get("/other").alb()).await.status, 200);
}

#[tokio::test]
async fn a_functions_circuit_counts_what_the_service_gets_wrong() {
    let broken = Reaction::Send(http(
        "500 Internal Server Error",
        "x-amzn-errortype: ServiceException\r\n",
        b"{}",
    ));
    let thrown = Reaction::Send(http("200 OK", "x-amz-function-error: Unhandled\r\n", b"{}"));
    for (reaction, last) in [(broken, "circuit_open"), (thrown, "function_error")] {
        let upstream = Upstream::script(vec![reaction]).await;
        let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
        let function = function(json!([{"uri": "/", "function": invoked, "circuit": {"failures": 2}}])).await;
        for _ in 0..2 {
            assert_eq!(function.call(&get("/").alb()).await.status, 502);
        }
        assert_eq!(function.call(&get("/").alb()).await.error(), last);
    }
}

#[tokio::test]
async fn what_says_nothing_about_the_target_is_not_counted() {
    let upstream = Upstream::script(vec![status("503 Service Unavailable"), Reaction::Stall(Vec::new())]).await;
    let iam = json!({"service": "execute-api", "signed_headers": ["x-own"]});
    let mut route = json!({"uri": "/", "function_uri": upstream.url("/"), "authorization": {"iam": iam}});
    route["circuit"] = json!({"failures": 2});
    route["timeout"] = json!(500);
    let function = function(json!([route])).await;
    assert_eq!(function.call(&get("/").alb()).await.text(), "told");
    // Neither a failure nor a success: it was never sent, or had no time.
    for _ in 0..2 {
        let answer = function.call(&get("/").header("x-own", "a\tb").alb()).await;
        assert_eq!(answer.error(), "bad_header");
        let answer = function.call_within(&get("/").alb(), 300).await;
        assert_eq!(answer.error(), "upstream_timeout");
    }
    assert_eq!(function.call(&get("/").alb()).await.error(), "upstream_timeout");
    assert_eq!(function.call(&get("/").alb()).await.error(), "circuit_open");
}
