//! The end of a function's log in ours: of replies that come whole, and of streamed ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::streamed_replies::{HEAD, NULS, PRELUDE, reply, routes, taken};
use crate::streaming::{begin, streaming};
use crate::support::event::get;
use crate::support::upstream::{Upstream, http};
use crate::support::{Function, function};

const LOG: &str =
    "START RequestId: fn-1\nAuthorization: Bearer s3cret-s3cret\nq=client-s3cret\nREPORT Duration: 3 ms\n";

/// A function of this service whose log is asked for.
async fn logging(upstream: &Upstream) -> Function {
    function(
        json!([{"uri": "/*", "function": {"name": "hello", "endpoint_url": upstream.url(""), "log_type": "tail"}}]),
    )
    .await
}

fn check(line: &Value) {
    let told = line["function_log"].as_str().unwrap();
    assert!(
        told.starts_with("START RequestId: fn-1 | ") && told.ends_with(" | REPORT Duration: 3 ms"),
        "{told}"
    );
    assert!(!line.to_string().contains("s3cret"), "{line}");
}

#[tokio::test]
async fn the_end_of_it_stands_in_ours_with_secrets_hidden() {
    let headers = format!(
        "x-amz-log-result: {}\r\nx-amz-executed-version: 7\r\nx-amzn-requestid: fn-1\r\n",
        STANDARD.encode(LOG)
    );
    let upstream = Upstream::sending(http("200 OK", &headers, b"{\"statusCode\": 200}")).await;
    let function = logging(&upstream).await;
    let answer = function.call(&get("/x?q=client-s3cret").url()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(upstream.last().header("x-amz-log-type"), Some("Tail"));
    for name in [
        "x-amz-log-result",
        "x-amz-executed-version",
        "x-amz-function-error",
        "x-amzn-requestid",
    ] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(answer.header("x-upstream-request-id").as_deref(), Some("fn-1"));
    let line = function.line();
    check(&line);
    assert_eq!(
        (&line["executed_version"], &line["upstream_request_id"]),
        (&json!("7"), &json!("fn-1"))
    );
    // Its end tells more than its start.
    let long = format!("START\n{}END é\n", "é line\n".repeat(600));
    let headers = format!("x-amz-log-result: {}\r\n", STANDARD.encode(long));
    let upstream = Upstream::sending(http("200 OK", &headers, b"{}")).await;
    let function = logging(&upstream).await;
    assert_eq!(function.call(&get("/x").url()).await.status, 200);
    let line = function.line();
    let told = line["function_log"].as_str().unwrap();
    assert!(
        told.ends_with(" | é line | END é") && (2046..=2048).contains(&told.len()),
        "{told}"
    );
    // A log that is none is left out.
    let upstream = Upstream::sending(http("200 OK", "x-amz-log-result: ***\r\n", b"{}")).await;
    let function = logging(&upstream).await;
    assert_eq!(function.call(&get("/x").url()).await.status, 200);
    assert_eq!(function.line().get("function_log"), None);
}

/// A streamed reply whose end has a log, and perhaps an error.
async fn streamed(error: Option<&str>) -> Upstream {
    let mut end = json!({"LogResult": STANDARD.encode(LOG)});
    if let Some(error) = error {
        end["ErrorCode"] = error.into();
    }
    Upstream::sending(reply(PRELUDE, &[HEAD, NULS, b"one"], Some(end))).await
}

#[tokio::test]
async fn a_streams_comes_with_its_end() {
    let request = get("/x?q=client-s3cret").url();
    for (error, reason) in [(None, "forwarded"), (Some("Boom"), "function_error")] {
        // To a front that takes streams, and to one that does not.
        let upstream = streamed(error).await;
        let table = routes(&upstream, &json!({"log_type": "tail"}));
        let invoker = streaming(table.clone()).await;
        let (body, broken) = taken(begin(&invoker, &request).await).await;
        assert_eq!((body.as_str(), broken), ("one", error.map(|_| "function_error")));
        assert_eq!(upstream.last().header("x-amz-log-type"), Some("Tail"));
        let line = invoker.line();
        assert_eq!((&line["reason"], &line["streamed"]), (&json!(reason), &json!(true)));
        check(&line);
        let invoker = function(table).await;
        let answer = invoker.call(&request).await;
        assert_eq!(answer.status, if error.is_some() { 502 } else { 201 });
        let line = invoker.line();
        assert_eq!((&line["reason"], &line["streamed"]), (&json!(reason), &Value::Null));
        check(&line);
    }
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_byte_has_one_too() {
    let end = json!({"ErrorCode": "Boom", "LogResult": STANDARD.encode(LOG)});
    let upstream = Upstream::sending(reply(PRELUDE, &[], Some(end))).await;
    let invoker = streaming(routes(&upstream, &json!({"log_type": "tail"}))).await;
    let begun = begin(&invoker, &get("/x?q=client-s3cret").url()).await;
    assert_eq!(begun.prelude["statusCode"], 502);
    drop(begun);
    check(&invoker.line());
}
