//! How functions are invoked, and what the Invoke API is told beside the payload.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::event::{get, post};
use crate::support::oracle::verify;
use crate::support::upstream::{Upstream, http};
use crate::support::{ACCESS_KEY, Function, SECRET_KEY, function};

/// A function of this service with these members, behind `/*`.
async fn invoking(upstream: &Upstream, members: Value) -> Function {
    let mut to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    for (name, value) in members.as_object().unwrap() {
        to[name.as_str()] = value.clone();
    }
    function(json!([{"uri": "/*", "function": to}])).await
}

/// The headers of the last invocation that tell the Invoke API anything.
fn told(upstream: &Upstream) -> Vec<(String, String)> {
    let seen = upstream.last();
    let mut told: Vec<_> = seen
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .filter(|(name, _)| name.starts_with("x-amz-") && name != "x-amz-date")
        .collect();
    told.sort();
    told
}

fn named(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = headers.iter();
    own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn an_invocation_is_one_signed_post_to_the_functions_address() {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:hello";
    let escaped = "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Ahello";
    for (base, members, target) in [
        ("", json!({}), "/2015-03-31/functions/hello/invocations".to_owned()),
        (
            "/",
            json!({"qualifier": "7"}),
            "/2015-03-31/functions/hello/invocations?Qualifier=7".to_owned(),
        ),
        (
            "/a%20b/c/",
            json!({"qualifier": "$LATEST"}),
            "/a%20b/c/2015-03-31/functions/hello/invocations?Qualifier=%24LATEST".to_owned(),
        ),
        (
            "",
            json!({"name": "hello:live"}),
            "/2015-03-31/functions/hello%3Alive/invocations".to_owned(),
        ),
        (
            "",
            json!({"name": "123456789012:function:hello"}),
            "/2015-03-31/functions/123456789012%3Afunction%3Ahello/invocations".to_owned(),
        ),
        (
            "",
            json!({"name": arn}),
            format!("/2015-03-31/functions/{escaped}/invocations"),
        ),
        (
            "/dev",
            json!({"name": format!("{arn}:$LATEST"), "qualifier": "$LATEST"}),
            format!("/dev/2015-03-31/functions/{escaped}%3A%24LATEST/invocations?Qualifier=%24LATEST"),
        ),
    ] {
        let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
        let mut members = members;
        members["endpoint_url"] = json!(upstream.url(base));
        let function = invoking(&upstream, members.clone()).await;
        assert_eq!(function.call(&post("/x", b"\xff").url()).await.status, 200, "{members}");
        let seen = upstream.last();
        assert_eq!(seen.line, format!("POST {target} HTTP/1.1"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(
            seen.header("content-length"),
            Some(seen.body.len().to_string().as_str())
        );
        assert_eq!(
            seen.header("host"),
            Some(format!("127.0.0.1:{}", upstream.port).as_str())
        );
        let verified = verify(&seen, ACCESS_KEY, SECRET_KEY, None).unwrap();
        assert_eq!(
            (verified.region.as_str(), verified.service.as_str()),
            ("eu-west-1", "lambda")
        );
        assert_eq!(verified.signed_headers, ["content-type", "host", "x-amz-date"]);
        assert_eq!(told(&upstream), []);
    }
}

#[tokio::test]
async fn the_trace_goes_on_and_is_not_signed() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let function = invoking(&upstream, json!({})).await;
    // The invocation's own trace, not the client's.
    let request = get("/x").header("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000");
    assert_eq!(function.call(&request.url()).await.status, 200);
    let seen = upstream.last();
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    assert_eq!(seen.header("x-amzn-trace-id"), Some(trace));
    verify(&seen, ACCESS_KEY, SECRET_KEY, None).unwrap();
}

#[tokio::test]
async fn nothing_of_the_clients_headers_reaches_the_service() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let function = invoking(&upstream, json!({})).await;
    let request = post("/x", b"{}")
        .header("x-amz-invocation-type", "Event")
        .header("x-amz-tenant-id", "other")
        .header("x-amz-log-type", "Tail")
        .header("authorization", "Bearer x")
        .header("x-own", "1");
    assert_eq!(function.call(&request.url()).await.status, 200);
    let seen = upstream.last();
    let mut names: Vec<String> = seen.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    let known = [
        "authorization",
        "content-length",
        "content-type",
        "host",
        "x-amz-date",
        "x-amzn-trace-id",
    ];
    assert_eq!(names, known);
    verify(&seen, ACCESS_KEY, SECRET_KEY, None).unwrap();
}

#[tokio::test]
async fn case_28_an_event_is_a_202_without_a_body() {
    for (status, reply) in [("202 Accepted", &b""[..]), ("202 Accepted", b"\"odd\"")] {
        let upstream = Upstream::sending(http(status, "x-amzn-RequestId: fn-1\r\n", reply)).await;
        let function = invoking(&upstream, json!({"invocation": "event"})).await;
        let answer = function.call(&post("/x?a=1", b"{}").url()).await;
        assert_eq!((answer.status, answer.body.len()), (202, 0));
        assert_eq!(answer.header("content-type"), None);
        assert_eq!(answer.header("x-upstream-request-id").as_deref(), Some("fn-1"));
        assert_eq!(told(&upstream), named(&[("x-amz-invocation-type", "Event")]));
        let event: Value = serde_json::from_slice(&upstream.last().body).unwrap();
        assert_eq!(event["rawQueryString"], "a=1");
        verify(&upstream.last(), ACCESS_KEY, SECRET_KEY, None).unwrap();
        let line = function.line();
        assert_eq!(
            (&line["outcome"], &line["upstream_status"]),
            (&json!("ok"), &json!(202))
        );
        assert_eq!(line["upstream_request_id"], "fn-1");
    }
}

#[tokio::test]
async fn a_dry_run_is_a_204() {
    let upstream = Upstream::sending(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
    let function = invoking(&upstream, json!({"invocation": "dry_run"})).await;
    for _ in 0..2 {
        let answer = function.call(&post("/x", b"{}").url()).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
    }
    assert_eq!(told(&upstream), named(&[("x-amz-invocation-type", "DryRun")]));
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn what_nobody_waits_for_may_be_a_megabyte() {
    let upstream = Upstream::sending(http("202 Accepted", "", b"")).await;
    let raw = json!({"invocation": "event", "payload_format": "raw"});
    let function = invoking(&upstream, raw).await;
    let text = |length: usize| format!("\"{}\"", "a".repeat(length - 2)).into_bytes();
    let answer = function.call(&post("/x", &text(1_048_576)).url()).await;
    assert_eq!(answer.status, 202);
    assert_eq!(upstream.last().body.len(), 1_048_576);
    let answer = function.call(&post("/x", &text(1_048_577)).url()).await;
    assert_eq!((answer.status, answer.error().as_str()), (413, "request_too_large"));
    // What is small enough may still grow into an event that is not.
    let function = invoking(&upstream, json!({"invocation": "event"})).await;
    let answer = function.call(&post("/x", &vec![0xff; 900_000]).url()).await;
    assert_eq!((answer.status, answer.error().as_str()), (413, "request_too_large"));
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn what_is_waited_for_may_be_six() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let function = invoking(&upstream, json!({"payload_format": "raw"})).await;
    let text = |length: usize| format!("\"{}\"", "a".repeat(length - 2)).into_bytes();
    assert_eq!(function.call(&post("/x", &text(6_291_456)).url()).await.status, 200);
    let answer = function.call(&post("/x", &text(6_291_457)).url()).await;
    assert_eq!((answer.status, answer.error().as_str()), (413, "request_too_large"));
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn context_and_tenant_are_told_each_time() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let context = json!({"client": {"app_title": "é"}, "custom": {"a": "b"}});
    let members = json!({"client_context": context, "tenant_id": "acme blue/7"});
    let function = invoking(&upstream, members).await;
    for _ in 0..2 {
        assert_eq!(function.call(&get("/x").url()).await.status, 200);
        let headers = told(&upstream);
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-amz-client-context", "x-amz-tenant-id"]);
        let sent: Value = serde_json::from_slice(&STANDARD.decode(&headers[0].1).unwrap()).unwrap();
        assert_eq!((&sent, headers[1].1.as_str()), (&context, "acme blue/7"));
        verify(&upstream.last(), ACCESS_KEY, SECRET_KEY, None).unwrap();
    }
}

#[tokio::test]
async fn a_request_may_name_the_execution_of_a_durable_function() {
    let upstream = Upstream::sending(http("200 OK", "", b"{}")).await;
    let function = invoking(&upstream, json!({"durable_execution_header": "Idempotency-Key"})).await;
    let request = get("/x").header("idempotency-key", "order-7_a");
    assert_eq!(function.call(&request.url()).await.status, 200);
    assert_eq!(told(&upstream), named(&[("x-amz-durable-execution-name", "order-7_a")]));
    verify(&upstream.last(), ACCESS_KEY, SECRET_KEY, None).unwrap();
    assert_eq!(function.call(&get("/x").url()).await.status, 200);
    assert_eq!(told(&upstream), []);
    for bad in ["order 7", "", "a/b", "é", &"a".repeat(65)] {
        let answer = function.call(&get("/x").header("idempotency-key", bad).url()).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, "bad_header"), "{bad}");
    }
    assert_eq!(upstream.calls(), 2);
}

fn failed(payload: &Value) -> Vec<u8> {
    let headers = "X-Amz-Function-Error: Unhandled\r\n";
    http("200 OK", headers, payload.to_string().as_bytes())
}

#[tokio::test]
async fn what_the_caller_learns_of_a_functions_error_is_the_routes_to_say() {
    let thrown = json!({"errorType": "KeyError", "errorMessage": "s3cret", "trace": ["line 1"]});
    let late = json!({"errorMessage": "2026-03-01T12:00:00Z fn-1 Task timed out after 3.00 seconds"});
    for (members, error, status, shown) in [
        (json!({}), &thrown, 502, false),
        (json!({"function_error_status": 500}), &thrown, 500, false),
        (
            json!({"function_error_status": 422, "function_error_body": "pass"}),
            &thrown,
            422,
            true,
        ),
        (json!({"function_error_body": "pass"}), &thrown, 502, true),
        // Time that runs out is a 504 whatever the route says of other errors.
        (json!({"function_error_status": 500}), &late, 504, false),
        (
            json!({"function_error_status": 500, "function_error_body": "pass"}),
            &late,
            504,
            true,
        ),
    ] {
        let upstream = Upstream::sending(failed(error)).await;
        let function = invoking(&upstream, members.clone()).await;
        let answer = function.call(&get("/x").url()).await;
        assert_eq!(answer.status, status, "{members}");
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
        if shown {
            assert_eq!(answer.text(), error.to_string());
        } else {
            assert_eq!(answer.error(), "function_error");
            assert!(!answer.text().contains("s3cret"));
        }
        let line = function.line();
        assert_eq!(
            (&line["outcome"], &line["reason"]),
            (&json!("upstream_error"), &json!("function_error"))
        );
        assert_eq!(line["upstream_error"], error["errorType"]);
        assert!(!line.to_string().contains("s3cret"));
        assert_eq!(upstream.calls(), 1);
    }
}

#[tokio::test]
async fn an_error_that_cannot_be_passed_on_is_hidden() {
    let headers = "X-Amz-Function-Error: Unhandled\r\n";
    let pass = json!({"function_error_body": "pass"});
    // No JSON.
    let upstream = Upstream::sending(http("200 OK", headers, b"<html>")).await;
    let function = invoking(&upstream, pass.clone()).await;
    let answer = function.call(&get("/x").url()).await;
    assert_eq!((answer.status, answer.error().as_str()), (502, "function_error"));
    // More than the front takes.
    let long = json!({"errorType": "E", "errorMessage": "a".repeat(1_100_000)});
    let upstream = Upstream::sending(failed(&long)).await;
    let function = invoking(&upstream, pass.clone()).await;
    let answer = function.call(&get("/x").alb()).await;
    assert_eq!((answer.status, answer.error().as_str()), (502, "function_error"));
    assert_eq!(function.call(&get("/x").url()).await.text(), long.to_string());
    // A body where there is none.
    let answer = function.call(&get("/x").method("HEAD").url()).await;
    assert_eq!((answer.status, answer.body.len()), (502, 0));
}

/// The same limit in each format: of what the client gets, not of the text around it.
#[tokio::test]
async fn a_replys_size_is_that_of_the_answers_body() {
    let reply = json!({"statusCode": 200, "body": "\u{e9}".repeat(400)}).to_string();
    // The same text with escapes is three times as long.
    let escaped = reply.replace('\u{e9}', "\\u00e9");
    for (reply, limit, status) in [(&reply, 800, 200), (&escaped, 800, 200), (&reply, 799, 502)] {
        let upstream = Upstream::sending(http("200 OK", "", reply.as_bytes())).await;
        let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
        let function = function(json!([{"uri": "/", "function": to, "max_resp_body_size": limit}])).await;
        let answer = function.call(&get("/").url()).await;
        assert_eq!(answer.status, status, "{limit}");
        if status == 502 {
            assert_eq!(answer.error(), "upstream_response_too_large");
        }
    }
}
