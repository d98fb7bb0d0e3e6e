//! Checks are never remembered; what is remembered beside them ends when it ends.

use serde_json::json;

use super::{KETO, asked, no, yes};
use crate::fixture::*;
use crate::stub::{Stub, json as json_answer};

#[tokio::test]
async fn nothing_is_remembered_and_the_token_ends_when_it_ends() {
    let stub = Stub::new(|seen| if seen.path == INTROSPECT { ok() } else { yes() });
    let fixture = Fixture::new(stub, &with(&KETO, &[("AUTHZ_CACHE_TTL_SECS", "3600")])).await;
    for times in 1..=3 {
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", A_REST));
        assert_eq!((fixture.up(), asked(&fixture).len()), (1, times));
    }
    fixture.assert_line(json!({"cache": "hit", "permission": "allowed", "permission_attempts": 1}));
    // 10 s of skew after its end.
    fixture.clock.advance_ms(3_610_000);
    let _ = fixture.ask(&bearing(T1)).await;
    assert_eq!((fixture.up(), asked(&fixture).len()), (2, 3));
    fixture.assert_line(json!({"reason": "expired"}));
}

#[tokio::test]
async fn a_no_after_a_yes_counts_at_once() {
    let mut answers = vec![no(), yes(), no()].into_iter();
    let stub = Stub::new(move |seen| match seen.path.as_str() {
        INTROSPECT => ok(),
        _ => answers.next().unwrap(),
    });
    let fixture = Fixture::new(stub, &KETO).await;
    for expected in [deny("alice", W_REST), allow("alice", A_REST), deny("alice", W_REST)] {
        assert_eq!(fixture.ask(&bearing(T1)).await, expected);
    }
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn stale_claims_are_asked_about_and_cover_no_failure_of_the_check() {
    let mut introspections = 0;
    let mut checks = vec![yes(), yes(), no(), json_answer(404, "{}")].into_iter();
    let stub = Stub::new(move |seen| {
        if seen.path != INTROSPECT {
            return checks.next().unwrap();
        }
        introspections += 1;
        if introspections == 1 {
            ok()
        } else {
            json_answer(404, "{}")
        }
    });
    let fixture = Fixture::new(stub, &with(&KETO, &[("AUTHZ_STALE_IF_ERROR_SECS", "600")])).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", A_REST));
    fixture.clock.advance_ms(60_000);
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", A_REST));
    fixture.assert_line(json!({"reason": "stale", "upstream_failure": "upstream_config", "permission": "allowed"}));
    assert_eq!(fixture.ask(&bearing(T1)).await, deny("alice", W_REST));
    fixture.assert_line(json!({"reason": "permission", "cache": "stale"}));
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    fixture.assert_line(json!({"reason": "upstream_config", "permission": "failed", "cache": "stale"}));
}
