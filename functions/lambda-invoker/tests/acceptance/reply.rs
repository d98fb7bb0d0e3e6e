//! What functions and the Invoke API answer.

use serde_json::{Value, json};

use crate::invoke::route;
use crate::support::event::get;
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Answer, function};

/// What the client gets when the Invoke API answers with this.
async fn answered(reply: Vec<u8>) -> (Answer, Value) {
    let upstream = Upstream::sending(reply).await;
    let function = function(route(&upstream)).await;
    let answer = function.call(&get("/hello/x").url()).await;
    assert_eq!(upstream.calls(), 1, "an invocation is never repeated");
    let line = function.line();
    assert_eq!(line["target"], "function");
    assert_eq!(line["attempts"], 1);
    (answer, line)
}

/// What the client gets when the function replies with this payload.
async fn replied(payload: &str) -> Answer {
    answered(http("200 OK", "Content-Type: application/json\r\n", payload.as_bytes()))
        .await
        .0
}

#[tokio::test]
async fn case_27_a_text_keeps_its_quotes() {
    let answer = replied("\"Hello, world!\"").await;
    assert_eq!((answer.status, answer.text()), (200, "\"Hello, world!\""));
    assert_eq!(answer.body.len(), 15);
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
}

#[tokio::test]
async fn a_reply_that_is_no_response_is_a_body_of_its_own() {
    for payload in [
        "\"Hello, world!\"",
        "{\"message\": \"hi\"}",
        "null",
        "[1, 2]",
        "42",
        "{}",
        " true ",
    ] {
        let answer = replied(payload).await;
        assert_eq!((answer.status, answer.text()), (200, payload));
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    }
}

#[tokio::test]
async fn a_response_is_read_member_by_member() {
    for (reply, status, body) in [
        (json!({"statusCode": 200}), 200, ""),
        (json!({"statusCode": 404, "body": null}), 404, ""),
        (json!({"statusCode": 599, "body": "odd"}), 599, "odd"),
        (json!({"statusCode": 200, "body": {"a": 1}}), 200, "{\"a\":1}"),
        (json!({"statusCode": 200, "body": [1]}), 200, "[1]"),
        (json!({"statusCode": 200, "body": 7}), 200, "7"),
        (
            json!({"statusCode": 200, "body": "aGk=", "isBase64Encoded": true}),
            200,
            "hi",
        ),
        (
            json!({"statusCode": 200, "body": "aGk=", "isBase64Encoded": false}),
            200,
            "aGk=",
        ),
        (json!({"statusCode": 204, "body": "dropped"}), 204, ""),
        (json!({"statusCode": 304, "body": "dropped"}), 304, ""),
        (
            json!({"statusCode": 200, "headers": null, "cookies": null, "multiValueHeaders": {"x": ["1"]}}),
            200,
            "",
        ),
    ] {
        let answer = replied(&reply.to_string()).await;
        assert_eq!((answer.status, answer.text()), (status, body), "{reply}");
        assert_eq!(answer.header("x"), None);
        let json = answer.header("content-type");
        assert_eq!(
            json.as_deref(),
            (![204, 304].contains(&status)).then_some("application/json"),
            "{reply}"
        );
    }
}

#[tokio::test]
async fn headers_that_cannot_be_are_left_out() {
    let headers = json!({
        "x-text": "a", "x-number": 1.5, "x-flag": true, "x-null": null, "x-list": [["a"], {}],
        "x-one": ["a"], "x-break": "a\r\nx-evil: 1",
        "bad name": "a", "": "a", "Connection": "close", "Content-Length": 999, "set-cookie": "z=0",
        "Content-Type": "text/html", "x-amzn-requestid": "fn-1",
    });
    let reply = json!({"statusCode": 200, "headers": headers, "cookies": ["a=1", "b\n=2", 3, "c=4"]});
    let answer = replied(&reply.to_string()).await;
    for (name, value) in [
        ("x-text", Some("a")),
        ("x-number", Some("1.5")),
        ("x-flag", Some("true")),
        ("x-null", None),
        ("x-list", None),
        ("x-one", Some("a")),
        ("x-break", None),
        ("x-evil", None),
        ("bad name", None),
        ("connection", None),
        ("content-length", None),
        ("content-type", Some("text/html")),
        ("x-upstream-request-id", Some("fn-1")),
    ] {
        assert_eq!(answer.header(name).as_deref(), value, "{name}");
    }
    assert_eq!(answer.headers("set-cookie"), ["3", "a=1", "c=4", "z=0"]);
}

#[tokio::test]
async fn a_reply_that_makes_no_sense_is_a_bad_gateway() {
    for payload in [
        "",
        "hello",
        "{\"statusCode\": 200",
        "{\"statusCode\": \"200\"}",
        "{\"statusCode\": 99}",
        "{\"statusCode\": 600}",
        "{\"statusCode\": 200.5}",
        "{\"statusCode\": null}",
        "{\"statusCode\": -1}",
        "{\"statusCode\": 101}",
        "{\"statusCode\": 200, \"body\": \"%%\", \"isBase64Encoded\": true}",
        "\u{feff}{}",
    ] {
        let answer = replied(payload).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (502, "bad_upstream_response"),
            "{payload}"
        );
    }
}

#[tokio::test]
async fn no_more_is_read_than_the_front_takes() {
    let mut most = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n".to_vec();
    most.extend_from_slice(&[b'a'; 1_100_000]);
    let upstream = Upstream::reacting(Reaction::Stall(most)).await;
    let route = json!({
        "uri": "/", "function_uri": upstream.url("/"), "max_resp_body_size": 6_000_000, "timeout": 3000,
    });
    let function = function(json!([route])).await;
    let answer = function.call(&get("/").alb()).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (502, "upstream_response_too_large")
    );
    // Others take more: what is missing is waited for.
    assert_eq!(function.call(&get("/").url()).await.status, 504);
}

#[tokio::test]
async fn more_headers_than_a_map_takes_are_a_bad_gateway() {
    let many = |count: usize| -> Value { (0..count).map(|at| (format!("x-{at}"), json!("1"))).collect() };
    for (reply, status) in [
        (json!({"statusCode": 200, "headers": many(1024)}), 200),
        (json!({"statusCode": 200, "headers": many(1025)}), 502),
        (json!({"statusCode": 200, "headers": many(30_000)}), 502),
        // The last one that a map takes leaves no room for what is added on the way.
        (json!({"statusCode": 200, "headers": many(24_576)}), 502),
        (json!({"statusCode": 200, "cookies": vec!["a=1"; 40_000]}), 502),
    ] {
        let answer = replied(&reply.to_string()).await;
        assert_eq!(answer.status, status);
        if status == 502 {
            assert_eq!(answer.error(), "bad_upstream_response");
        }
    }
}

#[tokio::test]
async fn case_28_a_function_that_fails_shows_nothing_of_itself() {
    let failed = |kind: &str, payload: Value| {
        http(
            "200 OK",
            &format!("X-Amz-Function-Error: {kind}\r\n"),
            payload.to_string().as_bytes(),
        )
    };
    for (reply, status, error_type) in [
        (
            failed(
                "Unhandled",
                json!({"errorType": "KeyError", "errorMessage": "s3cret", "trace": ["s3cret"]}),
            ),
            502,
            Some("KeyError"),
        ),
        (failed("Handled", json!({"errorMessage": "s3cret"})), 502, None),
        (failed("Unhandled", json!("s3cret")), 502, None),
        (
            failed(
                "Unhandled",
                json!({"errorMessage": "2026-03-01T12:00:00Z id Task timed out after 3.00 seconds"}),
            ),
            504,
            None,
        ),
        (
            failed(
                "Unhandled",
                json!({"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: x"}),
            ),
            504,
            Some("Sandbox.Timedout"),
        ),
    ] {
        let (answer, line) = answered(reply).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, "function_error"));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["message"], "Internal server error");
        assert_eq!(line["upstream_error"].as_str(), error_type);
        assert_eq!(line["upstream_status"], 200);
        assert!(!line.to_string().contains("s3cret"), "{line}");
    }
}

#[tokio::test]
async fn refusals_of_the_invoke_api_climb_the_ladder() {
    for (status, kind, headers, expected, code) in [
        ("404 Not Found", "ResourceNotFoundException", "", 502, "invoke_refused"),
        ("403 Forbidden", "AccessDeniedException", "", 502, "invoke_refused"),
        ("403 Forbidden", "ExpiredTokenException", "", 502, "invoke_refused"),
        (
            "400 Bad Request",
            "InvalidRequestContentException",
            "",
            502,
            "invoke_refused",
        ),
        (
            "415 Unsupported Media Type",
            "UnsupportedMediaTypeException",
            "",
            502,
            "invoke_refused",
        ),
        (
            "413 Payload Too Large",
            "RequestTooLargeException",
            "",
            413,
            "request_too_large",
        ),
        (
            "429 Too Many Requests",
            "TooManyRequestsException",
            "Retry-After: 7\r\n",
            503,
            "throttled",
        ),
        (
            "409 Conflict",
            "ResourceConflictException",
            "",
            503,
            "function_not_ready",
        ),
        ("502 Bad Gateway", "ENINotReadyException", "", 503, "function_not_ready"),
        (
            "408 Request Timeout",
            "SnapStartTimeoutException",
            "",
            504,
            "upstream_timeout",
        ),
        (
            "500 Internal Server Error",
            "ServiceException",
            "",
            502,
            "invoke_failed",
        ),
        ("503 Service Unavailable", "", "", 503, "function_not_ready"),
    ] {
        let headers = format!("{headers}x-amzn-ErrorType: {kind}\r\nContent-Type: application/json\r\n");
        let body = json!({"Type": "User", "message": "s3cret", "Message": "s3cret"}).to_string();
        let (answer, line) = answered(http(status, &headers, body.as_bytes())).await;
        assert_eq!((answer.status, answer.error().as_str()), (expected, code), "{kind}");
        let retry = match code {
            "throttled" => Some("7"),
            "function_not_ready" => Some("1"),
            _ => None,
        };
        assert_eq!(answer.header("retry-after").as_deref(), retry, "{kind}");
        assert_eq!(line["upstream_error"].as_str(), (!kind.is_empty()).then_some(kind));
        assert!(!line.to_string().contains("s3cret"));
    }
}

#[tokio::test]
async fn a_reply_larger_than_the_front_takes_is_refused() {
    let reply = json!({"statusCode": 200, "body": "a".repeat(1024 * 1024)}).to_string();
    let upstream = Upstream::sending(http("200 OK", "", reply.as_bytes())).await;
    let function = function(route(&upstream)).await;
    let answer = function.call(&get("/hello/x").alb()).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (502, "upstream_response_too_large")
    );
    assert_eq!(function.call(&get("/hello/x").url()).await.status, 200);
}
