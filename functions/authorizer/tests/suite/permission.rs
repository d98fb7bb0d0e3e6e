//! Permissions: what is asked, when, and what each answer becomes.

mod credentials;
mod failures;
mod memory;
mod start;

use serde_json::{Value, json};

use crate::fixture::*;
use crate::stub::{Act, Seen, Stub, json as json_answer};

const CHECK: &str = "/relation-tuples/check";
const WARDEN: &str = "/warden/token/allowed";

const KETO: [(&str, &str); 3] = [
    ("AUTHZ_PERMISSION_CHECK", "keto"),
    ("AUTHZ_PERMISSION_URL", "{base}/relation-tuples/check"),
    ("AUTHZ_KETO_NAMESPACE", "api"),
];
const BY_WARDEN: [(&str, &str); 4] = [
    ("AUTHZ_INTROSPECTION_AUTH", "bearer"),
    ("AUTHZ_BEARER", S1),
    ("AUTHZ_PERMISSION_CHECK", "warden"),
    ("AUTHZ_PERMISSION_URL", "{base}/warden/token/allowed"),
];

fn yes() -> Act {
    json_answer(200, r#"{"allowed":true}"#)
}

fn no() -> Act {
    json_answer(403, r#"{"allowed":false}"#)
}

/// A server that introspects well and answers checks so.
fn answering(check: impl Fn(&Seen) -> Act + Send + 'static) -> Stub {
    Stub::new(move |seen| if seen.path == INTROSPECT { ok() } else { check(seen) })
}

async fn fixture(check: Act, variables: &[(&str, &str)]) -> Fixture {
    Fixture::new(answering(move |_| check.clone()), variables).await
}

fn asked(fixture: &Fixture) -> Vec<Seen> {
    let seen = fixture.stub.seen().into_iter();
    seen.filter(|seen| seen.path == CHECK || seen.path == WARDEN).collect()
}

#[tokio::test]
async fn keto_is_asked_for_principal_object_and_relation() {
    let variables = with(&KETO, &[("AUTHZ_PRINCIPAL_PREFIX", "user|")]);
    let fixture = fixture(yes(), &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("user|alice", A_REST));
    let [check] = asked(&fixture).try_into().unwrap();
    assert_eq!(
        check.body,
        r#"{"namespace":"api","object":"resources:orders:42","relation":"read","subject_id":"alice"}"#
    );
    assert_eq!(
        (check.method.as_str(), check.header("content-type")),
        ("POST", Some("application/json"))
    );
    assert_eq!(check.header("accept"), Some("application/json"));
    assert_eq!(check.header("authorization"), None);
    assert!(!fixture.log().contains("resources:"));
}

#[tokio::test]
async fn warden_is_asked_for_the_token_itself() {
    let reply = json!({"sub": "alice", "scopes": ["orders.read"], "iss": "x", "aud": "web", "iat": "2017-01-01T00:00:00Z",
        "exp": "2017-01-01T01:00:00Z", "ext": {}, "allowed": true});
    let fixture = fixture(json_answer(200, reply), &BY_WARDEN).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", A_REST));
    let [check] = asked(&fixture).try_into().unwrap();
    let expected =
        format!(r#"{{"token":"{T1}","scopes":[],"resource":"resources:orders:42","action":"read","context":{{}}}}"#);
    assert_eq!(check.body, expected);
}

#[tokio::test]
async fn a_default_principal_is_a_subject_as_it_stands() {
    let act = ok_with(json!({"sub": null, "client_id": null}));
    let stub = Stub::new(move |seen| if seen.path == INTROSPECT { act.clone() } else { yes() });
    let more = [
        ("AUTHZ_PRINCIPAL_PREFIX", "any"),
        ("AUTHZ_DEFAULT_PRINCIPAL", "anybody"),
    ];
    let fixture = Fixture::new(stub, &with(&KETO, &more)).await;
    fixture.ask(&bearing(T1)).await.unwrap();
    assert!(asked(&fixture)[0].body.contains(r#""subject_id":"anybody""#));
}

#[tokio::test]
async fn yes_and_no_in_every_shape() {
    let bearer = format!("Bearer {T1}");
    let headers = || json!({"Authorization": bearer});
    let connecting = r#"{"CONNECT": "open", "GET": "read"}"#;
    for (event, more, allowed, denied) in [
        (bearing(T1), None, allow("alice", A_REST), deny("alice", W_REST)),
        (
            rest_request(headers()),
            None,
            allow("alice", A_REST),
            deny("alice", W_REST),
        ),
        // The whole API is never the answer, even where it is asked for in so many words.
        (
            rest_request(headers()),
            Some(("AUTHZ_POLICY_SCOPE", "api")),
            allow("alice", A_REST),
            deny("alice", W_REST),
        ),
        (http_v1(&bearer), None, allow("alice", A_V1), deny("alice", W_V1)),
        (http_v2(&bearer), None, simple(true), simple(false)),
        (
            http_v2(&bearer),
            Some(("AUTHZ_HTTP_V2_RESPONSE", "iam")),
            allow(
                "alice",
                "arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/$default/GET/orders/{id}",
            ),
            deny("alice", W_V1),
        ),
        (
            ws_connect(headers(), json!(null)),
            Some(("AUTHZ_PERMISSION_ACTIONS", connecting)),
            allow("alice", A_WS),
            deny("alice", W_WS),
        ),
    ] {
        let variables: Vec<_> = KETO.into_iter().chain(more).collect();
        let permitting = fixture(yes(), &variables).await;
        assert_eq!(permitting.ask(&event).await, allowed, "{event}");
        permitting.assert_line(json!({"reason": "allow", "permission": "allowed"}));
        let forbidding = fixture(no(), &variables).await;
        assert_eq!(forbidding.ask(&event).await, denied, "{event}");
        forbidding.assert_line(json!({"decision": "forbidden", "reason": "permission", "permission": "denied"}));
    }
}

#[tokio::test]
async fn a_denial_of_warden_is_a_200() {
    let denying = fixture(json_answer(200, r#"{"allowed":false}"#), &BY_WARDEN).await;
    assert_eq!(denying.ask(&bearing(T1)).await, deny("alice", W_REST));
    // Its 403 is about us, whatever stands in it.
    let refusing = fixture(no(), &BY_WARDEN).await;
    assert_eq!(refusing.ask(&bearing(T1)).await, e500());
    refusing.assert_line(json!({"reason": "upstream_forbidden"}));
}

#[tokio::test]
async fn nothing_is_asked_of_a_request_that_is_refused_anyway() {
    let bearer = format!("Bearer {T1}");
    let to = |tail: &str| {
        let arn = A_REST.replace("GET/orders/42", tail);
        json!({"type": "TOKEN", "authorizationToken": bearer, "methodArn": arn})
    };
    for (event, act, more, reason) in [
        (token_event(""), ok(), None, "no_token"),
        (bearing(T1), inactive(), None, "inactive"),
        (bearing(T1), ok_with(json!({"exp": 1_759_999_000})), None, "expired"),
        (bearing(T1), json_answer(404, "{}"), None, "upstream_config"),
        (bearing(T1), ok(), Some(("AUTHZ_REQUIRED_SCOPES", "admin")), "scope"),
        (bearing(T1), ok(), Some(("AUTHZ_AUDIENCES", "billing")), "audience"),
        (
            bearing(T1),
            ok(),
            Some(("AUTHZ_ROUTE_SCOPES", r#"{"GET /orders/{id}": ["admin"]}"#)),
            "route_scope",
        ),
        (
            bearing(T1),
            ok_with(json!({"sub": null, "client_id": null})),
            None,
            "no_principal",
        ),
        (to("PROPFIND/orders"), ok(), None, "permission_action"),
        (to("GET/orders/%2e%2e"), ok(), None, "permission_resource"),
        (to("GET/orders/a%252fb"), ok(), None, "permission_resource"),
    ] {
        let stub = Stub::new(move |seen| if seen.path == INTROSPECT { act.clone() } else { yes() });
        let variables: Vec<_> = KETO.into_iter().chain(more).collect();
        let fixture = Fixture::new(stub, &variables).await;
        let _ = fixture.ask(&event).await;
        fixture.assert_line(json!({"reason": reason}));
        assert_ne!(fixture.line()["decision"], "allow");
        assert!(
            asked(&fixture).is_empty() && fixture.line().get("permission").is_none(),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_policy_names_what_was_asked_and_nothing_else() {
    let to = |tail: &str| {
        let arn = A_REST.replace("GET/orders/42", tail);
        json!({"type": "TOKEN", "authorizationToken": format!("Bearer {T1}"), "methodArn": arn})
    };
    let rules = ("AUTHZ_ROUTE_SCOPES", r#"{"* /{proxy+}": []}"#);
    let fixture = fixture(yes(), &with(&KETO, &[rules])).await;
    for tail in ["GET/orders/42", "POST/orders", "DELETE/a:b"] {
        let arn = A_REST.replace("GET/orders/42", tail);
        assert_eq!(fixture.ask(&to(tail)).await, allow("alice", &arn));
    }
    // What IAM would read as more than itself is not granted, although it is permitted.
    for tail in ["GET/*", "GET/orders/?", "GET/${x}"] {
        assert_eq!(fixture.ask(&to(tail)).await, deny("alice", W_REST), "{tail}");
        fixture.assert_line(json!({"reason": "unsafe_resource"}));
    }
}

#[tokio::test]
async fn preflights_are_let_in_unasked_and_other_options_are_read() {
    let bearer = format!("Bearer {T1}");
    let options = |mut event: Value| {
        for name in ["methodArn", "routeArn"] {
            if let Some(arn) = event[name].as_str() {
                event[name] = json!(arn.replace("GET", "OPTIONS"));
            }
        }
        event
    };
    let open = with(&KETO, &[("AUTHZ_ALLOW_OPTIONS", "true")]);
    let preflight = fixture(no(), &open).await;
    let answer = preflight.ask(&options(bearing(T1))).await.unwrap();
    assert_eq!(
        answer["policyDocument"]["Statement"][0]["Resource"],
        W_REST.replace("*/*", "OPTIONS/*")
    );
    assert!(asked(&preflight).is_empty());
    // The ARN of a route for everything names no method: it would open all that nobody was asked about.
    let iam = fixture(no(), &with(&open, &[("AUTHZ_HTTP_V2_RESPONSE", "iam")])).await;
    let mut anything = http_v2(&bearer);
    anything["routeArn"] = json!(W_V1.replace("*/*", "$default/$default"));
    anything["routeKey"] = json!("$default");
    anything["requestContext"]["http"]["method"] = json!("OPTIONS");
    let answer = iam.ask(&anything).await.unwrap();
    assert_eq!(
        answer["policyDocument"]["Statement"][0]["Resource"],
        W_V1.replace("*/*", "OPTIONS/*")
    );
    assert!(asked(&iam).is_empty());
    // Every other method is asked about.
    assert_eq!(preflight.ask(&bearing(T1)).await, deny("alice", W_REST));
    let closed = fixture(yes(), &KETO).await;
    let arn = A_REST.replace("GET", "OPTIONS");
    assert_eq!(closed.ask(&options(bearing(T1))).await, allow("alice", &arn));
    assert!(asked(&closed)[0].body.contains(r#""relation":"read""#));
    assert_eq!(closed.ask(&http_v2(&bearer)).await, simple(true));
}
