//! Replies of functions that have run: half characters in them, and what a bad one says about the function.

use serde_json::{Value, json};

use crate::streamed_replies::{NULS, PRELUDE, reply};
use crate::support::event::get;
use crate::support::function;
use crate::support::upstream::{Reaction, Upstream, http};

fn route(upstream: &Upstream, more: &Value) -> Value {
    let mut to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    for (name, value) in more.as_object().into_iter().flatten() {
        to[name.as_str()] = value.clone();
    }
    let circuit = json!({"failures": 2, "window_ms": 600_000, "open_ms": 600_000});
    json!([{"uri": "/*", "function": to, "circuit": circuit}])
}

#[tokio::test]
async fn half_a_character_in_a_reply_is_a_replacement_character() {
    for (format, reply, body) in [
        ("v2", r#"{"statusCode": 200, "body": "a\ud83db"}"#, "a\u{fffd}b"),
        ("v1", r#"{"statusCode": "200", "body": "\uDE00"}"#, "\u{fffd}"),
        (
            "alb",
            r#"{"statusCode": 200, "body": "\ud83d\ud83d\ude00"}"#,
            "\u{fffd}\u{1f600}",
        ),
        (
            "v2",
            r#"{"statusCode": 200, "body": "\\ud83d \ud83d"}"#,
            "\\ud83d \u{fffd}",
        ),
        ("v2", r#"{"statusCode": 200, "body": "\\\ud83d"}"#, "\\\u{fffd}"),
        ("v2", r#"{"statusCode": 200, "body": "\ud83dx"}"#, "\u{fffd}x"),
        ("v2", r#"{"statusCode": 200, "other": "\ud83d", "body": "ok"}"#, "ok"),
        (
            "v2",
            r#"{"statusCode": 200, "headers": {"x-a": "\ud83d", "x-b": "b"}, "body": "ok"}"#,
            "ok",
        ),
        (
            "v2",
            r#"{"statusCode": 200, "headers": {"\ud83d": "a", "x-b": "b"}, "body": "ok"}"#,
            "ok",
        ),
        (
            "v2",
            r#"{"statusCode": 200, "cookies": ["\ud83d"], "headers": {"x-b": "b"}, "body": "ok"}"#,
            "ok",
        ),
        (
            "v1",
            r#"{"statusCode": 200, "multiValueHeaders": {"x-a": ["\ud83d"], "x-b": ["b"]}, "body": "ok"}"#,
            "ok",
        ),
    ] {
        let upstream = Upstream::sending(http("200 OK", "", reply.as_bytes())).await;
        let function = function(route(&upstream, &json!({"payload_format": format}))).await;
        let answer = function.call(&get("/x").url()).await;
        assert_eq!((answer.status, answer.text()), (200, body), "{reply}");
        assert_eq!(answer.header("x-a"), None, "{reply}");
        assert!(answer.headers("set-cookie").is_empty(), "{reply}");
        if reply.contains("x-b") {
            assert_eq!(answer.header("x-b").as_deref(), Some("b"), "{reply}");
            assert_eq!(function.line()["dropped_headers"], 1, "{reply}");
        }
    }
    // What a function threw is read, too.
    let thrown = br#"{"errorType": "Oops", "errorMessage": "Task timed out after 3.00 seconds \ud83d"}"#;
    let upstream = Upstream::sending(http("200 OK", "X-Amz-Function-Error: Unhandled\r\n", thrown)).await;
    let function = function(route(&upstream, &json!({}))).await;
    let answer = function.call(&get("/x").url()).await;
    assert_eq!((answer.status, answer.error()), (504, "function_error".to_owned()));
    assert_eq!(function.line()["upstream_error"], "Oops");
}

#[tokio::test]
async fn a_function_that_ran_and_replied_badly_is_no_failing_target() {
    let stream = json!({"invocation": "response_stream"});
    let bad_prelude = [b"{\"statusCode\":\"x\"}", NULS].concat();
    for (more, reply) in [
        (&json!({}), http("200 OK", "", b"no json")),
        (&json!({}), http("200 OK", "", br#"{"statusCode": 900}"#)),
        (&json!({}), http("200 OK", "", br#"{"statusCode": 101}"#)),
        (
            &json!({}),
            http(
                "200 OK",
                "",
                br#"{"statusCode": 200, "body": "!", "isBase64Encoded": true}"#,
            ),
        ),
        (&json!({"payload_format": "raw"}), http("200 OK", "", b"no json")),
        (&stream, reply(PRELUDE, &[&bad_prelude], Some(json!({})))),
        (&stream, reply(PRELUDE, &[b"no prelude"], Some(json!({})))),
        (&stream, reply(PRELUDE, &[b"{\"statusCode\":2"], Some(json!({})))),
    ] {
        let upstream = Upstream::sending(reply).await;
        let function = function(route(&upstream, more)).await;
        for _ in 0..4 {
            let answer = function.call(&get("/x").url()).await;
            assert_eq!(
                (answer.status, answer.error()),
                (502, "bad_upstream_response".to_owned())
            );
        }
    }
    // What is wrong on the way from the service is a failure of the target's.
    for (more, bytes) in [
        (&json!({}), b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}".to_vec()),
        (&json!({}), b"no http at all\r\n\r\n".to_vec()),
        (&stream, reply(PRELUDE, &[b"{\"statusCode\":2"], None)),
        (
            &stream,
            http(
                "200 OK",
                "Content-Type: text/plain\r\n",
                b"bytes that are no events at all",
            ),
        ),
    ] {
        let upstream = Upstream::reacting(Reaction::Close(bytes)).await;
        let function = function(route(&upstream, more)).await;
        for expected in ["bad_upstream_response", "bad_upstream_response", "circuit_open"] {
            assert_eq!(function.call(&get("/x").url()).await.error(), expected);
        }
    }
}
