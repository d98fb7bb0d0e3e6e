//! Where tokens are found, and which are taken.

use serde_json::{Value, json};

use super::*;

const REST: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/42";
const WS: &str = "arn:aws:execute-api:eu-west-1:123456789012:w5s8q1r3t7/prod/$connect";

fn rules(locations: &[Location]) -> TokenRules {
    TokenRules {
        locations: locations.to_vec(),
        scheme: Some("Bearer".to_owned()),
        prefix: String::new(),
        max_bytes: 32,
    }
}

fn header(name: &str) -> Location {
    Location::Header(name.to_owned())
}

fn extract(rules: &TokenRules, event: Value) -> Result<String, Problem> {
    let text = event.to_string();
    let request = AuthorizationRequest::read(&text).unwrap();
    rules.extract(&request).map(|token| token.reveal().to_owned())
}

fn token(rules: &TokenRules, value: impl Into<Value>) -> Result<String, Problem> {
    extract(
        rules,
        json!({"type": "TOKEN", "methodArn": REST, "authorizationToken": value.into()}),
    )
}

#[test]
fn the_scheme_is_taken_off() {
    let rules = rules(&[]);
    for value in [
        "Bearer abc",
        "bearer abc",
        "BEARER\tabc",
        " Bearer \t abc \t",
        "Bearer   abc",
    ] {
        assert_eq!(token(&rules, value).as_deref(), Ok("abc"), "{value:?}");
    }
    for value in [
        "Basic abc",
        "Token abc",
        "abc",
        "Bearer",
        "Bearer ",
        "Bearerabc",
        "Bearer,abc",
        "\u{a0}Bearer abc",
    ] {
        assert_eq!(token(&rules, value), Err(Problem::BadScheme), "{value:?}");
    }
    for value in [
        json!(""),
        json!(" \t"),
        json!(null),
        json!(5),
        json!(["Bearer abc"]),
        json!({"a": "Bearer abc"}),
    ] {
        assert_eq!(token(&rules, value), Err(Problem::NoToken));
    }
}

#[test]
fn the_scheme_can_be_another_or_none() {
    let with = |scheme: Option<&str>| TokenRules {
        scheme: scheme.map(str::to_owned),
        ..rules(&[])
    };
    assert_eq!(token(&with(Some("Token")), "tOKEN abc").as_deref(), Ok("abc"));
    assert_eq!(token(&with(Some("Token")), "Bearer abc"), Err(Problem::BadScheme));
    assert_eq!(token(&with(None), "abc").as_deref(), Ok("abc"));
    assert_eq!(token(&with(None), "Bearer abc"), Err(Problem::MalformedToken(10)));
}

#[test]
fn the_grammar_of_rfc_6750() {
    let rules = rules(&[]);
    for good in ["a", "aZ09-._~+/", "a==", "a=", "/"] {
        assert_eq!(token(&rules, format!("Bearer {good}")).as_deref(), Ok(good));
    }
    for bad in [
        "=",
        "==",
        "a=b",
        "a b",
        "a,b",
        "a%20",
        "a\u{0}",
        "a\r\nb",
        "a\nX-Evil: 1",
        "tökén",
        "a\"",
        "a\\",
        "a:b",
        "\u{7f}",
    ] {
        assert_eq!(
            token(&rules, format!("Bearer {bad}")),
            Err(Problem::MalformedToken(bad.len())),
            "{bad:?}"
        );
    }
}

#[test]
fn length_is_looked_at_before_anything_else() {
    let rules = rules(&[]);
    assert_eq!(
        token(&rules, format!("Bearer {}", "a".repeat(32))).as_deref(),
        Ok("a".repeat(32).as_str())
    );
    assert_eq!(
        token(&rules, format!("Bearer {}", "a".repeat(33))),
        Err(Problem::TokenTooLong(33))
    );
    assert_eq!(
        token(&rules, format!("Bearer {}", " ,".repeat(20).trim())),
        Err(Problem::TokenTooLong(39))
    );
}

#[test]
fn tokens_of_another_kind_are_refused_by_their_prefix() {
    let rules = rules(&[]);
    assert_eq!(token(&rules, "Bearer ory_rt_abc"), Err(Problem::NotAccessTokenByPrefix));
    assert_eq!(token(&rules, "Bearer ory_ac_abc"), Err(Problem::NotAccessTokenByPrefix));
    assert_eq!(token(&rules, "Bearer ory_at_abc").as_deref(), Ok("ory_at_abc"));
    let prefixed = TokenRules {
        prefix: "ory_at_".to_owned(),
        ..rules
    };
    assert_eq!(token(&prefixed, "Bearer ory_at_abc").as_deref(), Ok("ory_at_abc"));
    assert_eq!(token(&prefixed, "Bearer abc"), Err(Problem::TokenPrefix));
}

#[test]
fn the_first_location_that_holds_anything_decides() {
    let rules = rules(&[
        header("Authorization"),
        header("X-Token"),
        Location::Query("access_token".to_owned()),
        Location::Cookie("session".to_owned()),
    ]);
    let event = |headers: Value, query: Value| json!({"type": "REQUEST", "methodArn": REST, "headers": headers, "queryStringParameters": query});
    let ok = |text: &str| Ok(text.to_owned());
    let query = json!({"access_token": "q"});
    assert_eq!(
        extract(&rules, event(json!({"authorization": "Bearer h"}), query.clone())),
        ok("h")
    );
    assert_eq!(
        extract(&rules, event(json!({"authorization": ""}), query.clone())),
        ok("q")
    );
    assert_eq!(extract(&rules, event(json!({"x-token": "x"}), query.clone())), ok("x"));
    assert_eq!(
        extract(&rules, event(json!({"cookie": "a=b; session=c"}), json!({}))),
        ok("c")
    );
    assert_eq!(extract(&rules, event(json!({}), json!({}))), Err(Problem::NoToken));
    // No falling through from a bad value to a good one.
    assert_eq!(
        extract(&rules, event(json!({"authorization": "Basic h"}), query.clone())),
        Err(Problem::BadScheme)
    );
    assert_eq!(
        extract(&rules, event(json!({"x-token": "Bearer x"}), query)),
        Err(Problem::MalformedToken(8))
    );
    let twice =
        json!({"type": "REQUEST", "methodArn": REST, "multiValueQueryStringParameters": {"access_token": ["a", "b"]}});
    assert_eq!(extract(&rules, twice), Err(Problem::AmbiguousToken));
    let twice =
        json!({"type": "REQUEST", "methodArn": REST, "multiValueHeaders": {"Authorization": ["Bearer a", "Bearer b"]}});
    assert_eq!(extract(&rules, twice), Err(Problem::AmbiguousToken));
    // An HTTP API joins repeated headers.
    let joined = json!({"version": "2.0", "routeArn": REST, "headers": {"authorization": "Bearer a,Bearer b"}});
    assert_eq!(extract(&rules, joined), Err(Problem::MalformedToken(10)));
}

#[test]
fn http_1_0_events_are_not_read_from_their_joined_identity_sources() {
    let event = json!({"version": "1.0", "type": "REQUEST", "methodArn": REST, "authorizationToken": "Bearer abc",
        "identitySource": "Bearer abc", "headers": {}});
    assert_eq!(
        extract(&rules(&[header("Authorization")]), event),
        Err(Problem::NoToken)
    );
}

#[test]
fn subprotocols_of_websockets() {
    let rules = rules(&[Location::Subprotocol, Location::Query("t".to_owned())]);
    let connect = |list: &str| {
        let event = json!({"type": "REQUEST", "methodArn": WS, "headers": {"Sec-WebSocket-Protocol": list},
            "queryStringParameters": {"t": "q"}});
        extract(&rules, event)
    };
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(connect("bearer, abc"), ok("abc"));
    assert_eq!(connect("chat,BEARER,abc,other"), ok("abc"));
    assert_eq!(connect("chat"), ok("q"));
    assert_eq!(connect("bearer"), Err(Problem::BadScheme));
    assert_eq!(connect("bearer, "), Err(Problem::BadScheme));
    assert_eq!(connect("bearer, abc, bearer, def"), Err(Problem::AmbiguousToken));
    assert_eq!(connect("bearer, a b"), Err(Problem::MalformedToken(3)));
    let elsewhere = json!({"type": "REQUEST", "methodArn": REST, "headers": {"Sec-WebSocket-Protocol": "bearer, abc"}});
    assert_eq!(extract(&rules, elsewhere), Err(Problem::NoToken));
}

#[test]
fn a_token_never_prints_itself() {
    assert_eq!(format!("{:?}", AccessToken("s3cret")), "[redacted]");
}
