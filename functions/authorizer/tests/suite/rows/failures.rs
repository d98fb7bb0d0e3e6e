//! Rows about failures: of the server, of the way to it, of our own credentials. None is an answer about the token.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::stub::json as json_answer;

/// Without a cache, so that every request shows our own token.
fn own_token() -> Vec<(&'static str, &'static str)> {
    with(&OWN_TOKEN, &[("AUTHZ_CACHE_TTL_SECS", "0")])
}

#[tokio::test]
async fn statuses_3xx() {
    for status in [300, 301, 302, 303, 304, 307, 308] {
        failed(json_answer(status, ""), 1, "upstream_redirect").await;
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
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    assert!(other.seen().is_empty());
    assert!(!fixture.log().contains(&other.base));
}

#[tokio::test]
async fn statuses_400_404_405_415() {
    for status in [400, 404, 405, 415] {
        failed(json_answer(status, "{}"), 1, "upstream_config").await;
    }
    let fixture = Fixture::playing(vec![json_answer(404, "404 page not found")], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    let line = fixture.line();
    let hint = line["hint"].as_str().unwrap();
    assert!(
        hint.contains("/admin/oauth2/introspect") && hint.contains("4445"),
        "{hint}"
    );
}

#[tokio::test]
async fn status_401_is_about_us() {
    let basic = [
        ("AUTHZ_INTROSPECTION_AUTH", "basic"),
        ("AUTHZ_CLIENT_ID", "authorizer"),
        ("AUTHZ_CLIENT_SECRET", CLIENT_SECRET),
    ];
    let static_bearer = [("AUTHZ_INTROSPECTION_AUTH", "bearer"), ("AUTHZ_BEARER", S1)];
    for variables in [&[][..], &basic, &static_bearer] {
        let line = json!({"reason": "upstream_unauthorized", "level": "ERROR", "upstream_status": 401});
        replied(json_answer(401, "{}"), variables, Gets::Error, line).await;
    }
}

#[tokio::test]
async fn status_401_with_client_credentials() {
    for (accepted, gets) in [(S2, Gets::Allow), ("nothing", Gets::Error)] {
        for (event, expected) in requests(&bearer(), gets) {
            let stub = granting(600, move |seen, _| {
                let is_accepted = seen.header("authorization") == Some(&format!("Bearer {accepted}"));
                if is_accepted { ok() } else { json_answer(401, "{}") }
            });
            let fixture = Fixture::new(stub, &own_token()).await;
            assert_eq!(fixture.ask(&event).await, expected);
            assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (2, 2));
        }
    }
}

#[tokio::test]
async fn status_403() {
    failed(json_answer(403, "{}"), 1, "upstream_forbidden").await;
}

#[tokio::test]
async fn statuses_408_425_429_500_502_503_504() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        failed(json_answer(status, "{}"), 2, "upstream_status").await;
    }
    failed(json_answer(501, "{}"), 1, "upstream_status").await;
}

#[tokio::test]
async fn connection_refused_reset_or_cut() {
    failed(Act::Close, 2, "upstream_connect").await;
    failed(Act::Cut("{\"active\":".to_owned()), 2, "upstream_connect").await;
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let nobody = Stub::playing(vec![ok()]);
    let url = format!("http://127.0.0.1:{port}/");
    let fixture = Fixture::new(nobody, &[("AUTHZ_INTROSPECTION_URL", &url)]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    fixture.assert_line(json!({"reason": "upstream_connect", "attempts": 2}));
}

#[tokio::test]
async fn name_that_does_not_resolve() {
    let nobody = Stub::playing(vec![ok()]);
    let variables = [
        ("AUTHZ_INTROSPECTION_URL", "http://hydra.invalid/"),
        ("AUTHZ_ALLOW_HTTP", "true"),
        ("AUTHZ_RETRIES", "0"),
    ];
    let fixture = Fixture::new(nobody, &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    let line = fixture.line();
    // A resolver that does not answer in time is a time-out.
    assert!(
        ["upstream_connect", "upstream_timeout"].contains(&line["reason"].as_str().unwrap()),
        "{line}"
    );
    assert!(!line.to_string().contains("hydra.invalid"));
}

#[tokio::test]
async fn certificate_that_does_not_verify() {
    let (url, _) = crate::tls::server("localhost", false).await;
    let (_, another_authority) = crate::tls::server("localhost", false).await;
    let (answer, fixture) = crate::tls::ask(&url, &another_authority).await;
    assert_eq!(answer, e500());
    fixture.assert_line(json!({"reason": "upstream_tls", "level": "ERROR", "attempts": 1}));
}

#[tokio::test]
async fn time_that_runs_out() {
    let impatient = [
        ("AUTHZ_REQUEST_TIMEOUT_MS", "100"),
        ("AUTHZ_TOTAL_BUDGET_MS", "400"),
        ("AUTHZ_RETRY_BACKOFF_MS", "0"),
    ];
    for act in [Act::Stall, Act::StallInBody] {
        for (event, expected) in requests(&bearer(), Gets::Error) {
            let fixture = Fixture::playing(vec![act.clone()], &impatient).await;
            let started = Instant::now();
            assert_eq!(fixture.ask(&event).await, expected);
            assert!(started.elapsed() < Duration::from_millis(700));
            assert_eq!(fixture.up(), 2);
            fixture.assert_line(json!({"reason": "upstream_timeout", "level": "ERROR"}));
        }
    }
    // Lambda's own deadline comes first.
    let fixture = Fixture::playing(vec![Act::Stall], &[]).await;
    let started = Instant::now();
    assert_eq!(fixture.ask_raw(&bearing(T1).to_string(), 500).await, e500());
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn no_token_of_our_own() {
    let line = |code: serde_json::Value| json!({"reason": "system_token", "level": "ERROR", "oauth_error": code});
    for (act, code) in [
        (
            json_answer(
                401,
                r#"{"error":"invalid_client","error_description":"<html>Sign in</html>"}"#,
            ),
            json!("invalid_client"),
        ),
        (json_answer(400, HTML), json!(null)),
        (json_answer(503, HTML), json!("upstream_status")),
        (Act::Close, json!("upstream_connect")),
    ] {
        for (event, expected) in requests(&bearer(), Gets::Error) {
            let fixture = Fixture::playing(vec![act.clone()], &own_token()).await;
            assert_eq!(fixture.ask(&event).await, expected);
            assert_eq!(fixture.up(), 0);
            fixture.assert_line(line(code.clone()));
        }
    }
}

#[tokio::test]
async fn our_own_token_expires_in_mid_life() {
    let fixture = Fixture::new(granting(100, |_, _| ok()), &own_token()).await;
    for (advance_ms, fetches, up) in [(0, 1, 1), (49_999, 1, 2), (1, 2, 3)] {
        fixture.clock.advance_ms(advance_ms);
        assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
        assert_eq!((fixture.stub.count(TOKEN), fixture.up()), (fetches, up));
    }
}

#[tokio::test]
async fn failure_with_a_live_cache_entry() {
    let fixture = Fixture::playing(vec![ok(), json_answer(503, "{}")], &[]).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
    for (event, expected) in requests(&bearer(), Gets::Allow) {
        assert_eq!(fixture.ask(&event).await, expected);
        fixture.assert_line(json!({"cache": "hit", "attempts": 0, "level": "INFO"}));
    }
    assert_eq!(fixture.up(), 1);
}

#[tokio::test]
async fn failure_with_a_stale_cache_entry() {
    for (event, expected) in requests(&bearer(), Gets::Allow) {
        let fixture = Fixture::playing(
            vec![ok(), json_answer(503, "{}")],
            &[("AUTHZ_STALE_IF_ERROR_SECS", "3600")],
        )
        .await;
        assert_eq!(fixture.ask(&event).await, expected);
        fixture.clock.advance_ms(600_000);
        assert_eq!(fixture.ask(&event).await, expected);
        fixture.assert_line(json!({"reason": "stale", "cache": "stale", "level": "WARN", "decision": "allow"}));
        assert_eq!(fixture.up(), 3);
        fixture.clock.advance_ms(3_000_000);
        assert!(fixture.ask(&event).await == e500(), "the token's end has come");
    }
}

#[tokio::test]
async fn failures_are_errors_also_when_the_unauthenticated_are_denied() {
    for mode in ["auto", "error", "deny"] {
        let fixture = Fixture::playing(vec![json_answer(503, "{}")], &[("AUTHZ_UNAUTHENTICATED", mode)]).await;
        for event in [bearing(T1), http_v1(&bearer()), http_v2(&bearer())] {
            assert_eq!(fixture.ask(&event).await, e500());
        }
    }
}

#[tokio::test]
async fn the_unauthenticated_can_be_denied_everywhere_or_failed_everywhere() {
    let deny_all = Fixture::playing(vec![inactive()], &[("AUTHZ_UNAUTHENTICATED", "deny")]).await;
    assert_eq!(deny_all.ask(&bearing(T1)).await, deny("anonymous", W_REST));
    assert_eq!(deny_all.ask(&http_v1(&bearer())).await, deny("anonymous", W_V1));
    assert_eq!(deny_all.ask(&http_v2(&bearer())).await, simple(false));
    let fail_all = Fixture::playing(vec![inactive()], &[("AUTHZ_UNAUTHENTICATED", "error")]).await;
    for event in [bearing(T1), http_v1(&bearer()), http_v2(&bearer())] {
        assert_eq!(fail_all.ask(&event).await, e401());
    }
    let auto = Fixture::playing(vec![inactive()], &[]).await;
    assert_eq!(auto.ask(&http_v1(&bearer())).await, deny("anonymous", W_V1));
    let socket = ws_connect(json!({"Authorization": bearer()}), json!({}));
    assert_eq!(auto.ask(&socket).await, e401());
}
