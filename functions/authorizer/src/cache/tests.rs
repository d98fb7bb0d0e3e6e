//! What is remembered and for how long: single cases, and a long random run against a plain model.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::claims::{ContextRules, PrincipalRules, Reply};

const NOW: u64 = 1_760_000_000_000;
const KEY: Key = [1; 32];

fn claims_until(exp_secs: Option<u64>) -> Arc<Claims> {
    let body = json!({"active": true, "sub": "alice", "exp": exp_secs}).to_string();
    let reply = Reply::read(body.as_bytes()).unwrap();
    let principal = PrincipalRules {
        claims: vec!["sub".to_owned()],
        prefix: String::new(),
        default: None,
    };
    Arc::new(Claims::new(&reply, &principal, &ContextRules::default()))
}

fn rules(ttl: u64, negative_ttl: u64) -> CacheRules {
    CacheRules {
        ttl: Duration::from_secs(ttl),
        negative_ttl: Duration::from_secs(negative_ttl),
        max_entries: 100,
        max_entry_bytes: 65_536,
    }
}

fn is_claims(cache: &Cache, now_ms: u64) -> bool {
    matches!(cache.find(&KEY, now_ms), Found::Claims(_))
}

#[test]
fn claims_live_for_their_time() {
    let cache = Cache::new(rules(60, 5));
    let claims = claims_until(Some(NOW / 1000 + 3600));
    // The time counts from the question, not from the answer.
    cache.keep_claims(&KEY, &claims, NOW - 2000, NOW);
    assert!(is_claims(&cache, NOW) && is_claims(&cache, NOW + 57_999));
    assert!(!is_claims(&cache, NOW + 58_000));
    // What was found dead is gone for good.
    assert!(!is_claims(&cache, NOW));
}

#[test]
fn claims_never_outlive_their_token() {
    let cache = Cache::new(rules(60, 5));
    cache.keep_claims(&KEY, &claims_until(Some(NOW / 1000 + 7)), NOW, NOW);
    assert!(is_claims(&cache, NOW + 6999));
    assert!(!is_claims(&cache, NOW + 7000));
    // Within the tolerated skew a token still passes, but is not remembered.
    cache.keep_claims(&KEY, &claims_until(Some(NOW / 1000)), NOW, NOW);
    assert!(!is_claims(&cache, NOW));
    cache.keep_claims(&KEY, &claims_until(None), NOW, NOW);
    assert!(!is_claims(&cache, NOW));
}

#[test]
fn a_clock_set_back_forgets() {
    let cache = Cache::new(rules(60, 5));
    cache.keep_claims(&KEY, &claims_until(Some(NOW / 1000 + 3600)), NOW, NOW);
    assert!(!is_claims(&cache, NOW - 1));
    cache.keep_refusal(&KEY, Problem::Inactive, NOW, NOW);
    assert_eq!(cache.find(&KEY, NOW - 1), Found::Nothing);
}

#[test]
fn a_refusal_and_claims_replace_each_other() {
    let cache = Cache::new(rules(60, 5));
    let claims = claims_until(Some(NOW / 1000 + 3600));
    cache.keep_claims(&KEY, &claims, NOW, NOW);
    cache.keep_refusal(&KEY, Problem::Inactive, NOW, NOW);
    assert_eq!(cache.find(&KEY, NOW), Found::Refused(Problem::Inactive));
    // The claims do not come back when the refusal's time is over.
    assert_eq!(cache.find(&KEY, NOW + 5000), Found::Nothing);
    cache.keep_refusal(&KEY, Problem::NotAccessToken, NOW, NOW);
    cache.keep_claims(&KEY, &claims, NOW, NOW);
    assert!(is_claims(&cache, NOW));
    // Also claims that are not kept end a refusal.
    cache.keep_refusal(&KEY, Problem::Inactive, NOW, NOW);
    cache.keep_claims(&KEY, &claims_until(None), NOW, NOW);
    assert_eq!(cache.find(&KEY, NOW), Found::Nothing);
    // A refusal ends claims even when refusals are not kept.
    let cache = Cache::new(rules(60, 0));
    cache.keep_claims(&KEY, &claims, NOW, NOW);
    cache.keep_refusal(&KEY, Problem::Inactive, NOW, NOW);
    assert_eq!(cache.find(&KEY, NOW), Found::Nothing);
}

#[test]
fn a_time_of_zero_keeps_nothing() {
    let cache = Cache::new(rules(0, 5));
    assert!(cache.is_on());
    cache.keep_claims(&KEY, &claims_until(Some(NOW / 1000 + 3600)), NOW, NOW);
    assert!(!is_claims(&cache, NOW));
    assert!(!Cache::new(rules(0, 0)).is_on());
}

#[test]
fn large_claims_are_not_kept() {
    let claims = claims_until(Some(NOW / 1000 + 3600));
    let cache = Cache::new(CacheRules {
        max_entry_bytes: claims.size() - 1,
        ..rules(60, 5)
    });
    cache.keep_claims(&KEY, &claims, NOW, NOW);
    assert!(!is_claims(&cache, NOW));
}

#[test]
fn a_flood_of_refusals_pushes_out_no_claims() {
    let cache = Cache::new(rules(60, 60));
    cache.keep_claims(&KEY, &claims_until(Some(NOW / 1000 + 3600)), NOW, NOW);
    let key = |number: u16| {
        let mut key = [0; 32];
        key[..2].copy_from_slice(&number.to_be_bytes());
        key
    };
    for number in 1000..2000 {
        cache.keep_refusal(&key(number), Problem::Inactive, NOW, NOW);
    }
    assert!(is_claims(&cache, NOW));
    // An eighth of 100 is less than the least.
    let kept = (1000..2000)
        .filter(|number| cache.find(&key(*number), NOW) != Found::Nothing)
        .count();
    assert_eq!(kept, 16);
}

#[test]
fn keys_differ_by_token_server_and_caller() {
    let key = |url: &str, identity: &str, token: &str| {
        let event = json!({"type": "TOKEN", "authorizationToken": token, "methodArn": "arn:aws:execute-api:r:123456789012:a/s/GET/"});
        let event = event.to_string();
        let request = crate::event::AuthorizationRequest::read(&event).unwrap();
        let rules = crate::token::TokenRules {
            locations: vec![],
            scheme: None,
            prefix: String::new(),
            max_bytes: 99,
        };
        Keys::new(url, identity).key(&rules.extract(&request).unwrap())
    };
    let base = key("https://a/", "none", "abc");
    assert_eq!(base, key("https://a/", "none", "abc"));
    for other in [
        key("https://b/", "none", "abc"),
        key("https://a/", "basic:x", "abc"),
        key("https://a/", "none", "abd"),
    ] {
        assert_ne!(base, other);
    }
    // SHA-256 of version byte, URL, zero, caller, zero, token.
    let whole: Key = Sha256::digest(b"\x01https://a/\0none\0abc").into();
    assert_eq!(base, whole);
}

#[derive(Debug, Clone)]
enum Step {
    Find(u8),
    KeepClaims {
        key: u8,
        asked_ago_ms: u64,
        exp_in_secs: Option<i64>,
    },
    KeepRefusal {
        key: u8,
        asked_ago_ms: u64,
    },
    Move(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..6_u8;
    prop_oneof![
        4 => key.clone().prop_map(Step::Find),
        2 => (key.clone(), 0..3000_u64, prop::option::of(-5..40_i64))
            .prop_map(|(key, asked_ago_ms, exp_in_secs)| Step::KeepClaims { key, asked_ago_ms, exp_in_secs }),
        2 => (key, 0..3000_u64).prop_map(|(key, asked_ago_ms)| Step::KeepRefusal { key, asked_ago_ms }),
        3 => prop_oneof![0..8000_i64, -3000..0_i64].prop_map(Step::Move),
    ]
}

/// What is known of one key: claims or a refusal, when it came, when it ends.
#[derive(Debug, Clone, Copy)]
struct Known {
    is_claims: bool,
    from_ms: u64,
    until_ms: u64,
}

proptest! {
    /// With room for all keys, the cache is a map from a key to what was last said about it, cut at its times.
    #[test]
    fn behaves_as_its_model(ttl in 0..30_u64, negative in 0..10_u64, steps in prop::collection::vec(step(), 0..120)) {
        let cache = Cache::new(rules(ttl, negative));
        let mut model: [Option<Known>; 6] = [None; 6];
        let mut now = NOW;
        for step in steps {
            match step {
                Step::Move(ms) => now = now.saturating_add_signed(ms),
                Step::KeepClaims { key, asked_ago_ms, exp_in_secs } => {
                    let exp = exp_in_secs.map(|secs| (now / 1000).saturating_add_signed(secs));
                    cache.keep_claims(&[key; 32], &claims_until(exp), now - asked_ago_ms, now);
                    model[key as usize] = exp.and_then(|exp| {
                        let until_ms = (now - asked_ago_ms + ttl * 1000).min(exp * 1000);
                        (until_ms > now).then_some(Known { is_claims: true, from_ms: now, until_ms })
                    });
                }
                Step::KeepRefusal { key, asked_ago_ms } => {
                    cache.keep_refusal(&[key; 32], Problem::Inactive, now - asked_ago_ms, now);
                    let until_ms = now - asked_ago_ms + negative * 1000;
                    model[key as usize] =
                        (until_ms > now).then_some(Known { is_claims: false, from_ms: now, until_ms });
                }
                Step::Find(key) => {
                    let known = &mut model[key as usize];
                    if known.is_some_and(|known| now < known.from_ms || now >= known.until_ms) {
                        *known = None;
                    }
                    match (cache.find(&[key; 32], now), *known) {
                        (Found::Nothing, None) => {}
                        (Found::Claims(claims), Some(Known { is_claims: true, .. })) => {
                            prop_assert!(claims.exp_secs().is_some_and(|exp| exp * 1000 > now));
                        }
                        (Found::Refused(Problem::Inactive), Some(Known { is_claims: false, .. })) => {}
                        (found, known) => prop_assert!(false, "{found:?} for {known:?}"),
                    }
                }
            }
        }
    }
}
