//! What the time that a stream takes says about its target, and what is held back for how long.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::streamed_replies::{HEAD, NULS, PRELUDE, reply, routes, taken};
use crate::streaming::{begin, streaming};
use crate::support::event::get;
use crate::support::function;
use crate::support::upstream::{Reaction, Upstream, http};

/// The head of a body that goes on, and the start of it.
fn begun(status: &str, chunks: &[&str]) -> Vec<u8> {
    let chunks: String = chunks
        .iter()
        .map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()))
        .collect();
    format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}").into_bytes()
}

/// A streamed reply of a function that goes on.
fn unended(media_type: &str, chunks: &[&[u8]]) -> Vec<u8> {
    let bytes = reply(media_type, chunks, None);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: 90000000");
    [head.as_bytes(), &bytes[end..]].concat()
}

/// The table's one route with a circuit that opens at the second failure.
fn guarded(mut route: Value, timeout: u64, connect_timeout: u64) -> Value {
    route["timeout"] = json!(timeout);
    route["connect_timeout"] = json!(connect_timeout);
    route["circuit"] = json!({"failures": 2, "window_ms": 600_000, "open_ms": 600_000});
    json!([route])
}

fn endpoint(upstream: &Upstream) -> Value {
    json!({"uri": "/*", "function_uri": upstream.url("/")})
}

#[tokio::test]
async fn a_stream_that_flows_until_its_time_is_up_says_nothing_about_its_target() {
    let sse = Upstream::reacting(Reaction::Stall(begun("200 OK", &["data: 1\n\n"]))).await;
    let function_sse = Upstream::reacting(Reaction::Stall(unended(PRELUDE, &[HEAD, NULS, b"data: 1\n\n"]))).await;
    for route in [endpoint(&sse), routes(&function_sse, &json!({}))[0].clone()] {
        let function = streaming(guarded(route, 300, 100)).await;
        for _ in 0..4 {
            let begun = begin(&function, &get("/x").url()).await;
            assert_ne!(begun.prelude["statusCode"], 503, "the circuit is open");
            assert_eq!(taken(begun).await, ("data: 1\n\n".to_owned(), Some("stream_timeout")));
        }
        let line = function.line();
        assert_eq!(
            (&line["outcome"], &line["reason"], &line["message"]),
            (&json!("ok"), &json!("stream_timeout"), &json!("cut off"))
        );
        assert_eq!((&line["cut"], &line["CutStreams"]), (&json!(true), &json!(1)));
        assert_eq!(line["level"], "WARN");
    }
}

#[tokio::test]
async fn a_target_that_sends_a_head_and_nothing_else_opens_the_circuit() {
    let silent = Upstream::reacting(Reaction::Stall(begun("200 OK", &[]))).await;
    let function = streaming(guarded(endpoint(&silent), 300, 100)).await;
    for _ in 0..2 {
        let begun = begin(&function, &get("/x").url()).await;
        assert_eq!(begun.prelude["statusCode"], 200);
        assert_eq!(taken(begun).await, (String::new(), Some("upstream_timeout")));
    }
    assert_eq!(begin(&function, &get("/x").url()).await.prelude["statusCode"], 503);

    // One whose head came late has had no time for a body.
    let late = Upstream::reacting(Reaction::Late(Duration::from_millis(1000), begun("200 OK", &[]))).await;
    let function = streaming(guarded(endpoint(&late), 1500, 1500)).await;
    for _ in 0..3 {
        let begun = begin(&function, &get("/x").url()).await;
        assert_eq!(begun.prelude["statusCode"], 200);
        assert_eq!(taken(begun).await, (String::new(), Some("upstream_timeout")));
    }
}

#[tokio::test]
async fn an_error_of_the_target_is_not_held_back() {
    let slow = Upstream::reacting(Reaction::Stall(begun("404 Not Found", &["not here"]))).await;
    let function = streaming(json!([endpoint(&slow)])).await;
    let started = Instant::now();
    let begun_404 = begin(&function, &get("/x").url()).await;
    assert_eq!(begun_404.prelude["statusCode"], 404);
    assert!(
        started.elapsed() < Duration::from_millis(1500),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(taken(begun_404).await, ("not here".to_owned(), Some("stream_timeout")));
    assert_eq!(function.line()["upstream_body"], "not here");

    let large = "x".repeat(40_000);
    let never_ending = Upstream::reacting(Reaction::Stall(begun("500 Internal Server Error", &[&large]))).await;
    let function = streaming(json!([endpoint(&never_ending)])).await;
    let started = Instant::now();
    assert_eq!(begin(&function, &get("/x").url()).await.prelude["statusCode"], 500);
    assert!(
        started.elapsed() < Duration::from_millis(200),
        "2 KB are enough: {:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn an_error_whose_body_breaks_off_keeps_its_status() {
    let half = [
        &b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 1000\r\n\r\n"[..],
        &[b'x'; 200],
    ]
    .concat();
    let broken = Upstream::reacting(Reaction::Close(half)).await;
    let function = streaming(json!([endpoint(&broken)])).await;
    let begun_500 = begin(&function, &get("/x").url()).await;
    assert_eq!(begun_500.prelude["statusCode"], 500);
    assert_eq!(begun_500.header("content-length"), Some("1000"));
    assert_eq!(taken(begun_500).await, ("x".repeat(200), Some("bad_upstream_response")));
    assert_eq!(function.line()["message"], "cut off");

    // One that is too large is refused as long as nothing of it has gone out.
    let large = [begun("404 Not Found", &[&"x".repeat(64)]), b"0\r\n\r\n".to_vec()].concat();
    let mut route = endpoint(&Upstream::sending(large).await);
    route["max_resp_body_size"] = json!(63);
    let function = streaming(json!([route])).await;
    assert_eq!(begin(&function, &get("/x").url()).await.prelude["statusCode"], 502);
    assert_eq!(function.line()["reason"], "upstream_response_too_large");

    // Another attempt is made by the status, whatever became of the body.
    let half = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nabc".to_vec();
    let upstream = Upstream::script(vec![Reaction::Close(half), Reaction::Send(http("200 OK", "", b"ok"))]).await;
    let mut route = endpoint(&upstream);
    route["retry"] = json!({"attempts": 2, "base_ms": 1, "max_ms": 2});
    let begun_200 = begin(&streaming(json!([route])).await, &get("/x").url()).await;
    assert_eq!(begun_200.prelude["statusCode"], 200);
    assert_eq!((taken(begun_200).await.0, upstream.calls()), ("ok".to_owned(), 2));
}

#[tokio::test]
async fn a_reply_without_a_body_is_not_waited_for() {
    let empty = b"{\"statusCode\":204}";
    for (method, head, status) in [("HEAD", HEAD, 201), ("GET", &empty[..], 204)] {
        let upstream = Upstream::reacting(Reaction::Stall(unended(PRELUDE, &[head, NULS, b"data: 1\n\n"]))).await;
        let started = Instant::now();
        let request = get("/x").method(method);
        let to_stream = streaming(routes(&upstream, &json!({}))).await;
        let begun = begin(&to_stream, &request.url()).await;
        assert_eq!(begun.prelude["statusCode"], status, "{method}");
        assert_eq!(taken(begun).await, (String::new(), None));
        let answer = function(routes(&upstream, &json!({}))).await.call(&request.alb()).await;
        assert_eq!((answer.status, answer.text()), (status, ""), "{method}");
        assert!(
            started.elapsed() < Duration::from_millis(2000),
            "{method} {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn an_announced_stream_of_nothing_is_an_empty_answer() {
    for media_type in [PRELUDE, "application/octet-stream"] {
        let upstream = Upstream::sending(reply(media_type, &[], Some(json!({})))).await;
        let begun = begin(&streaming(routes(&upstream, &json!({}))).await, &get("/x").url()).await;
        assert_eq!(begun.prelude["statusCode"], 200, "{media_type}");
        assert_eq!(begun.header("content-type"), Some("application/octet-stream"));
        assert_eq!(taken(begun).await, (String::new(), None));
        let answer = function(routes(&upstream, &json!({})))
            .await
            .call(&get("/x").alb())
            .await;
        assert_eq!((answer.status, answer.text()), (200, ""), "{media_type}");
    }
    // One that was begun is no answer.
    for start in [&HEAD[..20], HEAD, &[HEAD, &NULS[..4]].concat(), b" "] {
        let upstream = Upstream::sending(reply(PRELUDE, &[start], Some(json!({})))).await;
        let begun = begin(&streaming(routes(&upstream, &json!({}))).await, &get("/x").url()).await;
        assert_eq!(begun.prelude["statusCode"], 502);
    }
}
