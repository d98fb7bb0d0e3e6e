//! The authorizer's binary verifying Hydra's signed tokens by itself: keys that change while it runs, a server beside one
//! that is asked, a server of keys that is gone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::standin::{Fault, Hydra, HydraOptions};
use serde_json::{Value, json};

use crate::door::Door;
use crate::stage::listener;

/// An API, and the Hydra behind it.
struct HydrasDoor {
    hydra: Hydra,
    api: Door,
}

impl HydrasDoor {
    /// An API whose authorizer has these servers. `ADMIN` and `PUBLIC` are Hydra's base URLs; public is the issuer, too.
    async fn before(providers: Value) -> Self {
        let hydra = Hydra::start(listener().await, listener().await, HydraOptions::default()).unwrap();
        let providers = providers.to_string().replace("ADMIN", &hydra.admin_url());
        let providers = providers.replace("PUBLIC", &hydra.public_url());
        let variables = [("AUTHZ_CACHE_TTL_SECS", "0"), ("AUTHZ_PROVIDERS", providers.as_str())];
        Self {
            api: Door::with(&variables).await,
            hydra,
        }
    }

    async fn answer(&self, token: &str) -> (u16, Value) {
        self.api.answer(token).await
    }

    async fn status(&self, token: &str) -> u16 {
        self.api.status(token).await
    }

    /// Claims as Hydra writes them, with changes.
    fn claims(&self, changes: Value) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "aud": ["orders-api"], "client_id": "web", "exp": now + 600, "ext": {}, "iat": now, "iss": self.hydra.public_url(),
            "jti": "0f0f", "nbf": now, "scp": ["hello"], "sub": "alice",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn mint(&self) -> String {
        self.hydra.mint_jwt(&self.claims(json!({}))).unwrap()
    }

    fn key_fetches(&self) -> usize {
        let calls = self.hydra.public().calls();
        calls
            .iter()
            .filter(|call| call.path == "/.well-known/jwks.json")
            .count()
    }

    fn reasons(&self) -> Vec<String> {
        let log = self.api.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines
            .filter_map(|line| Some(line["reason"].as_str()?.to_owned()))
            .collect()
    }
}

fn keys_of_hydra(members: Value) -> Value {
    let mut entry = json!({"name": "hydra", "kind": "jwks", "jwks_url": "PUBLIC/.well-known/jwks.json", "issuers": ["PUBLIC"],
               "audiences": ["orders-api"]});
    for (name, value) in members.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_tokens_pass_while_keys_change() {
    let door = HydrasDoor::before(json!([keys_of_hydra(json!({"jwks_ttl_secs": 10}))])).await;
    let pause = || tokio::time::sleep(Duration::from_millis(5200));
    let old = door.mint();
    let (status, told) = door.answer(&old).await;
    assert_eq!((status, &told["principalId"]), (200, &json!("alice")), "{told}");
    assert_eq!(
        (&told["context"]["scope"], &told["context"]["client_id"]),
        (&json!("hello"), &json!("web"))
    );
    assert_eq!(door.status(&old).await, 200);
    assert_eq!(door.key_fetches(), 1);

    // A key that signs before anyone could see it: for a while nobody looks again.
    door.hydra.rotate_keys().unwrap();
    let new = door.mint();
    assert_eq!((door.status(&new).await, door.status(&old).await), (401, 200));
    assert_eq!(door.key_fetches(), 1);
    pause().await;
    assert_eq!((door.status(&old).await, door.status(&new).await), (200, 200));
    assert_eq!(door.key_fetches(), 2);

    door.hydra.withdraw_old_keys().unwrap();
    pause().await;
    assert_eq!((door.status(&new).await, door.status(&old).await), (200, 401));
    assert_eq!(door.key_fetches(), 3);
    assert_eq!(
        door.reasons(),
        [
            "allow",
            "allow",
            "unknown_key",
            "allow",
            "allow",
            "allow",
            "allow",
            "unknown_key"
        ]
    );
    let log = door.api.log();
    assert!(
        !log.contains(&old) && !log.contains(&new) && !log.contains("eyJ"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_signed_token_decides_the_answer() {
    let door = HydrasDoor::before(json!([keys_of_hydra(json!({}))])).await;
    let good = door.mint();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode(door.claims(json!({"sub": "root"})).to_string());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let signed = |changes: Value| door.hydra.mint_jwt(&door.claims(changes)).unwrap();
    for (token, status, reason) in [
        (good.clone(), 200, "allow"),
        (signed(json!({"scp": "hello"})), 200, "allow"),
        (signed(json!({"scp": ["bye"]})), 403, "scope"),
        (signed(json!({"iss": "https://elsewhere/"})), 403, "issuer"),
        // Hydra signs ID tokens with keys of the same document.
        (signed(json!({"aud": ["web"]})), 403, "audience"),
        (signed(json!({"nonce": "n"})), 401, "not_access_token"),
        (signed(json!({"exp": 1_700_000_000})), 401, "expired"),
        (signed(json!({"exp": null})), 401, "no_exp"),
        (signed(json!({"nbf": 9_000_000_000_u64})), 401, "not_yet_valid"),
        (format!("{header}.{other}.{signature}"), 401, "bad_signature"),
        (format!("{none}.{other}.{signature}"), 401, "algorithm"),
        (format!("{none}.{other}."), 401, "malformed_jwt"),
        (message.to_owned(), 401, "malformed_jwt"),
        ("opaque".to_owned(), 401, "malformed_jwt"),
    ] {
        assert_eq!(door.status(&token).await, status, "{reason}");
        assert_eq!(door.reasons().last().map(String::as_str), Some(reason));
    }
    assert_eq!(door.key_fetches(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn opaque_tokens_are_asked_about_and_signed_ones_are_not() {
    let asked = json!({"name": "opaque", "kind": "introspection", "token_prefix": "ory_at_",
                       "introspection_url": "ADMIN/admin/oauth2/introspect", "issuers": ["PUBLIC"]});
    let door = HydrasDoor::before(json!([asked, keys_of_hydra(json!({}))])).await;
    let issuer = door.hydra.public_url();
    let active = |issuer: &str| json!({"active": true, "sub": "bob", "scope": "hello", "iss": issuer});
    let opaque = door.hydra.mint(&active(&issuer)).unwrap();
    let foreign = door.hydra.mint(&active("https://elsewhere/")).unwrap();
    let signed = door.mint();
    assert_eq!((door.status(&opaque).await, door.status(&signed).await), (200, 200));
    assert_eq!(door.hydra.admin().calls().len(), 1);
    // A server's word about another's token, a signed token under the prefix of the other kind, an unknown one.
    assert_eq!(door.status(&foreign).await, 403);
    assert_eq!(door.status(&format!("ory_at_{signed}")).await, 401);
    assert_eq!(door.status("unknown").await, 401);
    assert_eq!(door.reasons(), ["allow", "allow", "issuer", "inactive", "no_provider"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_keys_that_fails_is_an_error_until_it_is_back() {
    let door = HydrasDoor::before(json!([keys_of_hydra(json!({}))])).await;
    let token = door.mint();
    door.hydra.public().fault(Fault::status(503).times(1000));
    // The start asked nobody.
    assert_eq!(door.key_fetches(), 0);
    assert_eq!(door.status(&token).await, 500);
    let tries = door.key_fetches();
    assert_eq!(door.status(&token).await, 500);
    assert_eq!(door.key_fetches(), tries, "left alone for a second");
    door.hydra.public().clear_faults();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(door.status(&token).await, 200);
    assert_eq!(door.reasons(), ["upstream_status", "upstream_status", "allow"]);
}
