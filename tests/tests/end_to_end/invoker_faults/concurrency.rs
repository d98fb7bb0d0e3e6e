//! Many requests in one environment, as on Lambda Managed Instances, with one circuit breaker for all.

use std::collections::BTreeMap;

use local::function::{Function, FunctionOptions};
use local::standin::{Fault, Lambda};
use serde_json::{Value, json};

use super::{echoed, key, lambda, options, post, route, runs};

const REQUESTS: usize = 32;

/// One process that works on all of them at a time.
fn invoker(routes: &Value) -> Function {
    Function::new(FunctionOptions {
        max_concurrency: REQUESTS,
        ..options(routes, key("ASIATEST"))
    })
}

/// A demo function with a place for each of them.
async fn target() -> Lambda {
    lambda(|options| FunctionOptions {
        max_concurrency: 8,
        ..options
    })
    .await
}

/// Sends all at once; the answers by the ids of the requests.
async fn burst(invoker: &Function, name: &str) -> BTreeMap<String, (u64, Value)> {
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..REQUESTS {
        let (invoker, id) = (invoker.clone(), format!("{name} {number}"));
        calls.spawn(async move {
            // Different times, so that they overtake each other.
            let event = json!({"id": id, "do": "sleep", "ms": (number * 37) % 200});
            let answer = post(&invoker, "/hello", &event).await;
            (id, answer)
        });
    }
    let answers: BTreeMap<_, _> = calls.join_all().await.into_iter().collect();
    assert_eq!(answers.len(), REQUESTS, "every request has its own answer");
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_mixed_up_or_lost_and_nothing_runs_twice() {
    let lambda = target().await;
    let circuit = json!({"circuit": {"failures": 5}});
    let invoker = invoker(&json!([route("/hello", &lambda, &circuit)]));
    // The first ones are throttled, which is tried again.
    let now = [("retry-after".to_owned(), "0".to_owned())].into();
    lambda.fault(Fault {
        headers: now,
        ..Fault::error("TooManyRequestsException").times(6)
    });
    let answers = burst(&invoker, "good").await;
    let mut good = 0;
    for (id, (status, body)) in &answers {
        // A request that met three of the faults is answered so, and did not run.
        if *status == 503 {
            assert_eq!(
                (body["error"].as_str(), runs(&lambda, "hello", id)),
                (Some("throttled"), 0),
                "{id}"
            );
            continue;
        }
        good += 1;
        assert_eq!(
            (*status, echoed(body)["id"].as_str()),
            (200, Some(id.as_str())),
            "{body}"
        );
        assert_eq!(runs(&lambda, "hello", id), 1, "{id}");
    }
    assert!(good >= REQUESTS - 2, "{good}");
    assert_eq!(invoker.environments(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breaker_that_opens_in_the_middle_turns_requests_away_and_loses_none() {
    let lambda = target().await;
    let circuit = json!({"circuit": {"failures": 5, "window_ms": 60_000, "open_ms": 60_000}});
    let invoker = invoker(&json!([route("/hello", &lambda, &circuit)]));
    lambda.fault(Fault::error("ServiceException").times(5));
    let answers = burst(&invoker, "mixed").await;
    let mut counted = BTreeMap::new();
    for (id, (status, body)) in &answers {
        let ran = runs(&lambda, "hello", id);
        match status {
            200 => assert_eq!((echoed(body)["id"].as_str(), ran), (Some(id.as_str()), 1), "{body}"),
            502 | 503 => assert_eq!(ran, 0, "{id}: {body}"),
            other => panic!("{id}: {other} {body}"),
        }
        *counted.entry(*status).or_insert(0) += 1;
    }
    assert_eq!(counted.get(&502), Some(&5), "{counted:?}");
    // From now on the breaker answers.
    lambda.clear_calls();
    for (id, (status, body)) in burst(&invoker, "open").await {
        assert_eq!((status, body["error"].as_str()), (503, Some("circuit_open")), "{id}");
    }
    assert!(lambda.calls().is_empty());
}
