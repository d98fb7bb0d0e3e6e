//! Paths of HTTP APIs: spellings, stages, and paths that can be read in two ways.

use serde_json::{Value, json};

use super::{TABLE, http};
use crate::fixture::*;

#[tokio::test]
async fn simple_answers_judge_the_current_route() {
    let fixture = Fixture::playing(vec![ok()], &[TABLE]).await;
    for (key, verb, path, allowed) in [
        ("GET /orders/{id}", "GET", "/orders/42", true),
        ("GET /orders/{id}", "GET", "/orders/42/", true),
        ("$default", "GET", "/orders//42", true),
        ("$default", "GET", "/orders/42/lines", false),
        ("$default", "HEAD", "/orders/42", false),
        ("POST /orders", "POST", "/orders", false),
        ("$default", "GET", "/orders/../admin", false),
        ("$default", "GET", "/orders/%2e%2e", false),
        ("$default", "GET", "/orders/a%2Fb", false),
        ("$default", "GET", "/elsewhere", false),
        ("$default", "GET", "", false),
    ] {
        assert_eq!(
            fixture.ask(&http(key, verb, path)).await,
            simple(allowed),
            "{verb} {path}"
        );
        let reason = if allowed { "allow" } else { "route_scope" };
        fixture.assert_line(json!({"reason": reason}));
    }
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn a_spelling_that_the_gateway_took_for_another_route_needs_both() {
    let table = r#"{"GET /a": [], "GET /{p}": ["orders.read"], "GET /admin/{rest+}": ["admin"], "GET /admin/a": []}"#;
    let fixture = Fixture::playing(
        vec![ok()],
        &[("AUTHZ_ROUTE_SCOPES", table), ("AUTHZ_HTTP_V2_RESPONSE", "simple")],
    )
    .await;
    for (key, path, allowed) in [
        ("ANY /{proxy+}", "/a", true),
        ("GET /a", "/a/", true),
        ("$default", "/a/", true),
        // An answer that is kept for a route must not come from another route's rule.
        ("ANY /{proxy+}", "/a/", false),
        ("ANY /{proxy+}", "//a", false),
        ("GET /{p}", "/%61", true),
        ("GET /a", "/%61", true),
        ("ANY /{proxy+}", "/%61", false),
        ("$default", "/%61", false),
        ("GET /admin/{rest+}", "/admin/a", true),
        ("GET /admin/{rest+}", "/admin/a/", false),
        ("GET /admin/{rest+}", "/admin/%61", false),
        ("GET /adm\u{ef}n", "/a/", false),
    ] {
        assert_eq!(
            fixture.ask(&http(key, "GET", path)).await,
            simple(allowed),
            "{key} {path}"
        );
    }
}

#[tokio::test]
async fn the_stage_before_an_http_apis_path_is_dropped() {
    let table = r#"{"GET /orders": ["orders.read"], "GET /{proxy+}": ["admin"], "GET /prod/own": ["orders.read"]}"#;
    let variables = [("AUTHZ_ROUTE_SCOPES", table), ("AUTHZ_HTTP_V2_RESPONSE", "simple")];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    let staged = |key: &str, path: &str, prefix: Value| {
        let mut event = http(key, "GET", path);
        event["routeArn"] = json!("arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/prod/GET/x");
        event["requestContext"]["domainPrefix"] = prefix;
        event
    };
    for (key, path, prefix, allowed) in [
        ("GET /orders", "/prod/orders", json!("api"), true),
        ("ANY /{proxy+}", "/prod/orders", json!("h7x9k2m4p6"), true),
        ("$default", "/prod/orders", json!("h7x9k2m4p6"), true),
        // By a domain name of its own, an API is asked without the stage: this may be the route /{proxy+} of /prod/orders.
        ("ANY /{proxy+}", "/prod/orders", json!("api"), false),
        ("GET /prod/own", "/prod/own", json!("api"), true),
        ("GET /prod/own", "/prod/prod/own", json!("h7x9k2m4p6"), true),
        ("GET /orders", "/orders", json!("api"), true),
        ("$default", "/production/orders", json!("api"), false),
        ("$default", "/prod", json!("h7x9k2m4p6"), false),
    ] {
        assert_eq!(
            fixture.ask(&staged(key, path, prefix)).await,
            simple(allowed),
            "{key} {path}"
        );
    }
}

#[tokio::test]
async fn the_default_stage_is_never_part_of_a_path() {
    let variables = [
        ("AUTHZ_ROUTE_SCOPES", r#"{"GET /health": []}"#),
        ("AUTHZ_HTTP_V2_RESPONSE", "simple"),
    ];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    for (path, allowed) in [("/health", true), ("/$default/health", false), ("/$default", false)] {
        for prefix in ["h7x9k2m4p6", "api"] {
            let mut event = http("$default", "GET", path);
            event["requestContext"]["domainPrefix"] = json!(prefix);
            event["requestContext"]["apiId"] = json!("h7x9k2m4p6");
            assert_eq!(fixture.ask(&event).await, simple(allowed), "{prefix} {path}");
        }
    }
}

/// An event of an HTTP API whose stage is `v1`, asked by a domain name of its own: its paths have two readings.
fn of_own_domain(route_key: &str, path: &str) -> Value {
    let mut event = http(route_key, "GET", path);
    event["routeArn"] = json!("arn:aws:execute-api:eu-west-1:123456789012:h7x9k2m4p6/v1/GET/x");
    event["requestContext"]["domainPrefix"] = json!("api");
    event["requestContext"]["apiId"] = json!("h7x9k2m4p6");
    event
}

#[tokio::test]
async fn both_readings_of_a_path_are_judged_alike() {
    let table = r#"{"GET /health": [], "GET /export": ["admin"], "GET /v1/{proxy+}": ["admin"], "GET /v1/open": []}"#;
    for (default, unlisted) in [("deny", false), ("required_only", true)] {
        let variables = [
            ("AUTHZ_ROUTE_SCOPES", table),
            ("AUTHZ_ROUTE_DEFAULT", default),
            ("AUTHZ_HTTP_V2_RESPONSE", "simple"),
        ];
        let fixture = Fixture::playing(vec![ok()], &variables).await;
        for (key, path, allowed) in [
            ("$default", "/health", true),
            // `/health` behind the stage is open; `/v1/health` without the stage needs more.
            ("$default", "/v1/health", false),
            ("$default", "/v1/v1/open", false),
            // Escapes give the second reading two routes, one of them closed.
            ("$default", "/v1/%6fpen", false),
            ("GET /v1/{proxy+}", "/v1/v1/health", false),
            ("GET /v1/open", "/v1/open", true),
        ] {
            let answer = fixture.ask(&of_own_domain(key, path)).await;
            assert_eq!(answer, simple(allowed), "{default} {key} {path}");
        }
        let table = r#"{"GET /health": [], "GET /export": ["admin"]}"#;
        let variables = [("AUTHZ_ROUTE_SCOPES", table), variables[1], variables[2]];
        let fixture = Fixture::playing(vec![ok()], &variables).await;
        let answer = fixture.ask(&of_own_domain("$default", "/v1/health")).await;
        assert_eq!(answer, simple(unlisted), "{default}");
        let answer = fixture.ask(&of_own_domain("GET /health", "/v1/health")).await;
        assert_eq!(answer, simple(true), "{default}");
    }
}

/// The stage is `v1`, and so is the first segment of the route.
#[tokio::test]
async fn a_route_that_begins_like_the_stage_settles_no_reading() {
    let table = r#"{"GET /v1/health": [], "GET /v1/{proxy+}": ["admin"]}"#;
    let variables = [("AUTHZ_ROUTE_SCOPES", table), ("AUTHZ_HTTP_V2_RESPONSE", "simple")];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    for (prefix, allowed) in [("api", false), ("h7x9k2m4p6", true)] {
        let mut event = of_own_domain("GET /v1/{proxy+}", "/v1/v1/health");
        event["requestContext"]["domainPrefix"] = json!(prefix);
        assert_eq!(fixture.ask(&event).await, simple(allowed), "{prefix}");
    }
}

/// The tail of an HTTP API's ARN may be the route's template, which says nothing about what was asked for.
#[tokio::test]
async fn a_template_in_an_arn_is_no_path() {
    let table = r#"{"GET /orders/{id}": ["orders.read"], "GET /orders/export": ["admin"]}"#;
    let variables = [("AUTHZ_ROUTE_SCOPES", table), ("AUTHZ_POLICY_SCOPE", "method")];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    for (path, allowed) in [
        (json!("/orders/42"), true),
        (json!("/orders/export"), false),
        (json!(null), false),
    ] {
        let mut event = http_v1(&format!("Bearer {T1}"));
        let arn = A_V1.replace("42", "{id}");
        event["methodArn"] = json!(arn);
        event["path"] = path;
        let expected = if allowed {
            allow("alice", &arn)
        } else {
            deny("alice", W_V1)
        };
        assert_eq!(fixture.ask(&event).await, expected, "{event}");
    }
}
