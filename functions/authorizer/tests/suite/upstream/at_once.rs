//! Many requests at once: what they share, and what none of them takes from another.

use std::time::Duration;

use crate::fixture::*;
use crate::stub::{Act, Stub, json as json_answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_requests_at_once() {
    let fixture = std::sync::Arc::new(Fixture::playing(vec![ok()], &[]).await);
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let fixture = fixture.clone();
            tokio::spawn(async move { fixture.ask(&bearing(&format!("{T1}.{number}"))).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), allow("alice", W_REST));
    }
    assert_eq!(fixture.up(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_with_one_token_are_one_question() {
    for variables in [&[][..], &[("AUTHZ_CACHE_TTL_SECS", "0")]] {
        let stub = Stub::new(|_| {
            std::thread::sleep(Duration::from_millis(200));
            ok()
        });
        let fixture = std::sync::Arc::new(Fixture::new(stub, variables).await);
        let asking: Vec<_> = (0..35)
            .map(|_| {
                let fixture = fixture.clone();
                tokio::spawn(async move { fixture.ask(&bearing(T1)).await })
            })
            .collect();
        for asked in asking {
            assert_eq!(asked.await.unwrap(), allow("alice", W_REST));
        }
        assert_eq!(fixture.up(), 1);
    }
}

#[tokio::test]
async fn a_failure_goes_to_those_who_wait_for_it_alone() {
    let fixture = Fixture::playing(vec![json_answer(404, "{}"), ok()], &[]).await;
    let (first, second) = (bearing(T1), bearing(T1));
    let answers = tokio::join!(fixture.ask(&first), fixture.ask(&second));
    assert_eq!(answers, (e500(), e500()));
    assert_eq!(fixture.up(), 1);
    assert_eq!(fixture.ask(&bearing(T1)).await, allow("alice", W_REST));
}

#[tokio::test]
async fn a_request_out_of_time_takes_no_other_with_it() {
    let fixture = Fixture::playing(vec![Act::Stall, ok()], &[("AUTHZ_RETRIES", "0")]).await;
    let event = bearing(T1).to_string();
    let answers = tokio::join!(fixture.ask_raw(&event, 400), fixture.ask_raw(&event, 30_000));
    assert_eq!(answers, (e500(), allow("alice", W_REST)));
    assert_eq!(fixture.up(), 2);
}

#[tokio::test]
async fn a_request_that_is_cancelled_takes_no_other_with_it() {
    let fixture = std::sync::Arc::new(Fixture::playing(vec![Act::Stall, ok()], &[]).await);
    let ask = || {
        let fixture = fixture.clone();
        tokio::spawn(async move { fixture.ask(&bearing(T1)).await })
    };
    let leader = ask();
    while fixture.up() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let followers = [ask(), ask()];
    tokio::task::yield_now().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    for follower in followers {
        assert_eq!(follower.await.unwrap(), allow("alice", W_REST));
    }
    assert_eq!(fixture.up(), 2);
}
