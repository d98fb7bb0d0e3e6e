//! Replies that are streamed while they are made.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{InvokeWithResponseStreamCompleteEvent, InvokeWithResponseStreamResponseEvent, LogType};
use serde_json::{Value, json};

use super::{blob, hello, log, payload};

/// The chunks of a reply, and its end.
async fn streamed(client: &Client, event: Value) -> (Vec<Vec<u8>>, InvokeWithResponseStreamCompleteEvent) {
    let call = client
        .invoke_with_response_stream()
        .function_name("hello")
        .log_type(LogType::Tail);
    let mut output = call.payload(blob(&event)).send().await.unwrap();
    assert_eq!(
        (output.status_code(), output.executed_version()),
        (200, Some("$LATEST"))
    );
    let mut chunks = Vec::new();
    loop {
        match output.event_stream.recv().await.unwrap().expect("an end") {
            InvokeWithResponseStreamResponseEvent::PayloadChunk(chunk) => {
                chunks.push(chunk.payload.unwrap().into_inner());
            }
            InvokeWithResponseStreamResponseEvent::InvokeComplete(end) => {
                assert!(output.event_stream.recv().await.unwrap().is_none());
                return (chunks, end);
            }
            other => panic!("{other:?}"),
        }
    }
}

const PRELUDE: &str = r#"{"statusCode":200,"headers":{"content-type":"text/plain; charset=utf-8"},"cookies":[]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_comes_piece_by_piece() {
    let (_lambda, client) = hello(|deployment| deployment).await;
    let event = json!({"do": "stream", "chunks": 4, "bytes": 100, "ms": 50, "id": "s"});
    let (chunks, end) = streamed(&client, event.clone()).await;
    assert!(chunks.len() >= 4, "{}", chunks.len());
    let lines: String = (0..4).map(|number| format!("{number} {}\n", "x".repeat(100))).collect();
    let all = String::from_utf8(chunks.concat()).unwrap();
    assert_eq!(all, format!("{PRELUDE}{}{lines}", "\0".repeat(8)));
    assert_eq!((end.error_code(), end.error_details()), (None, None));
    let text = log(end.log_result());
    assert!(text.contains("\nrun \"s\"\nEND RequestId: "), "{text}");
    // Invoke collects the same.
    let output = client
        .invoke()
        .function_name("hello")
        .payload(blob(&event))
        .send()
        .await
        .unwrap();
    assert_eq!(output.payload().unwrap().as_ref(), all.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_says_so_at_its_end() {
    let (_lambda, client) = hello(|deployment| deployment).await;
    let (chunks, end) = streamed(&client, json!({"do": "break", "chunks": 2, "bytes": 10})).await;
    let all = String::from_utf8(chunks.concat()).unwrap();
    assert!(all.ends_with("0 xxxxxxxxxx\n1 xxxxxxxxxx\n"), "{all}");
    assert_eq!(end.error_code(), Some("Runtime.ExitError"));
    let details: Value = serde_json::from_str(end.error_details().unwrap()).unwrap();
    assert_eq!(details["errorType"], "Runtime.ExitError");
    // The next one gets a new process.
    let output = client
        .invoke()
        .function_name("hello")
        .payload(blob(&json!({"a": 1})))
        .send()
        .await
        .unwrap();
    assert_eq!(payload(&output), json!({"a": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_streamed_is_one_chunk() {
    let (_lambda, client) = hello(|deployment| deployment).await;
    let (chunks, end) = streamed(&client, json!({"a": 1})).await;
    assert_eq!((chunks, end.error_code()), (vec![br#"{"a":1}"#.to_vec()], None));
    let (chunks, end) = streamed(&client, json!({"do": "error", "type": "Boom", "message": "no"})).await;
    assert_eq!((chunks.len(), end.error_code()), (0, Some("Boom")));
    assert_eq!(end.error_details(), Some(r#"{"errorType":"Boom","errorMessage":"no"}"#));
}
