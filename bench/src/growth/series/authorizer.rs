//! The authorizer on a REST API's TOKEN event: route rules, tokens in its cache, and invocations at a time.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{CONCURRENCY, Called, Point, Series};
use crate::event::KEY;
use crate::growth::fit::Word;
use crate::upstream::{GOOD_TOKEN, Route};

const BINARY: &str = "authorizer";

pub(super) const SERIES: &[Series] = &[
    Series {
        name: "authorizer, route rules",
        unit: "rules",
        binary: BINARY,
        sizes: &[1, 10, 50, 100, 200],
        goal: Word::Linear,
        point: rules,
        check: one_each,
    },
    Series {
        name: "authorizer, tokens in the cache",
        unit: "tokens",
        binary: BINARY,
        sizes: &[1, 10, 100, 1_000, 10_000],
        goal: Word::Flat,
        point: tokens,
        check: |_, answer| allowed(answer).map(drop),
    },
    Series {
        name: "authorizer, invocations at a time",
        unit: "invocations",
        binary: BINARY,
        sizes: CONCURRENCY,
        goal: Word::Flat,
        point: concurrent,
        check: |_, answer| allowed(answer).map(drop),
    },
];

fn cached(token: &str) -> Point {
    let text = |value: &str| value.to_owned();
    Point {
        variables: vec![
            ("AUTHZ_INTROSPECTION_URL", text("{upstream}/introspect")),
            ("AUTHZ_REQUIRED_SCOPES", text("orders.read")),
            ("AUTHZ_CACHE_TTL_SECS", text("3600")),
            // Room for more than are used, so that none has to go.
            ("AUTHZ_CACHE_MAX_ENTRIES", text("20000")),
        ],
        event: json!({
            "type": "TOKEN",
            "authorizationToken": format!("Bearer {token}"),
            "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/42",
        })
        .to_string(),
        keys: 1,
        workers: 1,
        delay: Duration::ZERO,
        needle: r#""Effect":"Allow""#,
        sent: "",
        sent_bytes: 0,
        calls: (Route::Introspection, Called::ByKey),
    }
}

/// So many rules that all let the token in, and so as many entries in the policy.
fn rules(count: u64) -> Point {
    let mut point = cached(GOOD_TOKEN);
    let others = (1..count).map(|number| format!("GET /r{number}"));
    let all: Map<String, Value> = others
        .chain(["GET /orders/{id}".to_owned()])
        .map(|route| (route, json!(["orders.read"])))
        .collect();
    point
        .variables
        .push(("AUTHZ_ROUTE_SCOPES", Value::Object(all).to_string()));
    point
}

/// So many tokens, which the stand-in knows by their beginning.
fn tokens(count: u64) -> Point {
    let token = if count > 1 {
        format!("{GOOD_TOKEN}{KEY}")
    } else {
        format!("{GOOD_TOKEN}00000000")
    };
    Point {
        keys: count,
        ..cached(&token)
    }
}

fn concurrent(workers: u64) -> Point {
    Point {
        workers: workers as usize,
        ..cached(GOOD_TOKEN)
    }
}

fn one_each(rules: u64, answer: &Value) -> Result<(), String> {
    match allowed(answer)? {
        entries if entries == rules as usize => Ok(()),
        entries => Err(format!("the policy has {entries} entries, not {rules}")),
    }
}

/// Checks the principal, and gives how many resources the policy lets in.
fn allowed(answer: &Value) -> Result<usize, String> {
    if answer.pointer("/principalId") != Some(&json!("alice")) {
        return Err("not the token's principal".to_owned());
    }
    let statements = answer.pointer("/policyDocument/Statement").and_then(Value::as_array);
    let resources = statements
        .into_iter()
        .flatten()
        .map(|statement| match statement.get("Resource") {
            Some(Value::Array(list)) => list.len(),
            Some(_) => 1,
            None => 0,
        });
    Ok(resources.sum())
}
