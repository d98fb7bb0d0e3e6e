//! Rows about what the request holds. Nobody is asked about any of these but the good ones.

use serde_json::json;

use super::*;

#[tokio::test]
async fn payload_without_a_recognisable_type_or_arn() {
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
        assert!(!fixture.line().to_string().contains("abc"));
    }
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn token_event_without_a_token() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    for value in [
        json!(null),
        json!(""),
        json!(" \t"),
        json!(5),
        json!([bearer()]),
        json!({"a": bearer()}),
    ] {
        let mut event = token_event("");
        event["authorizationToken"] = value;
        assert_eq!(fixture.ask(&event).await, e401());
        fixture.assert_line(json!({"reason": "no_token", "level": "INFO"}));
    }
    assert_eq!(
        fixture.ask(&json!({"type": "TOKEN", "methodArn": A_REST})).await,
        e401()
    );
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn header_absent_or_empty() {
    unasked("", json!({"reason": "no_token", "level": "INFO"})).await;
    unasked("  \t", json!({"reason": "no_token", "level": "INFO"})).await;
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    for headers in [json!(null), json!({}), json!({"Accept": "*/*"})] {
        assert_eq!(fixture.ask(&rest_request(headers.clone())).await, e401());
        fixture.assert_line(json!({"reason": "no_token", "level": "INFO"}));
        let mut event = http_v2("");
        event["headers"] = headers;
        assert_eq!(fixture.ask(&event).await, simple(false));
    }
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn another_scheme_or_a_scheme_alone() {
    for value in ["Basic dXNlcjpwYXNz", "Token abc", "Bearer", "Bearer ", "Bearerabc"] {
        unasked(value, json!({"reason": "bad_scheme", "level": "INFO"})).await;
    }
}

#[tokio::test]
async fn scheme_in_any_case_and_any_white_space() {
    for value in [
        format!("bearer {T1}"),
        format!("BEARER {T1}"),
        format!("Bearer   {T1}"),
        format!("Bearer\t{T1}"),
        format!("Bearer {T1} "),
    ] {
        let row = Row {
            value: &value,
            acts: vec![ok()],
            variables: &[],
            up: 1,
            gets: Gets::Allow,
            line: json!({"reason": "allow", "level": "INFO"}),
        };
        row.check().await;
    }
}

#[tokio::test]
async fn bare_token_without_scheme() {
    unasked(T1, json!({"reason": "bad_scheme"})).await;
    let row = Row {
        value: T1,
        acts: vec![ok()],
        variables: &[("AUTHZ_SCHEME", "none")],
        up: 1,
        gets: Gets::Allow,
        line: json!({"reason": "allow"}),
    };
    row.check().await;
}

#[tokio::test]
async fn characters_that_no_token_has() {
    for value in ["a\u{1}", "a\u{0}b", "a\r\nX-Evil: 1", "a,b", "a b", "tökén", "a%20b"] {
        let bytes = value.len();
        let line = json!({"reason": "malformed_token", "level": "INFO", "token_bytes": bytes});
        unasked(&format!("Bearer {value}"), line).await;
    }
}

#[tokio::test]
async fn token_that_is_too_long() {
    let line = json!({"reason": "token_too_long", "level": "INFO", "token_bytes": 8193});
    unasked(&format!("Bearer {}", "a".repeat(8193)), line).await;
}

#[tokio::test]
async fn two_authorization_values() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    let mut multi = rest_request(json!({"Authorization": bearer()}));
    multi["multiValueHeaders"] = json!({"Authorization": [bearer(), bearer()]});
    let by_case = rest_request(json!({"Authorization": bearer(), "authorization": bearer()}));
    let socket = ws_connect(
        json!({"Authorization": bearer(), "AUTHORIZATION": bearer()}),
        json!(null),
    );
    for event in [multi, by_case, socket] {
        assert_eq!(fixture.ask(&event).await, e401());
        fixture.assert_line(json!({"reason": "ambiguous_token", "level": "INFO"}));
    }
    // An HTTP API joins them itself, which no token survives.
    assert_eq!(
        fixture.ask(&http_v2(&format!("{0},{0}", bearer()))).await,
        simple(false)
    );
    fixture.assert_line(json!({"reason": "malformed_token"}));
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn refresh_token_or_authorization_code_by_its_prefix() {
    for value in ["Bearer ory_rt_abc", "Bearer ory_ac_abc"] {
        unasked(value, json!({"reason": "not_access_token", "level": "INFO"})).await;
    }
}

#[tokio::test]
async fn options_without_a_token() {
    let event = || {
        let mut event = rest_request(json!({}));
        event["methodArn"] = json!("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/OPTIONS/orders/42");
        event
    };
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_ALLOW_OPTIONS", "true")]).await;
    let answer = fixture.ask(&event()).await.unwrap();
    let statement = &answer["policyDocument"]["Statement"][0];
    assert_eq!(
        (&statement["Effect"], &statement["Resource"]),
        (
            &json!("Allow"),
            &json!("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/OPTIONS/*")
        )
    );
    fixture.assert_line(json!({"reason": "preflight", "decision": "allow"}));
    assert_eq!(fixture.up(), 0);
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(fixture.ask(&event()).await, e401());
}
