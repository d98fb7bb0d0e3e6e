//! Every sample event of `events/`, sent to the real binary; its answer stands beside it in `<case>.expected.json`.
//!
//! In an expected answer `"…"` stands for any text, and an object as the `body` for its JSON text.

use bytes::Bytes;
use local::function::Invoked;
use local::standin::{Deployment, Lambda, Target, TargetOptions};
use serde_json::{Value, json};
use tests::tidy::{Files, root};

use crate::lambda_service::{demo, key, service};
use crate::stage::{Stage, listener};

/// The tokens in the authorizer's events, which the stage exchanges for tokens that its stand-in knows.
const ACCESS_TOKEN: &str = "ory_at_AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB";
const NARROW_TOKEN: &str = "ory_at_EEEEEEEEEEEEEEEE.FFFFFFFFFFFFFFFF";
/// The SHA-256 of the tokens in hipchat-proxy's events: `tokA`, and `tok+A`, which a query must escape.
const HIPCHAT_TOKENS: [&str; 2] = [
    "ddd824ea9d68a96a66f14bf72963ddb076a4e3f4996b43fbe55fda7eaf06e075",
    "852df0623f91ad2fd94572b77d281751b8b532c6648ae5fefecf8e2049b11a20",
];

/// The SHA-256 of `secretA`, the secret of the add-on in hipchat-proxy's events.
const ADDON_SECRET: &str = "41112091f63b430bec959771b5987f3c33ca8ef52dc2e7187ea2946b0bbea886";

/// A suite that is set up as `events/README.md` says, and what lambda-invoker's routes lead to.
async fn stage() -> (Stage, Target, Lambda) {
    let target = Target::start(
        listener().await,
        TargetOptions {
            access_key_id: String::new(),
            secret_access_key: String::new(),
            session_token: None,
            region: "eu-west-1".to_owned(),
            api_key: "key".to_owned(),
        },
    )
    .unwrap();
    let lambda = service().await;
    lambda.deploy(Deployment::new(demo("hello")));
    let routes = json!({"version": 1, "routes": [
        {
            "uri": "/url/*",
            "methods": ["GET", "POST"],
            "function_uri": format!("{}/key", target.url()),
            "authorization": {"apikey": "key"},
        },
        {
            "uri": "/invoke",
            "timeout": 10_000,
            "function": {"name": "hello", "region": "eu-west-1", "endpoint_url": lambda.url()},
        },
    ]});
    let addons = json!([{"id": "ci", "secret_sha256": ADDON_SECRET,
        "token": {"kind": "v2_user", "label": "CI", "rooms": ["Ops"], "read": true}}]);
    let tokens = HIPCHAT_TOKENS.map(|sha256| {
        json!({"sha256": sha256, "kind": "v2_user", "label": "sample", "rooms": ["*"], "users": true, "read": true})
    });
    let stage = Stage::with(|options| {
        for (name, value) in [
            ("AUTHZ_REQUIRED_SCOPES", "orders.read"),
            ("AUTHZ_TOKEN_FROM", "header:Authorization,query:access_token"),
            ("AUTHZ_TOKEN_PREFIX", "ory_at_"),
            ("HIPCHAT_TOKENS", &json!(tokens).to_string()),
            ("HIPCHAT_OAUTH_CLIENTS", &addons.to_string()),
            ("HIPCHAT_OAUTH_KEY", "sample-key-of-thirty-two-characters-or-more"),
            ("INVOKER_CONFIG", &routes.to_string()),
            // An answer in one piece stands in one file.
            ("INVOKER_STREAMING_FRONTS", ""),
        ] {
            options.variables.insert(name.to_owned(), value.to_owned());
        }
        let key = key("ASIATEST");
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", key.id),
            ("AWS_SECRET_ACCESS_KEY", key.secret),
            ("AWS_SESSION_TOKEN", key.session_token.unwrap_or_default()),
        ] {
            options.lambda_invoker.environment.insert(name.to_owned(), value);
        }
    })
    .await;
    (stage, target, lambda)
}

/// The stage's own access tokens in the places of the events'.
fn exchanged(stage: &Stage, event: &str) -> String {
    let hydra = stage.suite.stand_ins().hydra.as_ref().unwrap();
    let token = |scope: &str| {
        hydra
            .mint(&json!({
                "active": true, "sub": "alice", "client_id": "orders-app", "scope": scope, "token_type": "Bearer",
                "token_use": "access_token", "iss": "https://auth.example.com/", "aud": [], "exp": 4_102_444_800_u64,
            }))
            .unwrap()
    };
    event
        .replace(ACCESS_TOKEN, &token("orders.read orders.write"))
        .replace(NARROW_TOKEN, &token("orders.write"))
}

async fn answer(stage: &Stage, function: &str, event: String) -> Value {
    let function = stage.suite.function(function).unwrap();
    match function.invoke(Bytes::from(event)).await {
        Invoked::Response(answer) => serde_json::from_slice(&answer).unwrap(),
        Invoked::FunctionError { payload, .. } => serde_json::from_slice(&payload).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Whether the answer is what is expected; see the top of this file.
fn is_as(expected: &Value, answer: &Value) -> bool {
    match (expected, answer) {
        (Value::String(any), Value::String(_)) if any == "…" => true,
        (Value::Object(expected), Value::Object(answer)) => {
            expected.len() == answer.len()
                && expected.iter().all(|(name, expected)| {
                    answer
                        .get(name)
                        .is_some_and(|answer| match (name.as_str(), expected, answer) {
                            ("body", Value::Object(_), Value::String(text)) => {
                                serde_json::from_str(text).is_ok_and(|body| is_as(expected, &body))
                            }
                            _ => is_as(expected, answer),
                        })
                })
        }
        (Value::Array(expected), Value::Array(answer)) => {
            expected.len() == answer.len() && expected.iter().zip(answer).all(|(one, other)| is_as(one, other))
        }
        _ => expected == answer,
    }
}

/// The last word of a case's name, as the answer says it.
fn outcome(function: &str, answer: &Value) -> String {
    if function != "authorizer" {
        return answer["statusCode"].to_string();
    }
    let effect = &answer["policyDocument"]["Statement"][0]["Effect"];
    let word = match (
        answer["errorType"].as_str(),
        answer["isAuthorized"].as_bool(),
        effect.as_str(),
    ) {
        (Some("Unauthorized"), ..) => "unauthorized",
        (Some(_), ..) => "error",
        (_, Some(true), _) | (.., Some("Allow")) => "allow",
        _ => "denied",
    };
    word.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_event_is_answered_as_its_file_says() {
    let files: Files = tests::tidy::read(&root()).unwrap();
    let (stage, target, lambda) = stage().await;
    let mut faults = Vec::new();
    let mut seen = 0;
    for (path, event) in files.iter().filter(|(path, _)| path.starts_with("events/")) {
        let Some((function, case)) = path
            .strip_prefix("events/")
            .and_then(|inside| inside.strip_suffix(".json")?.split_once('/'))
            .filter(|(_, case)| !case.ends_with(".expected"))
        else {
            continue;
        };
        seen += 1;
        let event = match function {
            "authorizer" => exchanged(&stage, event),
            _ => event.clone(),
        };
        let answer = answer(&stage, function, event).await;
        let said = outcome(function, &answer);
        if !case.ends_with(&format!("-{said}")) {
            faults.push(format!("{path}: its outcome is {said}"));
        }
        let expected = files
            .get(&format!("events/{function}/{case}.expected.json"))
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or(Value::Null);
        if !is_as(&expected, &answer) {
            faults.push(format!("{path}: expected {expected}\n  came {answer}"));
        }
    }
    assert!(seen > 50, "{seen} events");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    drop((target, lambda));
}

#[test]
fn an_ellipsis_is_any_text_and_nothing_else_is_forgiven() {
    let expected = json!({"a": "…", "body": {"b": "…", "c": 1}});
    assert!(is_as(&expected, &json!({"a": "x", "body": "{\"c\":1,\"b\":\"y\"}"})));
    for other in [
        json!({"a": 1, "body": "{\"c\":1,\"b\":\"y\"}"}),
        json!({"a": "x", "body": "{\"c\":2,\"b\":\"y\"}"}),
        json!({"a": "x", "body": "{\"c\":1,\"b\":\"y\"}", "d": 1}),
        json!({"a": "x", "body": "no JSON"}),
        json!({"a": "x"}),
    ] {
        assert!(!is_as(&expected, &other), "{other}");
    }
}
