//! Who fetches when many need keys at once; the rest is tested through the whole function.

use std::sync::atomic::{AtomicU32, Ordering};

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
    let planned = match cache.plan("1", cache.clock.now_ms()) {
        Plan::Fetch { after, .. } => after,
        Plan::Serve(_) | Plan::Refuse(_) => panic!("there are no keys yet"),
    };
    assert!(cache.landed_after(planned).is_none());
    cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
    assert!(cache.landed_after(planned).unwrap().unwrap().knows("1"));
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

#[test]
fn penalties_double_up_to_a_limit() {
    let penalties: Vec<u64> = [1, 2, 3, 4, 5, 6, 100, u32::MAX].map(penalty_ms).to_vec();
    assert_eq!(penalties, [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000]);
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

#[tokio::test]
async fn whoever_is_cut_off_by_its_own_deadline_says_nothing_about_the_server() {
    // The last one is over before anything is sent.
    for left_ms in [100, 20, 0] {
        let (cache, _) = cache();
        assert_eq!(
            outcome(&cache, "1", in_ms(left_ms), never).await,
            Err(Problem::UpstreamTimeout)
        );
        assert_eq!(outcome(&cache, "1", soon(), async |_| Ok(set())).await, Ok(true));
    }
    // Who had all the time that a server gets, does.
    let (cache, _) = cache();
    assert_eq!(
        outcome(&cache, "1", in_ms(200), never).await,
        Err(Problem::UpstreamTimeout)
    );
    {
        assert_eq!(
            outcome(&cache, "1", soon(), unasked).await,
            Err(Problem::UpstreamTimeout)
        );
    }
}

#[tokio::test]
async fn who_waits_for_one_that_is_cut_off_asks_for_itself() {
    for (kid, left_ms) in [("1", 50), ("1", 200), ("2", 50)] {
        let (cache, clock) = cache();
        if kid == "2" {
            cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
            clock.advance_ms(150_000);
        }
        let short = outcome(&cache, "1", in_ms(left_ms), never);
        let long = async {
            tokio::task::yield_now().await;
            cache.find(kid, soon(), async |_| Ok(set())).await.is_ok()
        };
        let (short, long) = tokio::join!(short, long);
        let served = if kid == "2" {
            Ok(true)
        } else {
            Err(Problem::UpstreamTimeout)
        };
        assert_eq!((short, long), (served, true), "{kid} {left_ms}");
    }
}

#[tokio::test]
async fn after_a_failure_its_penalty_alone_says_when_to_ask_again() {
    let (cache, clock) = cache();
    cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
    clock.advance_ms(10_000);
    let (refused, had) = (Err(Problem::UpstreamConnect), Ok(false));
    assert_eq!(outcome(&cache, "2", soon(), broken).await, refused);
    clock.advance_ms(999);
    assert_eq!(outcome(&cache, "2", soon(), unasked).await, refused);
    assert_eq!(outcome(&cache, "1", soon(), unasked).await, Ok(true));
    clock.advance_ms(1);
    assert_eq!(outcome(&cache, "2", soon(), async |_| Ok(set())).await, had);
    // Having seen the keys, nobody asks for ten seconds, and the key is none of them.
    clock.advance_ms(9_999);
    assert_eq!(outcome(&cache, "2", soon(), unasked).await, Err(Problem::UnknownKey));
    clock.advance_ms(1);
    assert_eq!(outcome(&cache, "2", soon(), async |_| Ok(set())).await, had);
}

#[tokio::test]
async fn a_document_without_usable_keys_withdraws_all_others() {
    let stale = Duration::from_secs(3600);
    let (cache, clock) = with(KeyRules { stale, ..rules() });
    cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
    clock.advance_ms(150_000);
    let withdrawn = Err(Problem::UpstreamInvalid);
    assert_eq!(
        outcome(&cache, "1", soon(), async |_| Ok(KeySet::default())).await,
        withdrawn
    );
    assert_eq!(outcome(&cache, "1", soon(), unasked).await, withdrawn);
    clock.advance_ms(1000);
    assert_eq!(
        outcome(&cache, "1", soon(), broken).await,
        Err(Problem::UpstreamConnect)
    );
    clock.advance_ms(2000);
    assert_eq!(outcome(&cache, "1", soon(), async |_| Ok(set())).await, Ok(true));
}

#[tokio::test]
async fn keys_beyond_their_time_are_told_from_others() {
    let stale = Duration::from_secs(3600);
    let (cache, clock) = with(KeyRules { stale, ..rules() });
    let failures = async |fetch| {
        let found = cache.find("1", soon(), fetch).await.unwrap();
        (found.failure, found.stale)
    };
    cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
    let failed = Some(Problem::UpstreamConnect);
    clock.advance_ms(299_999);
    assert_eq!(failures(broken).await, (failed, None));
    clock.advance_ms(1);
    let cache = &cache;
    let waiting = cache.find("1", soon(), unasked).await.unwrap();
    assert_eq!((waiting.failure, waiting.stale), (None, failed));
    clock.advance_ms(999);
    assert_eq!(failures(broken).await, (failed, failed));
}

#[tokio::test]
async fn a_refresh_has_the_time_of_an_attempt_but_for_what_others_need() {
    for (reserve_ms, left_ms, given_ms) in [(0, 250, 200), (0, 150, 150), (200, 250, 125), (50, 250, 200)] {
        let reserve = Duration::from_millis(reserve_ms);
        let (cache, clock) = with(KeyRules { reserve, ..rules() });
        cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
        clock.advance_ms(150_000);
        let given = AtomicU32::new(0);
        let fetch = async |deadline: Deadline| {
            given.store(
                u32::try_from(deadline.remaining().as_millis()).unwrap(),
                Ordering::SeqCst,
            );
            Ok(set())
        };
        cache.find("1", in_ms(left_ms), fetch).await.unwrap();
        let given = given.into_inner();
        assert!(given <= given_ms && given + 30 > given_ms, "{given} of {left_ms}");
    }
}

#[tokio::test]
async fn refreshes_that_are_cut_off_follow_each_other_with_pauses() {
    let (cache, clock) = cache();
    cache.find("1", soon(), async |_| Ok(set())).await.unwrap();
    clock.advance_ms(150_000);
    assert_eq!(outcome(&cache, "1", in_ms(20), never).await, Ok(true));
    clock.advance_ms(999);
    assert_eq!(outcome(&cache, "1", soon(), unasked).await, Ok(true));
    // Whose key is not known is not kept waiting by that.
    assert_eq!(outcome(&cache, "2", soon(), async |_| Ok(set())).await, Ok(false));
    clock.advance_ms(151_000);
    assert_eq!(outcome(&cache, "1", in_ms(20), never).await, Ok(true));
    clock.advance_ms(1000);
    assert_eq!(outcome(&cache, "1", soon(), broken).await, Ok(true));
}
