//! The acceptance cases, under the names that they have in the design.
#![expect(non_snake_case, reason = "the cases have names, and are looked up by them")]

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::*;
use crate::stub::{Act, Stub, json as json_answer};

#[tokio::test]
async fn A1() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 1);
    let seen = &fixture.stub.seen()[0];
    assert_eq!(seen.method, "POST");
    assert_eq!(
        seen.body,
        "token=ory_at_AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB&token_type_hint=access_token"
    );
    assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(
        seen.header("user-agent"),
        Some(concat!("authorizer/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn A2() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(
        fixture.ask(&token_event(&format!("bEaReR   {T1} "))).await,
        allow("alice", W_REST)
    );
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A3() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    let event = rest_request(json!({"accept": "*/*", "authorization": format!("Bearer {T1}")}));
    assert_eq!(fixture.ask(&event).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(json!({"kind": "rest_request", "route": "/orders/{id}", "verb": "GET"}));
}

#[tokio::test]
async fn A4() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(
        fixture.ask(&http_v1(&format!("Bearer {T1}"))).await,
        allow("alice", W_V1)
    );
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A5() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(fixture.ask(&http_v2(&format!("Bearer {T1}"))).await, simple(true));
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(
        json!({"kind": "http_v2", "route": "GET /orders/{id}", "api_id": "h7x9k2m4p6", "stage": "$default"}),
    );
}

#[tokio::test]
async fn A6() {
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_HTTP_V2_RESPONSE", "iam")]).await;
    assert_eq!(
        fixture.ask(&http_v2(&format!("Bearer {T1}"))).await,
        allow("alice", W_V1)
    );
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A7() {
    let variables = [("AUTHZ_TOKEN_FROM", "header:Authorization,query:access_token")];
    let fixture = Fixture::playing(vec![ok()], &variables).await;
    let event = ws_connect(json!({"Upgrade": "websocket"}), json!({"access_token": T1}));
    assert_eq!(fixture.ask(&event).await, allow("alice", W_WS));
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A8() {
    let fixture = Fixture::playing(vec![inactive()], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e401());
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A9() {
    let fixture = Fixture::playing(vec![inactive()], &[]).await;
    assert_eq!(fixture.ask(&http_v2(&format!("Bearer {T1}"))).await, simple(false));
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A10() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(
        fixture.ask(&json!({"type": "TOKEN", "methodArn": A_REST})).await,
        e401()
    );
    assert_eq!(fixture.ask(&token_event("")).await, e401());
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn A11() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    for value in ["Basic dXNlcjpwYXNz", T1, "Bearer"] {
        assert_eq!(fixture.ask(&token_event(value)).await, e401(), "{value}");
    }
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn A12() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    for value in ["Bearer abc\r\nX-Evil: 1", "Bearer a b", "Bearer tökén"] {
        assert_eq!(fixture.ask(&token_event(value)).await, e401(), "{value}");
        let line = fixture.line().to_string();
        for part in ["abc", "Evil", "a b", "tökén"] {
            assert!(!line.contains(part), "{line}");
        }
    }
    assert_eq!(fixture.up(), 0);
}

#[tokio::test]
async fn A13() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(fixture.ask(&bearing(&"a".repeat(8193))).await, e401());
    assert_eq!(fixture.up(), 0);
    fixture.assert_line(json!({"reason": "token_too_long", "token_bytes": 8193}));
    assert_eq!(fixture.ask(&bearing(&"a".repeat(8192))).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A14() {
    let fixture = Fixture::playing(vec![ok_with(json!({"exp": 1_759_999_000}))], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e401());
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(json!({"reason": "expired", "level": "WARN"}));
}

#[tokio::test]
async fn A15() {
    let acts = vec![
        ok_with(json!({"nbf": 1_760_000_011})),
        ok_with(json!({"nbf": 1_760_000_010})),
    ];
    let fixture = Fixture::playing(acts, &[]).await;
    let event = bearing(T1);
    assert_eq!(fixture.ask(&event).await, e401());
    assert_eq!(fixture.up(), 1);
    assert_eq!(fixture.ask(&event).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn A16() {
    let fixture = Fixture::playing(vec![ok_with(json!({"token_use": "refresh_token"}))], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e401());
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn A17() {
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_REQUIRED_SCOPES", "orders.write")]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, deny("alice", W_REST));
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(json!({"reason": "scope", "scopes_required": "orders.write", "scopes_granted": "orders.read"}));
}

#[tokio::test]
async fn A18() {
    let acts = vec![ok(), ok_with(json!({"aud": "billing-api"}))];
    let fixture = Fixture::playing(acts, &[("AUTHZ_AUDIENCES", "billing-api")]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, deny("alice", W_REST));
    let mut context = context_ok();
    context["aud"] = json!("billing-api");
    assert_eq!(fixture.ask(&bearing(T2)).await, allow_with("alice", W_REST, context));
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn A19() {
    let fixture = Fixture::playing(vec![json_answer(503, "{}")], &[("AUTHZ_RETRIES", "1")]).await;
    let started = Instant::now();
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert!(started.elapsed() < Duration::from_millis(4000));
    assert_eq!(fixture.up(), 2);
    fixture.assert_line(json!({"reason": "upstream_status", "level": "ERROR", "upstream_status": 503, "attempts": 2}));
}

#[tokio::test]
async fn A20() {
    let fixture = Fixture::playing(vec![json_answer(503, "{}"), ok()], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn A21() {
    let variables = [
        ("AUTHZ_REQUEST_TIMEOUT_MS", "200"),
        ("AUTHZ_TOTAL_BUDGET_MS", "600"),
        ("AUTHZ_RETRIES", "1"),
    ];
    let fixture = Fixture::playing(vec![Act::Stall], &variables).await;
    let started = Instant::now();
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    let took = started.elapsed();
    assert!(
        took >= Duration::from_millis(400) && took < Duration::from_millis(900),
        "{took:?}"
    );
    assert_eq!(fixture.up(), 2);
    fixture.assert_line(json!({"reason": "upstream_timeout"}));
}

#[tokio::test]
async fn A22() {
    let act = Act::Answer {
        status: 200,
        headers: vec![("Content-Type", "text/html".to_owned())],
        body: HTML.to_owned(),
    };
    let fixture = Fixture::playing(vec![act], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!(fixture.up(), 1);
    fixture.assert_line(
        json!({"reason": "upstream_invalid", "upstream_status": 200, "upstream_bytes": HTML.len(),
        "upstream_content_type": "text/html"}),
    );
}

#[tokio::test]
async fn A23() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    let mut event = bearing(T1);
    assert_eq!(fixture.ask(&event).await, allow("alice", W_REST));
    fixture.assert_line(json!({"cache": "miss"}));
    fixture.clock.advance_ms(30_000);
    event["methodArn"] = json!("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/POST/orders");
    assert_eq!(fixture.ask(&event).await, allow("alice", W_REST));
    fixture.assert_line(json!({"cache": "hit"}));
    assert_eq!(fixture.up(), 1);
}

/// A server whose token endpoint gives `S1`, then `S2`, and whose introspection takes only `accepted`.
fn system_token_server(accepted: &'static str) -> Stub {
    let mut given = 0;
    Stub::new(move |seen| {
        if seen.path == TOKEN {
            given += 1;
            let token = if given == 1 { S1 } else { S2 };
            return json_answer(
                200,
                json!({"access_token": token, "expires_in": 3599, "token_type": "bearer"}),
            );
        }
        if seen.header("authorization") == Some(&format!("Bearer {accepted}")) {
            ok()
        } else {
            json_answer(401, "{}")
        }
    })
}

const TOKEN_SCOPE: (&str, &str) = ("AUTHZ_TOKEN_SCOPE", "hydra,hydra.clients");

#[tokio::test]
async fn A24() {
    let fixture = Fixture::new(system_token_server(S2), &with(&OWN_TOKEN, &[TOKEN_SCOPE])).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.stub.count(TOKEN), 2);
    assert_eq!(fixture.up(), 2);
    let asked = &fixture.stub.seen()[0];
    assert_eq!(asked.body, "grant_type=client_credentials&scope=hydra+hydra.clients");
}

#[tokio::test]
async fn A25() {
    let fixture = Fixture::new(system_token_server("nothing"), &with(&OWN_TOKEN, &[TOKEN_SCOPE])).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!(fixture.stub.count(TOKEN), 2);
    assert_eq!(fixture.up(), 2);
    fixture.assert_line(json!({"reason": "upstream_unauthorized", "upstream_status": 401}));
}
