//! Permissions: what is asked, when, in whose name, and what each answer and each failure becomes.

use std::time::{Duration, Instant};

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

fn with<'v>(some: &[(&'v str, &'v str)], more: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
    [some, more].concat()
}

fn event() -> Value {
    token_event(&format!("Bearer {T1}"))
}

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
    assert_eq!(fixture.ask(&event()).await, allow("user|alice", A_REST));
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
    assert_eq!(fixture.ask(&event()).await, allow("alice", A_REST));
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
    fixture.ask(&event()).await.unwrap();
    assert!(asked(&fixture)[0].body.contains(r#""subject_id":"anybody""#));
}

#[tokio::test]
async fn yes_and_no_in_every_shape() {
    let bearer = format!("Bearer {T1}");
    let headers = || json!({"Authorization": bearer});
    let connecting = r#"{"CONNECT": "open", "GET": "read"}"#;
    for (event, more, allowed, denied) in [
        (event(), None, allow("alice", A_REST), deny("alice", W_REST)),
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
async fn what_is_no_answer_is_an_error() {
    for (act, reason, times) in [
        (json_answer(403, ""), "upstream_forbidden", 1),
        (json_answer(403, HTML), "upstream_forbidden", 1),
        (json_answer(403, r#"{"error":{"code":403}}"#), "upstream_forbidden", 1),
        (json_answer(403, r#"{"allowed":true}"#), "upstream_invalid", 1),
        (
            json_answer(403, format!(r#"{{"allowed":false,"x":"{}"}}"#, "x".repeat(66_000))),
            "upstream_forbidden",
            1,
        ),
        (json_answer(200, HTML), "upstream_invalid", 1),
        (json_answer(200, r#"{"allowed":"true"}"#), "upstream_invalid", 1),
        (json_answer(204, ""), "upstream_invalid", 1),
        (json_answer(302, r#"{"allowed":true}"#), "upstream_redirect", 1),
        (json_answer(400, r#"{"allowed":true}"#), "upstream_config", 1),
        (json_answer(401, r#"{"allowed":true}"#), "upstream_unauthorized", 1),
        (json_answer(404, "{}"), "upstream_config", 1),
        (json_answer(503, r#"{"allowed":true}"#), "upstream_status", 2),
        (Act::Close, "upstream_connect", 2),
        (Act::Cut(r#"{"allowed":true}"#.to_owned()), "upstream_connect", 2),
        (Act::Stall, "upstream_timeout", 2),
        (Act::StallInBody, "upstream_timeout", 2),
    ] {
        for events in [event(), http_v2(&format!("Bearer {T1}"))] {
            let more = [("AUTHZ_REQUEST_TIMEOUT_MS", "100")];
            let fixture = fixture(act.clone(), &with(&KETO, &more)).await;
            assert_eq!(fixture.ask(&events).await, e500(), "{act:?}");
            let line = fixture.line();
            assert_eq!(
                (&line["reason"], &line["permission"]),
                (&json!(reason), &json!("failed")),
                "{act:?}"
            );
            // A connection that was kept and died is replaced beside that.
            assert!((times..=times + 1).contains(&asked(&fixture).len()), "{act:?}");
            assert_eq!(fixture.up(), 1);
        }
    }
}

#[tokio::test]
async fn a_denial_of_warden_is_a_200() {
    let denying = fixture(json_answer(200, r#"{"allowed":false}"#), &BY_WARDEN).await;
    assert_eq!(denying.ask(&event()).await, deny("alice", W_REST));
    // Its 403 is about us, whatever stands in it.
    let refusing = fixture(no(), &BY_WARDEN).await;
    assert_eq!(refusing.ask(&event()).await, e500());
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
        (event(), inactive(), None, "inactive"),
        (event(), ok_with(json!({"exp": 1_759_999_000})), None, "expired"),
        (event(), json_answer(404, "{}"), None, "upstream_config"),
        (event(), ok(), Some(("AUTHZ_REQUIRED_SCOPES", "admin")), "scope"),
        (event(), ok(), Some(("AUTHZ_AUDIENCES", "billing")), "audience"),
        (
            event(),
            ok(),
            Some(("AUTHZ_ROUTE_SCOPES", r#"{"GET /orders/{id}": ["admin"]}"#)),
            "route_scope",
        ),
        (
            event(),
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
async fn nothing_is_remembered_and_the_token_ends_when_it_ends() {
    let stub = Stub::new(|seen| if seen.path == INTROSPECT { ok() } else { yes() });
    let fixture = Fixture::new(stub, &with(&KETO, &[("AUTHZ_CACHE_TTL_SECS", "3600")])).await;
    for times in 1..=3 {
        assert_eq!(fixture.ask(&event()).await, allow("alice", A_REST));
        assert_eq!((fixture.up(), asked(&fixture).len()), (1, times));
    }
    fixture.assert_line(json!({"cache": "hit", "permission": "allowed", "permission_attempts": 1}));
    // 10 s of skew after its end.
    fixture.clock.advance_ms(3_610_000);
    let _ = fixture.ask(&event()).await;
    assert_eq!((fixture.up(), asked(&fixture).len()), (2, 3));
    fixture.assert_line(json!({"reason": "expired"}));
}

#[tokio::test]
async fn a_no_after_a_yes_counts_at_once() {
    let mut answers = vec![no(), yes(), no()].into_iter();
    let stub = Stub::new(move |seen| match seen.path.as_str() {
        INTROSPECT => ok(),
        _ => answers.next().unwrap(),
    });
    let fixture = Fixture::new(stub, &KETO).await;
    for expected in [deny("alice", W_REST), allow("alice", A_REST), deny("alice", W_REST)] {
        assert_eq!(fixture.ask(&event()).await, expected);
    }
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn stale_claims_are_asked_about_and_cover_no_failure_of_the_check() {
    let mut introspections = 0;
    let mut checks = vec![yes(), yes(), no(), json_answer(404, "{}")].into_iter();
    let stub = Stub::new(move |seen| {
        if seen.path != INTROSPECT {
            return checks.next().unwrap();
        }
        introspections += 1;
        if introspections == 1 {
            ok()
        } else {
            json_answer(404, "{}")
        }
    });
    let fixture = Fixture::new(stub, &with(&KETO, &[("AUTHZ_STALE_IF_ERROR_SECS", "600")])).await;
    assert_eq!(fixture.ask(&event()).await, allow("alice", A_REST));
    fixture.clock.advance_ms(60_000);
    assert_eq!(fixture.ask(&event()).await, allow("alice", A_REST));
    fixture.assert_line(json!({"reason": "stale", "upstream_failure": "upstream_config", "permission": "allowed"}));
    assert_eq!(fixture.ask(&event()).await, deny("alice", W_REST));
    fixture.assert_line(json!({"reason": "permission", "cache": "stale"}));
    assert_eq!(fixture.ask(&event()).await, e500());
    fixture.assert_line(json!({"reason": "upstream_config", "permission": "failed", "cache": "stale"}));
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
    let answer = preflight.ask(&options(event())).await.unwrap();
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
    assert_eq!(preflight.ask(&event()).await, deny("alice", W_REST));
    let closed = fixture(yes(), &KETO).await;
    let arn = A_REST.replace("GET", "OPTIONS");
    assert_eq!(closed.ask(&options(event())).await, allow("alice", &arn));
    assert!(asked(&closed)[0].body.contains(r#""relation":"read""#));
    assert_eq!(closed.ask(&http_v2(&bearer)).await, simple(true));
}

#[tokio::test]
async fn both_servers_share_one_budget_and_lambdas_deadline() {
    for (budget, left_ms) in [("500", 30_000), ("4000", 750)] {
        let stub = Stub::new(|seen| {
            if seen.path != INTROSPECT {
                return Act::Stall;
            }
            std::thread::sleep(Duration::from_millis(300));
            ok()
        });
        let more = [("AUTHZ_TOTAL_BUDGET_MS", budget), ("AUTHZ_RETRIES", "3")];
        let fixture = Fixture::new(stub, &with(&KETO, &more)).await;
        let started = Instant::now();
        assert_eq!(fixture.ask_raw(&event().to_string(), left_ms).await, e500());
        let took = started.elapsed();
        assert!(
            took >= Duration::from_millis(450) && took < Duration::from_millis(900),
            "{took:?}"
        );
        assert_eq!((fixture.up(), asked(&fixture).len()), (1, 1));
        fixture.assert_line(json!({"reason": "upstream_timeout", "permission": "failed"}));
    }
}

#[tokio::test]
async fn claims_that_may_serve_on_leave_time_for_the_check() {
    let mut introspections = 0;
    let stub = Stub::new(move |seen| {
        if seen.path != INTROSPECT {
            return yes();
        }
        introspections += 1;
        if introspections == 1 { ok() } else { Act::Stall }
    });
    let more = [
        ("AUTHZ_STALE_IF_ERROR_SECS", "600"),
        ("AUTHZ_RETRIES", "2"),
        ("AUTHZ_REQUEST_TIMEOUT_MS", "200"),
        ("AUTHZ_TOTAL_BUDGET_MS", "600"),
    ];
    let fixture = Fixture::new(stub, &with(&KETO, &more)).await;
    assert_eq!(fixture.ask(&event()).await, allow("alice", A_REST));
    fixture.clock.advance_ms(60_000);
    let started = Instant::now();
    assert_eq!(fixture.ask(&event()).await, allow("alice", A_REST));
    assert!(
        started.elapsed() < Duration::from_millis(600),
        "{:?}",
        started.elapsed()
    );
    fixture.assert_line(json!({"reason": "stale", "upstream_failure": "upstream_timeout", "permission": "allowed"}));
    // Also where there is less time than two requests may take.
    assert_eq!(fixture.ask_raw(&event().to_string(), 450).await, allow("alice", A_REST));
}

#[tokio::test]
async fn the_check_is_made_in_the_name_of_introspection() {
    let variables = [("AUTHZ_INTROSPECTION_AUTH", "bearer"), ("AUTHZ_BEARER", S1)];
    let fixture = fixture(yes(), &with(&KETO, &variables)).await;
    assert_eq!(fixture.ask(&event()).await, allow("alice", A_REST));
    assert_eq!(
        asked(&fixture)[0].header("authorization"),
        Some(format!("Bearer {S1}").as_str())
    );
}

#[tokio::test]
async fn headers_go_to_their_own_server_alone() {
    let headers = [("AUTHZ_INTROSPECTION_HEADERS", r#"{"X-Forwarded-Proto": "https"}"#)];
    let same = fixture(yes(), &with(&KETO, &headers)).await;
    same.ask(&event()).await.unwrap();
    assert_eq!(asked(&same)[0].header("x-forwarded-proto"), Some("https"));

    let keto = Stub::playing(vec![yes()]);
    let url = format!("{}{CHECK}", keto.base);
    let elsewhere = [
        ("AUTHZ_PERMISSION_CHECK", "keto"),
        ("AUTHZ_PERMISSION_URL", url.as_str()),
        ("AUTHZ_KETO_NAMESPACE", "api"),
    ];
    let other = fixture(no(), &with(&elsewhere, &headers)).await;
    assert_eq!(other.ask(&event()).await, allow("alice", A_REST));
    assert_eq!(keto.seen()[0].header("x-forwarded-proto"), None);
}

#[tokio::test]
async fn a_no_of_keto_is_not_about_our_own_token() {
    // In turn: a no, a refusal without an answer, a yes; each with the token of the moment.
    let mut checks = vec![no(), no(), json_answer(403, HTML), yes()].into_iter();
    let mut tokens = [S1, S2].into_iter();
    let stub = Stub::new(move |seen| match seen.path.as_str() {
        INTROSPECT => ok(),
        TOKEN => json_answer(200, json!({"access_token": tokens.next().unwrap(), "expires_in": 3600})),
        _ => checks.next().unwrap(),
    });
    let more = [
        ("AUTHZ_INTROSPECTION_AUTH", "client_credentials"),
        ("AUTHZ_CLIENT_ID", "authorizer"),
        ("AUTHZ_CLIENT_SECRET", CLIENT_SECRET),
        ("AUTHZ_TOKEN_URL", "{base}/oauth2/token"),
        ("AUTHZ_CACHE_TTL_SECS", "3600"),
    ];
    let fixture = Fixture::new(stub, &with(&KETO, &more)).await;
    for (expected, tokens) in [
        (deny("alice", W_REST), 1),
        (deny("alice", W_REST), 1),
        (e500(), 1),
        // The refusal may have been about the token, so there is another.
        (allow("alice", A_REST), 2),
    ] {
        assert_eq!(fixture.ask(&event()).await, expected);
        assert_eq!(fixture.stub.count(TOKEN), tokens);
        fixture.clock.advance_ms(11_000);
    }
}

#[tokio::test]
async fn the_line_tells_of_the_check() {
    let fixture = fixture(no(), &KETO).await;
    let _ = fixture.ask(&event()).await;
    let line = fixture.line();
    assert!(line["permission_ms"].as_f64().unwrap() > 0.0 && line["PermissionMs"] == line["permission_ms"]);
    fixture.assert_line(
        json!({"permission": "denied", "permission_action": "read", "permission_attempts": 1,
        "permission_status": 403, "PermissionAttempts": 1, "principal": "alice", "upstream_status": 200}),
    );
    assert!(line.get("hint").is_none() && line.get("permission_bytes").is_none());

    let missing = self::fixture(json_answer(404, "nowhere"), &KETO).await;
    assert_eq!(missing.ask(&event()).await, e500());
    missing.assert_line(json!({"permission": "failed", "permission_status": 404}));
    assert!(missing.line()["hint"].as_str().unwrap().contains(CHECK));
}

#[tokio::test]
async fn a_start_names_what_is_wrong() {
    let stub = Stub::playing(vec![ok()]);
    for (variables, expected) in [
        (
            vec![("AUTHZ_PERMISSION_CHECK", "acl")],
            "AUTHZ_PERMISSION_CHECK: must be one of none, warden, keto",
        ),
        (
            vec![("AUTHZ_PERMISSION_CHECK", "warden")],
            "AUTHZ_PERMISSION_URL: is required with AUTHZ_PERMISSION_CHECK",
        ),
        (
            vec![("AUTHZ_PERMISSION_URL", "https://keto.example.com/x")],
            "AUTHZ_PERMISSION_URL: is of no use without AUTHZ_PERMISSION_CHECK=warden or AUTHZ_PERMISSION_CHECK=keto",
        ),
        (
            vec![("AUTHZ_PERMISSION_CHECK", "keto"), ("AUTHZ_PERMISSION_URL", "{base}/x")],
            "AUTHZ_KETO_NAMESPACE: is required with AUTHZ_PERMISSION_CHECK=keto",
        ),
        (
            with(&KETO, &[("AUTHZ_PERMISSION_ACTIONS", r#"{"GET": "a", "GET": "b"}"#)]),
            "AUTHZ_PERMISSION_ACTIONS: must name each verb once",
        ),
        (
            with(&KETO, &[("AUTHZ_PERMISSION_ACTIONS", r#"{"GET": 1}"#)]),
            "AUTHZ_PERMISSION_ACTIONS: does not have the expected shape (line 0, column 0)",
        ),
        (
            with(&KETO, &[("AUTHZ_PERMISSION_RESOURCE", "{path}")]),
            "AUTHZ_PERMISSION_RESOURCE: must have no other braces than those of {segments}, {verb} and {route}",
        ),
    ] {
        let problems = try_new(&stub, &variables).await.err().unwrap();
        assert!(problems.iter().any(|problem| problem == expected), "{problems:?}");
    }
    for (variable, value) in [
        ("AUTHZ_PERMISSION_ACTIONS", r#"{"GET": "read"}"#),
        ("AUTHZ_KETO_NAMESPACE", "api"),
    ] {
        let problems = try_new(&stub, &[(variable, value)]).await.err().unwrap();
        assert_eq!(
            problems,
            [format!(
                "{variable}: is of no use without AUTHZ_PERMISSION_CHECK=warden or AUTHZ_PERMISSION_CHECK=keto"
            )]
        );
    }
    let far = [
        ("AUTHZ_PERMISSION_CHECK", "warden"),
        ("AUTHZ_PERMISSION_URL", "http://keto.example.com/x"),
    ];
    let problems = try_new(&stub, &far).await.err().unwrap();
    assert!(problems[0].starts_with("AUTHZ_PERMISSION_URL: "), "{problems:?}");
}

#[tokio::test]
async fn a_start_warns_of_the_gateways_cache() {
    let fixture = fixture(yes(), &KETO).await;
    let log = fixture.own_log();
    assert!(
        log.contains("AUTHZ_PERMISSION_CHECK") && log.contains("TTL in API Gateway"),
        "{log}"
    );
    // The end of what is to be said is in the log, too.
    assert!(
        log.contains("$context.routeKey alone lets one path's answer serve others"),
        "{log}"
    );
}
