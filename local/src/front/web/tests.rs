//! Function URLs and REST APIs before functions that stream, that do not, and that fail.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::function::{Answered, Invoked, Stream};

const PRELUDE: &str = "application/vnd.awslambda.http-integration-response";

async fn front(kind: Kind, transfer: Transfer, function: Function) -> WebFront {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    WebFront::start(listener, kind, transfer, function).expect("a front")
}

/// A function that streams `pieces` under `content_type` and ends so.
fn streaming(content_type: &'static str, pieces: &'static [&'static [u8]], end: fn() -> Invoked) -> Function {
    Function::streaming("f", move |_| async move {
        Answered::Stream(Stream::of(content_type, pieces, end()))
    })
}

fn fine() -> Invoked {
    Invoked::Response(Bytes::new())
}

async fn get(front: &WebFront) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client
        .get(format!("{}/a%20b?x=1&x=2", front.url()))
        .header("cookie", "a=1; b=2");
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn a_streamed_reply_is_passed_on_with_its_head() {
    let pieces: &[&[u8]] = &[
        br#"{"statusCode":201,"headers":{"content-type":"text/plain","x-n":7},"cookies":["a=1","b=2"]}"#,
        b"\0\0\0\0",
        b"\0\0\0\0one",
        b"two",
    ];
    let front = front(Kind::FunctionUrl, Transfer::Streamed, streaming(PRELUDE, pieces, fine)).await;
    let answer = get(&front).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["x-n"], "7");
    assert_eq!(answer.headers()["transfer-encoding"], "chunked");
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.text().await.expect("a body"), "onetwo");

    let pieces: &[&[u8]] = &[b"{\"statusCode\":200,\"multiValueHeaders\":{\"X-M\":[\"1\",\"2\"]}}\0\0\0\0\0\0\0\0ok"];
    let function = streaming(PRELUDE, pieces, fine);
    let front = self::front(Kind::RestApi, Transfer::Streamed, function).await;
    let answer = get(&front).await;
    assert_eq!(answer.headers().get_all("x-m").iter().count(), 2);
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert_eq!(answer.text().await.expect("a body"), "ok");
}

#[tokio::test]
async fn what_breaks_off_is_no_whole_body() {
    let pieces: &[&[u8]] = &[b"{\"statusCode\":200}\0\0\0\0\0\0\0\0half"];
    for kind in [Kind::FunctionUrl, Kind::RestApi] {
        let function = streaming(PRELUDE, pieces, || Invoked::function_error("cut", ""));
        let answer = get(&front(kind, Transfer::Streamed, function).await).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err());
    }
}

#[tokio::test]
async fn a_prelude_that_is_none_is_a_bad_gateway() {
    let long: &'static [u8] = "x".repeat(16 * 1024).leak().as_bytes();
    let cases: [&'static [&'static [u8]]; 5] = [
        &[],
        &[b"{\"statusCode\":200}"],
        &[b"no JSON\0\0\0\0\0\0\0\0"],
        &[b"{\"statusCode\":100}\0\0\0\0\0\0\0\0"],
        vec![long, b"\0\0\0\0\0\0\0\0"].leak(),
    ];
    for pieces in cases {
        let function = streaming(PRELUDE, pieces, fine);
        let answer = get(&front(Kind::FunctionUrl, Transfer::Streamed, function).await).await;
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.text().await.expect("a body"), "Internal Server Error");
    }
}

#[tokio::test]
async fn a_streaming_front_does_not_look_into_whole_replies() {
    let whole = || {
        Function::from_fn("f", |_| async {
            Invoked::Response(r#"{"statusCode":404,"body":"no"}"#.into())
        })
    };
    let answer = get(&front(Kind::FunctionUrl, Transfer::Streamed, whole()).await).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &http::HeaderValue::from_static("application/octet-stream"))
    );
    assert_eq!(
        answer.text().await.expect("a body"),
        r#"{"statusCode":404,"body":"no"}"#
    );
    let answer = get(&front(Kind::RestApi, Transfer::Streamed, whole()).await).await;
    assert_eq!(answer.status(), 502);
    // A stream without a prelude is a body of the type that it tells.
    let function = streaming("text/event-stream", &[b"data: 1\n\n"], fine);
    let answer = get(&front(Kind::FunctionUrl, Transfer::Streamed, function).await).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.text().await.expect("a body"), "data: 1\n\n");
}

#[tokio::test]
async fn a_buffered_front_takes_a_stream_for_a_payload() {
    // A prelude and NUL bytes are no JSON.
    let pieces: &[&[u8]] = &[b"{\"statusCode\":200}\0\0\0\0\0\0\0\0ok"];
    for kind in [Kind::FunctionUrl, Kind::RestApi] {
        let function = streaming(PRELUDE, pieces, fine);
        assert_eq!(
            get(&front(kind, Transfer::Buffered, function).await).await.status(),
            502
        );
        let function = streaming(
            "application/json",
            &[b"{\"statusCode\":201,", b"\"body\":\"ok\"}"],
            fine,
        );
        let answer = get(&front(kind, Transfer::Buffered, function).await).await;
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.text().await.expect("a body"), "ok");
    }
}

#[tokio::test]
async fn failures_have_each_fronts_own_form() {
    let failing = || Function::from_fn("f", |_| async { Invoked::function_error("Boom", "s3cret") });
    for transfer in [Transfer::Buffered, Transfer::Streamed] {
        let answer = get(&front(Kind::FunctionUrl, transfer, failing()).await).await;
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.text().await.expect("a body"), "Internal Server Error");
        let answer = get(&front(Kind::RestApi, transfer, failing()).await).await;
        assert_eq!(answer.status(), 502);
        assert_eq!(
            answer.text().await.expect("a body"),
            r#"{"message":"Internal server error"}"#
        );
    }
    let busy = Function::from_fn("f", |_| async { Invoked::Throttled });
    let front = front(Kind::FunctionUrl, Transfer::Streamed, busy).await;
    assert_eq!(get(&front).await.status(), 429);
}

#[tokio::test]
async fn the_events_are_those_of_the_fronts() {
    let (told, mut events) = tokio::sync::mpsc::channel::<Value>(2);
    let function = Function::from_fn("f", move |event| {
        let told = told.clone();
        async move {
            told.send(serde_json::from_slice(&event).expect("JSON"))
                .await
                .expect("a listener");
            Invoked::Response(r#"{"statusCode":200}"#.into())
        }
    });
    let url = front(Kind::FunctionUrl, Transfer::Buffered, function.clone()).await;
    let rest = front(Kind::RestApi, Transfer::Buffered, function).await;
    assert_eq!(get(&url).await.status(), 200);
    let event = events.recv().await.expect("an event");
    assert_eq!(
        (&event["version"], &event["rawPath"]),
        (&json!("2.0"), &json!("/a%20b"))
    );
    assert_eq!(event["rawQueryString"], "x=1&x=2");
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    let domain = event["requestContext"]["domainName"].as_str().expect("a name");
    assert!(domain.contains(".lambda-url."), "{domain}");
    assert_eq!(get(&rest).await.status(), 200);
    let event = events.recv().await.expect("an event");
    assert_eq!(
        (&event["httpMethod"], &event["path"]),
        (&json!("GET"), &json!("/a%20b"))
    );
    assert_eq!(event["multiValueQueryStringParameters"]["x"], json!(["1", "2"]));
    assert_eq!(event["requestContext"]["stage"], "prod");
    // Another stage is none.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .expect("a client");
    let other = rest.url().replace("/prod", "/other");
    assert_eq!(client.get(other).send().await.expect("an answer").status(), 403);
}
