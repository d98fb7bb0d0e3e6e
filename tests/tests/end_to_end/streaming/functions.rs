//! Functions that stream their replies, behind Lambda's service, to every kind of front: whole streams, and all the ways
//! in which one ends early.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use local::function::FunctionOptions;
use local::standin::Fault;
use serde_json::{Value, json};

use super::theatre::{Early, Theatre};
use crate::lambda_service::runs;

/// What the demo function streams.
fn lines(chunks: usize, letters: usize) -> String {
    (0..chunks)
        .map(|number| format!("{number} {}\n", "x".repeat(letters)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_stream_is_the_same_answer_at_every_front() {
    let theatre = Theatre::open(|options| options).await;
    for (name, front, streams) in theatre.fronts() {
        let order = json!({"do": "stream", "chunks": 50, "bytes": 10_000, "id": name});
        theatre.lambda.clear_calls();
        let before = theatre.lines(name, "forwarded").len();
        let got = theatre.get(&front, "/stream", &order).await;
        assert_eq!((got.status, got.whole), (200, true), "{name}");
        assert_eq!(got.content_type, "text/plain; charset=utf-8", "{name}");
        assert!(got.body == lines(50, 10_000), "{name}: {} bytes", got.body.len());
        let line = theatre.line(name, "forwarded", before).await;
        let bytes = if streams { json!(got.body.len()) } else { Value::Null };
        assert_eq!(
            (&line["response_bytes"], &line["target"]),
            (&bytes, &json!("function")),
            "{line}"
        );
        // The end of the function's log comes with the end of the stream.
        let log = line["function_log"].as_str().unwrap();
        assert!(log.contains(&format!(" | run \"{name}\" | END RequestId: ")), "{log}");
        theatre.ran_once(name).await;
    }
    // A reply that is not streamed has no prelude: whatever the function says is the body.
    for (name, front, _) in theatre.fronts() {
        let got = theatre.get(&front, "/stream", &json!({"a": 1})).await;
        assert_eq!(
            (got.status, got.content_type.as_str()),
            (200, "application/octet-stream"),
            "{name}"
        );
        let reply: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(reply["statusCode"], 200, "{reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_arrives_while_it_is_made() {
    let theatre = Theatre::open(|options| options).await;
    let order = json!({"do": "stream", "chunks": 4, "bytes": 10, "ms": 400});
    for (name, front, _) in theatre.fronts().into_iter().filter(|(.., streams)| *streams) {
        let mut answer = theatre.post(&front, "/stream", &order).await;
        let mut arrived = Vec::new();
        while let Some(piece) = answer.chunk().await.unwrap() {
            arrived.push((Instant::now(), piece));
        }
        let (first, start) = arrived.first().unwrap();
        assert_eq!(&start[..], b"0 xxxxxxxxxx\n", "{name}");
        let span = arrived.last().unwrap().0 - *first;
        assert!(span > Duration::from_millis(900), "{name}: {span:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_ends_in_the_middle_breaks_the_stream_off() {
    let theatre = Theatre::open(|options| options).await;
    let early = Early {
        began: Some(&lines(3, 1000)),
        status: 502,
        reason: "function_error",
        upstream_error: Some("Runtime.ExitError"),
    };
    let order = json!({"do": "break", "chunks": 3, "bytes": 1000});
    theatre.ends_early("/stream", &order, None, early).await;
    // Before the first byte it is an answer everywhere.
    let early = Early {
        began: None,
        status: 502,
        reason: "function_error",
        upstream_error: Some("Boom"),
    };
    let order = json!({"do": "error", "type": "Boom", "message": "s3cret"});
    theatre.ends_early("/stream", &order, None, early).await;
    // And the next one is served.
    let (_, front, _) = &theatre.fronts()[0];
    let got = theatre
        .get(front, "/stream", &json!({"do": "stream", "chunks": 2, "bytes": 5}))
        .await;
    assert_eq!((got.whole, got.body), (true, lines(2, 5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_stream_is_no_whole_one_and_no_reason_to_ask_again() {
    let theatre = Theatre::open(|options| options).await;
    let order = json!({"do": "stream", "chunks": 4, "bytes": 1000, "ms": 20});
    let early = |began| Early {
        began,
        status: 502,
        reason: "bad_upstream_response",
        upstream_error: None,
    };
    // Within the prelude, and within the third line.
    theatre
        .ends_early("/stream", &order, Some(Fault::cut(40)), early(None))
        .await;
    theatre
        .ends_early("/stream", &order, Some(Fault::cut(3200)), early(Some(&lines(2, 1000))))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_and_size_hold_within_a_stream() {
    let theatre = Theatre::open(|options| FunctionOptions {
        timeout: Duration::from_secs(2),
        ..options
    })
    .await;
    // The route's time is up, and the function goes on.
    let slow = json!({"do": "stream", "chunks": 3, "bytes": 10, "ms": 600});
    let early = |began, status, reason, upstream_error| Early {
        began: Some(began),
        status,
        reason,
        upstream_error,
    };
    let first = lines(1, 10);
    let out_of_time = early(&first, 504, "upstream_timeout", None);
    theatre.ends_early("/hasty", &slow, None, out_of_time).await;
    // The function's own time is up.
    let endless = json!({"do": "stream", "chunks": 3, "bytes": 10, "ms": 1200});
    let out_of_time = early(&first, 504, "function_error", Some("Sandbox.Timedout"));
    theatre.ends_early("/stream", &endless, None, out_of_time).await;
    // The answer is larger than the route allows.
    let large = json!({"do": "stream", "chunks": 5, "bytes": 1000, "ms": 20});
    let two = lines(2, 1000);
    let too_large = early(&two, 502, "upstream_response_too_large", None);
    theatre.ends_early("/small", &large, None, too_large).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_begin_is_asked_again_and_runs_once() {
    let theatre = Theatre::open(|options| options).await;
    let now: BTreeMap<_, _> = [("retry-after".to_owned(), "0".to_owned())].into();
    for (name, front, _) in theatre.fronts() {
        theatre.lambda.fault(Fault {
            headers: now.clone(),
            ..Fault::error("TooManyRequestsException").times(2)
        });
        let order = json!({"do": "stream", "chunks": 2, "bytes": 10, "id": name});
        let before = theatre.lines(name, "forwarded").len();
        let got = theatre.get(&front, "/stream", &order).await;
        assert_eq!((got.status, got.body), (200, lines(2, 10)), "{name}");
        assert_eq!(theatre.line(name, "forwarded", before).await["attempts"], 3, "{name}");
        assert_eq!(runs(&theatre.lambda, "hello", name), 1, "{name}");
    }
}
