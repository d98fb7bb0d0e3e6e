//! What is remembered and for how long.

mod model;

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
        stale: Duration::ZERO,
        max_entries: 100,
        max_entry_bytes: 65_536,
    }
}

#[test]
fn stale_claims_are_found_on_demand_and_die_with_their_token() {
    let cache = Cache::new(CacheRules {
        stale: Duration::from_secs(30),
        ..rules(60, 5)
    });
    let exp_in = |secs: u64| claims_until(Some(NOW / 1000 + secs));
    for (exp_in_secs, dead_ms) in [(3600, 90_000), (80, 80_000)] {
        cache.keep_claims(&KEY, &exp_in(exp_in_secs), NOW, NOW);
        assert!(is_claims(&cache, NOW + 59_999));
        assert!(!is_claims(&cache, NOW + 60_000));
        assert!(cache.find_stale(&KEY, NOW + dead_ms - 1).is_some());
        assert!(cache.find_stale(&KEY, NOW - 1).is_none());
        assert!(cache.find_stale(&KEY, NOW + dead_ms).is_none());
    }
    cache.keep_claims(&KEY, &exp_in(3600), NOW, NOW);
    cache.keep_refusal(&KEY, Problem::Inactive, NOW, NOW);
    assert!(cache.find_stale(&KEY, NOW).is_none());
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
