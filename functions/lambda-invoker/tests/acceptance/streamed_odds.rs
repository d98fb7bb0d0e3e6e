//! Streamed replies where status, size or head are not what they seem at first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::start::StreamBody;

use crate::streamed_replies::{HEAD, NULS, PRELUDE, reply, routes, taken};
use crate::streaming::{begin, streaming};
use crate::support::event::{get, post};
use crate::support::upstream::{Reaction, Upstream, http};
use crate::support::{Function, function};

async fn answering(bytes: Vec<u8>, more: &Value) -> (Upstream, Function) {
    let upstream = Upstream::sending(bytes).await;
    let function = streaming(routes(&upstream, more)).await;
    (upstream, function)
}

fn failed(code: &str, message: &str) -> Option<Value> {
    let details = json!({"errorType": code, "errorMessage": message}).to_string();
    Some(json!({"ErrorCode": code, "ErrorDetails": details}))
}

#[tokio::test]
async fn no_status_goes_out_before_the_first_event() {
    let raw = json!({"payload_format": "raw"});
    for (media_type, more) in [("text/plain", &json!({})), (PRELUDE, &raw)] {
        for (bytes, status, reason) in [
            (reply(media_type, &[], failed("Unhandled", "x")), 502, "function_error"),
            (
                reply(media_type, &[], failed("x", "Task timed out after 3.00 seconds")),
                504,
                "function_error",
            ),
            (reply(media_type, &[], None), 502, "bad_upstream_response"),
            (
                reply(media_type, &[&[b'x'; 101]], Some(json!({}))),
                502,
                "upstream_response_too_large",
            ),
        ] {
            let upstream = Upstream::sending(bytes).await;
            let mut routes = routes(&upstream, more);
            routes[0]["max_resp_body_size"] = json!(100);
            let function = streaming(routes).await;
            let begun = begin(&function, &post("/x", b"{}").url()).await;
            assert_eq!(begun.prelude["statusCode"], status, "{media_type} {reason}");
            drop(begun);
            assert_eq!(function.line()["reason"], reason, "{media_type}");
        }
    }
}

#[tokio::test]
async fn answers_without_a_body_wait_for_the_functions_end() {
    let empty = b"{\"statusCode\":204}";
    for (method, head) in [("HEAD", HEAD), ("GET", &empty[..])] {
        let (_upstream, function) = answering(
            reply(PRELUDE, &[head, NULS, b"one"], failed("Unhandled", "x")),
            &json!({}),
        )
        .await;
        let begun = begin(&function, &get("/x").method(method).url()).await;
        assert_eq!(begun.prelude["statusCode"], 502, "{method}");

        let fine = reply(PRELUDE, &[head, NULS, b"one"], Some(json!({"LogResult": "bGluZQ=="})));
        let (upstream, function) = answering(fine, &json!({})).await;
        for _ in 0..2 {
            let begun = begin(&function, &get("/x").method(method).url()).await;
            assert_ne!(begun.prelude["statusCode"], 502);
            assert_eq!(taken(begun).await, (String::new(), None));
            assert_eq!(function.line()["function_log"], "line");
        }
        assert_eq!(upstream.connections(), 1, "{method}");
    }
    // What is thrown away has an end.
    let (_upstream, function) = answering(
        reply(PRELUDE, &[HEAD, NULS, &vec![b'x'; 2_000_000]], failed("Unhandled", "x")),
        &json!({}),
    )
    .await;
    let begun = begin(&function, &get("/x").method("HEAD").url()).await;
    assert_eq!(begun.prelude["statusCode"], 201);
}

#[tokio::test]
async fn a_front_that_takes_no_stream_refuses_a_long_one_as_soon_as_it_is_seen() {
    let mut bytes = reply(PRELUDE, &[HEAD, NULS, &vec![b'x'; 1_100_000]], None);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    // More is to come, and never does.
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.awslambda.http-integration-response\r\n\
                 Content-Length: 90000000";
    bytes.splice(..end, head.iter().copied());
    let upstream = Upstream::reacting(Reaction::Stall(bytes)).await;
    let mut routes = routes(&upstream, &json!({}));
    routes[0]["max_resp_body_size"] = json!(150_000_000);
    let function = function(routes).await;
    let answer = function.call(&get("/x").alb()).await;
    assert_eq!(
        (answer.status, answer.error()),
        (502, "upstream_response_too_large".to_owned())
    );
}

#[tokio::test]
async fn the_prelude_is_not_counted() {
    let whole = [HEAD, NULS, b"onetwo"].concat();
    let bytes = reply(PRELUDE, &[&whole], Some(json!({})));
    for (limit, ended) in [(6, None), (5, Some("upstream_response_too_large"))] {
        let upstream = Upstream::sending(bytes.clone()).await;
        let mut routes = routes(&upstream, &json!({}));
        routes[0]["max_resp_body_size"] = json!(limit);
        let begun = begin(&streaming(routes).await, &get("/x").url()).await;
        if ended.is_none() {
            assert_eq!(taken(begun).await, ("onetwo".to_owned(), ended));
        } else {
            assert_eq!(begun.prelude["statusCode"], 502);
        }
    }
}

#[tokio::test]
async fn a_prelude_may_have_lists_and_cookies() {
    for head in [
        json!({"statusCode": 200, "multiValueHeaders": {"vary": ["a", "b"]}, "headers": {"x-y": "1"}, "cookies": ["c=1"]}),
        json!({"statusCode": 200, "headers": {"vary": ["a", "b"], "x-y": 1}, "cookies": ["c=1"]}),
    ] {
        let (_upstream, function) = answering(
            reply(PRELUDE, &[head.to_string().as_bytes(), NULS], Some(json!({}))),
            &json!({}),
        )
        .await;
        let begun = begin(&function, &get("/x").url()).await;
        assert_eq!(
            (begun.header("vary"), begun.header("x-y")),
            (Some("a, b"), Some("1")),
            "{head}"
        );
        assert_eq!(begun.prelude["cookies"], json!(["c=1"]), "{head}");
    }
    for lists in [json!({}), json!({"vary": ["a"]})] {
        let head = json!({"statusCode": "200", "multiValueHeaders": lists});
        let without = json!({"statusCode": "200"});
        for head in [head, without] {
            let bytes = reply(PRELUDE, &[head.to_string().as_bytes(), NULS], Some(json!({})));
            let (_upstream, function) = answering(bytes, &json!({})).await;
            let begun = begin(&function, &get("/x").url()).await;
            assert_eq!(begun.prelude["statusCode"], 502, "{head}");
        }
    }
}

#[tokio::test]
async fn a_reply_whose_headers_are_lists_keeps_all_values() {
    let reply = json!({"statusCode": 200, "headers": {"vary": ["a", "b"]}}).to_string();
    let upstream = Upstream::sending(http("200 OK", "", reply.as_bytes())).await;
    let mut routes = routes(&upstream, &json!({}));
    routes[0]["function"]["invocation"] = json!("request_response");
    let answer = function(routes).await.call(&get("/x").v2()).await;
    assert_eq!(answer.headers("vary"), ["a, b"]);
}

#[tokio::test]
async fn a_media_type_has_parameters_and_any_case() {
    for media_type in [
        "Application/VND.awslambda.http-integration-response; charset=utf-8",
        "application/vnd.amazon.EventStream;v=1",
    ] {
        let (_upstream, function) =
            answering(reply(media_type, &[HEAD, NULS, b"x"], Some(json!({}))), &json!({})).await;
        let begun = begin(&function, &get("/x").url()).await;
        assert_eq!(begun.prelude["statusCode"], 201, "{media_type}");
    }
}

#[tokio::test]
async fn the_name_of_an_error_is_a_word_and_hides_secrets() {
    for (code, shown) in [
        ("Runtime.ExitError", json!("Runtime.ExitError")),
        ("java.io.Foo$Bar", json!("java.io.Foo$Bar")),
        ("AKIDEXAMPLE said {\"no\"}", Value::Null),
        ("client-key-1", json!("[redacted]")),
    ] {
        let (_upstream, function) = answering(reply(PRELUDE, &[], failed(code, "x")), &json!({})).await;
        let request = get("/x").header("x-api-key", "client-key-1");
        drop(begin(&function, &request.url()).await);
        assert_eq!(function.line()["upstream_error"], shown, "{code}");
    }
}

#[tokio::test]
async fn an_answer_has_the_invocations_time_once_the_target_is_done() {
    let upstream = Upstream::reacting(Reaction::Stall(Vec::new())).await;
    let route = json!([{"uri": "/*", "function_uri": upstream.url("/"), "timeout": 100}]);
    let function = streaming(route).await;
    let mut begun = begin(&function, &get("/x").url()).await;
    assert_eq!(begun.prelude["statusCode"], 504);
    let left = begun.body.deadline().remaining();
    assert!(left > Duration::from_secs(20), "{left:?}");
    // What was known before stays known.
    assert_eq!(begun.body.late().error_type, "upstream_timeout");
    drop(begun);
    assert_eq!(function.line()["reason"], "upstream_timeout");

    // A whole answer is one; one that still comes has the route's time.
    for (bytes, more) in [
        (http("200 OK", "", b"ok"), true),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec(), false),
    ] {
        let upstream = Upstream::reacting(Reaction::Stall(bytes)).await;
        let function = streaming(json!([{"uri": "/*", "function_uri": upstream.url("/")}])).await;
        let mut begun = begin(&function, &get("/x").url()).await;
        while begun.body.deadline().remaining() < Duration::from_secs(20) {
            match begun.body.next().await {
                Ok(Some(_)) => {}
                end => {
                    assert_eq!(end.is_ok(), more);
                    break;
                }
            }
        }
        assert_eq!(begun.body.deadline().remaining() > Duration::from_secs(20), more);
    }
}

#[tokio::test]
async fn the_end_of_a_stream_fits_before_lambdas_own() {
    let upstream = Upstream::reacting(Reaction::Stall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".to_vec(),
    ))
    .await;
    for margin in [0, 50] {
        let route =
            json!([{"uri": "/*", "function_uri": upstream.url("/"), "timeout": 60_000, "deadline_margin": margin}]);
        let function = streaming(route).await;
        let started = Instant::now();
        let mut begun = crate::streaming::begin_within(&function, &get("/x").url(), 600).await;
        while let Ok(Some(_)) = begun.body.next().await {}
        assert!(
            started.elapsed() < Duration::from_millis(540),
            "{margin} {:?}",
            started.elapsed()
        );
        assert!(begun.body.deadline().remaining().is_zero());
    }
}

#[tokio::test]
async fn no_id_and_no_setting_costs_the_answer() {
    let upstream = Upstream::fine().await;
    let long = "i".repeat(17_000);
    let route = json!({"uri": "/x", "function_uri": upstream.url("/")});
    let mut set = route.clone();
    set["uri"] = json!("/set");
    set["response_headers"] = json!({"set": {"x-set": "v".repeat(17_000)}});
    let function = streaming(json!([route, set])).await;
    for id in [&long[..], &long[..1025]] {
        let begun = begin(&function, &get("/x").header("x-request-id", id).url()).await;
        assert_eq!(begun.prelude["statusCode"], 200);
        assert_eq!(begun.header("x-request-id"), Some("request-1"));
        assert_eq!(upstream.last().header("x-request-id"), Some("request-1"));
    }
    let begun = begin(&function, &get("/nowhere").header("x-request-id", &long).url()).await;
    assert_eq!(begun.prelude["statusCode"], 404);
    let answer = function.call(&get("/x").header("x-request-id", &long).v2()).await;
    assert_eq!(answer.header("x-request-id").as_deref(), Some("request-1"));
    let begun = begin(&function, &get("/x").header("x-request-id", &long[..1024]).url()).await;
    assert_eq!(begun.header("x-request-id"), Some(&long[..1024]));

    let begun = begin(&function, &get("/set").url()).await;
    assert_eq!(begun.prelude["statusCode"], 502);
    assert_eq!(begun.header("content-type"), Some("application/json"));
    let (body, _) = taken(begun).await;
    assert!(body.contains("upstream_response_too_large"), "{body}");
}

#[tokio::test]
async fn an_answer_that_lambda_refuses_is_no_client_that_has_left() {
    let upstream = Upstream::fine().await;
    let function = streaming(json!([{"uri": "/*", "function_uri": upstream.url("/")}])).await;
    let mut begun = begin(&function, &get("/x").url()).await;
    begun.body.refused();
    drop(begun);
    let line = function.line();
    assert_eq!(
        (&line["outcome"], &line["reason"]),
        (&json!("error"), &json!("answer_refused"))
    );
    assert_eq!((&line["level"], &line["message"]), (&json!("WARN"), &json!("cut off")));
}
