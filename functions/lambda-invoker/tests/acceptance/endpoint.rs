//! Routes to HTTP endpoints.

use serde_json::json;

use crate::support::event::{get, post};
use crate::support::function;
use crate::support::upstream::{Upstream, http};

#[tokio::test]
async fn an_api_key_travels_and_the_answer_comes_back() {
    let upstream = Upstream::sending(http("201 Created", "Content-Type: text/plain\r\nX-Own: a\r\n", b"made")).await;
    let function = function(json!([
        {"uri": "/aws", "function_uri": upstream.url("/prod"), "authorization": {"apikey": "k-1"}},
    ]))
    .await;
    let answer = function.call(&get("/aws?name=A").v2()).await;
    assert_eq!((answer.status, answer.text()), (201, "made"));
    assert_eq!(answer.header("x-own").as_deref(), Some("a"));
    let seen = upstream.last();
    assert_eq!(seen.line, "GET /prod?name=A HTTP/1.1");
    assert_eq!(seen.header("x-api-key"), Some("k-1"));
    assert_eq!(
        seen.header("host"),
        Some(format!("127.0.0.1:{}", upstream.port).as_str())
    );
}

#[tokio::test]
async fn a_signed_post_reaches_the_endpoint() {
    let upstream = Upstream::fine().await;
    let function = function(json!([
        {"uri": "/aws/*", "function_uri": upstream.url("/base"), "authorization": {"iam": {"service": "lambda"}}},
    ]))
    .await;
    let answer = function.call(&post("/aws/x", b"{}").alb()).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    let seen = upstream.last();
    assert_eq!(seen.line, "POST /base/x HTTP/1.1");
    assert_eq!(seen.header("x-amz-date"), Some("20260301T120000Z"));
    let authorization = seen.header("authorization").unwrap();
    assert!(
        authorization.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260301/eu-west-1/lambda/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature="
        ),
        "{authorization}"
    );
}
