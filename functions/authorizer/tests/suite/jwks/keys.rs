//! Keys of a server: when they are fetched, how long they count, and what happens while they cannot be had.

use serde_json::{Value, json};

use super::authorizer;
use crate::fixture::*;
use crate::issuer::{Key, Published};
use crate::stub::{self, Act};

#[tokio::test]
async fn rotated_keys_are_found_and_withdrawn_ones_end() {
    let (old, new) = (Key::p256("old"), Key::p256("new"));
    let published = Published::new(&[&old]);
    let fixture = authorizer(&published, json!({}), &[]).await;
    assert_eq!(fixture.reason(&old.good()).await, "allow");
    fixture.later(11);
    // Published before it is used: no request is refused.
    published.now(&[&old, &new]);
    assert_eq!(fixture.reason(&new.good()).await, "allow");
    assert_eq!(fixture.fetches(), 2);
    published.now(&[&new]);
    assert_eq!(fixture.reason(&old.good()).await, "allow", "known for now");
    // From half of the keys' life on they are looked for with the next request.
    fixture.later(149);
    assert_eq!(fixture.reason(&old.good()).await, "allow");
    assert_eq!(fixture.fetches(), 2);
    fixture.later(1);
    assert_eq!(fixture.reason(&old.good()).await, "unknown_key");
    assert_eq!(
        (fixture.reason(&new.good()).await.as_str(), fixture.fetches()),
        ("allow", 3)
    );
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_ten_seconds() {
    let (key, stranger) = (Key::p256("one"), Key::p256("stranger"));
    let fixture = authorizer(&Published::new(&[&key]), json!({}), &[]).await;
    for (at, fetches) in [(0, 1), (9, 1), (1, 2), (0, 2), (9, 2), (1, 3)] {
        fixture.later(at);
        for _ in 0..5 {
            assert_eq!(fixture.reason(&stranger.good()).await, "unknown_key");
        }
        assert_eq!(fixture.fetches(), fetches);
    }
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    assert_eq!(fixture.fetches(), 3);
}

#[tokio::test]
async fn many_who_wait_for_keys_share_one_fetch() {
    let key = Key::p256("one");
    let fixture = authorizer(&Published::new(&[&key]), json!({}), &[]).await;
    let answers = fixture.ask_together(&vec![bearing(&key.good()); 20]).await;
    assert!(answers.into_iter().all(|answer| answer == allow("alice", W_REST)));
    assert_eq!(fixture.fetches(), 1);
}

#[tokio::test]
async fn a_failing_server_is_left_alone_for_a_while_and_known_keys_serve_on() {
    let key = Key::p256("one");
    let published = Published::new(&[&key]);
    published.now_does(stub::json(503, "{}"));
    let fixture = authorizer(&published, json!({"jwks_ttl_secs": 100}), &[]).await;
    // No keys at all: the failure is told, and repeated without a question: for 1 s, 2 s, 4 s, 8 s, 10 s, 10 s.
    let mut fetches = 0;
    for pause in [1, 2, 4, 8, 10, 10] {
        fetches += 1;
        assert_eq!(fixture.reason(&key.good()).await, "upstream_status");
        fixture.assert_line(json!({"keys_failure": "upstream_status", "KeyFetchFailures": 1, "KeyFetches": 1}));
        fixture.clock.advance_ms(pause * 1000 - 1);
        assert_eq!(fixture.reason(&key.good()).await, "upstream_status");
        fixture.assert_line(json!({"keys_failure": null, "KeyFetchFailures": null}));
        assert_eq!(fixture.fetches(), fetches);
        fixture.clock.advance_ms(1);
    }
    published.now(&[&key]);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    // Keys are known: they serve until their time is over, whatever the server does.
    published.now_does(stub::json(200, "<html>"));
    fixture.later(50);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    fixture.assert_line(json!({"keys_failure": "upstream_invalid", "keys_status": 200}));
    fixture.later(49);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    // And not longer.
    fixture.later(1);
    assert_eq!(fixture.reason(&key.good()).await, "upstream_invalid");
    // Nobody can tell whether a key that is not known is a new one.
    published.now(&[&key]);
    fixture.later(10);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    published.now_does(Act::Close);
    fixture.later(10);
    let stranger = Key::p256("stranger").good();
    assert_eq!(fixture.reason(&stranger).await, "upstream_connect");
    assert_eq!(fixture.reason(&key.good()).await, "allow");
}

#[tokio::test]
async fn keys_serve_beyond_their_time_only_where_that_is_wanted() {
    let key = Key::p256("one");
    let published = Published::new(&[&key]);
    let stale = [("AUTHZ_STALE_IF_ERROR_SECS", "50")];
    let fixture = authorizer(&published, json!({"jwks_ttl_secs": 100}), &stale).await;
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    published.now_does(stub::json(500, "{}"));
    fixture.later(99);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    fixture.assert_line(json!({"cache": "off", "level": "INFO", "keys_failure": "upstream_status", "StaleHits": null}));
    fixture.later(1);
    // Also while the server is left alone.
    for fetches in [1, 0] {
        let fetches = json!(Some(fetches).filter(|count| *count > 0));
        let answered = fixture.ask(&bearing(&key.good())).await;
        assert_eq!(answered, allow("alice", W_REST));
        fixture.assert_line(
            json!({"reason": "stale", "cache": "stale", "level": "WARN", "StaleHits": 1,
                                   "upstream_failure": "upstream_status", "KeyFetches": fetches}),
        );
    }
    fixture.later(49);
    assert_eq!(fixture.ask(&bearing(&key.good())).await, allow("alice", W_REST));
    fixture.later(1);
    assert_eq!(fixture.reason(&key.good()).await, "upstream_status");
    // A clock that is set back tells no age: the keys are got anew.
    published.now(&[&key]);
    fixture.later(10);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    let before = fixture.fetches();
    fixture.clock.set_ms(NOW * 1000);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    assert_eq!(fixture.fetches(), before + 1);
}

#[tokio::test]
async fn what_is_no_document_of_keys_is_a_failure() {
    let key = Key::p256("one");
    let many: Vec<Value> = (0..101).map(|_| key.jwk()).collect();
    for (act, reason) in [
        (stub::json(200, json!({"keys": many})), "upstream_invalid"),
        (stub::json(200, json!({"keys": {}})), "upstream_invalid"),
        (stub::json(200, json!([])), "upstream_invalid"),
        (stub::json(200, r#"{"keys":[],"keys":[]}"#), "upstream_invalid"),
        (
            stub::json(200, format!("{}x", json!({"keys": [key.jwk()]}))),
            "upstream_invalid",
        ),
        (
            stub::json(200, json!({"keys": [key.jwk()], "x": "y".repeat(65_536)})),
            "upstream_invalid",
        ),
        (stub::json(302, ""), "upstream_redirect"),
        (stub::json(401, ""), "upstream_unauthorized"),
        (stub::json(403, ""), "upstream_forbidden"),
        (stub::json(404, ""), "upstream_config"),
        (stub::json(204, ""), "upstream_invalid"),
        (stub::json(500, ""), "upstream_status"),
        (Act::Close, "upstream_connect"),
        (Act::Cut("{".to_owned()), "upstream_connect"),
        (stub::json(200, json!({"keys": []})), "upstream_invalid"),
        (
            stub::json(200, json!({"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0"}]})),
            "upstream_invalid",
        ),
        (
            stub::json(
                200,
                json!({"keys": ["x", 5, null, {}, {"kty": "RSA", "kid": "one"}, key.jwk()]}),
            ),
            "allow",
        ),
    ] {
        let published = Published::new(&[]);
        published.now_does(act.clone());
        let fixture = authorizer(&published, json!({}), &[]).await;
        assert_eq!(fixture.reason(&key.good()).await, reason, "{act:?}");
        assert!(!fixture.log().contains("4445"), "no hint about introspection");
    }
}

#[tokio::test]
async fn a_stalling_server_is_given_up_in_time() {
    let key = Key::p256("one");
    let published = Published::new(&[&key]);
    published.now_does(Act::Stall);
    let limits = [("AUTHZ_REQUEST_TIMEOUT_MS", "100"), ("AUTHZ_TOTAL_BUDGET_MS", "300")];
    let fixture = authorizer(&published, json!({}), &limits).await;
    let started = std::time::Instant::now();
    assert_eq!(fixture.reason(&key.good()).await, "upstream_timeout");
    assert!(started.elapsed() < std::time::Duration::from_millis(1000));
    // Within Lambda's own time, too.
    fixture.later(1);
    let started = std::time::Instant::now();
    let event = bearing(&key.good()).to_string();
    assert_eq!(fixture.ask_raw(&event, 300).await, e500());
    assert!(started.elapsed() < std::time::Duration::from_millis(290));
}
