//! Tokens that are verified here: what passes, what the answers are, when keys are fetched, and how long they count.

use serde_json::{Value, json};

use crate::fixture::*;
use crate::issuer::{KEYS, Key, Published, claims};
use crate::stub::{self, Act};

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
        let answered = self.ask(&token_event(&format!("Bearer {token}"))).await;
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
    for event in [
        token_event(&format!("Bearer {}", key.good())),
        http_v1(&format!("Bearer {}", key.good())),
    ] {
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
        (json!({"scope": ["orders.read"]}), "malformed_jwt"),
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
            let answered = fixture.ask(&token_event(&format!("Bearer {token}"))).await.unwrap();
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
    let event = token_event(&format!("Bearer {}", key.good()));
    let asked: Vec<_> = (0..20).map(|_| fixture.ask(&event)).collect();
    let mut set = Vec::new();
    for answer in asked {
        set.push(answer);
    }
    let answers = futures_all(set).await;
    assert!(answers.into_iter().all(|answer| answer == allow("alice", W_REST)));
    assert_eq!(fixture.fetches(), 1);
}

/// Polls all of them together.
async fn futures_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *output = Some(value);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().map(Option::unwrap).collect()
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
    fixture.later(149);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
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
        assert!(!fixture.own_log().contains("4445"), "no hint about introspection");
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
    let event = token_event(&format!("Bearer {}", key.good())).to_string();
    assert_eq!(fixture.ask_raw(&event, 300).await, e500());
    assert!(started.elapsed() < std::time::Duration::from_millis(290));
}

#[tokio::test]
async fn a_document_without_a_usable_key_replaces_no_keys() {
    let key = Key::p256("one");
    let published = Published::new(&[&key]);
    let fixture = authorizer(&published, json!({"jwks_ttl_secs": 100}), &[]).await;
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    published.now(&[]);
    fixture.later(50);
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    fixture.assert_line(json!({"keys_failure": "upstream_invalid", "keys_status": 200, "KeyFetchFailures": 1}));
    // The server is left alone for a while, as after every failure.
    assert_eq!(fixture.reason(&key.good()).await, "allow");
    assert_eq!(fixture.fetches(), 2);
    // The old keys end when they would have ended.
    fixture.later(50);
    assert_eq!(fixture.reason(&key.good()).await, "upstream_invalid");
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
