//! Events that nobody sends, and everything in between: never a panic, and an Allow for a granted token alone.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::*;
use crate::stub::Stub;

/// What a client may put where a token belongs.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(format!("Bearer {T1}")),
        1 => Just(T1.to_owned()),
        1 => Just(format!("Bearer {T2}")),
        1 => Just(format!("Bearer {T1},Bearer {T1}")),
        1 => Just(format!("Bearer {T1}\r\nX: y")),
        1 => Just(format!("Bearer {T1}=")),
        1 => Just(format!("Bearer \u{feff}{T1}")),
        1 => "[Bb]earer[ \t]{0,3}[A-Za-z0-9._~+/=-]{0,12}",
        1 => ".{0,24}",
        1 => "\\PC{0,24}",
    ]
}

fn arn() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => Just(A_REST.to_owned()),
        1 => Just(A_V1.to_owned()),
        1 => Just(A_WS.to_owned()),
        2 => "[A-Z*]{1,5}/[a-z/*?${}\"é:%.]{0,20}"
            .prop_map(|tail| format!("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/{tail}")),
        1 => "arn:aws[a-z-]{0,3}:execute-api:[a-z0-9*-]{0,6}:[0-9]{11,13}:[a-z0-9*/$]{0,12}/[a-z$*/]{0,12}",
        1 => ".{0,40}",
    ]
}

/// Any JSON, with these texts among it.
fn any_json(texts: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        texts.prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(
                prop::sample::select(vec![
                    "Authorization",
                    "authorization",
                    "Cookie",
                    "eventType",
                    "http",
                    "method",
                    "t"
                ]),
                inner,
                0..3
            )
            .prop_map(|map| Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

/// An event that is nearly right: its members are the real ones, with any values.
fn event() -> impl Strategy<Value = Value> {
    let members = prop::collection::vec(
        (
            prop::sample::select(vec![
                "authorizationToken",
                "headers",
                "multiValueHeaders",
                "queryStringParameters",
                "cookies",
                "requestContext",
                "version",
                "type",
                "methodArn",
                "routeArn",
            ]),
            any_json(value()),
        ),
        0..4,
    );
    // What the API's owner wrote and the gateway passes on; it is logged, and no client has a say in it.
    let owned = (
        prop::sample::select(vec!["resource", "routeKey"]),
        any_json(Just("/x".to_owned())),
    );
    let kind = prop::sample::select(vec![
        json!({"type": "TOKEN"}),
        json!({"type": "REQUEST"}),
        json!({"type": "REQUEST", "version": "1.0"}),
        json!({"version": "2.0"}),
        json!({"type": "REQUEST", "requestContext": {"eventType": "CONNECT"}}),
    ]);
    (kind, arn(), value(), members, owned).prop_map(|(mut event, arn, value, members, owned)| {
        event["methodArn"] = json!(arn);
        if event["version"] == "2.0" {
            event["routeArn"] = json!(arn);
        }
        if event["type"] == "TOKEN" {
            event["authorizationToken"] = json!(value);
        } else {
            event["headers"] = json!({"Authorization": value});
        }
        for (name, value) in members.into_iter().chain([owned]) {
            event[name] = value;
        }
        event
    })
}

/// All the texts that an event holds, wherever.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => vec![],
    }
}

fn allows(answer: &Value) -> bool {
    answer["isAuthorized"] == true || answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
}

/// An authorizer whose server grants `T1` alone.
fn fixture(runtime: &tokio::runtime::Runtime, variables: &[(&str, &str)]) -> Fixture {
    let granted = format!("token={T1}&token_type_hint=access_token");
    let stub = Stub::new(move |seen| if seen.body == granted { ok() } else { inactive() });
    runtime.block_on(Fixture::new(stub, variables))
}

fn run(variables: &[(&str, &str)]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = fixture(&runtime, variables);
    let allowed = std::cell::Cell::new(0);
    proptest!(ProptestConfig::with_cases(500), |(event in event())| {
        let answer = runtime.block_on(fixture.ask(&event));
        match answer {
            Ok(answer) => {
                let is_allow = allows(&answer);
                if is_allow {
                    allowed.set(allowed.get() + 1);
                    prop_assert!(texts(&event).iter().any(|text| text.contains(T1)), "{event}");
                }
                let listed = answer["policyDocument"]["Statement"][0]["Resource"].as_array();
                for resource in listed.into_iter().flatten().filter_map(Value::as_str) {
                    // Ours to the letter: stage and table, nothing of the request's path.
                    let tail = resource.splitn(6, ':').last().unwrap().splitn(3, '/').nth(2).unwrap();
                    prop_assert!(["GET/orders", "GET/orders/*", "$connect"].contains(&tail), "{resource}");
                }
                if let Some(resource) = answer["policyDocument"]["Statement"][0]["Resource"].as_str() {
                    prop_assert!(resource.chars().count() <= 512 && resource.starts_with("arn:aws"));
                    // No wildcard but our own.
                    let own = resource.strip_suffix("/*/*").or(resource.strip_suffix("/*")).unwrap_or(resource);
                    let stage = own.splitn(6, ':').last().unwrap().split('/').nth(1).unwrap();
                    prop_assert!(!own.contains(['*', '?']) || stage == "*", "{resource}");
                }
            }
            Err(error) => prop_assert!(Err(error) == e401() || Err(error) == e500()),
        }
    });
    let allowed = allowed.get();
    assert!(
        allowed > 50,
        "only {allowed} events were granted: the events are too wild to tell anything"
    );
    assert!(fixture.stub.seen().iter().all(|seen| seen.path == INTROSPECT));
}

#[test]
fn nearly_right_events() {
    run(&[]);
}

#[test]
fn nearly_right_events_with_method_policies_from_all_locations() {
    run(&[
        ("AUTHZ_POLICY_SCOPE", "method"),
        ("AUTHZ_HTTP_V2_RESPONSE", "iam"),
        ("AUTHZ_UNAUTHENTICATED", "deny"),
        ("AUTHZ_TOKEN_FROM", "header:Authorization,query:t,cookie:t,subprotocol"),
    ]);
}

const TABLE: (&str, &str) = (
    "AUTHZ_ROUTE_SCOPES",
    r#"{"GET /orders": ["orders.read"], "GET /orders/{id}": ["orders.read"], "* /orders": ["orders.write"],
        "CONNECT $connect": []}"#,
);

#[test]
fn nearly_right_events_with_rules_for_routes() {
    run(&[TABLE]);
}

#[test]
fn what_is_no_event_at_all() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = fixture(&runtime, &[]);
    proptest!(|(value in any_json(value()))| {
        let answer = runtime.block_on(fixture.ask(&value));
        prop_assert_eq!(answer, e500());
    });
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    // Lambda's own limits allow this; the JSON reader's depth does not.
    assert_eq!(runtime.block_on(fixture.ask_raw(&deep, 30_000)), e500());
    let wide = json!({"type": "REQUEST", "methodArn": A_REST, "headers": {"a": vec!["x"; 50_000]}});
    assert_eq!(runtime.block_on(fixture.ask(&wide)), e401());
    assert_eq!(fixture.up(), 0);
}

#[test]
fn a_reply_that_is_not_understood_never_allows() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    proptest!(ProptestConfig::with_cases(300), |(name in prop::sample::select(vec!["active", "exp", "nbf", "aud", "scope",
        "token_use", "token_type", "cnf", "sub"]), value in any_json(".{0,12}"))| {
        let mut changed = reply(json!({"client_id": null}));
        changed[name] = value.clone();
        let stub = Stub::playing(vec![crate::stub::json(200, &changed)]);
        let fixture = runtime.block_on(Fixture::new(stub, &[("AUTHZ_RETRIES", "0"), ("AUTHZ_REQUIRED_SCOPES", "orders.read")]));
        let answer = runtime.block_on(fixture.ask(&bearing(T1)));
        let may_pass = match name {
            "exp" | "nbf" => value.is_null() || value.as_u64().is_some(),
            "aud" => value.is_null() || value.is_string() || value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            "token_use" | "token_type" | "cnf" => value.is_null(),
            "sub" => value.as_str().is_some_and(|sub| !sub.is_empty()),
            "active" => value == json!(true),
            _ => false,
        };
        prop_assert!(may_pass || !answer.as_ref().is_ok_and(allows), "{changed} {answer:?}");
        // The client's mistakes are 401 and 403; whatever the server gets wrong is not the client's.
        prop_assert!(name != "scope" || value.is_null() || value.is_string() || answer == e500());
    });
}
