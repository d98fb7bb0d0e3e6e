//! Several servers: which one answers for a token.

mod forgery;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::fixture::*;
use crate::issuer::{Key, claims};
use crate::stub::{self, Stub};

const A: &str = "https://auth.example.com/a";
const B: &str = "https://auth.example.com/b";
const C: &str = "https://auth.example.com/c";
const D: &str = "https://auth.example.com/d";
/// Whom nobody trusts.
const E: &str = "https://auth.example.com/e";

/// Opaque tokens that only introspection knows.
const OPAQUE: &str = "ory_at_AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB";

/// Four servers: two are asked, two publish keys, whose names are the same.
struct World {
    fixture: Fixture,
    /// Genuine tokens, each with its issuer.
    genuine: Vec<(String, &'static str)>,
    /// A key that nobody publishes, of the name that all have.
    stranger: Key,
}

fn from(issuer: &str) -> Value {
    claims(json!({"iss": issuer, "sub": name(issuer)}))
}

/// The last part of an issuer: its server's name, and the subject of its tokens.
fn name(issuer: &str) -> &str {
    issuer.rsplit('/').next().unwrap()
}

fn list() -> Value {
    json!([
        {"name": "a", "kind": "introspection", "introspection_url": "{base}/a", "token_prefix": "ory_at_", "issuers": [A]},
        {"name": "b", "kind": "jwks", "jwks_url": "{base}/b", "issuers": [B], "audiences": ["orders-api"]},
        {"name": "c", "kind": "jwks", "jwks_url": "{base}/c", "issuers": [C], "audiences": ["orders-api"]},
        {"name": "d", "kind": "introspection", "introspection_url": "{base}/d", "issuers": [D]},
    ])
}

impl World {
    /// With `believes`, the server `d` calls every token active and of that issuer.
    async fn new(believes: Option<&'static str>) -> Self {
        let [b, c, stranger] = [(); 3].map(|()| Key::p256("one"));
        let d = stranger.token(&from(D));
        let genuine = vec![
            (OPAQUE.to_owned(), A),
            (b.token(&from(B)), B),
            (c.token(&from(C)), C),
            (d.clone(), D),
        ];
        let keys = [b.jwk(), c.jwk()];
        let stub = Stub::new(move |seen| {
            let asked = |token: &str, issuer: &str| {
                if seen.body.starts_with(&format!("token={token}&")) {
                    ok_with(json!({"iss": issuer, "sub": name(issuer)}))
                } else {
                    inactive()
                }
            };
            match (seen.path.as_str(), believes) {
                ("/a", _) => asked(OPAQUE, A),
                ("/b", _) => stub::json(200, json!({"keys": [keys[0]]})),
                ("/c", _) => stub::json(200, json!({"keys": [keys[1]]})),
                (_, Some(issuer)) => ok_with(json!({"iss": issuer, "sub": name(issuer)})),
                (_, None) => asked(&d, D),
            }
        });
        let variables = [
            ("AUTHZ_PROVIDERS", list().to_string()),
            ("AUTHZ_RETRIES", "0".to_owned()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        Self {
            fixture: Fixture::new(stub, &variables).await,
            genuine,
            stranger,
        }
    }

    /// The issuer in whose name a token passes, or the reason why it does not.
    async fn passes(&self, token: &str) -> Result<String, String> {
        let answered = self.fixture.ask(&bearing(token)).await;
        let reason = self.fixture.line()["reason"].as_str().unwrap().to_owned();
        let answer = answered.map_err(|_| reason.clone())?;
        if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow" {
            return Err(reason);
        }
        let issuer = answer["context"]["iss"].as_str().unwrap().to_owned();
        assert_eq!(answer["principalId"], name(&issuer));
        Ok(issuer)
    }
}

#[tokio::test]
async fn each_token_finds_its_server() {
    let world = World::new(None).await;
    for (token, issuer) in &world.genuine {
        assert_eq!(world.passes(token).await.as_deref(), Ok(*issuer));
        world.fixture.assert_line(json!({"provider": name(issuer)}));
    }
    // A token of the known form that no server lists: several have no prefix, so none of them is the one.
    let foreign = world.stranger.token(&from(E));
    assert_eq!(world.passes(&foreign).await, Err("no_provider".to_owned()));
    // A server with a prefix is asked about tokens that have it, and about no others.
    let unprefixed = world.stranger.token(&from(A));
    assert_eq!(world.passes(&unprefixed).await, Err("no_provider".to_owned()));
    // Only one of those without a prefix can be asked about an opaque token.
    assert_eq!(world.passes("opaque").await, Err("inactive".to_owned()));
    world.fixture.assert_line(json!({"provider": "d"}));
}

#[tokio::test]
async fn prefixes_come_first_and_the_longest_wins() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen_at = asked.clone();
    let stub = Stub::new(move |seen| {
        seen_at.lock().unwrap().push(seen.path.clone());
        inactive()
    });
    let entry = |name: &str, prefix: &str| {
        json!({"name": name, "kind": "introspection", "introspection_url": format!("{{base}}/{name}"),
               "token_prefix": prefix, "issuers": [format!("https://auth.example.com/{name}")]})
    };
    let list = json!([entry("short", "t_"), entry("long", "t_long_"), entry("other", "eyJ")]).to_string();
    let fixture = Fixture::new(
        stub,
        &[("AUTHZ_PROVIDERS", &list), ("AUTHZ_NEGATIVE_CACHE_TTL_SECS", "0")],
    )
    .await;
    let key = Key::p256("one");
    // The beginning of every JWT is a prefix too; what it says of its issuer then chooses nothing.
    let jwt = key.token(&json!({"iss": "https://auth.example.com/long"}));
    for (token, path) in [
        ("t_1", Some("/short")),
        ("t_long", Some("/short")),
        ("t_long_1", Some("/long")),
        (&jwt, Some("/other")),
        ("T_1", None),
        ("x", None),
    ] {
        asked.lock().unwrap().clear();
        fixture.ask(&bearing(token)).await.unwrap_err();
        let paths = asked.lock().unwrap().clone();
        assert_eq!(paths, path.into_iter().collect::<Vec<_>>(), "{token}");
        let reason = if path.is_some() { "inactive" } else { "no_provider" };
        fixture.assert_line(json!({"reason": reason}));
    }
}

#[tokio::test]
async fn an_answer_counts_for_its_own_servers_issuers_alone() {
    for issuer in [A, B, C, E] {
        let world = World::new(Some(issuer)).await;
        for name in [A, B, C, D, E] {
            let forged = world.stranger.token(&from(name));
            assert!(world.passes(&forged).await.is_err(), "{issuer} {name}");
        }
        assert_eq!(world.passes("opaque").await, Err("issuer".to_owned()));
    }
}

#[tokio::test]
async fn caches_keep_servers_apart() {
    // The same token at the same URL: what one entry is told is no answer for another.
    let stub = Stub::new(|_| inactive());
    let mut fingerprints = Vec::new();
    let url = format!("{}/a", stub.base);
    for name in ["one", "two"] {
        let list =
            json!([{"name": name, "kind": "introspection", "introspection_url": url, "issuers": [A]}]).to_string();
        let fixture = Fixture::new(Stub::new(|_| inactive()), &[("AUTHZ_PROVIDERS", &list)]).await;
        fixture.ask(&bearing(T1)).await.unwrap_err();
        fingerprints.push(fixture.line()["token_fp"].as_str().unwrap().to_owned());
    }
    assert_ne!(fingerprints[0], fingerprints[1]);
}
