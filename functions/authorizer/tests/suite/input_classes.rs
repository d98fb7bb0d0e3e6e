//! The table of input classes: for each kind of input, what the client gets, how often the server is asked, what the
//! log says.

use serde_json::{Value, json};

use crate::fixture::*;
use crate::stub::{Act, json as json_answer};

/// A row: the introspections that it makes, the answers for a REST and an HTTP API, the reason and level in the log.
async fn row(value: &str, acts: Vec<Act>, up: usize, rest: Answered, http: Answered, reason: &str, level: &str) {
    for (event, expected) in [(token_event(value), rest), (http_v2(value), http)] {
        let fixture = Fixture::playing(acts.clone(), &[]).await;
        assert_eq!(fixture.ask(&event).await, expected, "{event}");
        assert_eq!(fixture.up(), up, "{event}");
        fixture.assert_line(json!({"reason": reason, "level": level}));
    }
}

fn bearer() -> String {
    format!("Bearer {T1}")
}

/// A good reply for a request with a good token leads to this reason.
async fn refused(changes: Value, unauthorized: bool, reason: &str, level: &str) {
    let (rest, http) = if unauthorized {
        (e401(), simple(false))
    } else {
        (deny("alice", W_REST), simple(false))
    };
    row(&bearer(), vec![ok_with(changes)], 1, rest, http, reason, level).await;
}

/// What the server does leads to a failure with this reason.
async fn failed(act: Act, up: usize, reason: &str) {
    row(&bearer(), vec![act], up, e500(), e500(), reason, "ERROR").await;
}

#[tokio::test]
async fn malformed_events() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    for (event, member) in [
        ("[]", "event"),
        ("\"x\"", "event"),
        ("null", "event"),
        ("{}", "type"),
        (r#"{"type":"TOKEN","authorizationToken":"Bearer abc"}"#, "methodArn"),
        (
            r#"{"type":"TOKEN","authorizationToken":"Bearer abc","methodArn":"x"}"#,
            "methodArn",
        ),
        (
            r#"{"version":"2.0","headers":{"authorization":"Bearer abc"}}"#,
            "routeArn",
        ),
    ] {
        assert_eq!(fixture.ask_raw(event, 30_000).await, e500(), "{event}");
        fixture
            .assert_line(json!({"reason": "malformed_event", "level": "ERROR", "member": member, "decision": "error"}));
    }
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn values_that_hold_no_presentable_token() {
    for (value, reason) in [
        ("", "no_token"),
        ("  \t", "no_token"),
        ("Basic dXNlcjpwYXNz", "bad_scheme"),
        ("Token abc", "bad_scheme"),
        ("Bearer", "bad_scheme"),
        ("abc", "bad_scheme"),
        ("Bearer a,b", "malformed_token"),
        ("Bearer a b", "malformed_token"),
        ("Bearer a\u{0}", "malformed_token"),
        ("Bearer a\r\nX-Evil: 1", "malformed_token"),
        ("Bearer tökén", "malformed_token"),
        ("Bearer ory_rt_abc", "not_access_token"),
        ("Bearer ory_ac_abc", "not_access_token"),
    ] {
        row(value, vec![ok()], 0, e401(), simple(false), reason, "INFO").await;
    }
    row(
        &format!("Bearer {}", "a".repeat(9000)),
        vec![ok()],
        0,
        e401(),
        simple(false),
        "token_too_long",
        "INFO",
    )
    .await;
}

#[tokio::test]
async fn missing_and_repeated_headers() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    for headers in [json!(null), json!({}), json!({"Authorization": ""})] {
        assert_eq!(fixture.ask(&rest_request(headers)).await, e401());
        fixture.assert_line(json!({"reason": "no_token"}));
    }
    let mut twice = rest_request(json!({"Authorization": bearer()}));
    twice["multiValueHeaders"] = json!({"Authorization": [bearer(), bearer()]});
    assert_eq!(fixture.ask(&twice).await, e401());
    fixture.assert_line(json!({"reason": "ambiguous_token"}));
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn schemes_in_any_case_and_white_space() {
    for value in [
        format!("bearer {T1}"),
        format!("BEARER   {T1}"),
        format!("Bearer\t{T1}"),
        format!("Bearer {T1} "),
    ] {
        row(
            &value,
            vec![ok()],
            1,
            allow("alice", W_REST),
            simple(true),
            "allow",
            "INFO",
        )
        .await;
    }
}

#[tokio::test]
async fn replies_about_the_token() {
    row(
        &bearer(),
        vec![inactive()],
        1,
        e401(),
        simple(false),
        "inactive",
        "INFO",
    )
    .await;
    refused(json!({"exp": NOW - 1000}), true, "expired", "WARN").await;
    refused(json!({"nbf": NOW + 1000}), true, "not_yet_valid", "WARN").await;
    refused(json!({"token_use": "refresh_token"}), true, "not_access_token", "WARN").await;
    refused(json!({"token_type": "refresh_token"}), true, "not_access_token", "WARN").await;
    refused(json!({"token_type": "DPoP"}), true, "unsupported_token_type", "WARN").await;
    refused(json!({"cnf": {"jkt": "x"}}), true, "unsupported_token_type", "WARN").await;
    let nobody = vec![ok_with(json!({"sub": null, "client_id": null}))];
    row(
        &bearer(),
        nobody,
        1,
        deny("anonymous", W_REST),
        simple(false),
        "no_principal",
        "INFO",
    )
    .await;
}

#[tokio::test]
async fn mismatches_are_denials() {
    for (name, value, reason) in [
        ("AUTHZ_AUDIENCES", "billing-api", "audience"),
        ("AUTHZ_ISSUERS", "https://other.example.com/", "issuer"),
        ("AUTHZ_CLIENT_IDS", "app", "client"),
        ("AUTHZ_REQUIRED_SCOPES", "orders.read orders.write", "scope"),
    ] {
        let fixture = Fixture::playing(vec![ok()], &[(name, value)]).await;
        assert_eq!(fixture.ask(&token_event(&bearer())).await, deny("alice", W_REST));
        fixture.assert_line(json!({"reason": reason, "level": "INFO", "decision": "forbidden", "principal": "alice"}));
        assert_eq!(fixture.ask(&http_v2(&bearer())).await, simple(false));
    }
}

#[tokio::test]
async fn replies_that_are_not_introspection_replies() {
    let html = Act::Answer {
        status: 200,
        headers: vec![("Content-Type", "text/html".to_owned())],
        body: HTML.to_owned(),
    };
    failed(html, 1, "upstream_invalid").await;
    for body in [
        "",
        "[]",
        "[{\"active\":true}]",
        "null",
        r#"{"active":"true"}"#,
        r#"{"active":1}"#,
        r#"{"active":true"#,
        "{}",
        r#"{"active":true,"sub":"alice","exp":"1760003600"}"#,
        r#"{"active":true,"sub":"alice","scope":["orders.read"]}"#,
        r#"{"active":true,"sub":"alice","aud":{"a":1}}"#,
        r#"{"active":true,"sub":"alice","sub":"bob"}"#,
    ] {
        failed(json_answer(200, body), 1, "upstream_invalid").await;
    }
    failed(json_answer(204, ""), 1, "upstream_invalid").await;
    failed(json_answer(201, reply(json!({}))), 1, "upstream_invalid").await;
    failed(
        json_answer(200, reply(json!({"ext": "x".repeat(65_536)}))),
        1,
        "upstream_invalid",
    )
    .await;
}

#[tokio::test]
async fn statuses_that_are_failures() {
    for (status, up, reason) in [
        (301, 1, "upstream_redirect"),
        (307, 1, "upstream_redirect"),
        (400, 1, "upstream_config"),
        (404, 1, "upstream_config"),
        (405, 1, "upstream_config"),
        (415, 1, "upstream_config"),
        (401, 1, "upstream_unauthorized"),
        (403, 1, "upstream_forbidden"),
        (408, 2, "upstream_status"),
        (425, 2, "upstream_status"),
        (429, 2, "upstream_status"),
        (500, 2, "upstream_status"),
        (501, 1, "upstream_status"),
        (502, 2, "upstream_status"),
        (503, 2, "upstream_status"),
        (504, 2, "upstream_status"),
    ] {
        failed(json_answer(status, "{}"), up, reason).await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = crate::stub::Stub::playing(vec![ok()]);
    let location = vec![("Location", format!("{}{INTROSPECT}", other.base))];
    let fixture = Fixture::playing(
        vec![Act::Answer {
            status: 307,
            headers: location,
            body: String::new(),
        }],
        &[],
    )
    .await;
    assert_eq!(fixture.ask(&token_event(&bearer())).await, e500());
    assert!(other.seen().is_empty());
    assert!(!fixture.log().contains(&other.base));
}

#[tokio::test]
async fn a_wrong_path_gets_a_hint() {
    let fixture = Fixture::playing(vec![json_answer(404, "404 page not found")], &[]).await;
    assert_eq!(fixture.ask(&token_event(&bearer())).await, e500());
    assert!(
        fixture.line()["hint"]
            .as_str()
            .unwrap()
            .contains("/admin/oauth2/introspect")
    );
}

#[tokio::test]
async fn broken_connections() {
    failed(Act::Close, 2, "upstream_connect").await;
    failed(Act::Cut("{\"active\":".to_owned()), 2, "upstream_connect").await;
    let nobody = crate::stub::Stub::playing(vec![ok()]);
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}/");
    let fixture = Fixture::new(nobody, &[("AUTHZ_INTROSPECTION_URL", &url)]).await;
    assert_eq!(fixture.ask(&token_event(&bearer())).await, e500());
    fixture.assert_line(json!({"reason": "upstream_connect", "attempts": 2}));
}

#[tokio::test]
async fn failures_are_errors_also_when_the_unauthenticated_are_denied() {
    for mode in ["auto", "error", "deny"] {
        let fixture = Fixture::playing(vec![json_answer(503, "{}")], &[("AUTHZ_UNAUTHENTICATED", mode)]).await;
        for event in [token_event(&bearer()), http_v1(&bearer()), http_v2(&bearer())] {
            assert_eq!(fixture.ask(&event).await, e500());
        }
    }
}

#[tokio::test]
async fn the_unauthenticated_can_be_denied_everywhere_or_failed_everywhere() {
    let deny_all = Fixture::playing(vec![inactive()], &[("AUTHZ_UNAUTHENTICATED", "deny")]).await;
    assert_eq!(deny_all.ask(&token_event(&bearer())).await, deny("anonymous", W_REST));
    assert_eq!(deny_all.ask(&http_v1(&bearer())).await, deny("anonymous", W_V1));
    assert_eq!(deny_all.ask(&http_v2(&bearer())).await, simple(false));
    let fail_all = Fixture::playing(vec![inactive()], &[("AUTHZ_UNAUTHENTICATED", "error")]).await;
    for event in [token_event(&bearer()), http_v1(&bearer()), http_v2(&bearer())] {
        assert_eq!(fail_all.ask(&event).await, e401());
    }
    let auto = Fixture::playing(vec![inactive()], &[]).await;
    assert_eq!(auto.ask(&http_v1(&bearer())).await, deny("anonymous", W_V1));
    let socket = ws_connect(json!({"Authorization": bearer()}), json!({}));
    assert_eq!(auto.ask(&socket).await, e401());
}
