//! The authorizer on a REST API's TOKEN event.

use serde_json::{Value, json};

use super::{Case, Frequency, Refused, Variables, expect};
use crate::cases::{FLOOR_ECHO, FLOOR_POST};
use crate::session::Expected;
use crate::upstream::{DEAD_TOKEN, GOOD_TOKEN, POOR_TOKEN, Route};

const BINARY: &str = "authorizer";

/// Introspection with client credentials, one required scope; a cache that outlives the run.
const CACHED: Variables = &[
    ("AUTHZ_INTROSPECTION_URL", "{upstream}/introspect"),
    ("AUTHZ_INTROSPECTION_AUTH", "basic"),
    ("AUTHZ_CLIENT_ID", "bench"),
    ("AUTHZ_REQUIRED_SCOPES", "orders.read"),
    ("AUTHZ_CACHE_TTL_SECS", "3600"),
];

/// The same without a cache.
const UNCACHED: Variables = &[
    ("AUTHZ_INTROSPECTION_URL", "{upstream}/introspect"),
    ("AUTHZ_INTROSPECTION_AUTH", "basic"),
    ("AUTHZ_CLIENT_ID", "bench"),
    ("AUTHZ_REQUIRED_SCOPES", "orders.read"),
    ("AUTHZ_CACHE_TTL_SECS", "0"),
];

const PLAIN: Variables = &[("AUTHZ_CLIENT_SECRET", "bench-client-secret")];
const SECRET: Variables = &[(
    "AUTHZ_CLIENT_SECRET_SECRET_ARN",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bench/client-secret-AbCdEf",
)];
const HTTPS: Refused = Refused {
    variables: &[
        ("AUTHZ_INTROSPECTION_URL", "https://127.0.0.1:1/introspect"),
        ("AUTHZ_RETRIES", "0"),
    ],
    expected: Some(Expected {
        error: true,
        needle: r#""errorMessage":"InternalError""#,
    }),
};

const ALLOW: Case = Case {
    name: "authorizer, cached",
    binary: BINARY,
    floor: FLOOR_ECHO,
    event: good_event,
    expected: Expected {
        error: false,
        needle: r#""Effect":"Allow""#,
    },
    check: check_allow,
    calls: Some((Route::Introspection, Frequency::Once)),
    sent: "",
    base: CACHED,
    plain: PLAIN,
    secret: None,
    https: None,
    cold: false,
    divisor: 1,
};

pub(super) const CASES: &[Case] = &[
    ALLOW,
    Case {
        name: "authorizer, uncached",
        floor: FLOOR_POST,
        calls: Some((Route::Introspection, Frequency::Each)),
        sent: "",
        base: UNCACHED,
        secret: Some(SECRET),
        https: Some(HTTPS),
        cold: true,
        ..ALLOW
    },
    Case {
        name: "authorizer, denied (scope), cached",
        event: poor_event,
        expected: Expected {
            error: false,
            needle: r#""Effect":"Deny""#,
        },
        check: check_deny,
        ..ALLOW
    },
    Case {
        name: "authorizer, denied (revoked), uncached",
        floor: FLOOR_POST,
        event: dead_event,
        expected: Expected {
            error: true,
            needle: r#""errorMessage":"Unauthorized""#,
        },
        check: check_unauthorized,
        calls: Some((Route::Introspection, Frequency::Each)),
        sent: "",
        base: UNCACHED,
        ..ALLOW
    },
];

/// A TOKEN event with a token that is good.
pub(super) fn good_event() -> String {
    event(GOOD_TOKEN)
}

fn poor_event() -> String {
    event(POOR_TOKEN)
}

fn dead_event() -> String {
    event(DEAD_TOKEN)
}

fn event(token: &str) -> String {
    json!({
        "type": "TOKEN",
        "authorizationToken": format!("Bearer {token}"),
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/42",
    })
    .to_string()
}

fn check_allow(answer: &Value) -> Result<(), String> {
    check_policy(answer, "Allow")?;
    expect(answer, "/context/scope", &json!("orders.read"))
}

fn check_deny(answer: &Value) -> Result<(), String> {
    check_policy(answer, "Deny")
}

fn check_policy(answer: &Value, effect: &str) -> Result<(), String> {
    expect(answer, "/principalId", &json!("alice"))?;
    expect(answer, "/policyDocument/Statement/0/Effect", &json!(effect))?;
    let resource = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/*/*";
    expect(answer, "/policyDocument/Statement/0/Resource", &json!(resource))
}

fn check_unauthorized(answer: &Value) -> Result<(), String> {
    expect(answer, "/errorMessage", &json!("Unauthorized"))
}
