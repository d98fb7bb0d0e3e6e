//! Tests of misbehaviour on order.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::{Fault, StandIn};
use super::{client, echo, get_json, listener, raw};

#[tokio::test]
async fn faults_apply_in_order_and_by_path() {
    let standin = echo().await;
    let url = standin.url();
    let faults = [
        json!({"path": "/other", "status": 500}),
        json!({"times": 2, "status": 503, "body": "{\"a\":1}", "headers": {"retry-after": "3"}}),
        json!({}),
        json!({"status": 418, "body": "tea"}),
    ];
    for fault in &faults {
        let answer = client()
            .post(format!("{url}/_faults"))
            .json(fault)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED, "{fault}");
    }
    assert_eq!(
        get_json(format!("{url}/_faults")).await.as_array().map(Vec::len),
        Some(4)
    );
    let mut seen = Vec::new();
    for _ in 0..5 {
        let answer = client().get(format!("{url}/bytes")).send().await.expect("an answer");
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (kind, retry) = (header("content-type").unwrap_or_default(), header("retry-after"));
        seen.push((answer.status().as_u16(), kind, retry));
    }
    let row = |status, kind: &str, retry: Option<&str>| (status, kind.to_owned(), retry.map(str::to_owned));
    let expected = [
        row(503, "application/json", Some("3")),
        row(503, "application/json", Some("3")),
        row(503, "", None),
        row(418, "text/plain; charset=utf-8", None),
        row(200, "application/octet-stream", None),
    ];
    assert_eq!(seen, expected);
    let left = get_json(format!("{url}/_faults")).await;
    assert_eq!(
        (
            left[0]["path"].as_str(),
            left[0]["times"].as_u64(),
            left.as_array().map(Vec::len)
        ),
        (Some("/other"), Some(1), Some(1))
    );
    client()
        .delete(format!("{url}/_faults"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(get_json(format!("{url}/_faults")).await, json!([]));
    let answered = standin
        .calls()
        .into_iter()
        .map(|call| call.answered.expect("an answer"));
    assert_eq!(
        answered.map(|answered| answered.body).collect::<Vec<_>>(),
        ["{\"a\":1}", "{\"a\":1}", "", "tea", "/wA="]
    );
}

#[tokio::test]
async fn a_fault_that_cannot_be_read_is_refused_with_a_reason() {
    let standin = echo().await;
    let cases = [
        ("", "expected a JSON object"),
        ("{", "EOF while parsing"),
        ("[]", "expected a JSON object"),
        ("{\"time\": 2}", "unknown field `time`"),
        ("{\"times\": 0}", "times: must be at least 1"),
        ("{\"times\": -1}", "expected u32 at line 1 column 12"),
        ("{\"status\": 99}", "status: must be 200 to 599"),
        ("{\"delay_ms\": 900001}", "delay_ms: must be at most 900000"),
        ("{\"headers\": {\"a b\": \"c\"}}", "headers: \"a b\""),
        ("{\"headers\": {\"a\": \"c\\r\\nd: e\"}}", "headers: \"a\""),
        ("{\"reset\": true, \"status\": 500}", "reset: goes with neither"),
    ];
    for (body, reason) in cases {
        let answer = client()
            .post(format!("{}/_faults", standin.url()))
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let text = answer.text().await.expect("text");
        assert!(text.contains(&reason.replace('"', "\\\"")), "{body}: {text}");
    }
    let answer = client()
        .get(format!("{}/bytes", standin.url()))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_delay_alone_gives_the_real_answer_late() {
    let standin = echo().await;
    standin.fault(Fault::delay_ms(300));
    let start = Instant::now();
    let answer = client()
        .post(format!("{}/echo", standin.url()))
        .body("x")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.text().await.expect("text"), "x");
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_client_that_leaves_early_is_recorded_all_the_same() {
    let standin = echo().await;
    standin.fault(Fault::delay_ms(60_000));
    let hasty = client()
        .get(format!("{}/bytes", standin.url()))
        .timeout(Duration::from_millis(200))
        .send()
        .await;
    assert!(hasty.expect_err("no answer").is_timeout());
    let calls = standin.calls();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].answered.is_none());
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let standin = echo().await;
    standin.fault(Fault::reset());
    let request = "GET /bytes HTTP/1.1\r\nHost: x\r\n\r\n";
    let error = raw(&standin, request).await.expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let calls = standin.calls();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].answered.is_none());
    let answer = raw(&standin, "GET /bytes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn an_answer_can_end_too_early() {
    let standin = echo().await;
    let headers = [("content-length".to_owned(), "100".to_owned())].into();
    standin.fault(Fault {
        status: Some(200),
        body: Some("{\"act".to_owned()),
        headers,
        ..Fault::default()
    });
    let answer = client()
        .get(format!("{}/bytes", standin.url()))
        .send()
        .await
        .expect("a head");
    assert_eq!(answer.content_length(), Some(100));
    assert!(answer.text().await.is_err());
    assert_eq!(
        standin.calls()[0]
            .answered
            .as_ref()
            .map(|answered| answered.body.as_str()),
        Some("{\"act")
    );
}

#[tokio::test]
async fn what_is_taken_is_done_whatever_its_client_hears() {
    let done = Arc::new(AtomicUsize::new(0));
    let router = Router::new().route(
        "/do",
        post({
            let done = done.clone();
            async move || format!("done {}", done.fetch_add(1, Ordering::SeqCst) + 1)
        }),
    );
    let standin = StandIn::start(listener().await, router).expect("it starts");
    let url = format!("{}/do", standin.url());
    for fault in [
        Fault::reset().taken(),
        Fault::status(503).taken(),
        Fault::delay_ms(10).taken(),
        Fault::status(503),
    ] {
        standin.fault(fault);
    }
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(match client().post(&url).send().await {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.expect("text")),
            Err(_) => (0, String::new()),
        });
    }
    let row = |status, text: &str| (status, text.to_owned());
    assert_eq!(heard, [row(0, ""), row(503, ""), row(200, "done 3"), row(503, "")]);
    assert_eq!(done.load(Ordering::SeqCst), 3);
    let real = standin.calls().into_iter().map(|call| call.real.map(|real| real.body));
    let done = |number| Some(format!("done {number}"));
    assert_eq!(real.collect::<Vec<_>>(), [done(1), done(2), done(3), None]);
    let met = standin
        .calls()
        .into_iter()
        .map(|call| call.fault.map(|fault| fault.taken));
    assert_eq!(
        met.collect::<Vec<_>>(),
        [Some(true), Some(true), Some(true), Some(false)]
    );
}

#[tokio::test]
async fn all_open_connections_can_be_reset() {
    let standin = echo().await;
    let address = standin.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = "GET /bytes HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("it is written");
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).await.expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 200 OK"));
    assert_eq!(standin.reset_connections(), 1);
    let error = stream.read(&mut answer).await.expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(
        raw(&standin, &request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
            .await
            .is_ok()
    );
}
