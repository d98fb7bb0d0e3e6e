//! Keys that are withdrawn or new, and what operators are told of documents without them.

use serde_json::json;

use super::authorizer;
use crate::fixture::*;
use crate::issuer::{Key, Published};
use crate::stub;

#[tokio::test]
async fn a_document_without_a_usable_key_withdraws_those_before() {
    let key = Key::p256("one");
    let stale = [("AUTHZ_STALE_IF_ERROR_SECS", "3600")];
    let secret = json!({"kty": "oct", "kid": "one", "k": "c2VjcmV0"});
    for (keys, found) in [(json!([]), 0), (json!([secret, {}]), 2)] {
        let published = Published::new(&[&key]);
        let fixture = authorizer(&published, json!({"jwks_ttl_secs": 100}), &stale).await;
        assert_eq!(fixture.reason(&key.good()).await, "allow");
        fixture.assert_line(json!({"keys_found": 1, "keys_usable": 1, "keys_failure": null, "keys_hint": null}));
        published.now_does(stub::json(200, json!({"keys": keys})));
        fixture.later(50);
        assert_eq!(fixture.reason(&key.good()).await, "upstream_invalid");
        fixture.assert_line(
            json!({"keys_failure": "upstream_invalid", "keys_status": 200, "KeyFetchFailures": 1, "level": "ERROR",
                                   "keys_found": found, "keys_usable": 0}),
        );
        assert!(
            fixture.line()["keys_hint"]
                .as_str()
                .unwrap()
                .contains("no key of the document")
        );
        // The server is left alone for a while, as after every failure.
        assert_eq!(fixture.reason(&key.good()).await, "upstream_invalid");
        assert_eq!(fixture.fetches(), 2);
        published.now(&[&key]);
        fixture.later(1);
        assert_eq!(fixture.reason(&key.good()).await, "allow");
    }
}

#[tokio::test]
async fn a_new_key_is_found_as_soon_as_the_server_is_asked_again_after_a_failure() {
    let (old, new) = (Key::p256("old"), Key::p256("new"));
    let published = Published::new(&[&old]);
    let fixture = authorizer(&published, json!({}), &[]).await;
    assert_eq!(fixture.reason(&old.good()).await, "allow");
    fixture.later(10);
    published.now_does(stub::json(503, "{}"));
    assert_eq!(fixture.reason(&new.good()).await, "upstream_status");
    published.now(&[&old, &new]);
    assert_eq!(fixture.reason(&new.good()).await, "upstream_status", "nobody could ask");
    fixture.later(1);
    assert_eq!(fixture.reason(&new.good()).await, "allow");
    assert_eq!(fixture.fetches(), 3);
}

#[tokio::test]
async fn a_request_without_time_to_ask_stands_in_nobodys_way() {
    let key = Key::p256("one");
    let fixture = authorizer(&Published::new(&[&key]), json!({}), &[]).await;
    assert_eq!(fixture.ask_raw(&bearing(&key.good()).to_string(), 250).await, e500());
    fixture.assert_line(json!({"reason": "upstream_timeout", "keys_failure": null}));
    assert_eq!(fixture.fetches(), 0);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
}

#[tokio::test]
async fn an_operator_is_told_where_keys_are() {
    let key = Key::p256("one");
    for (status, hint) in [
        (404, Some("/.well-known/jwks.json")),
        (302, Some("/.well-known/jwks.json")),
        (401, Some("without credentials")),
        (403, Some("without credentials")),
        (200, Some("no key document")),
        (503, None),
    ] {
        let published = Published::new(&[]);
        published.now_does(stub::json(status, "{}"));
        let fixture = authorizer(&published, json!({}), &[]).await;
        fixture.reason(&key.good()).await;
        fixture.assert_line(json!({"keys_content_type": "application/json", "keys_found": null, "hint": null}));
        let told = fixture.line()["keys_hint"].as_str().map(str::to_owned);
        assert_eq!(told.is_some(), hint.is_some(), "{status}");
        // A line has room for no more.
        assert!(
            told.is_none_or(|told| told.contains(hint.unwrap()) && told.len() < 256),
            "{status}"
        );
    }
}
