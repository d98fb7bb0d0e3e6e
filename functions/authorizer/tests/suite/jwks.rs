//! Tokens that are verified here: what passes, and what the answers are.

mod keys;
mod withdrawn;

use serde_json::{Value, json};

use crate::fixture::*;
use crate::issuer::{KEYS, Key, Published, claims};
use crate::stub::Act;

/// One server that publishes keys, with members of its entry added.
pub(crate) fn entry(members: Value) -> String {
    let mut entry = json!({"name": "main", "kind": "jwks", "jwks_url": "{base}/jwks.json",
                           "issuers": ["https://auth.example.com/"], "audiences": ["orders-api"]});
    for (name, value) in members.as_object().unwrap() {
        entry[name] = value.clone();
    }
    json!([entry]).to_string()
}

/// An authorizer that takes tokens of these keys.
pub(crate) async fn authorizer(published: &Published, members: Value, variables: &[(&str, &str)]) -> Fixture {
    let list = entry(members);
    let mut all = vec![("AUTHZ_PROVIDERS", list.as_str()), ("AUTHZ_RETRIES", "0")];
    all.extend_from_slice(variables);
    Fixture::new(published.stub(|_| Act::Close), &all).await
}

impl Fixture {
    /// The reason that stands in the log for a token.
    pub(crate) async fn reason(&self, token: &str) -> String {
        let answered = self.ask(&bearing(token)).await;
        let reason = self.line()["reason"].as_str().unwrap().to_owned();
        let expected = match reason.as_str() {
            "allow" => answered
                .as_ref()
                .is_ok_and(|answer| *answer == allow("alice", W_REST).unwrap()),
            "issuer" | "audience" | "client" | "scope" => {
                let effect = |answer: &Value| answer["policyDocument"]["Statement"][0]["Effect"] == "Deny";
                answered.as_ref().is_ok_and(effect)
            }
            reason if reason.starts_with("upstream_") => answered == e500(),
            _ => answered == e401(),
        };
        assert!(expected, "{reason}: {answered:?}");
        reason
    }

    pub(crate) fn fetches(&self) -> usize {
        self.stub.count(KEYS)
    }

    fn later(&self, seconds: u64) {
        self.clock.advance_ms(seconds * 1000);
    }
}

#[tokio::test]
async fn a_good_token_passes_with_the_same_answer_as_by_introspection() {
    let key = Key::p256("one");
    let fixture = authorizer(&Published::new(&[&key]), json!({}), &[]).await;
    for event in [bearing(&key.good()), http_v1(&format!("Bearer {}", key.good()))] {
        let expected = if event["type"] == "TOKEN" {
            allow("alice", W_REST)
        } else {
            allow("alice", W_V1)
        };
        assert_eq!(fixture.ask(&event).await, expected);
    }
    assert_eq!(
        fixture.ask(&http_v2(&format!("Bearer {}", key.good()))).await,
        simple(true)
    );
    fixture.assert_line(json!({"cache": "off", "provider": "main", "attempts": 0, "principal": "alice"}));
    assert_eq!(fixture.fetches(), 1, "keys are kept");
    assert_eq!(fixture.stub.seen()[0].method, "GET");
    assert_eq!(fixture.stub.seen()[0].header("authorization"), None);
    assert_eq!(fixture.stub.seen()[0].header("content-type"), None);
    // Nothing of a token is ever written, not even its key's name.
    assert!(!fixture.log().contains(&key.good()[..20]) && !fixture.log().contains("\"one\""));
}

#[tokio::test]
async fn every_algorithm_that_is_listed_is_verified() {
    let keys = [
        Key::p256("p256"),
        Key::rsa("rsa", "RS256"),
        Key::rsa("pss", "PS256"),
        Key::ed25519("ed"),
    ];
    let published = Published::new(&[&keys[0], &keys[1], &keys[2], &keys[3]]);
    let all = authorizer(
        &published,
        json!({"algorithms": ["ES256", "RS256", "PS256", "EdDSA"]}),
        &[],
    )
    .await;
    let default = authorizer(&published, json!({}), &[]).await;
    for (key, by_default) in keys.iter().zip(["allow", "allow", "algorithm", "algorithm"]) {
        assert_eq!(all.reason(&key.good()).await, "allow", "{}", key.alg);
        assert_eq!(default.reason(&key.good()).await, by_default, "{}", key.alg);
    }
}

#[tokio::test]
async fn claims_are_checked_as_introspections_are() {
    let key = Key::p256("one");
    let variables = [
        ("AUTHZ_REQUIRED_SCOPES", "orders.read"),
        ("AUTHZ_AUDIENCES", "orders-api"),
    ];
    let fixture = authorizer(&Published::new(&[&key]), json!({}), &variables).await;
    for (changes, reason) in [
        (json!({}), "allow"),
        (json!({"scp": "orders.read"}), "allow"),
        (json!({"scp": null, "scope": "orders.read"}), "allow"),
        (json!({"scp": "orders.write", "scope": "orders.read"}), "allow"),
        (json!({"scp": ["orders.read", 5]}), "malformed_jwt"),
        (json!({"scp": ["a orders.read"]}), "malformed_jwt"),
        (json!({"scp": {}}), "malformed_jwt"),
        // Some servers write a list there, too (RFC 9068, section 2.2.3, knows a text alone).
        (json!({"scp": null, "scope": ["orders.read"]}), "allow"),
        (json!({"scope": ["orders.write"]}), "scope"),
        (json!({"scope": []}), "scope"),
        (json!({"scope": ["a orders.read"]}), "malformed_jwt"),
        (json!({"scope": ["orders.read", 5]}), "malformed_jwt"),
        (json!({"scope": {}}), "malformed_jwt"),
        (json!({"scope": 5}), "malformed_jwt"),
        (json!({"scp": []}), "scope"),
        (json!({"scp": null}), "scope"),
        (json!({"aud": "orders-api"}), "allow"),
        (json!({"aud": "web"}), "audience"),
        (json!({"aud": null}), "audience"),
        (json!({"aud": [5]}), "malformed_jwt"),
        (json!({"iss": "https://auth.example.com"}), "issuer"),
        (json!({"iss": null}), "issuer"),
        (json!({"exp": NOW - 9}), "allow_late"),
        (json!({"exp": NOW - 10}), "expired"),
        (json!({"exp": null}), "no_exp"),
        (json!({"exp": 0}), "no_exp"),
        (json!({"exp": "1760003600"}), "malformed_jwt"),
        (json!({"exp": -1}), "malformed_jwt"),
        (json!({"nbf": NOW + 11}), "not_yet_valid"),
        (json!({"nbf": "soon"}), "malformed_jwt"),
        (json!({"cnf": {"jkt": "x"}}), "unsupported_token_type"),
        (json!({"token_use": "id"}), "not_access_token"),
        // Of Keycloak's tokens.
        (json!({"typ": "Bearer"}), "allow"),
        (json!({"typ": "ID"}), "not_access_token"),
        (json!({"typ": "id"}), "not_access_token"),
        (json!({"typ": "Refresh"}), "not_access_token"),
        (json!({"typ": "Logout"}), "not_access_token"),
        (json!({"at_hash": "x"}), "not_access_token"),
        (json!({"c_hash": "x"}), "not_access_token"),
        (json!({"events": {}}), "not_access_token"),
        // How somebody has logged in stands in access tokens, too (RFC 9068, section 2.2.1).
        (
            json!({"auth_time": NOW, "acr": "1", "amr": ["pwd"], "sid": "s"}),
            "allow",
        ),
        // Of ID tokens, and of answers to authorization requests (JARM).
        (json!({"nonce": "n"}), "not_access_token"),
        (json!({"s_hash": "x"}), "not_access_token"),
        (json!({"code": "c"}), "not_access_token"),
        (json!({"error": "access_denied", "state": "s"}), "not_access_token"),
        (json!({"access_token": "x"}), "not_access_token"),
        (json!({"id_token": "x"}), "not_access_token"),
    ] {
        let token = key.token(&claims(changes.clone()));
        if reason == "allow_late" {
            let answered = fixture.ask(&bearing(&token)).await.unwrap();
            assert_eq!(answered["policyDocument"]["Statement"][0]["Effect"], "Allow");
            continue;
        }
        assert_eq!(fixture.reason(&token).await, reason, "{changes}");
    }
    fixture.assert_line(json!({"level": "WARN"}));
    fixture.reason(&key.token(&claims(json!({"exp": 5})))).await;
    fixture.assert_line(json!({"level": "INFO", "reason": "expired"}));
    assert_eq!(fixture.fetches(), 1);
}

#[tokio::test]
async fn a_token_says_that_it_is_an_access_token_where_it_must() {
    let key = Key::p256("one");
    let published = Published::new(&[&key]);
    let free = authorizer(&published, json!({}), &[]).await;
    let strict = authorizer(&published, json!({"require_typ_at_jwt": true}), &[]).await;
    for (kind, freely, strictly) in [
        (json!("at+jwt"), true, true),
        (json!("application/at+jwt"), true, true),
        (json!("AT+JWT"), true, true),
        (json!("JWT"), true, false),
        (json!(null), true, false),
        (json!("logout+jwt"), false, false),
        (json!("dpop+jwt"), false, false),
        (json!(""), false, false),
    ] {
        let token = key.with_header(json!({"typ": kind}));
        let word = |passes| if passes { "allow" } else { "not_access_token" };
        assert_eq!(free.reason(&token).await, word(freely), "{kind}");
        assert_eq!(strict.reason(&token).await, word(strictly), "{kind}");
    }
    assert_eq!(free.reason(&key.with_header(json!({"typ": 5}))).await, "malformed_jwt");
}

#[tokio::test]
async fn what_a_token_is_used_for_is_asked_of_signed_tokens_too() {
    let key = Key::p256("one");
    let published = Published::new(&[&key]);
    let everywhere = [("AUTHZ_REQUIRE_TOKEN_USE", "true")];
    let strict = authorizer(&published, json!({}), &everywhere).await;
    assert_eq!(strict.reason(&key.good()).await, "not_access_token");
    let told = key.token(&claims(json!({"token_use": "access_token"})));
    assert_eq!(strict.reason(&told).await, "allow");
    // Unless the entry says otherwise in so many words.
    let free = authorizer(&published, json!({"require_token_use": false}), &everywhere).await;
    assert_eq!(free.reason(&key.good()).await, "allow");
}
