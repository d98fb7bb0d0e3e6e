//! Events that mean harm: whatever arrives, there is an answer in the front's shape, the signature holds for what went
//! out, and nothing that is secret stands in the log.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::event::{Request, get};
use crate::support::oracle::verify;
use crate::support::upstream::{Upstream, http};
use crate::support::{ACCESS_KEY, Function, SECRET_KEY, env, function, start, table};

pub(crate) async fn signed(upstream: &Upstream) -> Function {
    let iam = json!({"iam": {"service": "lambda"}, "client_authorization": "replace"});
    let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    function(json!([
        {"uri": "/function/*", "function": to},
        {"uri": "/*", "function_uri": upstream.url("/base?k=v"), "authorization": iam},
    ]))
    .await
}

fn run(cases: u32, strategy: impl Strategy<Value = Value>, check: impl Fn(&Runtime, &Function, &Upstream, &Value)) {
    let runtime = Runtime::new().unwrap();
    let upstream = runtime.block_on(Upstream::sending(http("200 OK", "", b"{}")));
    let function = runtime.block_on(signed(&upstream));
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&strategy, |event| {
            check(&runtime, &function, &upstream, &event);
            Ok(())
        })
        .unwrap();
}

fn pairs(name: &'static str) -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((name, "\\PC{0,12}"), 0..5)
}

fn requests() -> impl Strategy<Value = Request> {
    (
        prop::sample::select(vec![
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "get",
        ]),
        "/(function/)?([a-zA-Z0-9%./ é?#'|\"\\\\:@!$&()*+,;=~_-]|%[0-9a-fA-F]{2}){0,24}",
        "([a-zA-Z0-9%&=+ é'|/?:@._~-]|%[0-9a-fA-F]{2}){0,24}",
        pairs("(x-[a-z]{1,8}|content-type|connection|via|x-amz-[a-z]{1,6}|authorization|host|cookie|te)"),
        prop::collection::vec(any::<u8>(), 0..64),
    )
        .prop_map(|(method, path, query, headers, body)| Request {
            method,
            path,
            query,
            headers,
            body,
        })
}

fn events() -> impl Strategy<Value = Value> {
    (requests(), 0..5_usize).prop_map(|(request, front)| match front {
        0 => request.alb(),
        1 => request.alb_multi(),
        2 => request.v1(),
        3 => request.v2(),
        _ => request.url(),
    })
}

#[test]
fn what_goes_out_is_always_what_was_signed() {
    run(300, events(), |runtime, function, upstream, event| {
        let before = upstream.calls();
        let answer = runtime.block_on(function.call(event));
        if upstream.calls() == before {
            assert!([400, 404, 501].contains(&answer.status), "{} {event}", answer.status);
            return;
        }
        let seen = upstream.last();
        assert!(seen.line.ends_with(" HTTP/1.1"));
        assert_eq!(answer.status, 200, "{event}");
        if !seen.target().starts_with("/2015-03-31/") {
            assert!(seen.target().starts_with("/base"), "{}", seen.target());
            verify(&seen, ACCESS_KEY, SECRET_KEY, None).unwrap();
        }
    });
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,10}".prop_map(Value::from),
        Just(json!("%%%")),
        Just(json!("a\r\nb: c")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z-]{0,12}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn members_of_any_shape_get_an_answer() {
    const MEMBERS: [&str; 14] = [
        "version",
        "httpMethod",
        "path",
        "rawPath",
        "rawQueryString",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "headers",
        "multiValueHeaders",
        "cookies",
        "requestContext",
        "body",
        "isBase64Encoded",
        "resource",
    ];
    let broken = (events(), prop::sample::select(MEMBERS.to_vec()), any_json()).prop_map(|(mut event, name, value)| {
        event[name] = value;
        event
    });
    run(300, broken, |runtime, function, _, event| {
        let answer = runtime.block_on(function.call(event));
        assert!((200..=508).contains(&answer.status));
    });
    run(100, any_json(), |runtime, function, _, event| {
        assert_eq!(runtime.block_on(function.call(event)).status, 400);
    });
}

#[tokio::test]
async fn bombs_are_answered() {
    let upstream = Upstream::fine().await;
    let function = signed(&upstream).await;
    let many: serde_json::Map<String, Value> = (0..70_000).map(|at| (format!("x-{at}"), json!("1"))).collect();
    let repeated = json!({"x-a": vec!["1"; 70_000]});
    let connection = json!({"connection": vec!["x-a,x-b"; 2_000]});
    let query: serde_json::Map<String, Value> = (0..5_000).map(|at| (format!("q{at}"), json!("1"))).collect();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let with = |name: &str, value: Value| {
        let mut event = get("/x").alb_multi();
        event[name] = value;
        event.to_string()
    };
    for (event, status) in [
        (with("multiValueHeaders", repeated), 400),
        (with("multiValueHeaders", connection), 431),
        (
            with("multiValueQueryStringParameters", json!({"a": vec!["1"; 10_000]})),
            414,
        ),
        (with("path", json!("/".repeat(60_000))), 414),
        // Longer than any URI can be.
        (with("path", json!("/".repeat(1_000_000))), 400),
        (with("body", json!("A".repeat(8_000_000))), 413),
        (format!("{{\"headers\":{deep}}}"), 400),
        (deep, 400),
    ] {
        let answer = function.call_raw(&event, 30_000).await;
        assert_eq!(answer.status, status, "{} {}", answer.text(), &event[..200]);
    }
    let mut event = get("/x").alb();
    event["headers"] = Value::Object(many);
    assert_eq!(function.call(&event).await.status, 400);
    let mut event = get("/x").alb();
    event["queryStringParameters"] = Value::Object(query);
    assert_eq!(function.call(&event).await.status, 414);
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test]
async fn no_secret_stands_in_the_log_or_in_an_answer() {
    // A target that quotes what it was sent.
    let quoted = b"{\"token\":\"SECRET-2\",\"seen\":\"SECRET-3 SECRET-4 SECRET-5/SECRET-6?k=SECRET-7&SECRET-8,SECRET-9 SECRET-13\"}";
    let upstream = Upstream::sending(http("500 Oops", "Set-Cookie: SECRET-1\r\n", quoted)).await;
    let authorization = json!({"apikey": "SECRET-3", "iam": {"accesskey": "SECRET-4", "secretkey": "SECRET-5", "sessiontoken": "SECRET-6", "service": "lambda"}});
    let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    let routes = json!([
        {"uri": "/up/*", "function_uri": upstream.url("/?key=SECRET-7"), "authorization": authorization},
        {"uri": "/down", "function_uri": "http://127.0.0.1:1/?key=SECRET-7", "authorization": authorization},
        {"uri": "/function", "function": to},
    ]);
    let env = env(&table(routes))
        .with("AWS_SECRET_ACCESS_KEY", "SECRET-8")
        .with("AWS_SESSION_TOKEN", "SECRET-9");
    let function = start(env, shared::testing::MemorySecrets::default()).await.unwrap();
    for path in [
        "/up/SECRET-10?q=SECRET-11",
        "/down?q=SECRET-11",
        "/function?q=SECRET-11",
        "/SECRET-10/../x",
        "/nowhere",
    ] {
        let request = Request {
            method: "POST",
            body: b"SECRET-12".to_vec(),
            ..get(path)
        };
        let request = request.header("cookie", "SECRET-13").header("x-own", "SECRET-14");
        let answer = function.call(&request.alb()).await;
        if !path.starts_with("/up/") {
            assert!(!answer.raw.to_string().contains("SECRET"), "{}", answer.raw);
        }
    }
    let log = function.log.lock().unwrap();
    assert_eq!(log.len(), 5);
    assert!(log[0].contains("upstream_body"));
    assert!(!log.join("").contains("SECRET"), "{log:?}");
}
