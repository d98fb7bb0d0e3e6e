//! Scopes of single routes, seen from outside: policies that are for all routes, and answers that are for one.

mod paths;
mod preflight;

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
