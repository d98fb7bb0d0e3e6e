//! Several servers: which one answers for a token, and that no forged token finds one that believes it.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::*;
use crate::issuer::{Key, claims, encoded};
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
        let answered = self.fixture.ask(&token_event(&format!("Bearer {token}"))).await;
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
        fixture.ask(&token_event(&format!("Bearer {token}"))).await.unwrap_err();
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
        fixture.ask(&token_event(&format!("Bearer {T1}"))).await.unwrap_err();
        fingerprints.push(fixture.line()["token_fp"].as_str().unwrap().to_owned());
    }
    assert_ne!(fingerprints[0], fingerprints[1]);
}

/// A forgery: parts of genuine tokens, a changed issuer, another key's name, a prefix, cut ends.
#[derive(Debug, Clone)]
struct Forgery {
    header: usize,
    payload: usize,
    signature: usize,
    issuer: Option<usize>,
    signed_by_stranger: bool,
    prefix: Option<&'static str>,
    cut: Option<(bool, usize)>,
}

fn forgery() -> impl Strategy<Value = Forgery> {
    let prefixes = prop::sample::select(vec!["ory_at_", "ory", "eyJ", "."]);
    (
        (1_usize..4, 1_usize..4, 1_usize..4),
        prop::option::of(0_usize..5),
        any::<bool>(),
        prop::option::weighted(0.2, prefixes),
        prop::option::weighted(0.3, (any::<bool>(), 1_usize..200)),
    )
        .prop_map(
            |((header, payload, signature), issuer, signed_by_stranger, prefix, cut)| Forgery {
                header,
                payload,
                signature,
                issuer,
                signed_by_stranger,
                prefix,
                cut,
            },
        )
}

impl World {
    fn forge(&self, forgery: &Forgery) -> String {
        let part = |which: usize, at: usize| self.genuine[which].0.split('.').nth(at).unwrap().to_owned();
        let header = part(forgery.header, 0);
        let payload = match forgery.issuer {
            None => part(forgery.payload, 1),
            Some(issuer) => encoded(from([A, B, C, D, E][issuer]).to_string()),
        };
        let message = format!("{header}.{payload}");
        let signature = match forgery.signed_by_stranger {
            true => encoded(self.stranger.signature(message.as_bytes())),
            false => part(forgery.signature, 2),
        };
        let mut token = format!("{}{message}.{signature}", forgery.prefix.unwrap_or_default());
        if let Some((from_front, by)) = forgery.cut {
            let by = by.min(token.len() - 1);
            token = if from_front {
                token.split_off(by)
            } else {
                token[..token.len() - by].to_owned()
            };
        }
        token
    }
}

#[test]
fn no_forged_swapped_or_cut_token_finds_a_server_that_believes_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(World::new(None));
    // The server that believes everything, in the name of its own issuer: what is sent to it passes, and nothing else may be.
    let gullible = runtime.block_on(World::new(Some(D)));
    // The same in the name of another's issuer: nothing that is sent to it may pass.
    let impostor = runtime.block_on(World::new(Some(B)));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(256));
    let passed = std::cell::Cell::new(0);
    runner
        .run(&forgery(), |forgery| {
            let token = world.forge(&forgery);
            let genuine = world.genuine.iter().find(|(known, _)| *known == token);
            let passes = runtime.block_on(world.passes(&token));
            prop_assert_eq!(
                passes.as_deref().ok(),
                genuine.map(|(_, issuer)| *issuer),
                "{:?}",
                passes
            );
            passed.set(passed.get() + usize::from(passes.is_ok()));

            let token = gullible.forge(&forgery);
            let genuine = gullible.genuine.iter().find(|(known, _)| *known == token);
            let passes = runtime.block_on(gullible.passes(&token));
            // Never in the name of another issuer, however it got there.
            let issuer = genuine.map_or(D, |(_, issuer)| *issuer);
            prop_assert!(
                passes.as_deref().is_ok_and(|passed| passed == issuer) || passes.is_err(),
                "{:?}",
                passes
            );

            let token = impostor.forge(&forgery);
            let genuine = impostor.genuine.iter().find(|(known, _)| *known == token);
            let passes = runtime.block_on(impostor.passes(&token));
            let expected = genuine.map(|(_, issuer)| *issuer).filter(|issuer| *issuer != D);
            prop_assert_eq!(passes.as_deref().ok(), expected, "{:?}", passes);
            Ok(())
        })
        .unwrap();
    assert!(passed.get() > 0, "some are put together right");
}
