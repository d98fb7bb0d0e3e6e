//! What is remembered between requests, seen from outside.

use serde_json::json;

use crate::fixture::*;
use crate::stub::json as json_answer;

#[tokio::test]
async fn claims_are_asked_for_again_when_their_time_is_over() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    for (advance_ms, up, cache) in [(0, 1, "miss"), (59_999, 1, "hit"), (1, 2, "miss"), (0, 2, "hit")] {
        fixture.clock.advance_ms(advance_ms);
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!(fixture.up(), up);
        fixture.assert_line(json!({"cache": cache}));
    }
    assert_eq!(fixture.line()["CacheHits"], 1);
}

#[tokio::test]
async fn a_remembered_token_expires_all_the_same() {
    let exp = NOW + 20;
    let fixture = Fixture::playing(vec![ok_with(json!({"exp": exp}))], &[("AUTHZ_CLOCK_SKEW_SECS", "0")]).await;
    let mut context = context_ok();
    context["exp"] = json!(exp.to_string());
    assert_eq!(
        fixture.ask(&bearing(T1)).await,
        allow_with("alice", W_REST, context.clone())
    );
    fixture.clock.advance_ms(19_999);
    assert_eq!(fixture.ask(&bearing(T1)).await, allow_with("alice", W_REST, context));
    assert_eq!(fixture.up(), 1);
    fixture.clock.advance_ms(1);
    assert_eq!(fixture.ask(&bearing(T1)).await, e401());
    assert_eq!(fixture.up(), 2);
    fixture.assert_line(json!({"reason": "expired", "cache": "miss"}));
}

#[tokio::test]
async fn one_token_serves_every_kind_of_event() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    let bearer = format!("Bearer {T1}");
    assert_eq!(fixture.ask(&token_event(&bearer)).await, allow("alice", W_REST));
    assert_eq!(fixture.ask(&http_v1(&bearer)).await, allow("alice", W_V1));
    assert_eq!(fixture.ask(&http_v2(&bearer)).await, simple(true));
    assert_eq!(
        fixture
            .ask(&ws_connect(json!({"authorization": bearer}), json!(null)))
            .await,
        allow("alice", W_WS)
    );
    assert_eq!(fixture.up(), 1);
    assert_eq!(fixture.ask(&bearing(T2)).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn denials_of_an_active_token_come_from_its_claims() {
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_REQUIRED_SCOPES", "orders.write")]).await;
    for cache in ["miss", "hit"] {
        assert_eq!(fixture.ask(&bearing(T1)).await, deny("alice", W_REST));
        fixture.assert_line(json!({"cache": cache, "reason": "scope"}));
    }
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn refusals_are_remembered_for_a_short_time() {
    let fixture = Fixture::playing(vec![inactive(), ok()], &[]).await;
    for (advance_ms, expected, up, cache) in [
        (0, e401(), 1, "miss"),
        (4999, e401(), 1, "neg"),
        (1, allow("alice", W_REST), 2, "miss"),
    ] {
        fixture.clock.advance_ms(advance_ms);
        assert_eq!(fixture.ask(&bearing(T1)).await, expected);
        assert_eq!(fixture.up(), up);
        fixture.assert_line(json!({"cache": cache}));
    }
}

#[tokio::test]
async fn a_token_of_the_wrong_kind_is_remembered_as_refused() {
    for changes in [json!({"token_use": "refresh_token"}), json!({"cnf": {}})] {
        let fixture = Fixture::playing(vec![ok_with(changes)], &[]).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, e401());
        let reason = fixture.line()["reason"].clone();
        assert_eq!(fixture.ask(&bearing(T1)).await, e401());
        fixture.assert_line(json!({"cache": "neg", "reason": reason}));
        assert_eq!(fixture.up(), 1);
    }
}

#[tokio::test]
async fn what_may_change_soon_is_not_remembered() {
    for act in [
        ok_with(json!({"exp": NOW - 100})),
        ok_with(json!({"nbf": NOW + 100})),
        ok_with(json!({"exp": null})),
        ok_with(json!({"scope": 5})),
        json_answer(503, "{}"),
        json_answer(404, "{}"),
        json_answer(200, "[]"),
    ] {
        let fixture = Fixture::playing(vec![act], &[("AUTHZ_RETRIES", "0")]).await;
        let first = fixture.ask(&bearing(T1)).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, first);
        assert_eq!(fixture.up(), 2);
    }
}

#[tokio::test]
async fn a_failure_leaves_a_remembered_token_alone() {
    let fixture = Fixture::playing(vec![ok(), json_answer(503, "{}")], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.ask(&bearing(T2)).await, e500());
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
}

#[tokio::test]
async fn with_a_time_of_zero_every_request_asks() {
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_CACHE_TTL_SECS", "0")]).await;
    for up in 1..4 {
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!(fixture.up(), up);
        fixture.assert_line(json!({"cache": "off"}));
    }
}

#[tokio::test]
async fn a_clock_set_back_asks_again() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    fixture.clock.set_ms(NOW * 1000 - 1);
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn fingerprints_can_be_left_out_of_the_log() {
    let fixture = Fixture::playing(vec![ok()], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert_eq!(fixture.line()["token_fp"].as_str().unwrap().len(), 8);
    let fixture = Fixture::playing(vec![ok()], &[("AUTHZ_LOG_TOKEN_FP", "false")]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    assert!(fixture.line().get("token_fp").is_none());
}

const STALE: [(&str, &str); 2] = [("AUTHZ_STALE_IF_ERROR_SECS", "600"), ("AUTHZ_RETRIES", "0")];

#[tokio::test]
async fn stale_claims_stand_in_for_a_failing_server() {
    for (act, failure) in [
        (json_answer(503, "{}"), "upstream_status"),
        (json_answer(404, "{}"), "upstream_config"),
        (json_answer(401, "{}"), "upstream_unauthorized"),
        (json_answer(200, "[]"), "upstream_invalid"),
        (crate::stub::Act::Close, "upstream_connect"),
    ] {
        let fixture = Fixture::playing(vec![ok(), act], &STALE).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        fixture.clock.advance_ms(659_999);
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST), "{failure}");
        fixture.assert_line(
            json!({"decision": "allow", "reason": "stale", "level": "WARN", "cache": "stale",
                                   "upstream_failure": failure, "StaleHits": 1}),
        );
        assert!(fixture.up() >= 2);
        fixture.clock.advance_ms(1);
        assert_eq!(fixture.ask(&bearing(T1)).await, e500(), "{failure}");
        fixture.assert_line(json!({"cache": "miss", "reason": failure}));
    }
}

#[tokio::test]
async fn stale_claims_never_outlive_the_token() {
    let exp = NOW + 100;
    let fixture = Fixture::playing(vec![ok_with(json!({"exp": exp})), json_answer(503, "{}")], &STALE).await;
    fixture.ask(&bearing(T1)).await.unwrap();
    fixture.clock.advance_ms(99_999);
    assert!(fixture.ask(&bearing(T1)).await.is_ok());
    fixture.clock.advance_ms(1);
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
}

#[tokio::test]
async fn stale_claims_do_not_stand_in_for_an_answer() {
    let fixture = Fixture::playing(vec![ok(), inactive(), json_answer(503, "{}")], &STALE).await;
    fixture.ask(&bearing(T1)).await.unwrap();
    fixture.clock.advance_ms(61_000);
    // Revoked, and with that forgotten.
    assert_eq!(fixture.ask(&bearing(T1)).await, e401());
    fixture.clock.advance_ms(5_000);
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    // A token that was never seen has no stale claims, and without the option nobody has.
    assert_eq!(fixture.ask(&bearing(T2)).await, e500());
    let fixture = Fixture::playing(vec![ok(), json_answer(503, "{}")], &[]).await;
    fixture.ask(&bearing(T1)).await.unwrap();
    fixture.clock.advance_ms(60_000);
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
}

#[tokio::test]
async fn stale_claims_do_not_stand_in_for_a_newer_reply_that_was_refused() {
    for changes in [
        json!({"exp": NOW - 100}),
        json!({"nbf": NOW + 600}),
        json!({"exp": null}),
        json!({"exp": "soon"}),
    ] {
        let variables = [STALE[0], STALE[1], ("AUTHZ_REQUIRE_EXP", "true")];
        let acts = vec![ok(), ok_with(changes.clone()), json_answer(503, "{}")];
        let fixture = Fixture::playing(acts, &variables).await;
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        fixture.clock.advance_ms(61_000);
        // The server no longer says what it said at first.
        let refused = fixture.ask(&bearing(T1)).await;
        assert!(refused == e401() || refused == e500(), "{changes}");
        assert_eq!(fixture.ask(&bearing(T1)).await, e500(), "{changes}");
    }
}

#[tokio::test]
async fn stale_claims_are_judged_anew() {
    let variables = [STALE[0], STALE[1], ("AUTHZ_REQUIRED_SCOPES", "orders.write")];
    let fixture = Fixture::playing(vec![ok(), json_answer(503, "{}")], &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, deny("alice", W_REST));
    fixture.clock.advance_ms(60_000);
    assert_eq!(fixture.ask(&bearing(T1)).await, deny("alice", W_REST));
    fixture.assert_line(json!({"decision": "forbidden", "reason": "scope", "cache": "stale"}));
}
