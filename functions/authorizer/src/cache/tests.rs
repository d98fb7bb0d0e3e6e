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

#[derive(Debug, Clone)]
enum Step {
    Find(u8),
    FindStale(u8),
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

fn step(keys: u8) -> impl Strategy<Value = Step> {
    let key = 0..keys;
    prop_oneof![
        4 => key.clone().prop_map(Step::Find),
        2 => key.clone().prop_map(Step::FindStale),
        2 => (key.clone(), 0..3000_u64, prop::option::weighted(0.9, -5..40_i64))
            .prop_map(|(key, asked_ago_ms, exp_in_secs)| Step::KeepClaims { key, asked_ago_ms, exp_in_secs }),
        2 => (key, 0..3000_u64).prop_map(|(key, asked_ago_ms)| Step::KeepRefusal { key, asked_ago_ms }),
        3 => prop_oneof![0..8000_i64, -3000..0_i64].prop_map(Step::Move),
    ]
}

/// An entry: when it came, until when it is fresh, when it ends.
#[derive(Debug, Clone, Copy)]
struct Known {
    key: u8,
    from_ms: u64,
    fresh_until_ms: u64,
    until_ms: u64,
}

impl Known {
    fn lives(&self, now_ms: u64) -> bool {
        self.from_ms <= now_ms && now_ms < self.until_ms
    }
}

/// A pool by the plainest means: a list, the most recently used in front.
#[derive(Debug)]
struct Pool {
    most: usize,
    known: Vec<Known>,
}

impl Pool {
    fn forget(&mut self, key: u8) {
        self.known.retain(|known| known.key != key);
    }

    fn keep(&mut self, known: Known, now_ms: u64) {
        self.forget(known.key);
        if now_ms < known.fresh_until_ms {
            self.known.insert(0, known);
            self.known.truncate(self.most);
        }
    }

    /// The entry of a key, which is used by that.
    fn used(&mut self, key: u8) -> Option<Known> {
        let at = self.known.iter().position(|known| known.key == key)?;
        let known = self.known.remove(at);
        self.known.insert(0, known);
        Some(known)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Claims,
    Refused,
    Nothing,
}

/// Two pools, and what the cache promises about them.
#[derive(Debug)]
struct Model {
    rules: CacheRules,
    claims: Pool,
    refusals: Pool,
}

impl Model {
    fn keep_claims(&mut self, key: u8, exp_secs: Option<u64>, asked_at_ms: u64, now_ms: u64) {
        self.claims.forget(key);
        self.refusals.forget(key);
        let Some(exp_ms) = exp_secs.map(|secs| secs * 1000) else {
            return;
        };
        let fresh_until_ms = asked_at_ms + self.rules.ttl.as_millis() as u64;
        let known = Known {
            key,
            from_ms: now_ms,
            fresh_until_ms: fresh_until_ms.min(exp_ms),
            until_ms: (fresh_until_ms + self.rules.stale.as_millis() as u64).min(exp_ms),
        };
        self.claims.keep(known, now_ms);
    }

    fn keep_refusal(&mut self, key: u8, asked_at_ms: u64, now_ms: u64) {
        self.claims.forget(key);
        let until_ms = asked_at_ms + self.rules.negative_ttl.as_millis() as u64;
        let known = Known {
            key,
            from_ms: now_ms,
            fresh_until_ms: until_ms,
            until_ms,
        };
        self.refusals.keep(known, now_ms);
    }

    fn find(&mut self, key: u8, now_ms: u64) -> Kind {
        if let Some(known) = self.claims.used(key) {
            if known.lives(now_ms) && now_ms < known.fresh_until_ms {
                return Kind::Claims;
            }
            if !known.lives(now_ms) {
                self.claims.forget(key);
            }
        }
        if let Some(known) = self.refusals.used(key) {
            if known.lives(now_ms) {
                return Kind::Refused;
            }
            self.refusals.forget(key);
        }
        Kind::Nothing
    }

    fn has_stale(&mut self, key: u8, now_ms: u64) -> bool {
        self.claims.used(key).is_some_and(|known| known.lives(now_ms))
    }
}

fn rules_of_model() -> impl Strategy<Value = CacheRules> {
    (0..30_u64, 0..10_u64, 0..20_u64, 1..8_usize).prop_map(|(ttl, negative, stale, max_entries)| CacheRules {
        stale: Duration::from_secs(stale),
        max_entries,
        ..rules(ttl, negative)
    })
}

proptest! {
    /// More keys than either pool holds, a clock that also goes back: what is found is what the model has, no token is
    /// found after its own end, and no pool exceeds its bound.
    #[test]
    fn behaves_as_its_model(rules in rules_of_model(), steps in prop::collection::vec(step(24), 0..200)) {
        let cache = Cache::new(rules);
        let mut model = Model {
            rules,
            claims: Pool { most: rules.max_entries, known: vec![] },
            refusals: Pool { most: 16, known: vec![] },
        };
        let mut now = NOW;
        for step in steps {
            match step {
                Step::Move(ms) => now = now.saturating_add_signed(ms),
                Step::KeepClaims { key, asked_ago_ms, exp_in_secs } => {
                    let exp = exp_in_secs.map(|secs| (now / 1000).saturating_add_signed(secs));
                    cache.keep_claims(&[key; 32], &claims_until(exp), now - asked_ago_ms, now);
                    model.keep_claims(key, exp, now - asked_ago_ms, now);
                }
                Step::KeepRefusal { key, asked_ago_ms } => {
                    cache.keep_refusal(&[key; 32], Problem::Inactive, now - asked_ago_ms, now);
                    model.keep_refusal(key, now - asked_ago_ms, now);
                }
                Step::Find(key) => {
                    let found = cache.find(&[key; 32], now);
                    if let Found::Claims(claims) = &found {
                        prop_assert!(claims.exp_secs().is_some_and(|exp| exp * 1000 > now));
                    }
                    let kind = match found {
                        Found::Claims(_) => Kind::Claims,
                        Found::Refused(_) => Kind::Refused,
                        Found::Nothing => Kind::Nothing,
                    };
                    prop_assert_eq!(kind, model.find(key, now));
                }
                Step::FindStale(key) => {
                    let stale = cache.find_stale(&[key; 32], now);
                    if let Some(claims) = &stale {
                        prop_assert!(claims.exp_secs().is_some_and(|exp| exp * 1000 > now));
                    }
                    prop_assert_eq!(stale.is_some(), model.has_stale(key, now));
                }
            }
            let pools = cache.lock();
            prop_assert_eq!(pools.claims.len(), model.claims.known.len());
            prop_assert_eq!(pools.refusals.len(), model.refusals.known.len());
            prop_assert!(pools.claims.len() <= rules.max_entries && pools.refusals.len() <= 16);
        }
    }
}
