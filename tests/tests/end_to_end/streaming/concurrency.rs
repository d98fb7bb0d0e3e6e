//! Many streams in one environment, as on Lambda Managed Instances: whatever becomes of some, every client gets its own.

use std::collections::BTreeMap;
use std::time::Duration;

use local::front::{Kind, Transfer, WebFront};
use local::function::{Function, FunctionOptions};
use local::standin::{Fault, Lambda};
use serde_json::{Value, json};

use crate::invoker_faults::{lambda, options, route};
use crate::lambda_service::{key, runs};
use crate::stage::listener;

const STREAMS: usize = 32;
const CHUNKS: usize = 12;

/// One process that works on all of them at a time, with one circuit, and a target with a place for each.
async fn stage() -> (Lambda, Function, WebFront) {
    let lambda = lambda(|options| FunctionOptions {
        max_concurrency: 8,
        ..options
    })
    .await;
    let mut route = route("/stream", &lambda, &json!({"circuit": {"failures": STREAMS}}));
    route["function"]["invocation"] = "response_stream".into();
    let options = options(&json!([route]), key("ASIATEST")).env("INVOKER_STREAMING_FRONTS", "function-url");
    let invoker = Function::new(FunctionOptions {
        max_concurrency: STREAMS,
        ..options
    });
    let listener = listener().await;
    let front = WebFront::start(listener, Kind::FunctionUrl, Transfer::Streamed, invoker.clone()).unwrap();
    (lambda, invoker, front)
}

/// What the function streams for this number: no two are alike, and no line of one stands in another.
fn expected(number: usize) -> String {
    let letters = "x".repeat(500 + number);
    (0..CHUNKS).map(|chunk| format!("{chunk} {letters}\n")).collect()
}

/// What a client got: status, body, and whether it ended as it should.
type Got = (u16, String, bool);

async fn get(client: reqwest::Client, url: String, number: usize) -> Got {
    // Different paces, so that they overtake each other.
    let order = json!({"do": "stream", "chunks": CHUNKS, "bytes": 500 + number, "ms": (number * 7) % 40,
        "id": format!("s{number}")});
    let request = client.post(url).header("content-type", "application/json");
    let mut answer = request.body(order.to_string()).send().await.unwrap();
    let (status, mut body) = (answer.status().as_u16(), Vec::new());
    let whole = loop {
        match answer.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    (status, String::from_utf8(body).unwrap(), whole)
}

/// All at once; what each client got, by its number.
async fn burst(front: &WebFront) -> BTreeMap<usize, Got> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30));
    let client = client.build().unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..STREAMS {
        let (client, url) = (client.clone(), format!("{}/stream", front.url()));
        calls.spawn(async move { (number, get(client, url, number).await) });
    }
    let got: BTreeMap<_, _> = calls.join_all().await.into_iter().collect();
    assert_eq!(got.len(), STREAMS, "every client has an answer");
    got
}

/// The lines of all invocations, once there are as many as streams.
async fn lines(invoker: &Function) -> Vec<Value> {
    let mut lines = Vec::new();
    for _ in 0..100 {
        let log = invoker.log().lines();
        let own = log.iter().filter(|line| line.text.contains("\"streamed\":true"));
        lines = own.map(|line| serde_json::from_str(&line.text).unwrap()).collect();
        if lines.len() >= STREAMS {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(lines.len(), STREAMS);
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn no_stream_is_mixed_up_or_lost() {
    let (lambda, invoker, front) = stage().await;
    for (number, (status, body, whole)) in burst(&front).await {
        assert_eq!((status, whole), (200, true), "{number}");
        assert!(body == expected(number), "{number}: {} bytes", body.len());
        assert_eq!(runs(&lambda, "hello", &format!("s{number}")), 1, "{number}");
    }
    let bytes: u64 = (0..STREAMS).map(|number| expected(number).len() as u64).sum();
    let told: u64 = lines(&invoker)
        .await
        .iter()
        .map(|line| line["response_bytes"].as_u64().unwrap())
        .sum();
    assert_eq!((told, invoker.environments()), (bytes, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_break_off_take_no_other_with_them() {
    let (lambda, invoker, front) = stage().await;
    // Whichever come first: three are cut off, and as many are throttled, which is tried again.
    lambda.fault(Fault::cut(4000).times(3));
    let now = [("retry-after".to_owned(), "0".to_owned())].into();
    lambda.fault(Fault {
        headers: now,
        ..Fault::error("TooManyRequestsException").times(3)
    });
    let mut broken = 0;
    for (number, (status, body, whole)) in burst(&front).await {
        assert_eq!(status, 200, "{number}: {body}");
        let expected = expected(number);
        if whole {
            assert!(body == expected, "{number}: {} bytes", body.len());
        } else {
            broken += 1;
            assert!(
                !body.is_empty() && body.len() < expected.len(),
                "{number}: {} bytes",
                body.len()
            );
            assert!(expected.starts_with(&body), "{number}: {body}");
        }
        assert_eq!(runs(&lambda, "hello", &format!("s{number}")), 1, "{number}");
    }
    assert_eq!(broken, 3);
    let lines = lines(&invoker).await;
    let cut = lines.iter().filter(|line| line["cut"] == true);
    assert_eq!((cut.count(), invoker.environments()), (3, 1));
}
