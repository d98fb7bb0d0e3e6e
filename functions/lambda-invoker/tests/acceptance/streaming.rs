//! Answers that go out while they arrive: to which fronts, within which limits, and how they break off.

use std::time::{Duration, Instant};

use lambda_invoker::stream::Streaming;
use serde_json::{Value, json};
use shared::start::{InvocationError, Reply, StreamBody};
use shared::testing::MemorySecrets;

use crate::support::event::get;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, env, start, table};

/// The start of a stream, and its body.
pub(crate) struct Begun {
    pub(crate) prelude: Value,
    pub(crate) body: Streaming,
}

/// A function that streams to both fronts that can take it.
pub(crate) async fn streaming(routes: Value) -> Function {
    let env = env(&table(routes)).with("INVOKER_STREAMING_FRONTS", "function-url,rest-api");
    start(env, MemorySecrets::default()).await.unwrap()
}

pub(crate) async fn begin_within(function: &Function, event: &Value, left_ms: u64) -> Begun {
    let Reply::Stream { prelude, body } = function.reply(&event.to_string(), left_ms).await else {
        unreachable!("this front takes a stream")
    };
    let json = prelude.strip_suffix(&[0; 8]).unwrap();
    Begun {
        prelude: serde_json::from_slice(json).unwrap(),
        body,
    }
}

pub(crate) async fn begin(function: &Function, event: &Value) -> Begun {
    begin_within(function, event, 30_000).await
}

impl Begun {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.prelude["headers"][name].as_str()
    }

    /// All that still comes, and what it breaks off with.
    async fn read(&mut self) -> (Vec<u8>, Option<InvocationError>) {
        let mut all = Vec::new();
        loop {
            match self.body.next().await {
                Ok(Some(piece)) => all.extend_from_slice(&piece),
                Ok(None) => return (all, None),
                Err(error) => return (all, Some(error)),
            }
        }
    }

    /// Reads what Lambda takes to the end.
    pub(crate) async fn take(mut self) -> (Vec<u8>, Option<InvocationError>) {
        let (all, error) = self.read().await;
        if error.is_none() {
            self.body.delivered();
        }
        (all, error)
    }
}

fn chunked(chunks: &[&str]) -> Vec<u8> {
    let chunks: String = chunks
        .iter()
        .map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()))
        .collect();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}").into_bytes()
}

fn route(upstream: &Upstream) -> Value {
    json!({"uri": "/*", "function_uri": upstream.url("/")})
}

#[tokio::test]
async fn only_fronts_that_are_named_get_a_stream() {
    let upstream = Upstream::fine().await;
    let function = streaming(json!([route(&upstream)])).await;
    let request = get("/x");
    for event in [request.url(), request.v1()] {
        let begun = begin(&function, &event).await;
        assert_eq!(begun.prelude["statusCode"], 200);
        assert_eq!(begun.take().await.0, b"ok");
    }
    for event in [request.alb(), request.alb_multi(), request.v2()] {
        assert_eq!(function.call(&event).await.body, b"ok");
    }
    let env = env(&table(json!([route(&upstream)]))).with("INVOKER_STREAMING_FRONTS", "rest-api");
    let function = start(env, MemorySecrets::default()).await.unwrap();
    assert_eq!(function.call(&request.url()).await.body, b"ok");
    assert_eq!(begin(&function, &request.v1()).await.take().await.0, b"ok");
}

#[tokio::test]
async fn a_front_that_takes_no_streams_cannot_be_named() {
    for word in ["alb", "http-api", "function_url"] {
        let env = env(&table(json!([]))).with("INVOKER_STREAMING_FRONTS", word);
        let error = start(env, MemorySecrets::default()).await.err().unwrap();
        assert_eq!(
            error.to_string(),
            "INVOKER_STREAMING_FRONTS: must be made of function-url and rest-api"
        );
    }
}

#[tokio::test]
async fn the_start_is_passed_on_while_the_rest_is_still_to_come() {
    let upstream = Upstream::reacting(Reaction::Stall(chunked(&["one", "two"]))).await;
    let function = streaming(json!([{"uri": "/*", "function_uri": upstream.url("/"), "timeout": 900}])).await;
    let started = Instant::now();
    let mut begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.header("content-type"), Some("text/plain"));
    assert_eq!(begun.header("transfer-encoding"), None);
    assert_eq!(begun.body.next().await.unwrap().unwrap(), "one");
    assert_eq!(begun.body.next().await.unwrap().unwrap(), "two");
    assert!(
        started.elapsed() < Duration::from_millis(700),
        "{:?}",
        started.elapsed()
    );
    // Nothing more comes: the time is up, and the stream does not end as if it were whole.
    let error = begun.body.next().await.unwrap_err();
    assert_eq!(error.error_type, "stream_timeout");
    assert!(
        started.elapsed() < Duration::from_millis(1500),
        "{:?}",
        started.elapsed()
    );
    drop(begun);
    let line = function.line();
    assert_eq!(line["message"], "cut off");
    assert_eq!(
        (&line["status"], &line["reason"]),
        (&json!(200), &json!("stream_timeout"))
    );
    assert_eq!((&line["cut"], &line["response_bytes"]), (&json!(true), &json!(6)));
    assert_eq!(line["CutStreams"], 1);
}

#[tokio::test]
async fn the_time_of_the_invocation_ends_a_stream_too() {
    let upstream = Upstream::reacting(Reaction::Stall(chunked(&["one"]))).await;
    let function = streaming(json!([{"uri": "/*", "function_uri": upstream.url("/"), "timeout": 60_000}])).await;
    let started = Instant::now();
    let (all, error) = begin_within(&function, &get("/x").url(), 700).await.take().await;
    assert_eq!(all, b"one");
    assert_eq!(error.unwrap().error_type, "stream_timeout");
    assert!(
        started.elapsed() < Duration::from_millis(690),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_beforehand_or_breaks_off() {
    let told = Upstream::sending(http("200 OK", "", &[b'x'; 64])).await;
    let untold =
        Upstream::sending([chunked(&[&"x".repeat(40), &"x".repeat(24)]), b"0\r\n\r\n".to_vec()].concat()).await;
    let limited = |upstream: &Upstream, limit: usize| json!([{"uri": "/*", "function_uri": upstream.url("/"), "max_resp_body_size": limit}]);
    let function = streaming(limited(&told, 63)).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 502);
    let body: Value = serde_json::from_slice(&begun.take().await.0).unwrap();
    assert_eq!(body["error"], "upstream_response_too_large");
    assert_eq!(function.line()["message"], "not forwarded");

    let function = streaming(limited(&untold, 63)).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 200);
    let (all, error) = begun.take().await;
    assert!(all.len() <= 63, "{}", all.len());
    assert_eq!(error.unwrap().error_type, "upstream_response_too_large");
    assert_eq!(function.line()["reason"], "upstream_response_too_large");

    for upstream in [&told, &untold] {
        let (all, error) = begin(&streaming(limited(upstream, 64)).await, &get("/x").url())
            .await
            .take()
            .await;
        assert_eq!((all.len(), error), (64, None));
    }
}

#[tokio::test]
async fn what_the_upstream_breaks_off_is_broken_off() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec();
    for (bytes, length) in [(half, Some("10")), (chunked(&["half"]), None)] {
        let upstream = Upstream::reacting(Reaction::Close(bytes)).await;
        let function = streaming(json!([route(&upstream)])).await;
        let begun = begin(&function, &get("/x").url()).await;
        // By its length a client can tell too that something is missing.
        assert_eq!(begun.header("content-length"), length);
        let (all, error) = begun.take().await;
        assert_eq!(all, b"half");
        assert_eq!(error.unwrap().error_type, "bad_upstream_response");
        let line = function.line();
        assert_eq!(
            (&line["outcome"], &line["streamed"]),
            (&json!("upstream_error"), &json!(true))
        );
    }
}

#[tokio::test]
async fn what_goes_wrong_before_the_first_byte_is_an_ordinary_answer() {
    let upstream = Upstream::fine().await;
    let function = streaming(json!([
        {"uri": "/up", "function_uri": upstream.url("/"), "methods": ["POST"]},
        {"uri": "/down", "function_uri": "http://127.0.0.1:1/"},
    ]))
    .await;
    for (path, status, code) in [
        ("/nowhere", 404, "route_not_found"),
        ("/up", 405, "method_not_allowed"),
        ("/down", 502, "upstream_connect"),
    ] {
        let begun = begin(&function, &get(path).url()).await;
        assert_eq!(begun.prelude["statusCode"], status, "{path}");
        assert_eq!(begun.header("content-type"), Some("application/json"));
        let (all, error) = begun.take().await;
        assert_eq!(error, None);
        assert_eq!(serde_json::from_slice::<Value>(&all).unwrap()["error"], code);
        assert_eq!(function.line()["reason"], code);
        assert_eq!(function.line()["cut"], false);
    }
}

#[tokio::test]
async fn headers_cookies_and_statuses_go_into_the_prelude() {
    let headers = "Vary: a\r\nVary: b\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n";
    let upstream = Upstream::sending(http("201 Created", headers, b"ok")).await;
    let function = streaming(json!([route(&upstream)])).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 201);
    assert_eq!(begun.header("vary"), Some("a, b"));
    assert_eq!(begun.prelude["cookies"], json!(["a=1; Path=/", "b=2"]));
    assert_eq!((begun.header("x-hop"), begun.header("connection")), (None, None));
    assert_eq!(begun.header("x-request-id"), Some("request-1"));
    let begun = begin(&function, &get("/x").v1()).await;
    assert_eq!(
        begun.prelude["multiValueHeaders"]["Set-Cookie"],
        json!(["a=1; Path=/", "b=2"])
    );
    assert_eq!(begun.prelude["multiValueHeaders"]["Vary"], json!(["a", "b"]));
    assert_eq!(begun.prelude.get("headers"), None);
}

#[tokio::test]
async fn a_head_that_no_front_takes_is_a_bad_gateway() {
    let upstream = Upstream::sending(http("200 OK", &format!("X-Long: {}\r\n", "v".repeat(16_384)), b"ok")).await;
    let function = streaming(json!([route(&upstream)])).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 502);
    drop(begun);
    assert_eq!(function.line()["reason"], "upstream_response_too_large");
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    let bare = |status: &str| format!("HTTP/1.1 {status}\r\nETag: \"1\"\r\n\r\n").into_bytes();
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec();
    for (method, bytes) in [
        ("HEAD", head),
        ("GET", bare("204 No Content")),
        ("GET", bare("304 Not Modified")),
    ] {
        let upstream = Upstream::sending(bytes).await;
        let function = streaming(json!([route(&upstream)])).await;
        for _ in 0..2 {
            let begun = begin(&function, &get("/x").method(method).url()).await;
            assert_eq!(begun.header("content-length"), None);
            assert_eq!(begun.take().await, (Vec::new(), None));
        }
        assert_eq!(upstream.connections(), 1, "{method}");
        assert_eq!(function.line()["response_bytes"], 0);
    }
}

#[tokio::test]
async fn a_whole_stream_leaves_its_connection_and_one_line() {
    let upstream = Upstream::sending([chunked(&["one", "two"]), b"0\r\nX-Trailer: 1\r\n\r\n".to_vec()].concat()).await;
    let function = streaming(json!([route(&upstream)])).await;
    for _ in 0..2 {
        let lines = function.log.lock().unwrap().len();
        let mut begun = begin(&function, &get("/x").url()).await;
        assert_eq!(begun.read().await, (b"onetwo".to_vec(), None));
        assert_eq!(
            function.log.lock().unwrap().len(),
            lines,
            "nothing is told before the end"
        );
        begun.body.delivered();
        drop(begun);
        assert_eq!(function.log.lock().unwrap().len(), lines + 1);
        let line = function.line();
        assert_eq!((&line["outcome"], &line["reason"]), (&json!("ok"), &json!("forwarded")));
        assert_eq!((&line["StreamedBytes"], &line["cut"]), (&json!(6), &json!(false)));
        assert!(line["UpstreamMs"].as_f64() >= line["first_byte_ms"].as_f64());
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_stream() {
    let upstream = Upstream::reacting(Reaction::Stall(chunked(&["one"]))).await;
    let function = streaming(json!([route(&upstream)])).await;
    let mut begun = begin(&function, &get("/x").url()).await;
    assert!(begun.body.next().await.unwrap().is_some());
    drop(begun);
    let line = function.line();
    assert_eq!(
        (&line["outcome"], &line["reason"]),
        (&json!("client_error"), &json!("client_gone"))
    );
    assert_eq!((&line["level"], &line["cut"]), (&json!("INFO"), &json!(false)));
}

#[tokio::test]
async fn a_client_that_is_too_slow_is_told_apart() {
    let upstream = Upstream::reacting(Reaction::Stall(chunked(&["one"]))).await;
    let function = streaming(json!([route(&upstream)])).await;
    let mut begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.body.late().error_type, "client_too_slow");
    drop(begun);
    assert_eq!(function.line()["reason"], "client_too_slow");
    assert_eq!(function.line()["CutStreams"], 1);
}

#[tokio::test]
async fn an_error_of_the_target_is_tried_again_and_told_before_it_is_passed_on() {
    let broken = http(
        "503 Service Unavailable",
        "Content-Type: text/plain\r\n",
        b"down for lunch",
    );
    let fine = http("200 OK", "", b"ok");
    let upstream = Upstream::script(vec![Reaction::Send(broken.clone()), Reaction::Send(fine)]).await;
    let retrying = json!([{"uri": "/*", "function_uri": upstream.url("/"), "retry": {"attempts": 2}}]);
    let begun = begin(&streaming(retrying).await, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 200);
    assert_eq!((begun.take().await.0, upstream.calls()), (b"ok".to_vec(), 2));

    let upstream = Upstream::sending(broken).await;
    let function = streaming(json!([route(&upstream)])).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 503);
    assert_eq!(begun.take().await.0, b"down for lunch");
    assert_eq!(function.line()["upstream_body"], "down for lunch");
}

#[tokio::test]
async fn streams_that_break_off_open_the_circuit() {
    let upstream = Upstream::reacting(Reaction::Close(chunked(&["half"]))).await;
    let circuit = json!({"failures": 2, "window_ms": 10_000, "open_ms": 5000});
    let function = streaming(json!([{"uri": "/*", "function_uri": upstream.url("/"), "circuit": circuit}])).await;
    for _ in 0..2 {
        assert!(begin(&function, &get("/x").url()).await.take().await.1.is_some());
    }
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 503);
    drop(begun);
    assert_eq!(function.line()["reason"], "circuit_open");
}
