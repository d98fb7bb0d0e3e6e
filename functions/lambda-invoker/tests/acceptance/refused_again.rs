//! Refusals of the Invoke API that are easily taken for others: whose status says one thing and whose body another.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::credentials::{assumed, role};
use crate::support::event::post;
use crate::support::function;
use crate::support::upstream::{Reaction, Upstream, http};

#[tokio::test]
async fn only_a_403_is_about_credentials() {
    for (status, calls) in [("502 Bad Gateway", 1), ("400 Bad Request", 1), ("403 Forbidden", 2)] {
        let stale = Reaction::Send(http(status, "x-amzn-errortype: ExpiredTokenException\r\n", b"{}"));
        let fine = Reaction::Send(http("200 OK", "", b"{\"statusCode\":201}"));
        let upstream = Upstream::script(vec![stale, fine]).await;
        let sts = Upstream::script(vec![assumed(1, "13:00:00"), assumed(2, "13:00:00")]).await;
        let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
        let iam = json!({"assume_role": role(&sts)});
        let function = function(json!([{"uri": "/", "function": invoked, "authorization": {"iam": iam}}])).await;
        let answer = function.call(&post("/", b"x").alb()).await;
        assert_eq!(
            (answer.status, upstream.calls()),
            (if calls == 2 { 201 } else { 502 }, calls),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_throttled_call_says_so_without_its_body() {
    let half = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\n{";
    let upstream = Upstream::reacting(Reaction::Stall(half.to_vec())).await;
    let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
    let function = function(json!([{"uri": "/", "function": invoked, "timeout": 1500}])).await;
    let started = Instant::now();
    let answer = function.call(&post("/", b"x").alb()).await;
    assert_eq!((answer.status, answer.error()), (503, "throttled".to_owned()));
    assert_eq!(answer.header("retry-after").as_deref(), Some("7"));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_payload_of_the_clients_own_that_is_refused_wants_nobody() {
    let refused = http(
        "400 Bad Request",
        "x-amzn-errortype: InvalidRequestContentException\r\n",
        b"{}",
    );
    for (format, level) in [("raw", "WARN"), ("v2", "ERROR")] {
        let upstream = Upstream::sending(refused.clone()).await;
        let invoked = json!({"name": "f", "endpoint_url": upstream.url(""), "payload_format": format});
        let function = function(json!([{"uri": "/", "function": invoked}])).await;
        let answer = function.call(&post("/", b"{\"a\":\"\\ud800\"}").alb()).await;
        assert_eq!(
            (answer.status, answer.error()),
            (502, "invoke_refused".to_owned()),
            "{format}"
        );
        assert_eq!(function.line()["level"], level, "{format}");
    }
}
