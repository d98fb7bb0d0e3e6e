//! Tests of actions and resources: every shape of event, and that no resource stands for two paths.

mod by_others;

use serde_json::{Value, json};
use url::Url;

use super::super::Check;
use super::*;

fn rules(resource: &str) -> PermissionRules {
    PermissionRules {
        ca_bundle: None,
        check: Check::Warden,
        url: Url::parse("https://keto.example.com/").unwrap(),
        actions: Actions::default(),
        resource: Template::parse(resource).unwrap(),
    }
}

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/";

fn token(tail: &str) -> Value {
    json!({"type": "TOKEN", "authorizationToken": "Bearer x", "methodArn": format!("{ARN}{tail}")})
}

fn rest(tail: &str, resource: &str) -> Value {
    json!({"type": "REQUEST", "methodArn": format!("{ARN}{tail}"), "resource": resource})
}

fn http_v2(method: &str, path: &str, key: &str) -> Value {
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:h7/$default/GET/orders/{id}";
    json!({"version": "2.0", "routeArn": arn, "routeKey": key, "rawPath": path,
        "requestContext": {"http": {"method": method}}})
}

fn http_v1(tail: &str, path: &str, resource: &str) -> Value {
    let arn = format!("arn:aws:execute-api:eu-west-1:123456789012:h7/$default/{tail}");
    json!({"type": "REQUEST", "version": "1.0", "methodArn": arn, "resource": resource, "path": path})
}

fn websocket() -> Value {
    json!({"type": "REQUEST", "methodArn": format!("{ARN}$connect"), "requestContext": {"eventType": "CONNECT"}})
}

/// `action resource`, or the reason of a refusal.
fn asked(rules: &PermissionRules, event: &Value) -> String {
    let event = event.to_string();
    let request = AuthorizationRequest::read(&event).unwrap();
    match rules.wanted(&request) {
        Ok(Wanted { action, resource }) => format!("{action} {resource}"),
        Err(problem) => problem.verdict().reason.to_owned(),
    }
}

#[test]
fn every_shape_of_event_asks_the_same() {
    let rules = rules("resources:{segments}");
    for event in [
        token("GET/orders/42"),
        rest("GET/orders/42", "/orders/{id}"),
        http_v1("GET/orders/42", "/orders/42", "/orders/{id}"),
        http_v1("GET/orders/{id}", "/orders/42", "/orders/{id}"),
        http_v2("GET", "/orders/42", "GET /orders/{id}"),
        http_v2("GET", "/orders/42", "$default"),
    ] {
        assert_eq!(asked(&rules, &event), "read resources:orders:42", "{event}");
    }
    // A connection has an action only when it is given one.
    assert_eq!(asked(&rules, &websocket()), "permission_action");
    let connecting = PermissionRules {
        actions: Actions::new(vec![("CONNECT".to_owned(), "open".to_owned())]).unwrap(),
        ..rules
    };
    assert_eq!(asked(&connecting, &websocket()), "open resources:$connect");
    assert_eq!(asked(&connecting, &token("GET/orders")), "permission_action");
}

#[test]
fn a_rest_api_tells_its_path_twice() {
    let rules = rules("resources:{segments}");
    let event = |tail: &str, path: &str, domain: &str| {
        let mut event = rest(&format!("GET/{tail}"), "/{proxy+}");
        event["path"] = json!(path);
        event["requestContext"] = json!({"apiId": "a1b2c3d4e5", "domainPrefix": domain});
        event
    };
    let (default, own) = ("a1b2c3d4e5", "api");
    for (tail, path, domain, expected) in [
        ("orders/42", "/orders/42", default, "read resources:orders:42"),
        ("orders/42", "/orders/42/", default, "read resources:orders:42"),
        ("a%20b", "/a b", default, "read resources:a b"),
        ("", "/", default, "read resources:"),
        ("orders/42", "/orders/43", default, "permission_resource"),
        ("orders/42", "/orders", default, "permission_resource"),
        ("orders/42", "/orders/../42", default, "permission_resource"),
        ("orders/42", "/shop/orders/42", default, "permission_resource"),
        ("orders/42", "", default, "permission_resource"),
        // A domain name of one's own may stand for a part of the path.
        ("orders/42", "/shop/v1/orders/42", own, "read resources:orders:42"),
        ("orders/42", "/shop/orders/43", own, "permission_resource"),
        ("orders/42", "/x-orders/42", own, "permission_resource"),
    ] {
        assert_eq!(
            asked(&rules, &event(tail, path, domain)),
            expected,
            "{tail} {path} {domain}"
        );
    }
}

#[test]
fn each_verb_has_its_action() {
    let rules = rules("{verb}");
    for (verb, expected) in [
        ("GET", "read GET"),
        ("HEAD", "read HEAD"),
        ("OPTIONS", "read OPTIONS"),
        ("POST", "write POST"),
        ("PUT", "write PUT"),
        ("PATCH", "write PATCH"),
        ("DELETE", "delete DELETE"),
        ("get", "permission_action"),
        ("PROPFIND", "permission_action"),
        ("CONNECT", "permission_action"),
        ("*", "permission_action"),
    ] {
        assert_eq!(asked(&rules, &token(&format!("{verb}/orders"))), expected);
        assert_eq!(asked(&rules, &http_v2(verb, "/orders", "$default")), expected);
    }
}

#[test]
fn resources_of_paths() {
    let rules = rules("resources:{segments}");
    let shared = [
        ("", "resources:"),
        ("orders", "resources:orders"),
        ("orders/42", "resources:orders:42"),
        ("orders/42/", "resources:orders:42"),
        ("/orders//42//", "resources:orders:42"),
        ("orders:42", "resources:orders%3A42"),
        ("a:b/c:d:e", "resources:a%3Ab:c%3Ad%3Ae"),
        (":", "resources:%3A"),
        ("b\u{fc}cher/a b", "resources:b\u{fc}cher:a b"),
        ("a@b/(c),d=1", "resources:a@b:(c),d=1"),
        ("*", "resources:*"),
        // What servers read in different ways.
        (".", "permission_resource"),
        ("a/../b", "permission_resource"),
        ("a\\b", "permission_resource"),
        // Some servers take what follows for a parameter of the segment, and route without it.
        ("orders;x=1/42", "permission_resource"),
        ("orders/42;", "permission_resource"),
        ("a\u{7f}", "permission_resource"),
    ];
    for (path, resource) in shared {
        let expected = match resource {
            "permission_resource" => resource.to_owned(),
            resource => format!("read {resource}"),
        };
        assert_eq!(asked(&rules, &token(&format!("GET/{path}"))), expected, "{path}");
        assert_eq!(
            asked(&rules, &rest(&format!("GET/{path}"), "/{p+}")),
            expected,
            "{path}"
        );
        let http = http_v2("GET", &format!("/{path}"), "GET /{p+}");
        assert_eq!(asked(&rules, &http), expected, "{path}");
    }
    // A REST API hands escapes on, an HTTP API resolves them: one that is left is of a path that another event could be of.
    for (path, resource) in [
        ("my%20report", "read resources:my report"),
        ("b%C3%BCcher", "read resources:b\u{fc}cher"),
        ("%61dmin", "read resources:admin"),
        ("orders%3A42", "read resources:orders%3A42"),
        ("orders%3a42", "read resources:orders%3A42"),
        ("orders%253A42", "permission_resource"),
        ("%2541dmin", "permission_resource"),
        ("100%25", "permission_resource"),
        ("a%2Fb", "permission_resource"),
        ("%2e%2E", "permission_resource"),
        ("a%5Cb", "permission_resource"),
        ("a%00", "permission_resource"),
        ("a%", "permission_resource"),
        ("a%zz", "permission_resource"),
        ("%ff", "permission_resource"),
    ] {
        assert_eq!(asked(&rules, &token(&format!("GET/{path}"))), resource, "{path}");
        let http = http_v2("GET", &format!("/{path}"), "GET /{p+}");
        assert_eq!(asked(&rules, &http), "permission_resource", "{path}");
    }
}

#[test]
fn a_path_that_may_hold_its_stage_is_refused() {
    let rules = rules("resources:{segments}");
    let of_stage = |context: Value| {
        let mut event = http_v2("GET", "/prod/orders", "$default");
        event["routeArn"] = json!(format!("{ARN}GET/orders"));
        for (name, value) in context.as_object().unwrap() {
            event["requestContext"][name] = value.clone();
        }
        event
    };
    assert_eq!(asked(&rules, &of_stage(json!({}))), "permission_resource");
    let own_domain = json!({"apiId": "a1b2c3d4e5", "domainPrefix": "a1b2c3d4e5"});
    assert_eq!(asked(&rules, &of_stage(own_domain)), "read resources:orders");
}

#[test]
fn routes_of_the_gateway() {
    let rules = rules("{verb} {route}");
    for (event, expected) in [
        (rest("GET/orders/42", "/orders/{id}"), "read GET /orders/{id}"),
        (
            http_v1("GET/orders/42", "/orders/42", "/orders/{id}"),
            "read GET /orders/{id}",
        ),
        (
            http_v2("GET", "/orders/42", "ANY /orders/{id}"),
            "read GET /orders/{id}",
        ),
        (http_v2("GET", "/orders/42", "$default"), "read GET $default"),
        (token("GET/orders/42"), "permission_resource"),
        (
            json!({"type": "REQUEST", "methodArn": format!("{ARN}GET/orders")}),
            "permission_resource",
        ),
    ] {
        assert_eq!(asked(&rules, &event), expected, "{event}");
    }
}

#[test]
fn templates() {
    for (text, expected) in [
        ("x", "read x"),
        ("{segments}", "read orders:42"),
        ("a{verb}b{segments}c", "read aGETborders:42c"),
        ("{segments}|{segments}", "read orders:42|orders:42"),
    ] {
        assert_eq!(asked(&rules(text), &token("GET/orders/42")), expected);
    }
    for text in [
        "{",
        "}",
        "{}",
        "{path}",
        "{segments",
        "segments}",
        "{{segments}}",
        "a\nb",
    ] {
        assert!(Template::parse(text).is_err(), "{text}");
    }
}

#[test]
fn bad_actions() {
    for list in [
        vec![],
        vec![("get", "read")],
        vec![("*", "read")],
        vec![("GET", "")],
        vec![("GET", "read it")],
        vec![("GET", "read\u{0}")],
        vec![("GET", "read"), ("GET", "write")],
    ] {
        let list: Vec<(String, String)> = list
            .into_iter()
            .map(|(verb, action)| (verb.to_owned(), action.to_owned()))
            .collect();
        assert!(Actions::new(list.clone()).is_err(), "{list:?}");
    }
}
