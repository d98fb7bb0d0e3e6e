//! Our own token: kept, renewed, replaced once it is refused, and shown to its own server alone.

use std::time::Duration;

use serde_json::json;

use crate::fixture::*;
use crate::stub::{Act, Stub, json as json_answer};

const AUDIENCE: (&str, &str) = ("AUTHZ_TOKEN_AUDIENCE", "https://hydra/");

#[tokio::test]
async fn our_own_token_is_kept_and_renewed_before_its_end() {
    let mut given = 0;
    let stub = Stub::new(move |seen| {
        if seen.path != TOKEN {
            return ok();
        }
        given += 1;
        let token = if given == 1 { S1 } else { S2 };
        json_answer(
            200,
            json!({"access_token": token, "expires_in": 600, "token_type": "Bearer"}),
        )
    });
    let fixture = Fixture::new(stub, &with(&OWN_TOKEN, &[AUDIENCE, ("AUTHZ_CACHE_TTL_SECS", "0")])).await;
    for (advance_ms, fetches, shown) in [(0, 1, S1), (539_999, 1, S1), (1, 2, S2), (1000, 2, S2)] {
        fixture.clock.advance_ms(advance_ms);
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!(fixture.stub.count(TOKEN), fetches);
        let seen = fixture.stub.seen();
        let last = seen.last().unwrap();
        assert_eq!(last.header("authorization"), Some(format!("Bearer {shown}").as_str()));
    }
    let asked = &fixture.stub.seen()[0];
    assert_eq!(
        asked.body,
        "grant_type=client_credentials&audience=https%3A%2F%2Fhydra%2F"
    );
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
    // A client that shows our token is not let in by it.
    assert_eq!(fixture.ask(&bearing(S2)).await, e401());
    fixture.assert_line(json!({"reason": "own_token"}));
}

#[tokio::test]
async fn without_our_own_token_nobody_is_introspected() {
    let refusals = [
        (
            json_answer(401, r#"{"error":"invalid_client","error_description":"cl1ent"}"#),
            json!("invalid_client"),
        ),
        (json_answer(400, r#"{"error":"invalid_scope"}"#), json!("invalid_scope")),
        (json_answer(400, r#"{"error":"<html>Sign in</html>"}"#), json!(null)),
        (json_answer(401, HTML), json!(null)),
        (json_answer(503, "{}"), json!("upstream_status")),
        (Act::Close, json!("upstream_connect")),
        (json_answer(200, HTML), json!("upstream_invalid")),
        (json_answer(200, r#"{"access_token":""}"#), json!("upstream_invalid")),
        (
            json_answer(200, r#"{"access_token":"a\r\nb"}"#),
            json!("upstream_invalid"),
        ),
        (json_answer(200, r#"{"access_token":5}"#), json!("upstream_invalid")),
        (
            json_answer(200, r#"{"access_token":"abc","token_type":"mac"}"#),
            json!("upstream_invalid"),
        ),
        (
            json_answer(200, r#"{"access_token":"abc","expires_in":"soon"}"#),
            json!("upstream_invalid"),
        ),
    ];
    for (act, code) in refusals {
        let fixture = Fixture::playing(vec![act], &with(&OWN_TOKEN, &[AUDIENCE])).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        assert_eq!(fixture.up(), 0);
        fixture.assert_line(json!({"reason": "system_token", "level": "ERROR", "oauth_error": code}));
    }
}

#[tokio::test]
async fn headers_for_the_endpoint_go_to_a_token_endpoint_of_the_same_server_alone() {
    let headers = ("AUTHZ_INTROSPECTION_HEADERS", r#"{"X-Key":"k"}"#);
    let mut variables = with(&OWN_TOKEN, &[AUDIENCE, headers]);
    let same = Fixture::new(granting(600, |_, _| ok()), &variables).await;
    assert_eq!(same.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(same.stub.seen()[0].header("x-key"), Some("k"));

    let tokens = Stub::playing(vec![granted(S1, 600)]);
    let url = format!("{}{TOKEN}", tokens.base);
    variables.push(("AUTHZ_TOKEN_URL", &url));
    let other = Fixture::playing(vec![ok()], &variables).await;
    assert_eq!(other.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(tokens.seen()[0].header("x-key"), None);
    assert_eq!(other.stub.seen()[0].header("x-key"), Some("k"));
}

#[tokio::test]
async fn many_requests_fetch_one_token_of_our_own() {
    let stub = Stub::new(|seen| {
        if seen.path == TOKEN {
            std::thread::sleep(Duration::from_millis(100));
            return granted(S1, 600);
        }
        ok()
    });
    let fixture = Fixture::new(stub, &with(&OWN_TOKEN, &[AUDIENCE])).await;
    let (first, second) = (bearing(T1), bearing(T2));
    let answers = tokio::join!(fixture.ask(&first), fixture.ask(&second));
    assert_eq!(answers, (allow("alice", W_REST), allow("alice", W_REST)));
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (1, 2));
}

#[tokio::test]
async fn a_revoked_token_of_ours_that_is_refused_with_403_is_replaced_by_the_next_request() {
    let stub = granting(
        36_000,
        |_, given| {
            if given == 1 { json_answer(403, json!({})) } else { ok() }
        },
    );
    let fixture = Fixture::new(stub, &OWN_TOKEN).await;
    // A new token that is refused lacks a right: to fetch another for each request would help nobody.
    for _ in 0..2 {
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        fixture.assert_line(json!({"reason": "upstream_forbidden"}));
    }
    assert_eq!(fixture.stub.count(TOKEN), 1);
    fixture.clock.advance_ms(10_000);
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, 4));
}

#[tokio::test]
async fn a_server_that_refuses_every_token_of_ours_costs_no_new_token_for_each_request() {
    // After a while the server takes our tokens again.
    let stub = granting(
        36_000,
        |_, given| {
            if given < 4 { json_answer(401, json!({})) } else { ok() }
        },
    );
    let fixture = Fixture::new(stub, &with(&OWN_TOKEN, &[AUDIENCE])).await;
    // A token and its replacement are refused; a third would fare no better.
    for up in [2, 3, 4] {
        assert_eq!(fixture.ask(&bearing(T1)).await, e500());
        fixture.assert_line(json!({"reason": "upstream_unauthorized"}));
        assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, up));
    }
    fixture.clock.advance_ms(9_999);
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, 5));
    fixture.clock.advance_ms(1);
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (3, 7));
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (3, 8));
    fixture.clock.advance_ms(10_000);
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (4, 10));
}
