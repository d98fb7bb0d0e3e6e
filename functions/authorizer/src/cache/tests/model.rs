//! A long random run of the cache against a plain model of it.

use proptest::prelude::*;

use super::*;

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
