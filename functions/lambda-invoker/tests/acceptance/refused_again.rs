//! Refusals of the Invoke API that are easily taken for others: whose status says one thing and whose body another.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::credentials::{assumed, role};
use crate::support::event::post;
use crate::support::oracle::verify;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{ACCESS_KEY, SECRET_KEY, function};

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

/// The function has not run: nothing was invoked with a signature that was refused.
#[tokio::test]
async fn a_signature_of_another_time_is_made_once_more_by_the_services_clock() {
    let fine = || Reaction::Send(http("200 OK", "", b"{\"statusCode\":201}"));
    // By our clock it is noon.
    for (status, code, time, attempts) in [
        ("403 Forbidden", "InvalidSignatureException", "14:00:00", 2),
        ("403 Forbidden", "RequestTimeTooSkewed", "11:50:00", 2),
        ("403 Forbidden", "InvalidSignatureException", "12:03:00", 1),
        ("403 Forbidden", "KMSAccessDeniedException", "14:00:00", 1),
        ("500 Internal Server Error", "InvalidSignatureException", "14:00:00", 1),
    ] {
        let headers = format!("x-amzn-errortype: {code}\r\nDate: Sun, 01 Mar 2026 {time} GMT\r\n");
        let skewed = || Reaction::Send(http(status, &headers, b"{}"));
        let upstream = Upstream::script(vec![skewed(), fine()]).await;
        let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
        let function = function(json!([{"uri": "/", "function": invoked}])).await;
        let answer = function.call(&post("/", b"x").alb()).await;
        assert_eq!(
            (answer.status, upstream.calls()),
            (if attempts == 2 { 201 } else { 502 }, attempts),
            "{status} {code} {time}"
        );
        if attempts == 2 {
            // What comes next knows the time already.
            assert_eq!(function.call(&post("/", b"x").alb()).await.status, 201);
            assert_eq!(upstream.calls(), 3);
            let date = format!("20260301T{}Z", time.replace(':', ""));
            assert_eq!(upstream.last().header("x-amz-date"), Some(&*date));
            verify(&upstream.last(), ACCESS_KEY, SECRET_KEY, None).unwrap();
        }
    }
    // A service that goes on refusing is believed.
    let headers = "x-amzn-errortype: InvalidSignatureException\r\nDate: Sun, 01 Mar 2026 14:00:00 GMT\r\n";
    let upstream = Upstream::sending(http("403 Forbidden", headers, b"{}")).await;
    let invoked = json!({"name": "f", "endpoint_url": upstream.url("")});
    let function = function(json!([{"uri": "/", "function": invoked}])).await;
    assert_eq!(function.call(&post("/", b"x").alb()).await.error(), "invoke_refused");
    assert_eq!(upstream.calls(), 2);
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
