//! Events of every kind, whole and broken.

use serde_json::{Value, json};

use super::*;

const REST: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/orders/42";
const WS: &str = "arn:aws:execute-api:eu-west-1:123456789012:w5s8q1r3t7/prod/$connect";

fn read(event: Value, test: impl FnOnce(Result<AuthorizationRequest<'_>, Problem>)) {
    test(AuthorizationRequest::read(&event.to_string()));
}

#[track_caller]
fn kind(event: Value) -> &'static str {
    let mut word = "";
    read(event, |request| {
        word = request.map_or_else(|problem| problem.verdict().reason, |request| request.kind.word())
    });
    word
}

#[track_caller]
fn malformed(event: Value, member: &'static str) {
    read(event.clone(), |request| {
        assert_eq!(request.err(), Some(Problem::MalformedEvent(member)), "{event}")
    });
}

#[test]
fn kinds_are_told_apart_by_what_is_reliable() {
    let request = |context: Value| json!({"type": "REQUEST", "methodArn": REST, "requestContext": context});
    assert_eq!(kind(json!({"type": "TOKEN", "methodArn": REST})), "rest_token");
    assert_eq!(kind(request(json!({"httpMethod": "GET"}))), "rest_request");
    assert_eq!(kind(request(json!(null))), "rest_request");
    assert_eq!(kind(request(json!([1, {"a": 2}]))), "rest_request");
    assert_eq!(
        kind(json!({"type": "REQUEST", "version": "1.0", "methodArn": REST})),
        "http_v1"
    );
    assert_eq!(
        kind(json!({"type": "REQUEST", "version": "2.0", "routeArn": REST})),
        "http_v2"
    );
    assert_eq!(kind(json!({"version": "2.0", "routeArn": REST})), "http_v2");
    assert_eq!(
        kind(json!({"type": "REQUEST", "version": "1.0", "routeArn": REST})),
        "http_v2"
    );
    assert_eq!(kind(request(json!({"eventType": "CONNECT"}))), "ws_connect");
    assert_eq!(kind(request(json!({"routeKey": "$connect"}))), "ws_connect");
    assert_eq!(kind(json!({"type": "REQUEST", "methodArn": WS})), "ws_connect");
    // Samples of WebSocket events carry a version that says nothing.
    assert_eq!(
        kind(json!({"type": "REQUEST", "version": "$LATEST", "methodArn": WS})),
        "ws_connect"
    );
    // A client chooses its path, but not its kind.
    let path = "arn:aws:execute-api:eu-west-1:123456789012:a1/prod/GET/x/$connect";
    assert_eq!(kind(json!({"type": "REQUEST", "methodArn": path})), "rest_request");
}

#[test]
fn what_is_no_event_names_the_member_that_is_wrong() {
    for event in [
        json!([]),
        json!("TOKEN"),
        json!(null),
        json!(7),
        json!(true),
        json!(["TOKEN", "1.0", REST]),
    ] {
        malformed(event, "event");
    }
    malformed(json!({}), "type");
    malformed(json!({"type": "token", "methodArn": REST}), "type");
    malformed(json!({"type": ["TOKEN"], "methodArn": REST}), "type");
    malformed(json!({"type": "TOKEN"}), "methodArn");
    malformed(json!({"type": "TOKEN", "methodArn": 5}), "methodArn");
    malformed(
        json!({"type": "TOKEN", "methodArn": "arn:aws:s3:::bucket"}),
        "methodArn",
    );
    malformed(json!({"type": "TOKEN", "methodArn": WS}), "methodArn");
    malformed(json!({"version": "2.0", "methodArn": REST}), "routeArn");
    malformed(json!({"version": "2.0", "routeArn": ""}), "routeArn");
    let repeated = AuthorizationRequest::read(r#"{"type":"TOKEN","type":"REQUEST"}"#);
    assert_eq!(repeated.err(), Some(Problem::MalformedEvent("event")));
}

#[test]
fn the_default_route_of_an_http_api_has_no_verb_in_its_arn() {
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:h7/$default/$default";
    let event = json!({"version": "2.0", "routeArn": arn, "routeKey": "$default",
        "requestContext": {"http": {"method": "PATCH"}}});
    read(event, |request| {
        let request = request.unwrap();
        assert_eq!((request.verb(), request.route()), (Some("PATCH"), Some("$default")));
    });
}

#[test]
fn only_an_http_apis_own_member_tells_the_verb() {
    let context = json!({"http": {"method": "DELETE"}});
    for event in [
        json!({"type": "TOKEN", "methodArn": REST, "requestContext": context}),
        json!({"type": "REQUEST", "methodArn": REST, "requestContext": context}),
        json!({"type": "REQUEST", "version": "1.0", "methodArn": REST, "requestContext": context}),
    ] {
        read(event, |request| assert_eq!(request.unwrap().verb(), Some("GET")));
    }
    let connect = json!({"type": "REQUEST", "methodArn": WS, "requestContext": context});
    read(connect, |request| assert_eq!(request.unwrap().verb(), None));
    let v2 = json!({"version": "2.0", "routeArn": REST, "requestContext": context});
    read(v2, |request| assert_eq!(request.unwrap().verb(), Some("DELETE")));
}

#[test]
fn headers_are_found_in_any_case_and_repeated_ones_are_noticed() {
    let event = |headers: Value, multi: Value| json!({"type": "REQUEST", "methodArn": REST, "headers": headers, "multiValueHeaders": multi});
    let cases = [
        (json!(null), json!(null), Presence::Absent),
        (json!({}), json!({"accept": ["a", "b"]}), Presence::Absent),
        (json!({"X-Token": "a"}), json!(null), Presence::One("a")),
        (
            json!({"x-tOKEN": " a\t"}),
            json!({"x-tOKEN": [" a\t"]}),
            Presence::One("a"),
        ),
        (json!({}), json!({"x-token": ["a"]}), Presence::One("a")),
        (json!({"x-token": " "}), json!({"x-token": [""]}), Presence::Absent),
        (json!({"x-token": "b"}), json!({"x-token": ["a", "b"]}), Presence::Many),
        (
            json!({"x-token": "b"}),
            json!({"x-token": ["a"], "X-Token": ["b"]}),
            Presence::Many,
        ),
        (json!({"x-token": "a", "X-Token": "a"}), json!(null), Presence::Many),
        (json!({"x-token": 5}), json!({"x-token": [null]}), Presence::Absent),
        (
            json!({"x-token": {"a": ["b"]}}),
            json!([["x-token", "a"]]),
            Presence::Absent,
        ),
        (json!("x-token: a"), json!(true), Presence::Absent),
        (json!(-1), json!(1.5), Presence::Absent),
    ];
    for (headers, multi, expected) in cases {
        let event = event(headers, multi);
        read(event.clone(), |request| {
            assert_eq!(request.unwrap().header("x-token"), expected, "{event}")
        });
    }
}

#[test]
fn query_parameters_have_exact_names() {
    let event = json!({"type": "REQUEST", "methodArn": REST, "queryStringParameters": {"t": "b", "T": "c"},
        "multiValueQueryStringParameters": {"t": ["a", "b"], "T": ["c"]}});
    read(event, |request| {
        let request = request.unwrap();
        assert_eq!(request.query("t"), Presence::Many);
        assert_eq!(request.query("T"), Presence::One("c"));
        assert_eq!(request.query("u"), Presence::Absent);
    });
}

#[test]
fn cookies_come_from_the_list_or_the_header() {
    let cases = [
        (
            json!({"version": "2.0", "routeArn": REST, "cookies": ["sid=abc", "t=x=y"]}),
            Presence::One("x=y"),
        ),
        (
            json!({"version": "2.0", "routeArn": REST, "cookies": ["t=x", "t=y"]}),
            Presence::Many,
        ),
        (
            json!({"version": "2.0", "routeArn": REST, "cookies": "t=x"}),
            Presence::Absent,
        ),
        (
            json!({"version": "2.0", "routeArn": REST, "cookies": ["T=x", "t", 5, null]}),
            Presence::Absent,
        ),
        (
            json!({"type": "REQUEST", "methodArn": REST, "headers": {"Cookie": "sid=abc; t=x"}}),
            Presence::One("x"),
        ),
        (
            json!({"type": "REQUEST", "methodArn": REST, "headers": {"cookie": "t=x;t=y"}}),
            Presence::Many,
        ),
        (
            json!({"type": "REQUEST", "methodArn": REST, "headers": {"cookie": "t=x"},
                "multiValueHeaders": {"cookie": ["a=b; c=d", "t=x"]}}),
            Presence::One("x"),
        ),
        (
            json!({"type": "REQUEST", "methodArn": REST, "multiValueHeaders": {"cookie": ["t=x", "t=y"]}}),
            Presence::Many,
        ),
        // Names that differ in case alone are two headers, of which nobody knows which one counts.
        (
            json!({"type": "REQUEST", "methodArn": REST, "headers": {"Cookie": "a=b", "cookie": "t=x"}}),
            Presence::Many,
        ),
        (
            json!({"type": "REQUEST", "methodArn": REST, "headers": {"Cookie": "a=b", "cookie": "t=x"},
                "multiValueHeaders": {"Cookie": ["a=b"], "cookie": ["t=x"]}}),
            Presence::Many,
        ),
        (
            json!({"type": "REQUEST", "methodArn": REST, "headers": {"Cookie": "a=b", "cookie": "t=x"},
                "multiValueHeaders": {"cookie": ["t=x"]}}),
            Presence::Many,
        ),
    ];
    for (event, expected) in cases {
        read(event.clone(), |request| {
            assert_eq!(request.unwrap().cookie("t"), expected, "{event}")
        });
    }
}

#[test]
fn escaped_texts_are_read_like_plain_ones() {
    let event = r#"{"type":"\u0054OKEN","authorizationToken":"Bearer\u0020a\"b","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1\/prod\/GET\/"}"#;
    let request = AuthorizationRequest::read(event).unwrap();
    assert_eq!(request.authorization_token(), Presence::One("Bearer a\"b"));
    assert_eq!(
        request.arn.through_stage(),
        "arn:aws:execute-api:eu-west-1:123456789012:a1/prod"
    );
}

#[test]
fn no_value_is_printed() {
    let event = json!({"type": "TOKEN", "methodArn": REST, "authorizationToken": "s3cret",
        "headers": {"a": "s3cret"}, "cookies": ["s3cret"]});
    read(event, |request| assert!(!format!("{request:?}").contains("s3cret")));
}
