//! Routes to functions through the Lambda Invoke API.

use std::time::Duration;

use serde_json::{Value, json};
use shared::testing::MemorySecrets;

use crate::support::event::{Request, get, post};
use crate::support::oracle::verify;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{ACCESS_KEY, SECRET_KEY, env, function, start, table};

/// One route to a function of this Lambda service.
pub(crate) fn route(upstream: &Upstream) -> Value {
    json!([{"name": "hello", "uri": "/hello/*", "function": {"name": "hello", "endpoint_url": upstream.url("")}}])
}

/// The event that the function is given for a request.
async fn given(request: &Request) -> Value {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let function = function(route(&upstream)).await;
    assert_eq!(function.call(&request.alb_multi()).await.status, 200);
    serde_json::from_slice(&upstream.last().body).unwrap()
}

#[tokio::test]
async fn case_26_a_function_is_given_a_format_2_event_and_its_response_comes_back() {
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

#[tokio::test]
async fn the_address_of_the_client_is_the_last_one_that_the_load_balancer_tells() {
    for (lines, expected) in [
        (&["192.0.2.7"][..], "192.0.2.7"),
        (&["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        (&["203.0.113.9", "192.0.2.7"], "192.0.2.7"),
        (&["203.0.113.9", "203.0.113.8 , 192.0.2.7 "], "192.0.2.7"),
    ] {
        let mut request = get("/hello/x");
        for line in lines {
            request = request.header("x-forwarded-for", line);
        }
        let event = given(&request).await;
        assert_eq!(event["requestContext"]["http"]["sourceIp"], expected, "{lines:?}");
    }
}

#[tokio::test]
async fn only_declared_text_is_given_as_text() {
    for (headers, body, expected, encoded) in [
        (
            vec![("content-type", "text/html; charset=utf-8")],
            &b"<p>"[..],
            json!("<p>"),
            false,
        ),
        (
            vec![("content-type", "application/problem+json")],
            b"{}",
            json!("{}"),
            false,
        ),
        (vec![("content-type", "image/svg+xml")], b"<x/>", json!("<x/>"), false),
        (
            vec![("content-type", "application/x-www-form-urlencoded")],
            b"a=1",
            json!("a=1"),
            false,
        ),
        (
            vec![("content-type", "application/json"), ("content-encoding", "gzip")],
            b"abc",
            json!("YWJj"),
            true,
        ),
        (vec![("content-type", "text/plain")], b"\xff\xfe", json!("//4="), true),
        (vec![("content-type", "image/png")], b"abc", json!("YWJj"), true),
        (vec![], b"abc", json!("YWJj"), true),
        (vec![("content-type", "application/json")], b"", json!(null), false),
    ] {
        let mut request = post("/hello/x", body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let event = given(&request).await;
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&expected, &json!(encoded)),
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn repeated_headers_are_joined_and_cookies_stand_apart() {
    let request = get("/hello/x")
        .header("X-Own", "a")
        .header("x-own", "b")
        .header("Cookie", "s=1; t=2")
        .header("cookie", "u=3");
    let event = given(&request).await;
    assert_eq!(event["headers"]["x-own"], "a,b");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["cookies"], json!(["s=1", "t=2", "u=3"]));
    assert_eq!(event.get("body"), None);
    assert_eq!(event.get("queryStringParameters"), None);
    let bare = given(&get("/hello/x")).await;
    assert_eq!(bare.get("cookies"), None);
}

#[tokio::test]
async fn the_path_is_given_as_the_rules_say() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    for (rules, uri, path, stage, expected, proxy) in [
        (
            json!({}),
            "/hello/*",
            "/prod/hello//a%2fb",
            "prod",
            "/hello//a%2Fb",
            json!({"proxy": "/a/b"}),
        ),
        (
            json!({"strip_prefix": "/hello"}),
            "/hello/*",
            "/hello/x",
            "$default",
            "/x",
            json!({"proxy": "x"}),
        ),
        (
            json!({"strip_prefix": "/hello/"}),
            "/hello/*",
            "/hello/x",
            "$default",
            "/x",
            json!({"proxy": "x"}),
        ),
        (
            json!({"include_stage": true}),
            "/hello/*",
            "/prod/hello/x",
            "prod",
            "/prod/hello/x",
            json!({"proxy": "x"}),
        ),
        (json!({}), "/hello", "/hello", "$default", "/hello", json!(null)),
    ] {
        let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
        let function = function(json!([{"uri": uri, "function": to, "path": rules}])).await;
        let mut event = get(path).v2();
        event["requestContext"]["stage"] = json!(stage);
        assert_eq!(function.call(&event).await.status, 200);
        let event: Value = serde_json::from_slice(&upstream.last().body).unwrap();
        assert_eq!(event["rawPath"], expected);
        assert_eq!(event["requestContext"]["http"]["path"], expected);
        assert_eq!(event["pathParameters"], proxy);
    }
}

#[tokio::test]
async fn a_raw_payload_is_the_body_and_the_reply_the_answer() {
    let upstream = Upstream::sending(http("200 OK", "", b"{\"statusCode\": 418}")).await;
    let to = json!({
        "name": "arn:aws:lambda:us-east-2:123456789012:function:hello", "qualifier": "$LATEST",
        "payload_format": "raw", "invocation": "request_response", "endpoint_url": upstream.url(""),
    });
    let function = function(json!([{"uri": "/", "function": to}])).await;
    for (body, payload) in [("{\"n\": 1}", "{\"n\": 1}"), ("", "{}"), ("[\"é\"]", "[\"é\"]")] {
        let answer = function.call(&post("/", body.as_bytes()).alb()).await;
        assert_eq!((answer.status, answer.text()), (200, "{\"statusCode\": 418}"));
        let seen = upstream.last();
        assert_eq!(std::str::from_utf8(&seen.body).unwrap(), payload);
        assert_eq!(
            seen.target(),
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-2%3A123456789012%3Afunction%3Ahello/invocations?Qualifier=%24LATEST"
        );
    }
    assert!(
        upstream
            .last()
            .header("authorization")
            .unwrap()
            .contains("/us-east-2/lambda/")
    );
    for body in [&b"{\"n\""[..], b"\xff", b"{} {}"] {
        let answer = function.call(&post("/", body).alb()).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, "bad_body"));
    }
    assert_eq!(upstream.calls(), 3);
}

#[tokio::test]
async fn a_route_may_bring_its_own_keys_and_the_environment_another_address() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let iam = json!({"accesskey": "AKIDOTHER", "secretkey": "s3cret", "sessiontoken": "t", "aws_region": "ap-south-1"});
    let routes = json!([
        {"uri": "/own", "function": {"name": "hello"}, "authorization": {"iam": iam}},
        {"uri": "/role", "function": {"name": "hello"}},
    ]);
    let env = env(&table(routes))
        .with("AWS_ENDPOINT_URL_LAMBDA", &upstream.url(""))
        .with("AWS_SESSION_TOKEN", "role-token");
    let function = start(env, MemorySecrets::default()).await.unwrap();
    for (path, key, region, token) in [
        ("/own", "AKIDOTHER", "ap-south-1", "t"),
        ("/role", ACCESS_KEY, "eu-west-1", "role-token"),
        ("/own", "AKIDOTHER", "ap-south-1", "t"),
    ] {
        assert_eq!(function.call(&get(path).alb()).await.status, 200);
        let seen = upstream.last();
        let scope = format!("Credential={key}/");
        assert!(seen.header("authorization").unwrap().contains(&scope));
        assert!(
            seen.header("authorization")
                .unwrap()
                .contains(&format!("/{region}/lambda/aws4_request"))
        );
        assert_eq!(seen.header("x-amz-security-token"), Some(token));
    }
    // Endpoint and role agree on the connection, so there is one.
    assert_eq!(upstream.connections(), 1);
    assert!(verify(&upstream.last(), ACCESS_KEY, SECRET_KEY, None).is_err());
}

#[tokio::test]
async fn an_address_in_another_spelling_is_signed_as_it_is_asked() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let port = upstream.port;
    for url in [
        format!("http://127.1:{port}"),
        format!("HTTP://127.0.0.1:{port}/"),
        format!("http://0x7F.0.0.1:{port}"),
        format!("http://LocalHost:{port}"),
    ] {
        let own = json!([{"uri": "/", "function": {"name": "hello", "endpoint_url": url}}]);
        let shared = env(&table(json!([{"uri": "/", "function": {"name": "hello"}}])));
        let shared = shared.with("AWS_ENDPOINT_URL_LAMBDA", &url);
        let shared = start(shared, MemorySecrets::default()).await.unwrap();
        for function in [function(own).await, shared] {
            assert_eq!(function.call(&get("/").alb()).await.status, 200, "{url}");
            let seen = upstream.last();
            assert_eq!(seen.target(), "/2015-03-31/functions/hello/invocations");
            verify(&seen, ACCESS_KEY, SECRET_KEY, None).unwrap();
        }
    }
}

#[tokio::test]
async fn a_slow_function_is_given_up_in_time() {
    let upstream = Upstream::reacting(Reaction::Late(Duration::from_secs(5), http("200 OK", "", b"{}"))).await;
    let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    let function = function(json!([{"uri": "/", "function": to, "timeout": 300}])).await;
    let answer = function.call(&get("/").alb()).await;
    assert_eq!((answer.status, answer.error().as_str()), (504, "upstream_timeout"));
    let took = function.line()["upstream_ms"].as_f64().unwrap();
    // A busy machine may have spent some of the time before the call, or answered late; four seconds it would not.
    assert!((100.0..4000.0).contains(&took), "{took}");
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn without_the_service_it_is_a_bad_gateway() {
    let to = json!({"name": "hello", "endpoint_url": "http://127.0.0.1:1"});
    let function = function(json!([{"uri": "/", "function": to}])).await;
    let answer = function.call(&get("/").alb()).await;
    assert_eq!((answer.status, answer.error().as_str()), (502, "upstream_connect"));
}

#[tokio::test]
async fn more_than_an_invocation_takes_is_refused_before_it_is_sent() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let function = function(route(&upstream)).await;
    // 5 MB of bytes are more than 6 MB of Base64.
    let request = post("/hello/x", &vec![0xff; 5 * 1024 * 1024]);
    let answer = function.call(&request.url()).await;
    assert_eq!((answer.status, answer.error().as_str()), (413, "request_too_large"));
    assert_eq!(upstream.calls(), 0);
}
