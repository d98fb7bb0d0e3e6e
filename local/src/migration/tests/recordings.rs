//! Recorded requests: how they are read, and how they are sent and told.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use shared::Secret;
use tokio::net::TcpListener;

use super::*;

#[test]
fn requests_are_read_raw_and_as_json() {
    let raw = b"POST /v2/room/Dev Ops/notification?auth_token=t HTTP/1.1\r\nHost: api.hipchat.com\r\nContent-Length: 2\r\n\r\n{}\n";
    let exchange = &read_exchanges("r", raw).unwrap()[0];
    assert_eq!(
        (exchange.method.as_str(), exchange.target.as_str()),
        ("POST", "/v2/room/Dev Ops/notification?auth_token=t")
    );
    assert_eq!(
        (
            exchange.body.as_slice(),
            exchange.headers.len(),
            exchange.recorded.is_none()
        ),
        (&b"{}"[..], 2, true)
    );
    let bare = &read_exchanges("r", b"GET /v2/room HTTP/1.0\nAccept: */*\n").unwrap()[0];
    assert_eq!((bare.body.len(), bare.headers[0].0.as_str()), (0, "Accept"));
    let recorded = r#"[
 {"method": "POST", "target": "/v1/rooms/message", "headers": [["Host", "h"]], "body": "/wA=", "body_encoding": "base64",
  "answered": {"status": 200, "headers": {"A": "b"}, "body": "{}"}}]"#;
    let exchange = &read_exchanges("r", recorded.as_bytes()).unwrap()[0];
    assert_eq!(
        (
            exchange.body.as_slice(),
            exchange.recorded.as_ref().unwrap().status,
            exchange.line
        ),
        (&[255, 0][..], 200, 2)
    );
}

#[test]
fn chunks_of_a_raw_request_are_joined() {
    let head = "POST /v2/room/7/notification HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n";
    let read = |chunks: &str| read_exchanges("r", format!("{head}{chunks}").as_bytes());
    for chunks in [
        "5\r\n{\"a\":\r\n00B;x=\"1\"\r\n \"\r\n0\r\n\r\n\"}\r\n0\r\nTrailer: t\r\n\r\n",
        "10\n{\"a\": \"\r\n0\r\n\r\n\"}\n0\n",
    ] {
        assert_eq!(
            read(chunks).unwrap()[0].body,
            b"{\"a\": \"\r\n0\r\n\r\n\"}",
            "{chunks:?}"
        );
    }
    // Half a message would pass for a whole one.
    for chunks in [
        "",
        "5\r\nabc",
        "5\r\nabcdef\r\n0\r\n",
        "3\r\nabc\r\n",
        "x\r\n",
        "-1\r\n",
        "fffffffffffffffff\r\n",
        "{}",
    ] {
        assert_eq!(
            read(chunks).unwrap_err(),
            "r: line 3: the body is not in whole chunks; without this header it is sent as it stands",
            "{chunks:?}"
        );
    }
    assert_eq!(
        read_exchanges("r", b"POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\n0\n").unwrap_err(),
        "r: line 2: of the transfer codings, chunked alone is known"
    );
}

#[test]
fn what_is_no_request_is_told_with_its_line() {
    let problem = |content: &[u8]| read_exchanges("r", content).unwrap_err();
    let shape = "no exchange: it needs method, target, headers as pairs, body; status in what was answered";
    for (content, expected) in [
        (
            &b"POST\n\n"[..],
            "r: line 1: must be a request line such as POST /v2/room/7/notification HTTP/1.1".to_owned(),
        ),
        (
            b"GET v2 HTTP/1.1\n\n",
            "r: line 1: the target must begin with /".to_owned(),
        ),
        (
            b"GET /v2 HTTP/1.1\nHost: a\ns3cret\n\n",
            "r: line 3: must be a header, or empty where the head ends".to_owned(),
        ),
        (b"[\n]", "r: holds no request".to_owned()),
        (b"[{]", "r: line 1: no valid JSON (column 3)".to_owned()),
        (b"[\n{\"method\": \"GET\"}]", format!("r: line 2: {shape}")),
        (
            b"{\"method\": \"GET\", \"target\": \"/\",\n \"headers\": {}}",
            format!("r: line 2: {shape}"),
        ),
        (b"\xff\xfe\n\n", "r: the head of the request is not UTF-8".to_owned()),
    ] {
        assert_eq!(problem(content), expected);
    }
}

pub(super) type Seen = Arc<Mutex<Vec<(Method, String, HeaderMap, Bytes)>>>;

/// A server that keeps what it gets and answers with what it was asked.
pub(super) async fn server(status: StatusCode) -> (String, Seen) {
    let seen = Seen::default();
    let kept = seen.clone();
    let answer = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let echo = format!("{uri} {}", String::from_utf8_lossy(&body));
        kept.lock().unwrap().push((method, uri.to_string(), headers, body));
        (status, [("X-Same", "1"), ("X-Other", "2"), ("X-New", "3")], echo)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (url, seen)
}

pub(super) fn exchange(content: &str) -> Exchange {
    read_exchanges("r", content.as_bytes()).unwrap().remove(0)
}

#[tokio::test]
async fn answers_are_compared_and_tokens_are_seen_nowhere() {
    let (url, seen) = server(StatusCode::OK).await;
    let recorded = exchange(
        r#"{"method": "POST", "target": "/v1//rooms/message?auth_token=tok%2BA&format=json", "headers": [["Host", "api.hipchat.com"], ["X-Kept", "y"],
            ["Content-Type", "application/x-www-form-urlencoded"], ["Content-Length", "99"]], "body": "room_id=a+b&auth_token=tok%2BB&message=tok%2BB",
            "answered": {"status": 204, "headers": {"x-same": "1", "X-Other": "4", "X-Gone": "5"}, "body": ""}}"#,
    );
    let stage = Stage::new(&url, Some("hipchat.example.com"), None, None).unwrap();
    let replay = stage.replay(&recorded).await.unwrap();
    assert!(!replay.is_same);
    for line in [
        "POST /v1//rooms/message?auth_token=***&format=json",
        "~ 200, recorded 204",
        "= x-same: 1",
        "~ x-other: 2, recorded 4",
        "+ x-new: 3",
        "- X-Gone: 5",
        "~ /v1//rooms/message?auth_token=***&format=json room_id=a+b&auth_token=***&message=***",
        "  recorded no body",
    ] {
        assert!(replay.text.lines().any(|told| told == line), "{line}\n{}", replay.text);
    }
    let (method, target, headers, body) = seen.lock().unwrap()[0].clone();
    assert_eq!(
        (method, target.as_str()),
        (Method::POST, "/v1//rooms/message?auth_token=tok%2BA&format=json")
    );
    assert!(
        headers["host"] == "hipchat.example.com" && headers["x-kept"] == "y",
        "{headers:?}"
    );
    assert_eq!(body, "room_id=a+b&auth_token=tok%2BB&message=tok%2BB");
}

#[tokio::test]
async fn another_token_takes_the_place_of_the_recorded_ones() {
    let (url, seen) = server(StatusCode::NO_CONTENT).await;
    let stage = Stage::new(&url, None, Some(Secret::new("new/token")), None).unwrap();
    for content in [
        "POST /v2/room/7/notification HTTP/1.1\nAuthorization: Bearer old-token\n\n{\"message\": \"hi\"}",
        "POST /v2/room/7/notification?auth_token=old-token&x=1 HTTP/1.1\n\n{\"message\": \"hi\", \"token\": \"old-token\"}",
        "POST /v1/rooms/message HTTP/1.1\n\nroom_id=7&auth_token=old-token",
    ] {
        let replay = stage.replay(&exchange(content)).await.unwrap();
        assert!(
            replay.is_same && !replay.text.contains("token ") && !replay.text.contains("old-token"),
            "{}",
            replay.text
        );
        assert!(
            !replay.text.contains("new/token") && !replay.text.contains("new%2Ftoken"),
            "{}",
            replay.text
        );
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].2["authorization"], "Bearer new/token");
    assert_eq!(seen[1].1, "/v2/room/7/notification?auth_token=new%2Ftoken&x=1");
    assert_eq!(seen[1].3, "{\"message\": \"hi\", \"token\": \"new/token\"}");
    assert_eq!(seen[2].3, "room_id=7&auth_token=new%2Ftoken");
}

#[tokio::test]
async fn a_stage_that_does_not_answer_is_told_without_the_token() {
    let stage = Stage::new("http://127.0.0.1:9", None, None, None).unwrap();
    let request = exchange("GET /v2/room?auth_token=s3cret HTTP/1.1\n\n");
    let problem = stage.replay(&request).await.unwrap_err();
    assert!(
        problem.starts_with("line 1: no answer: ") && !problem.contains("s3cret"),
        "{problem}"
    );
    assert!(Stage::new("http://x", None, None, Some(b"nothing")).is_err());
    let odd = exchange("GET /v2/room HTTP/1.1\nBad Name: x\n\n");
    assert_eq!(
        stage.replay(&odd).await.unwrap_err().trim_end(),
        "line 1: the header Bad Name cannot be sent"
    );
}
