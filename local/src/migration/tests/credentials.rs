//! Which credentials of a recording go to a stage, and that none of them is told.

use axum::Router;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, Uri};
use shared::Secret;
use tokio::net::TcpListener;

use super::recordings::{exchange, server};
use super::*;

const FORM: &str = "POST /v1/rooms/message HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n";

async fn sent(
    stage: impl FnOnce(Stage) -> Stage,
    request: &[u8],
) -> Result<(String, HeaderMap, Bytes, String), String> {
    let (url, seen) = server(StatusCode::OK).await;
    let stage = stage(Stage::new(&url, None, Some(Secret::new("STAGE1")), None).unwrap());
    let told = stage.replay(&read_exchanges("r", request).unwrap()[0]).await?.text;
    let (_, target, headers, body) = seen.lock().unwrap()[0].clone();
    Ok((target, headers, body, told))
}

#[tokio::test]
async fn no_recorded_token_goes_to_a_stage_with_a_token_of_its_own() {
    for (head, body, expected) in [
        (FORM, &b"auth_token=PROD1&room_id=7&from=a&message=done?"[..], &b"auth_token=STAGE1&room_id=7&from=a&message=done?"[..]),
        (FORM, b"message=caf\xe9&auth%5Ftoken=PROD1", b"message=caf\xe9&auth%5Ftoken=STAGE1"),
        ("POST /v1/rooms/message HTTP/1.1\nContent-Type: text/plain\n\n", b"auth_token=PROD1", b"auth_token=STAGE1"),
        (
            "POST /v2/room/7/message HTTP/1.1\nContent-Type: application/json\n\n",
            b"[{ \"a\": [1.0, {\"auth_token\" :\"PR\\u004fD1\"}], \"message\": \"PROD2 \\\"token\\\": \\\"x\\\"\"}]",
            b"[{ \"a\": [1.0, {\"auth_token\" :\"STAGE1\"}], \"message\": \"PROD2 \\\"token\\\": \\\"x\\\"\"}]",
        ),
        (
            "POST /v1/rooms/message HTTP/1.1\nContent-Type: multipart/form-data; boundary=B\n\n",
            b"--B\r\nContent-Disposition: form-data; name=\"auth_token\"\r\n\r\nPROD1\r\n--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\r\n--B--\r\n",
            b"--B\r\nContent-Disposition: form-data; name=\"auth_token\"\r\n\r\nSTAGE1\r\n--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\r\n--B--\r\n",
        ),
    ] {
        let request = [head.as_bytes(), body].concat();
        let (_, _, body, told) = sent(|stage| stage, &request).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&body), String::from_utf8_lossy(expected));
        assert!(!told.contains("PROD1") && !told.contains("STAGE1"), "{told}");
    }
    for (value, expected) in [
        ("Bearer PROD1", "Bearer STAGE1"),
        ("bearer  PROD1", "bearer STAGE1"),
        ("PROD1", "STAGE1"),
        ("Token PROD1", "Token STAGE1"),
    ] {
        let request = format!("GET /v2/room HTTP/1.1\nAuthorization: {value}\n\n");
        let (_, headers, _, told) = sent(|stage| stage, request.as_bytes()).await.unwrap();
        assert_eq!(headers["authorization"], expected);
        assert!(!told.contains("PROD1"), "{told}");
    }
    for (target, expected) in [
        ("/v2/oauth/token/PROD1", "/v2/oauth/token/STAGE1"),
        (
            "/v2//oauth/token/PROD1?a=b?c&auth_token=PROD1",
            "/v2//oauth/token/STAGE1?a=b?c&auth_token=STAGE1",
        ),
        ("/v2/room/a&auth_token=b", "/v2/room/a&auth_token=b"),
    ] {
        let (target, _, _, told) = sent(|stage| stage, format!("GET {target} HTTP/1.1\n\n").as_bytes())
            .await
            .unwrap();
        assert_eq!(target, expected);
        assert!(!told.contains("PROD1") && !told.contains("STAGE1"), "{told}");
    }
}

#[tokio::test]
async fn tokens_of_answers_are_masked() {
    let answer = |uri: Uri| async move {
        format!("{{\"uri\": \"{uri}\", \"access_token\": \"fr\\/sh\", \"link\": \"https://x/fr/sh\"}}")
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    let stage = Stage::new(&url, None, None, None).unwrap();
    let recorded = exchange(
        r#"{"method": "POST", "target": "/v2/oauth/token", "headers": [], "body": "",
            "answered": {"status": 200, "headers": {"Set-Cookie": "sid=c00kie"}, "body": "{\"access_token\": \"recorded1\"}"}}"#,
    );
    let told = stage.replay(&recorded).await.unwrap().text;
    for secret in ["recorded1", "fr\\/sh", "fr/sh", "c00kie"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    assert!(told.contains("\"access_token\": \"***\""), "{told}");
    let session = exchange("GET /v2/oauth/token/PROD%2B2 HTTP/1.1\n\n");
    let told = stage.replay(&session).await.unwrap().text;
    assert!(
        told.starts_with("GET /v2/oauth/token/***\n") && !told.contains("PROD"),
        "{told}"
    );
}

#[tokio::test]
async fn clients_of_oauth_are_their_own() {
    let basic = format!("Basic {}", STANDARD.encode("prod-id:prod-s3cret"));
    let requests = [
        format!("POST /v2/oauth/token HTTP/1.1\nAuthorization: {basic}\n\ngrant_type=client_credentials"),
        "POST /v2/oauth/token HTTP/1.1\n\n{\"client_id\": \"prod-id\", \"client_secret\": \"prod-s3cret\"}".to_owned(),
        "POST /v2/oauth/token?client_id=prod-id&client_secret=prod-s3cret HTTP/1.1\n\n".to_owned(),
    ];
    for request in &requests {
        // Not even when the stage has no token of its own.
        let problem = sent(|stage| stage, request.as_bytes()).await.unwrap_err();
        assert_eq!(
            problem,
            "line 1: it holds a client's secret; give HIPCHAT_OAUTH_ID and HIPCHAT_OAUTH_SECRET, or --send-recorded-secrets"
        );
        let stage = Stage::new("http://127.0.0.1:9", None, None, None).unwrap();
        assert_eq!(stage.check(&[exchange(request)]).unwrap_err(), problem);

        let own = |stage: Stage| stage.with_client("stage-id".to_owned(), Secret::new("stage s3cret"));
        let (target, headers, body, told) = sent(own, request.as_bytes()).await.unwrap();
        let all = format!("{target} {headers:?} {body:?}");
        assert!(
            !all.contains("prod-id") && !all.contains("prod-s3cret") && !all.contains("STAGE1"),
            "{all}"
        );
        assert!(!told.contains("s3cret"), "{told}");
        let (target, headers, body, told) = sent(Stage::with_recorded_secrets, request.as_bytes()).await.unwrap();
        let all = format!("{target} {headers:?} {body:?}");
        assert!(all.contains(&basic) || all.contains("prod-s3cret"), "{all}");
        assert!(!told.contains("s3cret") && !told.contains(&basic), "{told}");
    }
    let own = |stage: Stage| stage.with_client("stage-id".to_owned(), Secret::new("stage s3cret"));
    let (_, headers, _, _) = sent(own, requests[0].as_bytes()).await.unwrap();
    assert_eq!(
        headers["authorization"],
        format!("Basic {}", STANDARD.encode("stage-id:stage s3cret"))
    );
    let (_, _, body, _) = sent(own, requests[1].as_bytes()).await.unwrap();
    assert_eq!(
        body,
        "{\"client_id\": \"stage-id\", \"client_secret\": \"stage s3cret\"}"
    );
    let (target, _, _, _) = sent(own, requests[2].as_bytes()).await.unwrap();
    assert_eq!(
        target,
        "/v2/oauth/token?client_id=stage%2Did&client_secret=stage%20s3cret"
    );
    // What has no counterpart is not sent either.
    let password = b"POST /v2/oauth/token HTTP/1.1\n\ngrant_type=password&username=a&password=prod-s3cret";
    assert!(
        sent(own, password)
            .await
            .unwrap_err()
            .contains("--send-recorded-secrets")
    );
    assert!(sent(Stage::with_recorded_secrets, password).await.is_ok());
}
