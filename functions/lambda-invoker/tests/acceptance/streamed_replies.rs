//! Functions whose reply is streamed: `InvokeWithResponseStream`, to fronts that take streams and to those that do not.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::streaming::{Begun, begin, streaming};
use crate::support::event::{get, post};
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, function};

pub(crate) const PRELUDE: &str = "application/vnd.awslambda.http-integration-response";

fn event(kind: &'static str, payload: &[u8]) -> Vec<u8> {
    let mut message = Message::new(Bytes::copy_from_slice(payload));
    for (name, value) in [(":message-type", "event"), (":event-type", kind)] {
        message = message.add_header(Header::new(name, HeaderValue::String(value.into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

/// The service's answer: chunks of payload, then how it ended.
pub(crate) fn reply(media_type: &str, chunks: &[&[u8]], end: Option<Value>) -> Vec<u8> {
    let mut events: Vec<u8> = chunks.iter().flat_map(|chunk| event("PayloadChunk", chunk)).collect();
    if let Some(end) = end {
        events.extend(event("InvokeComplete", end.to_string().as_bytes()));
    }
    let headers = format!("Content-Type: {media_type}\r\nX-Amzn-RequestId: inv-1\r\nX-Amz-Executed-Version: 7\r\n");
    http("200 OK", &headers, &events)
}

pub(crate) fn routes(upstream: &Upstream, more: &Value) -> Value {
    let mut target = json!({"name": "hello", "invocation": "response_stream", "region": "eu-west-1",
        "endpoint_url": upstream.url("")});
    for (name, value) in more.as_object().into_iter().flatten() {
        target[name] = value.clone();
    }
    json!([{"uri": "/*", "function": target}])
}

async fn answering(bytes: Vec<u8>) -> (Upstream, Function) {
    let upstream = Upstream::sending(bytes).await;
    let function = streaming(routes(&upstream, &json!({}))).await;
    (upstream, function)
}

pub(crate) const HEAD: &[u8] = b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain\",\"content-length\":\"6\"},\"cookies\":[\"a=1\"]}";
pub(crate) const NULS: &[u8] = b"\0\0\0\0\0\0\0\0";

pub(crate) async fn taken(begun: Begun) -> (String, Option<&'static str>) {
    let (body, error) = begun.take().await;
    (String::from_utf8(body).unwrap(), error.map(|error| error.error_type))
}

#[tokio::test]
async fn a_streamed_reply_goes_through_with_its_head() {
    for media_type in [PRELUDE, "application/vnd.amazon.eventstream"] {
        let (upstream, function) = answering(reply(
            media_type,
            &[HEAD, &NULS[..3], &NULS[3..], b"one", b"two"],
            Some(json!({})),
        ))
        .await;
        for _ in 0..2 {
            let begun = begin(&function, &get("/x?y=1").url()).await;
            assert_eq!(begun.prelude["statusCode"], 201);
            assert_eq!(begun.prelude["cookies"], json!(["a=1"]));
            assert_eq!(begun.header("content-type"), Some("text/plain"));
            assert_eq!(begun.header("x-upstream-request-id"), Some("inv-1"));
            assert_eq!(taken(begun).await, ("onetwo".to_owned(), None));
        }
        assert_eq!(upstream.connections(), 1);
        let seen = upstream.last();
        assert_eq!(
            seen.line,
            "POST /2021-11-15/functions/hello/response-streaming-invocations HTTP/1.1"
        );
        assert!(
            seen.header("authorization")
                .unwrap()
                .contains("/eu-west-1/lambda/aws4_request")
        );
        let event: Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!(event["rawQueryString"], "y=1");
        let line = function.line();
        assert_eq!(
            (&line["target"], &line["executed_version"]),
            (&json!("function"), &json!("7"))
        );
        assert_eq!((&line["response_bytes"], &line["cut"]), (&json!(6), &json!(false)));
    }
}

#[tokio::test]
async fn other_fronts_get_it_whole() {
    let bytes = reply(PRELUDE, &[HEAD, NULS, b"one", b"two"], Some(json!({})));
    let upstream = Upstream::sending(bytes).await;
    let function = function(routes(&upstream, &json!({}))).await;
    let request = get("/x");
    for event in [request.alb(), request.v1(), request.v2(), request.url()] {
        let answer = function.call(&event).await;
        assert_eq!((answer.status, answer.text()), (201, "onetwo"));
        assert_eq!(answer.header("set-cookie").as_deref(), Some("a=1"));
    }
    assert_eq!(function.line()["streamed"], Value::Null);
    // Its size is known only when it has come.
    let mut routes = routes(&upstream, &json!({}));
    routes[0]["max_resp_body_size"] = json!(5);
    let answer = crate::support::function(routes).await.call(&request.url()).await;
    assert_eq!(
        (answer.status, answer.error()),
        (502, "upstream_response_too_large".to_owned())
    );
}

#[tokio::test]
async fn a_payload_without_a_prelude_is_a_body() {
    for (media_type, chunks, told) in [
        (
            "text/event-stream",
            &[&b"data: 1\n\n"[..], b"data: 2\n\n"][..],
            "text/event-stream",
        ),
        (
            "application/vnd.amazon.eventstream",
            &[b"data: 1\n\ndata: 2\n\n"],
            "application/octet-stream",
        ),
    ] {
        let (_upstream, function) = answering(reply(media_type, chunks, Some(json!({})))).await;
        let begun = begin(&function, &get("/x").url()).await;
        assert_eq!(
            (&begun.prelude["statusCode"], begun.header("content-type")),
            (&json!(200), Some(told))
        );
        assert_eq!(taken(begun).await.0, "data: 1\n\ndata: 2\n\n");
    }
    // Raw is raw, whatever it looks like.
    let upstream = Upstream::sending(reply(PRELUDE, &[HEAD, NULS, b"x"], Some(json!({})))).await;
    let raw = routes(&upstream, &json!({"payload_format": "raw"}));
    let begun = begin(&streaming(raw).await, &post("/x", b"{\"a\":1}").url()).await;
    assert_eq!(begun.prelude["statusCode"], 200);
    assert_eq!(taken(begun).await.0.len(), HEAD.len() + 9);
    assert_eq!(upstream.last().body, b"{\"a\":1}");
}

#[tokio::test]
async fn a_function_that_fails_is_told_apart_by_when() {
    let end = || Some(json!({"ErrorCode": "Unhandled", "ErrorDetails": "s3cret"}));
    // Before the first byte: an ordinary answer.
    let (_upstream, function) = answering(reply(PRELUDE, &[], end())).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 502);
    let (body, error) = taken(begun).await;
    assert!(body.contains("function_error") && !body.contains("s3cret"), "{body}");
    assert_eq!((error, &function.line()["upstream_error"]), (None, &json!("Unhandled")));
    // After it: the stream breaks off.
    let (_upstream, function) = answering(reply(PRELUDE, &[HEAD, NULS, b"one"], end())).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 201);
    assert_eq!(taken(begun).await, ("one".to_owned(), Some("function_error")));
    let line = function.line();
    assert_eq!(
        (&line["message"], &line["reason"]),
        (&json!("cut off"), &json!("function_error"))
    );
    assert_eq!(
        (&line["upstream_error"], &line["CutStreams"]),
        (&json!("Unhandled"), &json!(1))
    );
    // Out of time.
    let details =
        r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out after 3.00 seconds"}"#;
    let end = Some(json!({"ErrorCode": "Sandbox.Timedout", "ErrorDetails": details}));
    let (_upstream, function) = answering(reply(PRELUDE, &[], end)).await;
    assert_eq!(begin(&function, &get("/x").url()).await.prelude["statusCode"], 504);
}

#[tokio::test]
async fn half_a_stream_is_no_whole_one() {
    // No last event, half an event, a byte that is wrong.
    let whole = event("PayloadChunk", b"two");
    let mut wrong = whole.clone();
    if let Some(byte) = wrong.last_mut() {
        *byte ^= 1;
    }
    for tail in [Vec::new(), whole[..10].to_vec(), wrong] {
        let mut events = event("PayloadChunk", &[HEAD, NULS, b"one"].concat());
        events.extend(tail);
        let (_upstream, function) = answering(http("200 OK", &format!("Content-Type: {PRELUDE}\r\n"), &events)).await;
        let begun = begin(&function, &get("/x").url()).await;
        assert_eq!(taken(begun).await, ("one".to_owned(), Some("bad_upstream_response")));
    }
    let half = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 500\r\n\r\n";
    let bytes = [half.as_bytes(), &event("PayloadChunk", b"one")].concat();
    let upstream = Upstream::reacting(Reaction::Close(bytes)).await;
    let function = streaming(routes(&upstream, &json!({}))).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(taken(begun).await, ("one".to_owned(), Some("bad_upstream_response")));
}

#[tokio::test]
async fn a_prelude_that_is_announced_must_be_there() {
    let long = [b"{\"statusCode\":200,\"x\":\"", "v".repeat(16_384).as_bytes(), b"\"}"].concat();
    for chunks in [
        &[&b"hello"[..]][..],
        &[HEAD],
        &[&long, NULS],
        &[b"{}", NULS],
        &[b"{\"statusCode\":101}", NULS],
    ] {
        let (_upstream, function) = answering(reply(PRELUDE, chunks, Some(json!({})))).await;
        let begun = begin(&function, &get("/x").url()).await;
        assert_eq!(begun.prelude["statusCode"], 502);
        drop(begun);
        assert_eq!(function.line()["reason"], "bad_upstream_response");
    }
}

#[tokio::test]
async fn limits_hold_and_refusals_keep_their_places() {
    let upstream = Upstream::sending(reply(PRELUDE, &[HEAD, NULS, &[b'x'; 4096]], Some(json!({})))).await;
    let mut limited = routes(&upstream, &json!({}));
    limited[0]["max_resp_body_size"] = json!(1000);
    let begun = begin(&streaming(limited).await, &get("/x").url()).await;
    assert_eq!(taken(begun).await.1, Some("upstream_response_too_large"));
    let throttled = http(
        "429 Too Many Requests",
        "X-Amzn-ErrorType: TooManyRequestsException\r\nRetry-After: 3\r\n",
        b"{}",
    );
    let (_upstream, function) = answering(throttled).await;
    let begun = begin(&function, &get("/x").url()).await;
    assert_eq!(
        (&begun.prelude["statusCode"], begun.header("retry-after")),
        (&json!(503), Some("3"))
    );
    let (_upstream, function) = answering(http(
        "404 Not Found",
        "X-Amzn-ErrorType: ResourceNotFoundException\r\n",
        b"{}",
    ))
    .await;
    assert_eq!(begin(&function, &get("/x").url()).await.prelude["statusCode"], 502);
}

#[tokio::test]
async fn no_body_where_http_has_none() {
    let (_upstream, function) = answering(reply(PRELUDE, &[HEAD, NULS, b"one"], Some(json!({})))).await;
    let begun = begin(&function, &get("/x").method("HEAD").url()).await;
    assert_eq!(begun.prelude["statusCode"], 201);
    assert_eq!(taken(begun).await, (String::new(), None));
}
