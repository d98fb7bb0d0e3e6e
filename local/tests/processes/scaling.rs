//! Several environments, several events in one environment, and the Runtime API as a process sees it.

use std::time::{Duration, Instant};

use super::probe::{answer, invoke, options};
use local::function::{Function, FunctionOptions, Invoked};
use serde_json::{Value, json};

/// Runs `count` events that take `ms` each at the same time; gives the processes that did them and the time for all.
async fn burst(function: &Function, count: usize, ms: u64) -> (Vec<Value>, Duration) {
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..count {
        let function = function.clone();
        tasks.spawn(async move { answer(&function, json!({"do": "sleep", "ms": ms})).await["pid"].clone() });
    }
    let mut pids = tasks.join_all().await;
    pids.sort_by_key(Value::as_u64);
    pids.dedup();
    (pids, started.elapsed())
}

#[tokio::test]
async fn environments_are_started_on_demand_and_the_rest_waits() {
    let function = Function::new(FunctionOptions {
        max_environments: 3,
        ..options()
    });
    for _ in 0..5 {
        answer(&function, json!({})).await;
    }
    assert_eq!(
        function.environments(),
        1,
        "events one after the other need one environment"
    );
    let (pids, _) = burst(&function, 5, 300).await;
    assert_eq!(pids.len(), 3);
    assert_eq!(function.environments(), 3);
}

#[tokio::test]
async fn one_environment_takes_one_event_at_a_time() {
    let function = Function::new(options());
    function.warm().await.expect("the probe starts");
    let (pids, took) = burst(&function, 3, 200).await;
    assert_eq!(pids.len(), 1);
    assert!(took >= Duration::from_millis(600), "{took:?}");
}

#[tokio::test]
async fn one_environment_takes_several_events_when_told_so() {
    let function = Function::new(FunctionOptions {
        max_concurrency: 4,
        ..options()
    });
    function.warm().await.expect("the probe starts");
    let (pids, took) = burst(&function, 4, 400).await;
    assert_eq!(pids.len(), 1);
    assert!(took < Duration::from_millis(1200), "{took:?}");
    let environment = answer(&function, json!({"do": "env"})).await;
    assert_eq!(environment["AWS_LAMBDA_MAX_CONCURRENCY"], "4");
}

#[tokio::test]
async fn a_time_limit_lets_the_other_events_of_an_environment_finish() {
    let timeout = Duration::from_millis(800);
    let function = Function::new(FunctionOptions {
        max_concurrency: 2,
        timeout,
        ..options()
    });
    let first = answer(&function, json!({})).await;
    let too_long = invoke(&function, json!({"do": "sleep", "ms": 5000}));
    let later = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        answer(&function, json!({"do": "sleep", "ms": 600})).await
    };
    let (too_long, later) = tokio::join!(too_long, later);
    assert!(matches!(too_long, Invoked::TimedOut { .. }), "{too_long:?}");
    assert_eq!(later["pid"], first["pid"]);
    assert_ne!(answer(&function, json!({})).await["pid"], first["pid"]);
}

#[tokio::test]
async fn a_full_queue_throttles() {
    let function = Function::new(FunctionOptions { queue: 1, ..options() });
    let events = (0..3).map(|_| {
        let function = function.clone();
        tokio::spawn(async move { invoke(&function, json!({"do": "sleep", "ms": 300})).await })
    });
    let mut throttled = 0;
    for event in events.collect::<Vec<_>>() {
        match event.await.unwrap() {
            Invoked::Throttled => throttled += 1,
            Invoked::Response(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(throttled, 1);
}

#[tokio::test]
async fn an_event_whose_caller_left_is_not_delivered() {
    let function = Function::new(options());
    function.warm().await.expect("the probe starts");
    let busy = invoke(&function, json!({"do": "sleep", "ms": 300}));
    let left = tokio::time::timeout(Duration::from_millis(100), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        invoke(&function, json!({"do": "say", "line": "nobody asked"})).await
    });
    let (_, left) = tokio::join!(busy, left);
    assert!(left.is_err());
    answer(&function, json!({"do": "say", "line": "somebody asked"})).await;
    let log = function.log();
    log.wait_for(Duration::from_secs(5), |line| line.text == "somebody asked")
        .await
        .expect("the line");
    assert_eq!(log.text(), "somebody asked\n");
}

#[tokio::test]
async fn the_runtime_api_refuses_what_does_not_fit() {
    let function = Function::new(options());
    let environment = answer(&function, json!({"do": "env"})).await;
    let base = format!(
        "http://{}/2018-06-01/runtime",
        environment["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap()
    );
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let post = |path: &str| client.post(format!("{base}{path}")).body("{}").send();
    let status = |sent: Result<reqwest::Response, reqwest::Error>| sent.unwrap().status().as_u16();
    assert_eq!(status(post("/invocation/5a1b/response").await), 400);
    assert_eq!(status(post("/invocation/5a1b/error").await), 400);
    assert_eq!(status(post("/invocation/next").await), 404);
    assert_eq!(status(client.get(format!("{base}/elsewhere")).send().await), 404);
    let working = tokio::spawn({
        let function = function.clone();
        async move { answer(&function, json!({"do": "sleep", "ms": 400})).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let next = client.get(format!("{base}/invocation/next")).send().await.unwrap();
    assert_eq!(next.status(), 403);
    assert_eq!(
        next.json::<Value>().await.unwrap()["errorType"],
        "InvalidStateTransition"
    );
    working.await.unwrap();
}
