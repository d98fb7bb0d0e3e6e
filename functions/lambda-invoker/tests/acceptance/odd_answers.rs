//! Answers of endpoints that come early, have many lines, or bytes of another time in them.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::event::{get, post};
use crate::support::function;
use crate::support::upstream::{Upstream, http};

/// An endpoint that reads the head of a request, sends `answer` and closes: what it has not read resets the connection. It
/// has a thread of its own, so that it answers while the request is still being written.
fn hasty(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(answer);
        }
    });
    format!("http://127.0.0.1:{port}/")
}

#[tokio::test]
async fn an_answer_before_all_of_the_request_was_read_is_an_answer() {
    let url = hasty(b"HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoo big");
    let function = function(json!([{"uri": "/", "function_uri": url}])).await;
    for size in [1_000, 100_000, 4_000_000] {
        for _ in 0..8 {
            let answer = function.call(&post("/", &vec![b'x'; size]).url()).await;
            assert_eq!((answer.status, answer.text()), (413, "too big"), "{size}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_told_apart_in_the_log() {
    let url = hasty(b"");
    let function = function(json!([{"uri": "/", "function_uri": url}])).await;
    for size in [1_000, 4_000_000] {
        let answer = function.call(&post("/", &vec![b'x'; size]).url()).await;
        assert_eq!((answer.status, answer.error()), (502, "upstream_connect".to_owned()));
        assert_eq!(function.line()["upstream_error"], "connection_broken", "{size}");
        assert_eq!(function.line()["attempts"], 1);
    }
    // One that was never made is not.
    let nobody = crate::support::function(json!([{"uri": "/", "function_uri": "http://127.0.0.1:1/"}])).await;
    assert_eq!(nobody.call(&get("/").url()).await.status, 502);
    assert_eq!(nobody.line()["upstream_error"], Value::Null);
}

#[tokio::test]
async fn an_answer_may_have_many_lines() {
    let lines: String = (0..900).map(|number| format!("X-{number}: v\r\n")).collect();
    let upstream = Upstream::sending(http("200 OK", &lines, b"ok")).await;
    let function = function(json!([{"uri": "/", "function_uri": upstream.url("/"), "timeout": 10_000}])).await;
    let answer = function.call(&get("/").v2()).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert_eq!(answer.header("x-899").as_deref(), Some("v"));
}

#[tokio::test]
async fn a_header_that_is_not_utf_8_is_read_as_latin_1() {
    let headers = [&b"X-Latin: caf\xe9 \xa9\r\nX-Utf8: caf"[..], "é".as_bytes(), b"\r\n"].concat();
    let answer = [&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"[..], &headers, b"\r\nok"].concat();
    let upstream = Upstream::sending(answer).await;
    let function = function(json!([{"uri": "/", "function_uri": upstream.url("/")}])).await;
    for event in [
        get("/").alb(),
        get("/").alb_multi(),
        get("/").v1(),
        get("/").v2(),
        get("/").url(),
    ] {
        let answer = function.call(&event).await;
        assert_eq!(answer.header("x-latin").as_deref(), Some("café ©"));
        assert_eq!(answer.header("x-utf8").as_deref(), Some("café"));
    }
}
