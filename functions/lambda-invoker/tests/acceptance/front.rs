//! All fronts of Lambda: the same request goes out, and each gets its answer in its own shape.

use serde_json::{Value, json};

use crate::support::event::{Request, get, post};
use crate::support::upstream::{Reaction, Seen, Upstream, http};
use crate::support::{Function, function};

fn events(request: &Request) -> [(&'static str, Value); 5] {
    [
        ("alb", request.alb()),
        ("alb_multi", request.alb_multi()),
        ("v1", request.v1()),
        ("v2", request.v2()),
        ("url", request.url()),
    ]
}

async fn through(upstream: &Upstream) -> Function {
    function(json!([{"uri": "/aws/*", "function_uri": upstream.url("/base"), "authorization": {"iam": {"service": "lambda"}}}])).await
}

#[tokio::test]
async fn case_25_every_front_makes_the_same_upstream_request() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream).await;
    let request = post("/aws/a%20b/x", b"\x00\xff")
        .header("content-type", "application/octet-stream")
        .header("cookie", "a=1; b=2")
        .header("x-forwarded-for", "203.0.113.9, 192.0.2.7")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-port", "443");
    let request = Request {
        query: "a=b%20c&d=%2F&e=%C3%A9".to_owned(),
        ..request
    };
    let mut all: Vec<Seen> = Vec::new();
    for (name, event) in events(&request) {
        assert_eq!(function.call(&event).await.status, 200, "{name}");
        let mut seen = upstream.last();
        seen.headers.sort();
        all.push(seen);
    }
    assert_eq!(all[0].line, "POST /base/a%20b/x?a=b%20c&d=%2F&e=%C3%A9 HTTP/1.1");
    assert_eq!(all[0].body, b"\x00\xff");
    for other in &all[1..] {
        assert_eq!(other, &all[0]);
    }
}

#[tokio::test]
async fn case_25_bytes_stay_bytes_both_ways_for_every_front() {
    let bytes: Vec<u8> = (0..=255).collect();
    let headers = "Content-Type: application/octet-stream\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n";
    let upstream = Upstream::sending(http("200 OK", headers, &bytes)).await;
    let function = through(&upstream).await;
    for (name, event) in events(&post("/aws/x", &bytes).header("content-type", "application/octet-stream")) {
        let answer = function.call(&event).await;
        assert_eq!(upstream.last().body, bytes, "{name}");
        assert_eq!((answer.status, &answer.body), (200, &bytes), "{name}");
        assert_eq!(answer.raw["isBase64Encoded"], true, "{name}");
        assert_eq!(answer.headers("set-cookie"), ["a=1; Path=/", "b=2"], "{name}");
    }
}

/// Formats 2.0 join the repeats of a header; what they mean stays the same (RFC 9110, section 5.3).
#[tokio::test]
async fn case_25_repeated_headers_and_cookies_arrive_whatever_the_front() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream).await;
    let request = get("/aws/x?m=2&m=1")
        .header("x-many", "1")
        .header("x-many", "2")
        .header("accept", "text/html;q=0.8, */*")
        .header("cookie", "a=1; b=\"2, 3\"; c=");
    for (name, event) in events(&request).into_iter().filter(|(name, _)| *name != "alb") {
        assert_eq!(function.call(&event).await.status, 200, "{name}");
        let seen = upstream.last();
        assert_eq!(seen.all("x-many").join(","), "1,2", "{name}");
        assert_eq!(seen.header("accept"), Some("text/html;q=0.8, */*"), "{name}");
        assert_eq!(seen.all("cookie").join("; "), "a=1; b=\"2, 3\"; c=", "{name}");
        assert_eq!(seen.target(), "/base/x?m=2&m=1", "{name}");
    }
}

#[tokio::test]
async fn a_front_that_loses_the_order_of_names_gets_them_sorted() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream).await;
    let request = get("/aws/x?b=2&a=3&b=1");
    for (event, expected) in [
        (request.alb_multi(), "/base/x?a=3&b=2&b=1"),
        (request.v1(), "/base/x?a=3&b=2&b=1"),
        (request.v2(), "/base/x?b=2&a=3&b=1"),
        (request.url(), "/base/x?b=2&a=3&b=1"),
    ] {
        function.call(&event).await;
        assert_eq!(upstream.last().target(), expected);
    }
}

#[tokio::test]
async fn case_23_headers_of_the_connection_stay_behind_and_cookies_survive() {
    let headers = "Connection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nProxy-Authenticate: Basic\r\n\
                   X-Amzn-Remapped-Date: today\r\nx-amzn-RequestId: up-1\r\nSet-Cookie: a=1; Path=/\r\n\
                   Set-Cookie: b=2\r\nX-Many: 1\r\nX-Many: 2\r\n";
    let upstream = Upstream::sending(http("200 OK", headers, b"ok")).await;
    let function = through(&upstream).await;
    let request = get("/aws/x")
        .header("connection", "close, x-client-hop, X-Forwarded-For, via")
        .header("x-client-hop", "1")
        .header("keep-alive", "1")
        .header("proxy-authorization", "Basic s3cret")
        .header("te", "trailers")
        .header("upgrade", "websocket")
        .header("expect", "100-continue")
        .header("x-forwarded-for", "192.0.2.7");
    for (name, event) in events(&request) {
        let answer = function.call(&event).await;
        assert_eq!((answer.status, answer.text()), (200, "ok"), "{name}");
        assert_eq!(answer.headers("set-cookie"), ["a=1; Path=/", "b=2"], "{name}");
        assert_eq!(answer.headers("x-many").join(", "), "1, 2", "{name}");
        assert_eq!(answer.header("x-upstream-request-id").as_deref(), Some("up-1"));
        assert_eq!(answer.header("x-request-id").as_deref(), Some("request-1"));
        for gone in [
            "connection",
            "keep-alive",
            "x-hop",
            "proxy-authenticate",
            "x-amzn-remapped-date",
            "x-amzn-requestid",
            "content-length",
            "content-type",
        ] {
            assert_eq!(answer.header(gone), None, "{name} {gone}");
        }
        let seen = upstream.last();
        for gone in [
            "connection",
            "x-client-hop",
            "keep-alive",
            "proxy-authorization",
            "te",
            "upgrade",
            "expect",
        ] {
            assert_eq!(seen.header(gone), None, "{name} {gone}");
        }
        assert_eq!(seen.header("x-forwarded-for"), Some("192.0.2.7"), "{name}");
        assert_eq!(seen.header("via"), Some("1.1 lambda-invoker-front-door"), "{name}");
    }
}

#[tokio::test]
async fn case_24_what_the_target_says_is_passed_on_unchanged() {
    for (status, code) in [
        ("302 Found", 302),
        ("403 Forbidden", 403),
        ("404 Not Found", 404),
        ("429 Too Many Requests", 429),
        ("500 Internal Server Error", 500),
        ("503 Service Unavailable", 503),
    ] {
        let headers = "Location: https://elsewhere.example.com/\r\nContent-Type: application/json\r\n";
        let upstream = Upstream::sending(http(status, headers, b"{\"message\":\"theirs\"}")).await;
        let function = through(&upstream).await;
        let answer = function.call(&get("/aws/x").alb()).await;
        assert_eq!((answer.status, answer.text()), (code, "{\"message\":\"theirs\"}"));
        assert_eq!(
            answer.header("location").as_deref(),
            Some("https://elsewhere.example.com/")
        );
        assert_eq!(upstream.calls(), 1, "{status}");
        let line = function.line();
        assert_eq!(line["upstream_status"], code);
        assert_eq!(line["attempts"], 1);
    }
}

#[tokio::test]
async fn an_answer_without_a_body_has_none() {
    for (method, answer, status) in [
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nX-Own: 1\r\n\r\n",
            200,
        ),
        ("GET", "HTTP/1.1 204 No Content\r\nX-Own: 1\r\n\r\n", 204),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nX-Own: 1\r\n\r\n",
            304,
        ),
    ] {
        let upstream = Upstream::reacting(Reaction::Send(answer.into())).await;
        let function = through(&upstream).await;
        let answer = function.call(&get("/aws/x").method(method).alb()).await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{method}");
        assert_eq!(answer.header("x-own").as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn errors_have_no_body_for_head() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream).await;
    let answer = function.call(&get("/nowhere").method("HEAD").alb()).await;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
}

#[tokio::test]
async fn the_request_id_of_the_client_goes_through_and_comes_back() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream).await;
    let answer = function
        .call(&get("/aws/x").header("X-Request-Id", "client-7").alb())
        .await;
    assert_eq!(upstream.last().header("x-request-id"), Some("client-7"));
    assert_eq!(answer.header("x-request-id").as_deref(), Some("client-7"));
}

#[tokio::test]
async fn a_function_url_tells_where_the_client_is() {
    let upstream = Upstream::fine().await;
    let function = through(&upstream).await;
    for (given, expected) in [
        (None, "192.0.2.7"),
        (Some("203.0.113.9"), "203.0.113.9, 192.0.2.7"),
        (Some("203.0.113.9,192.0.2.7"), "203.0.113.9,192.0.2.7"),
    ] {
        let request = given.map_or(get("/aws/x"), |given| get("/aws/x").header("x-forwarded-for", given));
        function.call(&request.url()).await;
        assert_eq!(upstream.last().header("x-forwarded-for"), Some(expected));
    }
    // Behind a load balancer the header is the load balancer's own.
    function.call(&get("/aws/x").alb()).await;
    assert_eq!(upstream.last().header("x-forwarded-for"), None);
}
