//! Tests of what all stand-ins share: records, and the end of a server. And what all their tests use.

mod faults;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Fault, StandIn};

/// A free port on loopback.
pub(super) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

/// A client that uses no proxy and follows nothing.
pub(super) fn client() -> Client {
    // Without certificates the system's are not read, which would cost every test a few milliseconds.
    let builder = Client::builder().no_proxy().tls_certs_only(std::iter::empty());
    builder
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

async fn echo() -> StandIn {
    let router = Router::new()
        .route("/echo", post(async |body: Bytes| body))
        .route("/bytes", get(async || vec![0xff_u8, 0]))
        .route("/_own", get(async || "own"));
    StandIn::start(listener().await, router).expect("it starts")
}

async fn get_json(url: String) -> Value {
    client()
        .get(url)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON")
}

/// Sends raw bytes and reads until the connection ends.
async fn raw(standin: &StandIn, request: &str) -> std::io::Result<String> {
    let address = standin.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn a_call_is_recorded_as_it_was_sent() {
    let standin = echo().await;
    let request = "POST /echo?b=2&a=%20+&token=t1 HTTP/1.1\r\nHost: x\r\nX-One: a\r\nX-One: b\r\nAuthorization: Bearer t2\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 17\r\nConnection: close\r\n\r\n\
                   token=t3&x=1&x=%41";
    raw(&standin, &request.replace("Length: 17", "Length: 18"))
        .await
        .expect("an answer");
    let calls = get_json(format!("{}/_calls", standin.url())).await;
    let call = &calls[0];
    assert_eq!(call["method"], "POST");
    assert_eq!(call["path"], "/echo");
    assert_eq!(call["query"], "b=2&a=%20+&token=***");
    assert_eq!(call["target"], "/echo?b=2&a=%20+&token=***");
    assert_eq!(call["headers"]["x-one"], "a, b");
    assert_eq!(call["headers"]["authorization"], "Bearer ***");
    assert_eq!(call["body"], "token=***&x=1&x=%41");
    assert_eq!(call["body_encoding"], "utf-8");
    assert_eq!(call["json"], json!({"token": "***", "x": ["1", "A"]}));
    assert_eq!(
        call["answered"],
        json!({"status": 200, "body": "token=***&x=1&x=%41", "body_encoding": "utf-8"})
    );
    let at = call["at"].as_str().expect("a time");
    assert!(at.len() == 24 && at.starts_with("20") && at.ends_with('Z'), "{at}");
    for secret in ["t1", "t2", "t3"] {
        assert!(!calls.to_string().contains(secret), "{secret} is in {calls}");
    }
}

#[tokio::test]
async fn bytes_are_recorded_in_base64_and_json_is_parsed() {
    let standin = echo().await;
    let url = standin.url();
    client()
        .post(format!("{url}/echo"))
        .body(vec![0xff, 0xfe])
        .send()
        .await
        .expect("an answer");
    client()
        .post(format!("{url}/echo"))
        .json(&json!({"a": [1]}))
        .send()
        .await
        .expect("an answer");
    client().get(format!("{url}/bytes")).send().await.expect("an answer");
    client().get(format!("{url}/none")).send().await.expect("an answer");
    let calls = standin.calls();
    assert_eq!((calls[0].body.as_str(), calls[0].body_encoding), ("//4=", "base64"));
    assert_eq!(calls[0].json, Value::Null);
    assert_eq!(calls[1].json, json!({"a": [1]}));
    let answered = calls[2].answered.as_ref().expect("an answer");
    assert_eq!((answered.body.as_str(), answered.body_encoding), ("/wA=", "base64"));
    assert_eq!(calls[3].answered.as_ref().map(|answered| answered.status), Some(404));
    assert_eq!(calls.len(), 4);
}

#[tokio::test]
async fn tools_are_neither_recorded_nor_faulted() {
    let standin = echo().await;
    standin.fault(Fault::status(500).times(9));
    let url = standin.url();
    for path in ["_own", "_calls", "_faults"] {
        let answer = client().get(format!("{url}/{path}")).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(standin.calls().len(), 0);
    client().get(format!("{url}/bytes")).send().await.expect("an answer");
    assert_eq!(standin.calls().len(), 1);
    let answer = client()
        .delete(format!("{url}/_calls"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(get_json(format!("{url}/_calls")).await, json!([]));
    let answer = client().put(format!("{url}/_calls")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "GET, HEAD, DELETE");
}

#[tokio::test]
async fn dropping_it_frees_the_port_and_ends_connections() {
    let standin = echo().await;
    let address = standin.url().replace("http://", "");
    let mut idle = TcpStream::connect(&address).await.expect("a connection");
    standin.stop().await;
    let mut rest = Vec::new();
    // Whether the kernel tells it as an end or as a reset does not matter, but it must not stay open.
    let end = tokio::time::timeout(Duration::from_secs(5), idle.read_to_end(&mut rest)).await;
    assert!(end.is_ok() && rest.is_empty());
    TcpListener::bind(&address).await.expect("the port is free");
}

#[tokio::test]
async fn an_oversized_body_is_refused() {
    let standin = echo().await;
    let answer = client()
        .post(format!("{}/echo", standin.url()))
        .body(vec![b'x'; 33 * 1024 * 1024])
        .send()
        .await;
    // The server answers before it has read everything; the client may notice the end of the connection first.
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(standin.calls().len(), 0);
    let answer = client()
        .post(format!("{}/echo", standin.url()))
        .body(vec![b'x'; 7_000_000])
        .send()
        .await;
    assert_eq!(
        answer.expect("an answer").bytes().await.expect("a body").len(),
        7_000_000
    );
}
