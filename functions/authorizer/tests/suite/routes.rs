//! Scopes of single routes, seen from outside: policies that are for all routes, and answers that are for one.

use serde_json::{Value, json};

use crate::fixture::*;

const TABLE: (&str, &str) = (
    "AUTHZ_ROUTE_SCOPES",
    r#"{"GET /orders": ["orders.read"], "GET /orders/{id}": ["orders.read"], "POST /orders": ["orders.write"],
        "* /admin/{proxy+}": ["admin"], "CONNECT $connect": ["orders.read"]}"#,
);
const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod";

fn rest(tail: &str) -> Value {
    json!({"type": "TOKEN", "authorizationToken": format!("Bearer {T1}"), "methodArn": format!("{STAGE}/{tail}")})
}

fn http(route_key: &str, verb: &str, path: &str) -> Value {
    let mut event = http_v2(&format!("Bearer {T1}"));
    event["routeKey"] = json!(route_key);
    event["rawPath"] = json!(path);
    event["requestContext"]["http"] = json!({"method": verb, "path": path});
    event
}

/// A policy that allows these resources of a REST API's stage.
fn listed(tails: &[&str]) -> Answered {
    let resources: Vec<String> = tails.iter().map(|tail| format!("{STAGE}/{tail}")).collect();
    let mut answer = allow("alice", "").unwrap();
    answer["policyDocument"]["Statement"][0]["Resource"] = json!(resources);
    Ok(answer)
}

#[tokio::test]
async fn the_policy_is_the_same_whichever_route_was_asked_for() {
    let fixture = Fixture::playing(vec![ok()], &[TABLE]).await;
    let policy = listed(&["GET/orders/*", "GET/orders"]);
    for (tail, decision, reason) in [
        ("GET/orders/42", "allow", "allow"),
        ("GET/orders", "allow", "allow"),
        ("POST/orders", "forbidden", "route_scope"),
        ("GET/admin/users", "forbidden", "route_scope"),
        ("GET/elsewhere", "forbidden", "route_scope"),
    ] {
        assert_eq!(fixture.ask(&rest(tail)).await, policy, "{tail}");
        fixture.assert_line(json!({"decision": decision, "reason": reason, "level": "INFO", "principal": "alice"}));
    }
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn what_a_denied_route_needs_stands_in_the_log() {
    let fixture = Fixture::playing(vec![ok()], &[TABLE]).await;
    fixture.ask(&rest("POST/orders")).await.unwrap();
    fixture.assert_line(
        json!({"route_rule": "POST /orders", "scopes_required": "orders.write", "scopes_granted": "orders.read"}),
    );
    fixture.ask(&rest("GET/elsewhere")).await.unwrap();
    assert!(fixture.line().get("route_rule").is_none());
}

#[tokio::test]
async fn nothing_granted_is_a_denial_of_everything() {
    let fixture = Fixture::playing(vec![ok_with(json!({"scope": "profile"}))], &[TABLE]).await;
    assert_eq!(fixture.ask(&rest("GET/orders")).await, deny("alice", W_REST));
    fixture.assert_line(json!({"decision": "forbidden", "reason": "route_scope"}));
}

#[tokio::test]
async fn required_scopes_and_the_principal_are_needed_as_well() {
    let fixture = Fixture::playing(vec![ok()], &[TABLE, ("AUTHZ_REQUIRED_SCOPES", "profile")]).await;
    assert_eq!(fixture.ask(&rest("GET/orders")).await, deny("alice", W_REST));
    fixture.assert_line(json!({"reason": "scope"}));
    let nobody = ok_with(json!({"sub": null, "client_id": null}));
    let fixture = Fixture::playing(vec![nobody], &[TABLE]).await;
    assert_eq!(fixture.ask(&rest("GET/orders")).await, deny("anonymous", W_REST));
    fixture.assert_line(json!({"reason": "no_principal"}));
    assert_eq!(fixture.ask(&http("GET /orders", "GET", "/orders")).await, simple(false));
    fixture.assert_line(json!({"reason": "no_principal"}));
    assert_eq!(
        fixture.ask(&http("POST /orders", "POST", "/orders")).await,
        simple(false)
    );
    fixture.assert_line(json!({"reason": "route_scope"}));
}

#[tokio::test]
async fn a_websocket_connection_has_a_key_of_its_own() {
    let headers = json!({"Authorization": format!("Bearer {T1}")});
    let fixture = Fixture::playing(vec![ok()], &[TABLE]).await;
    let mut expected = allow("alice", "").unwrap();
    expected["policyDocument"]["Statement"][0]["Resource"] = json!([A_WS]);
    assert_eq!(
        fixture.ask(&ws_connect(headers.clone(), json!(null))).await,
        Ok(expected)
    );
    fixture.assert_line(json!({"reason": "allow", "kind": "ws_connect"}));
    let without = [("AUTHZ_ROUTE_SCOPES", r#"{"GET /orders": ["orders.read"]}"#)];
    let fixture = Fixture::playing(vec![ok()], &without).await;
    assert_eq!(
        fixture.ask(&ws_connect(headers.clone(), json!(null))).await,
        deny("alice", W_WS)
    );
    fixture.assert_line(json!({"reason": "route_scope"}));
    let fixture = Fixture::playing(vec![ok()], &[TABLE, ("AUTHZ_POLICY_SCOPE", "method")]).await;
    assert_eq!(
        fixture.ask(&ws_connect(headers, json!(null))).await,
        allow("alice", A_WS)
    );
}

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
async fn routes_that_are_not_listed_can_need_only_what_all_need() {
    let variables = [
        TABLE,
        ("AUTHZ_ROUTE_DEFAULT", "required_only"),
        ("AUTHZ_HTTP_V2_RESPONSE", "simple"),
    ];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(fixture.ask(&http("$default", "GET", "/elsewhere")).await, simple(true));
    assert_eq!(
        fixture.ask(&http("$default", "GET", "/admin/users")).await,
        simple(false)
    );
    // Not even the laxest default lets in a path that may mean another.
    assert_eq!(
        fixture.ask(&http("$default", "GET", "/elsewhere/../admin/users")).await,
        simple(false)
    );
    // What no policy can say is not said.
    assert_eq!(fixture.ask(&rest("GET/orders")).await, e500());
    fixture.assert_line(json!({"reason": "route_policy", "level": "ERROR"}));
}

#[tokio::test]
async fn ambiguous_routes_are_good_for_simple_answers_alone() {
    let table = r#"{"GET /orders/{id}": ["orders.read"], "GET /orders/{id}/lines": ["lines"]}"#;
    let variables = [("AUTHZ_ROUTE_SCOPES", table), ("AUTHZ_HTTP_V2_RESPONSE", "simple")];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(fixture.ask(&http("$default", "GET", "/orders/42")).await, simple(true));
    assert_eq!(
        fixture.ask(&http("$default", "GET", "/orders/42/lines")).await,
        simple(false)
    );
    assert_eq!(fixture.ask(&rest("GET/orders/42")).await, e500());
    fixture.assert_line(json!({"reason": "route_policy"}));
    let stub = crate::stub::Stub::playing(vec![ok()]);
    let problems = try_new(&stub, &[("AUTHZ_ROUTE_SCOPES", table)]).await.err().unwrap();
    assert!(problems[0].contains("\"GET /orders/{id}\"") && problems[0].contains("\"GET /orders/{id}/lines\""));
    assert!(problems[0].contains("AUTHZ_POLICY_SCOPE=method"), "{problems:?}");
}

#[tokio::test]
async fn method_policies_judge_the_current_route() {
    let fixture = Fixture::playing(vec![ok()], &[TABLE, ("AUTHZ_POLICY_SCOPE", "method")]).await;
    for (tail, allowed) in [
        ("GET/orders/42", true),
        ("GET/orders/42/", true),
        ("GET/orders/42/lines", false),
        ("POST/orders", false),
        ("GET/admin/x", false),
    ] {
        let expected = if allowed {
            allow("alice", &format!("{STAGE}/{tail}"))
        } else {
            deny("alice", W_REST)
        };
        assert_eq!(fixture.ask(&rest(tail)).await, expected, "{tail}");
    }
    assert_eq!(fixture.ask(&rest("GET/orders/*")).await, deny("alice", W_REST));
    fixture.assert_line(json!({"reason": "unsafe_resource"}));
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

#[tokio::test]
async fn the_route_that_a_rest_api_took_must_be_open_too() {
    let table = r#"{"GET /orders/{id}": ["orders.read"], "GET /{proxy+}": ["admin"]}"#;
    let variables = [("AUTHZ_ROUTE_SCOPES", table), ("AUTHZ_POLICY_SCOPE", "method")];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    for (resource, path, allowed) in [
        ("/orders/{id}", "orders/42", true),
        ("/orders/{id}", "orders/42/", true),
        ("/{proxy+}", "orders/42/", false),
        ("/{other+}", "orders//42", false),
    ] {
        for version in [json!(null), json!("1.0")] {
            let mut event = rest_request(json!({"Authorization": format!("Bearer {T1}")}));
            event["methodArn"] = json!(format!("{STAGE}/GET/{path}"));
            event["path"] = json!(format!("/{path}"));
            event["resource"] = json!(resource);
            event["version"] = version;
            let expected = if allowed {
                allow("alice", &format!("{STAGE}/GET/{path}"))
            } else {
                deny("alice", W_REST)
            };
            assert_eq!(fixture.ask(&event).await, expected, "{event}");
        }
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

#[tokio::test]
async fn a_policy_that_does_not_fit_is_an_error_and_no_shorter_policy() {
    let keys: Vec<String> = (0..190)
        .map(|at| format!(r#""GET /collection-{at:03}": ["orders.read"]"#))
        .collect();
    let table = format!("{{{}}}", keys.join(","));
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_ROUTE_SCOPES", &table)]).await;
    let answer = fixture.ask(&rest("GET/collection-007")).await.unwrap();
    assert_eq!(
        answer["policyDocument"]["Statement"][0]["Resource"]
            .as_array()
            .unwrap()
            .len(),
        190
    );
    // The same routes under a longer stage.
    let mut event = rest("GET/collection-007");
    let stage = "s".repeat(40);
    event["methodArn"] = json!(format!(
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/{stage}/GET/collection-007"
    ));
    assert_eq!(fixture.ask(&event).await, e500());
    fixture.assert_line(json!({"reason": "answer_too_large", "level": "ERROR"}));
}

#[tokio::test]
async fn preflights_are_let_in_without_a_token_if_that_is_wanted() {
    let allowed = [("AUTHZ_ALLOW_OPTIONS", "true")];
    let fixture = Fixture::playing(vec![ok()], &allowed).await;
    let anonymous = |resource: &str| {
        let mut policy = deny("anonymous", resource).unwrap();
        policy["policyDocument"]["Statement"][0]["Effect"] = json!("Allow");
        Ok(policy)
    };
    let mut event = rest_request(json!({}));
    event["methodArn"] = json!(format!("{STAGE}/OPTIONS/orders/42"));
    assert_eq!(fixture.ask(&event).await, anonymous(&format!("{STAGE}/OPTIONS/*")));
    fixture.assert_line(json!({"decision": "allow", "reason": "preflight", "level": "INFO", "attempts": 0}));
    // No token is looked at, not even a bad one.
    event["headers"] = json!({"Authorization": "Basic dXNlcjpwYXNz"});
    assert_eq!(fixture.ask(&event).await, anonymous(&format!("{STAGE}/OPTIONS/*")));
    assert_eq!(fixture.up(), 0);
    for event in [rest_request(json!({})), json!({"type": "TOKEN", "methodArn": A_REST})] {
        assert_eq!(fixture.ask(&event).await, e401());
    }
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    event["headers"] = json!({});
    assert_eq!(fixture.ask(&event).await, e401());
}

/// API Gateway keeps the policy of a preflight for the token that came along, so it must say all that the token may do.
#[tokio::test]
async fn a_preflight_with_a_good_token_gets_the_tokens_own_policy() {
    let with_token = |tail: &str| {
        let mut event = rest_request(json!({"Authorization": format!("Bearer {T1}")}));
        event["methodArn"] = json!(format!("{STAGE}/{tail}"));
        event
    };
    let options = ("AUTHZ_ALLOW_OPTIONS", "true");
    let fixture = Fixture::playing(vec![ok()], &[options]).await;
    assert_eq!(
        fixture.ask(&with_token("OPTIONS/orders/42")).await,
        allow("alice", W_REST)
    );
    fixture.assert_line(json!({"decision": "allow", "reason": "allow", "principal": "alice"}));
    // The same policy whichever was asked first.
    let fixture = Fixture::playing(vec![ok()], &[options, TABLE]).await;
    for (tail, reason) in [
        ("OPTIONS/orders/42", "allow"),
        ("OPTIONS/elsewhere", "allow"),
        ("GET/orders/42", "allow"),
        ("POST/orders", "route_scope"),
    ] {
        let policy = listed(&["GET/orders/*", "GET/orders", "OPTIONS/*"]);
        assert_eq!(fixture.ask(&with_token(tail)).await, policy, "{tail}");
        fixture.assert_line(json!({"reason": reason}));
    }
    assert_eq!(fixture.up(), 1);
    let fixture = Fixture::playing(vec![ok()], &[options, ("AUTHZ_POLICY_SCOPE", "method")]).await;
    let arn = format!("{STAGE}/GET/orders/42");
    assert_eq!(fixture.ask(&with_token("GET/orders/42")).await, allow("alice", &arn));
    let policy = listed(&["OPTIONS/orders/42", "OPTIONS/*"]);
    assert_eq!(fixture.ask(&with_token("OPTIONS/orders/42")).await, policy);
    // The route for everything names no method, and its ARN would open them all.
    let variables = [
        options,
        ("AUTHZ_POLICY_SCOPE", "method"),
        ("AUTHZ_HTTP_V2_RESPONSE", "iam"),
    ];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    let mut anything = http("$default", "OPTIONS", "/orders/42");
    anything["routeArn"] = json!(W_V1.replace("*/*", "$default/$default"));
    let answer = fixture.ask(&anything).await.unwrap();
    assert_eq!(
        answer["policyDocument"]["Statement"][0]["Resource"],
        W_V1.replace("*/*", "OPTIONS/*")
    );
}

/// A preflight is let in whatever its token is, but for nothing else.
#[tokio::test]
async fn a_preflight_with_a_refused_token_gets_its_own_policy_alone() {
    let mut event = rest_request(json!({"Authorization": format!("Bearer {T1}")}));
    event["methodArn"] = json!(format!("{STAGE}/OPTIONS/orders/42"));
    let mut policy = deny("anonymous", &format!("{STAGE}/OPTIONS/*")).unwrap();
    policy["policyDocument"]["Statement"][0]["Effect"] = json!("Allow");
    let options = ("AUTHZ_ALLOW_OPTIONS", "true");
    for (act, variables) in [
        (inactive(), vec![options]),
        (ok_with(json!({"exp": NOW - 100})), vec![options]),
        (ok(), vec![options, ("AUTHZ_REQUIRED_SCOPES", "profile")]),
        (ok_with(json!({"scope": "profile"})), vec![options, TABLE]),
        (ok(), vec![options, TABLE, ("AUTHZ_POLICY_SCOPE", "method")]),
    ] {
        let fixture = Fixture::playing(vec![act], &variables).await;
        assert_eq!(fixture.ask(&event).await, Ok(policy.clone()), "{variables:?}");
        fixture.assert_line(json!({"decision": "allow", "reason": "preflight"}));
    }
    // The same for a path that no policy can name.
    let fixture = Fixture::playing(vec![ok()], &[options, ("AUTHZ_POLICY_SCOPE", "method")]).await;
    let mut unsafe_path = event.clone();
    unsafe_path["methodArn"] = json!(format!("{STAGE}/OPTIONS/orders/*"));
    assert_eq!(fixture.ask(&unsafe_path).await, Ok(policy));
    // Nobody knows what the token may do, and an error is not kept.
    let fixture = Fixture::playing(vec![crate::stub::json(404, "{}")], &[options]).await;
    assert_eq!(fixture.ask(&event).await, e500());
}

/// A simple answer does not tell its method, so it is given without a token only where nothing keeps it for another.
#[tokio::test]
async fn a_simple_answer_to_a_preflight_opens_no_other_method() {
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_ALLOW_OPTIONS", "true")]).await;
    let own = "OPTIONS /orders/{id}";
    for (key, sources, authorization, lets_in) in [
        // Without identity sources API Gateway keeps nothing.
        ("ANY /orders/{id}", json!(null), None, true),
        ("$default", json!([]), None, true),
        ("ANY /orders/{id}", json!(null), Some("Basic dXNlcjpwYXNz"), true),
        // Kept under a key that no other method has.
        (own, json!([own]), None, true),
        (
            own,
            json!(["Basic dXNlcjpwYXNz", own]),
            Some("Basic dXNlcjpwYXNz"),
            true,
        ),
        // Kept under the client's value alone, for every route.
        (own, json!(["Basic dXNlcjpwYXNz"]), Some("Basic dXNlcjpwYXNz"), false),
        (own, json!([" "]), None, false),
        (own, json!([null]), None, false),
        (own, json!("x"), None, false),
        // The client's value is no route.
        (own, json!([own]), Some(own), false),
        // Kept for all methods of the route.
        ("ANY /orders/{id}", json!([" ", "ANY /orders/{id}"]), None, false),
        ("$default", json!([" ", "$default"]), None, false),
        ("OPTIONSX", json!(["OPTIONSX"]), None, false),
    ] {
        let mut event = http(key, "OPTIONS", "/orders/42");
        event["headers"] = authorization.map_or(json!({}), |value| json!({"authorization": value}));
        event["identitySource"] = sources;
        let answer = Ok(json!({"isAuthorized": lets_in}));
        assert_eq!(fixture.ask(&event).await, answer, "{event}");
        let reason = if lets_in {
            "preflight"
        } else if authorization.is_some() {
            "bad_scheme"
        } else {
            "no_token"
        };
        fixture.assert_line(json!({"reason": reason}));
    }
    let mut absent = http("ANY /orders/{id}", "OPTIONS", "/orders/42");
    absent.as_object_mut().unwrap().remove("identitySource");
    assert_eq!(fixture.ask(&absent).await, Ok(json!({"isAuthorized": true})));
    assert_eq!(fixture.up(), 0);
    // Where no method may be let in without a token, a good one lets in.
    let event = http("ANY /orders/{id}", "OPTIONS", "/orders/42");
    assert_eq!(fixture.ask(&event).await, simple(true));
}

/// A blank value is an identity source to API Gateway, and no token to us.
#[tokio::test]
async fn a_blank_token_is_no_way_from_a_preflight_to_another_method() {
    for from in ["query:access_token", "cookie:sid"] {
        let variables = [("AUTHZ_ALLOW_OPTIONS", "true"), ("AUTHZ_TOKEN_FROM", from)];
        let fixture = Fixture::playing(vec![ok()], &variables).await;
        let mut event = http("ANY /x", "OPTIONS", "/x");
        event["headers"] = json!({"cookie": "a=b"});
        event["cookies"] = json!(["a=b"]);
        event["queryStringParameters"] = json!({"access_token": " "});
        event["identitySource"] = json!([if from == "cookie:sid" { "a=b" } else { " " }, "ANY /x"]);
        assert_eq!(fixture.ask(&event).await, simple(false), "{from}");
        fixture.assert_line(json!({"reason": "no_token"}));
    }
}

/// What `docs/settings.md` promises about its example.
#[tokio::test]
async fn the_example_of_the_page() {
    let page = include_str!("../../../../docs/settings.md");
    let (_, section) = page.split_once("**Scopes of routes.**").unwrap();
    let (_, example) = section.split_once("```json\n").unwrap();
    let (table, _) = example.split_once("```").unwrap();
    let variables = [("AUTHZ_ROUTE_SCOPES", table), ("AUTHZ_HTTP_V2_RESPONSE", "iam")];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    for (tail, reason) in [("GET/orders/42", "allow"), ("POST/orders", "route_scope")] {
        let answer = fixture.ask(&rest(tail)).await.unwrap();
        fixture.assert_line(json!({"reason": reason}));
        let resources = answer["policyDocument"]["Statement"][0]["Resource"].clone();
        let resources: Vec<String> = serde_json::from_value(resources).unwrap();
        let mut tails: Vec<&str> = resources.iter().map(|resource| &resource[STAGE.len() + 1..]).collect();
        tails.sort_unstable();
        assert_eq!(tails, ["GET/orders", "GET/orders/*", "GET/orders/*/lines"]);
        assert!(
            tails.iter().all(|tail| section.contains(&format!("`{tail}`"))),
            "{tails:?}"
        );
    }
}
