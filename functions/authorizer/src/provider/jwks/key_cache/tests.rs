//! Who fetches when many need keys at once; the rest is tested through the whole function.

mod failures;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use shared::testing::ManualClock;

use super::*;

fn rules() -> KeyRules {
    KeyRules {
        ttl: Duration::from_secs(300),
        stale: Duration::ZERO,
        patience: Duration::from_millis(200),
        reserve: Duration::ZERO,
    }
}

fn with(rules: KeyRules) -> (Arc<KeyCache>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at_secs(1_760_000_000));
    (Arc::new(KeyCache::new(rules, clock.clone())), clock)
}

fn cache() -> (Arc<KeyCache>, Arc<ManualClock>) {
    with(rules())
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

fn in_ms(left_ms: u64) -> Deadline {
    Deadline::after(Duration::from_millis(left_ms))
}

/// What a server that never answers comes to.
async fn never(deadline: Deadline) -> Result<KeySet, Problem> {
    tokio::time::sleep(deadline.remaining()).await;
    Err(Problem::UpstreamTimeout)
}

async fn broken(_: Deadline) -> Result<KeySet, Problem> {
    Err(Problem::UpstreamConnect)
}

async fn unasked(_: Deadline) -> Result<KeySet, Problem> {
    panic!("nobody fetches here")
}

/// What a request came to, in a word: whether it has the key that it looks for, or why not.
async fn outcome(
    cache: &KeyCache,
    kid: &str,
    deadline: Deadline,
    fetch: impl AsyncFnOnce(Deadline) -> Result<KeySet, Problem>,
) -> Result<bool, Problem> {
    let found = cache.find(kid, deadline, fetch).await;
    found.map(|found| found.keys.knows(kid))
}

fn set() -> KeySet {
    let key = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"}]}"#;
    KeySet::read(key.as_bytes()).unwrap()
}

#[tokio::test]
async fn one_fetch_serves_all_who_wait_also_when_it_fails() {
    for fails in [false, true] {
        let (cache, _) = cache();
        let fetched = Arc::new(AtomicU32::new(0));
        let asking: Vec<_> = (0..20)
            .map(|_| {
                let (cache, fetched) = (cache.clone(), fetched.clone());
                tokio::spawn(async move {
                    let fetch = async |_: Deadline| {
                        fetched.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        if fails {
                            Err(Problem::UpstreamConnect)
                        } else {
                            Ok(set())
                        }
                    };
                    cache.find("1", soon(), fetch).await.map(|found| found.keys.knows("1"))
                })
            })
            .collect();
        let expected = if fails { Err(Problem::UpstreamConnect) } else { Ok(true) };
        for asked in asking {
            assert_eq!(asked.await.unwrap(), expected);
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn whoever_comes_when_another_has_just_fetched_takes_that() {
    let (cache, _) = cache();
    let planned = match cache.plan("1") {
        Plan::Fetch { after, .. } => after,
        Plan::Serve(_) | Plan::Refuse(_) => panic!("there are no keys yet"),
    };
    assert!(cache.settled(false, planned).is_none());
    cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
    assert!(cache.settled(false, planned).unwrap().unwrap().knows("1"));
}

#[tokio::test]
async fn a_fetch_that_is_cut_off_is_begun_by_the_next_one() {
    let (cache, _) = cache();
    let first = cache.find("1", soon(), async |_| std::future::pending().await);
    assert!(tokio::time::timeout(Duration::from_millis(10), first).await.is_err());
    let second = cache.find("1", soon(), async |_| Ok(set())).await;
    assert!(second.unwrap().keys.knows("1"));
}

#[tokio::test]
async fn only_a_fetch_that_nothing_stands_in_for_may_take_all_the_time() {
    let (cache, clock) = cache();
    let urgent = AtomicU32::new(0);
    let fetch = async |deadline: Deadline| {
        let is_urgent = deadline.remaining() > Duration::from_secs(1);
        urgent.fetch_add(u32::from(is_urgent), Ordering::SeqCst);
        Ok(set())
    };
    cache.find("1", soon(), fetch).await.unwrap();
    assert_eq!(urgent.load(Ordering::SeqCst), 1);
    clock.advance_ms(150_000);
    cache.find("1", soon(), fetch).await.unwrap();
    assert_eq!(urgent.load(Ordering::SeqCst), 1);
    clock.advance_ms(20_000);
    cache.find("2", soon(), fetch).await.unwrap();
    assert_eq!(urgent.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn whose_keys_count_is_served_at_once_while_another_fetches() {
    let (cache, clock) = cache();
    cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
    clock.advance_ms(150_000);
    // Somebody needs a key that is not known, and takes all the time.
    let urgent = cache.find("2", soon(), async |_| {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(set())
    });
    let other = async {
        tokio::task::yield_now().await;
        let started = std::time::Instant::now();
        let found = cache.find("1", soon(), unasked).await.unwrap();
        (found.keys.knows("1"), found.failure, started.elapsed())
    };
    let (_, (knows, failure, took)) = tokio::join!(urgent, other);
    assert_eq!((knows, failure), (true, None));
    assert!(took < Duration::from_millis(100), "{took:?}");
}
