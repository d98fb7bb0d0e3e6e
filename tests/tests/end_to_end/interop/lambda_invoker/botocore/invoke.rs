//! Invocations, whatever the function's name and whatever it is given, are signed as botocore signs them.

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::function::Function;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use super::super::super::environment::Environment;
use super::super::{Server, answer, invoker};
use super::request::{Front, Request, requests};
use super::{KEYS, TEMPORARY_KEYS, is_refused};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:hello";

/// A function, the path and query at which the oracle must be asked for it, and the status of its answers.
struct Invoked {
    function: Value,
    target: &'static str,
    status: u64,
}

/// Functions by all kinds of names, invoked in all ways and given all formats.
fn functions() -> Vec<Invoked> {
    let invoked = |function: Value, target, status| Invoked {
        function,
        target,
        status,
    };
    vec![
        invoked(json!({"name": "hello"}), "/2015-03-31/functions/hello/invocations", 200),
        invoked(
            json!({"name": ARN, "qualifier": "$LATEST"}),
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Ahello/invocations?Qualifier=%24LATEST",
            200,
        ),
        invoked(
            json!({"name": "123456789012:function:hello:live", "payload_format": "v1", "reply_format": "raw"}),
            "/2015-03-31/functions/123456789012%3Afunction%3Ahello%3Alive/invocations",
            200,
        ),
        invoked(
            json!({"name": "hello:$LATEST", "base": "/a%20b//c/", "log_type": "tail"}),
            "/a%20b//c/2015-03-31/functions/hello%3A%24LATEST/invocations",
            200,
        ),
        invoked(
            json!({
                "name": "hello", "qualifier": "7", "tenant_id": "a  b:/=+@", "client_context": {"custom": {"a": "\u{e9}"}},
                "payload_format": "alb", "multi_value_headers": true, "reply_format": "raw",
            }),
            "/2015-03-31/functions/hello/invocations?Qualifier=7",
            200,
        ),
        invoked(
            json!({"name": "hello", "payload_format": "envelope", "reply_format": "raw"}),
            "/2015-03-31/functions/hello/invocations",
            200,
        ),
        invoked(
            json!({"name": "hello", "payload_format": "raw"}),
            "/2015-03-31/functions/hello/invocations",
            200,
        ),
        invoked(json!({"name": ARN, "invocation": "event"}), "", 202),
        invoked(
            json!({"name": "hello", "invocation": "dry_run", "qualifier": "live"}),
            "",
            204,
        ),
    ]
}

/// The oracle for the Invoke API's scope, and the function in front of it, with each of those behind its own number.
async fn stage(keys: &[(&str, &str)], iam: &Value) -> (Server, Function) {
    let mut oracle = Environment::new("signers").python("oracle.py");
    oracle.args(["eu-west-1", "lambda"]);
    let oracle = Server::start(oracle).await;
    let routes = functions().into_iter().enumerate().map(|(at, invoked)| {
        let mut function = invoked.function;
        let base = function.as_object_mut().and_then(|members| members.remove("base"));
        let base = base.as_ref().and_then(Value::as_str).unwrap_or_default();
        function["endpoint_url"] = json!(format!("http://127.0.0.1:{}{base}", oracle.port));
        json!({"uri": format!("/{at}/*"), "function": function, "authorization": {"iam": iam}, "timeout": 2500})
    });
    let function = invoker(&json!(routes.collect::<Vec<_>>()), keys);
    (oracle, function)
}

/// The body that the function was given, as far as its format tells it in a member of its own.
fn body_in(payload: &Value) -> Option<Vec<u8>> {
    let (body, encoded) = match payload.get("request_body") {
        Some(body) => (body, &payload["request_body_base64"]),
        None => (
            payload.get("body").unwrap_or(&Value::Null),
            payload.get("isBase64Encoded")?,
        ),
    };
    let text = body.as_str().unwrap_or_default();
    Some(if *encoded == true {
        STANDARD.decode(text).unwrap()
    } else {
        text.as_bytes().to_vec()
    })
}

/// Whether the invocation went through, with everything that the oracle saw as it must be.
fn agrees(request: &Request, invoked: &Invoked, answer: &Value) -> Result<bool, TestCaseError> {
    if answer["statusCode"] != invoked.status {
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        let refused = is_refused(answer)
            || invoked.function["payload_format"] == "raw" && body["error"] == "bad_body"
            || request.method == "HEAD" && answer["statusCode"] == 400;
        prop_assert!(refused, "{answer}");
        return Ok(false);
    }
    if invoked.status != 200 || request.method == "HEAD" {
        return Ok(true);
    }
    let echo: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    prop_assert_eq!(&echo["method"], "POST");
    prop_assert_eq!(&echo["target"], invoked.target);
    let payload = STANDARD.decode(echo["body"].as_str().unwrap()).unwrap();
    if invoked.function["payload_format"] == "raw" {
        let expected = if request.body.is_empty() {
            b"{}"
        } else {
            &request.body[..]
        };
        prop_assert_eq!(payload, expected);
        return Ok(true);
    }
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    prop_assert_eq!(body_in(&payload).unwrap(), &request.body[..], "{}", payload);
    Ok(true)
}

#[test]
fn whatever_is_invoked_is_signed_as_botocore_signs_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let all = functions();
    for keys in [KEYS, TEMPORARY_KEYS] {
        let (oracle, function) = runtime.block_on(stage(&keys, &json!({})));
        let mut runner = TestRunner::new(Config {
            cases: 250,
            failure_persistence: None,
            ..Config::default()
        });
        let went = Cell::new(vec![0; all.len()]);
        // Half of the bodies are JSON, so that some of them may be payloads by themselves.
        let inputs = (0..all.len(), any::<bool>(), requests());
        let checked = runner.run(&inputs, |(at, as_json, mut request)| {
            request.path.insert_str(0, &format!("/{at}"));
            if as_json {
                request.body = serde_json::to_vec(&String::from_utf8_lossy(&request.body)).unwrap();
            }
            let answer = runtime.block_on(answer(&function, &request.event()));
            if agrees(&request, &all[at], &answer)? {
                let mut counts = went.take();
                counts[at] += 1;
                went.set(counts);
            }
            Ok(())
        });
        runtime.block_on(function.stop());
        drop(oracle);
        checked.unwrap_or_else(|failure| panic!("{failure}"));
        let went = went.into_inner();
        assert!(
            went.iter().all(|&count| count > 2),
            "each of them went through: {went:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_signed_with_anything_else_is_refused() {
    let request = Request {
        front: Front::FunctionUrl,
        method: "POST".to_owned(),
        path: "/1/x".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: b"x".to_vec(),
    };
    for (iam, status) in [
        (json!({"accesskey": "AKIDEXAMPLE", "secretkey": KEYS[1].1}), 200),
        (json!({"accesskey": "AKIDEXAMPLE", "secretkey": "wrong"}), 502),
        (json!({"accesskey": "AKIDOTHER", "secretkey": KEYS[1].1}), 502),
    ] {
        let (_oracle, function) = stage(&KEYS, &iam).await;
        let answer = answer(&function, &request.event()).await;
        assert_eq!(answer["statusCode"], status, "{answer}");
        if status == 502 {
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["error"], "invoke_refused");
            assert!(
                !answer.to_string().contains("canonical"),
                "nothing of the oracle's own: {answer}"
            );
        }
    }
}
