//! Preflights: when one is let in without a token, and that its answer opens nothing else.

use serde_json::json;

use super::{STAGE, TABLE, http, listed};
use crate::fixture::*;

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
