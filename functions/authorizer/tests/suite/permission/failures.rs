//! Checks that fail: errors, never answers; within one budget for both servers.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{CHECK, KETO, asked, fixture, no, yes};
use crate::fixture::*;
use crate::stub::{Act, Stub, json as json_answer};

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    for (act, reason, times) in [
        (json_answer(403, ""), "upstream_forbidden", 1),
        (json_answer(403, HTML), "upstream_forbidden", 1),
        (json_answer(403, r#"{"error":{"code":403}}"#), "upstream_forbidden", 1),
        (json_answer(403, r#"{"allowed":true}"#), "upstream_invalid", 1),
        (
            json_answer(403, format!(r#"{{"allowed":false,"x":"{}"}}"#, "x".repeat(66_000))),
            "upstream_forbidden",
            1,
        ),
        (json_answer(200, HTML), "upstream_invalid", 1),
        (json_answer(200, r#"{"allowed":"true"}"#), "upstream_invalid", 1),
        (json_answer(204, ""), "upstream_invalid", 1),
        (json_answer(302, r#"{"allowed":true}"#), "upstream_redirect", 1),
        (json_answer(400, r#"{"allowed":true}"#), "upstream_config", 1),
        (json_answer(401, r#"{"allowed":true}"#), "upstream_unauthorized", 1),
        (json_answer(404, "{}"), "upstream_config", 1),
        (json_answer(503, r#"{"allowed":true}"#), "upstream_status", 2),
        (Act::Close, "upstream_connect", 2),
        (Act::Cut(r#"{"allowed":true}"#.to_owned()), "upstream_connect", 2),
        (Act::Stall, "upstream_timeout", 2),
        (Act::StallInBody, "upstream_timeout", 2),
    ] {
        for events in [bearing(T1), http_v2(&format!("Bearer {T1}"))] {
            let more = [("AUTHZ_REQUEST_TIMEOUT_MS", "100")];
            let fixture = fixture(act.clone(), &with(&KETO, &more)).await;
            assert_eq!(fixture.ask(&events).await, e500(), "{act:?}");
            let line = fixture.line();
            assert_eq!(
                (&line["reason"], &line["permission"]),
                (&json!(reason), &json!("failed")),
                "{act:?}"
            );
            // A connection that was kept and died is replaced beside that.
            assert!((times..=times + 1).contains(&asked(&fixture).len()), "{act:?}");
            assert_eq!(fixture.up(), 1);
        }
    }
}

#[tokio::test]
async fn both_servers_share_one_budget_and_lambdas_deadline() {
    for (budget, left_ms) in [("500", 30_000), ("4000", 750)] {
        let stub = Stub::new(|seen| {
            if seen.path != INTROSPECT {
                return Act::Stall;
            }
            std::thread::sleep(Duration::from_millis(300));
            ok()
        });
        let more = [("AUTHZ_TOTAL_BUDGET_MS", budget), ("AUTHZ_RETRIES", "3")];
        let fixture = Fixture::new(stub, &with(&KETO, &more)).await;
        let started = Instant::now();
        assert_eq!(fixture.ask_raw(&bearing(T1).to_string(), left_ms).await, e500());
        let took = started.elapsed();
        assert!(
            took >= Duration::from_millis(450) && took < Duration::from_millis(900),
            "{took:?}"
        );
        assert_eq!((fixture.up(), asked(&fixture).len()), (1, 1));
        fixture.assert_line(json!({"reason": "upstream_timeout", "permission": "failed"}));
    }
}

#[tokio::test]
async fn claims_that_may_serve_on_leave_time_for_the_check() {
    let mut introspections = 0;
    let stub = Stub::new(move |seen| {
        if seen.path != INTROSPECT {
            return yes();
        }
        introspections += 1;
        if introspections == 1 { ok() } else { Act::Stall }
    });
    let more = [
        ("AUTHZ_STALE_IF_ERROR_SECS", "600"),
        ("AUTHZ_RETRIES", "2"),
        ("AUTHZ_REQUEST_TIMEOUT_MS", "200"),
        ("AUTHZ_TOTAL_BUDGET_MS", "600"),
    ];
    let fixture = Fixture::new(stub, &with(&KETO, &more)).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", A_REST));
    fixture.clock.advance_ms(60_000);
    let started = Instant::now();
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", A_REST));
    assert!(
        started.elapsed() < Duration::from_millis(600),
        "{:?}",
        started.elapsed()
    );
    fixture.assert_line(json!({"reason": "stale", "upstream_failure": "upstream_timeout", "permission": "allowed"}));
    // Also where there is less time than two requests may take.
    assert_eq!(
        fixture.ask_raw(&bearing(T1).to_string(), 450).await,
        allow("alice", A_REST)
    );
}

#[tokio::test]
async fn the_line_tells_of_the_check() {
    let fixture = fixture(no(), &KETO).await;
    let _ = fixture.ask(&bearing(T1)).await;
    let line = fixture.line();
    assert!(line["permission_ms"].as_f64().unwrap() > 0.0 && line["PermissionMs"] == line["permission_ms"]);
    fixture.assert_line(
        json!({"permission": "denied", "permission_action": "read", "permission_attempts": 1,
        "permission_status": 403, "PermissionAttempts": 1, "principal": "alice", "upstream_status": 200}),
    );
    assert!(line.get("hint").is_none() && line.get("permission_bytes").is_none());

    let missing = super::fixture(json_answer(404, "nowhere"), &KETO).await;
    assert_eq!(missing.ask(&bearing(T1)).await, e500());
    missing.assert_line(json!({"permission": "failed", "permission_status": 404}));
    assert!(missing.line()["hint"].as_str().unwrap().contains(CHECK));
}
