//! Fetches that fail or are cut off, documents without keys, keys beyond their time.

use super::*;

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
