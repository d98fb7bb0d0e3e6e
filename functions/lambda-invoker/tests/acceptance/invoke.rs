//! Routes to functions through the Lambda Invoke API.

use serde_json::{Value, json};

use crate::support::event::post;
use crate::support::function;
use crate::support::upstream::{Upstream, http};

fn route(upstream: &Upstream) -> Value {
    json!([{"name": "hello", "uri": "/hello/*", "function": {"name": "hello", "endpoint_url": upstream.url("")}}])
}

#[tokio::test]
async fn a_function_is_given_a_format_2_event_and_its_response_comes_back() {
    let reply = json!({
        "statusCode": 201, "headers": {"Content-Type": "text/plain", "x-own": 7},
        "cookies": ["a=1; Path=/", "b=2"], "body": "bWFkZQ==", "isBase64Encoded": true,
    });
    let upstream = Upstream::sending(http("200 OK", "", reply.to_string().as_bytes())).await;
    let function = function(route(&upstream)).await;
    let request = post("/hello/a%20b?x=1&x=2&y=%C3%A9", b"{\"n\":1}")
        .header("content-type", "application/json")
        .header("x-forwarded-for", "203.0.113.9, 192.0.2.7")
        .header("cookie", "s=1; t=2");
    let answer = function.call(&request.alb_multi()).await;
    assert_eq!((answer.status, answer.text()), (201, "made"));
    assert_eq!(answer.header("x-own").as_deref(), Some("7"));
    assert_eq!(answer.headers("set-cookie"), ["a=1; Path=/", "b=2"]);
    let seen = upstream.last();
    assert_eq!(seen.line, "POST /2015-03-31/functions/hello/invocations HTTP/1.1");
    assert!(
        seen.header("authorization")
            .unwrap()
            .contains("/eu-west-1/lambda/aws4_request")
    );
    let event: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(
        event,
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/hello/a%20b",
            "rawQueryString": "x=1&x=2&y=%C3%A9",
            "cookies": ["s=1", "t=2"],
            "headers": {
                "content-length": "7", "content-type": "application/json", "host": "front.example.com",
                "via": "1.1 lambda-invoker-front-door",
                "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
                "x-forwarded-for": "203.0.113.9, 192.0.2.7", "x-forwarded-host": "front.example.com",
                "x-forwarded-port": "443", "x-forwarded-proto": "https", "x-request-id": "request-1",
            },
            "queryStringParameters": {"x": "1,2", "y": "é"},
            "requestContext": {
                "accountId": "123456789012", "apiId": "front", "domainName": "front.example.com", "domainPrefix": "front",
                "http": {"method": "POST", "path": "/hello/a%20b", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7",
                         "userAgent": ""},
                "requestId": "request-1", "routeKey": "$default", "stage": "$default",
                "time": "01/Mar/2026:12:00:00 +0000", "timeEpoch": 1_772_366_400_000_u64,
            },
            "pathParameters": {"proxy": "a b"},
            "body": "{\"n\":1}", "isBase64Encoded": false,
        })
    );
}
