//! A target that is cold, that ends while it works, whose answer breaks off.

use std::time::Duration;

use local::function::FunctionOptions;
use local::standin::Fault;
use serde_json::{Value, json};

use super::{echoed, invoker, lambda, post, route, runs};

fn error(body: &Value) -> &str {
    body["error"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_cold_for_ten_seconds_is_waited_for_and_not_asked_again() {
    let lambda = lambda(|options| FunctionOptions {
        init_timeout: Duration::from_secs(30),
        ..options.env("DEMO_START_MS", "10000")
    })
    .await;
    let invoker = invoker(&json!([
        route("/patient", &lambda, &json!({})),
        route("/hasty", &lambda, &json!({"timeout": 1000})),
    ]));
    let (patient, hasty) = (json!({"id": "patient"}), json!({"id": "hasty"}));
    let first = {
        let (invoker, patient) = (invoker.clone(), patient.clone());
        tokio::spawn(async move { post(&invoker, "/hasty", &json!({"id": "hasty", "first": patient})).await })
    };
    let (status, body) = first.await.unwrap();
    assert_eq!((status, error(&body)), (504, "upstream_timeout"));
    // The second one comes while the first environment still starts.
    let (status, body) = post(&invoker, "/patient", &patient).await;
    assert_eq!((status, echoed(&body)), (200, patient), "{body}");
    assert_eq!(hasty["id"], "hasty");
    assert_eq!(runs(&lambda, "hello", "patient"), 1);
    // Whoever gives up has still asked: the function runs for it, once.
    let log = lambda.function("hello").unwrap().log();
    let late = log
        .wait_for(Duration::from_secs(10), |line| line.text == "run \"hasty\"")
        .await;
    assert!(late.is_some(), "{}", log.text());
    assert_eq!((runs(&lambda, "hello", "hasty"), lambda.calls().len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_ends_while_it_works_ran_once() {
    let lambda = lambda(|options| options).await;
    let invoker = invoker(&json!([route("/hello", &lambda, &json!({}))]));
    for (id, event) in [
        ("exit", json!({"do": "exit", "code": 1})),
        ("break", json!({"do": "break", "chunks": 3, "bytes": 1000})),
        ("error", json!({"do": "error", "type": "Boom", "message": "s3cret"})),
    ] {
        let mut event = event;
        event["id"] = id.into();
        let (status, body) = post(&invoker, "/hello", &event).await;
        assert_eq!(status, 502, "{id}: {body}");
        assert!(
            !body.to_string().contains("s3cret") && !body.to_string().contains("xxx"),
            "{body}"
        );
        assert_eq!(runs(&lambda, "hello", id), 1, "{id}");
    }
    // And the next one is served.
    let next = json!({"id": "next"});
    let (status, body) = post(&invoker, "/hello", &next).await;
    assert_eq!((status, echoed(&body)), (200, next));
    assert_eq!(lambda.calls().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_no_answer_and_no_reason_to_ask_again() {
    let lambda = lambda(|options| options).await;
    let invoker = invoker(&json!([route("/hello", &lambda, &json!({}))]));
    for (number, fault) in [
        // Before the first byte, within the head's promise, within the body.
        Fault {
            taken: true,
            ..Fault::reset()
        },
        Fault::cut(0),
        Fault::cut(40),
    ]
    .into_iter()
    .enumerate()
    {
        lambda.fault(fault);
        let id = format!("cut {number}");
        let (status, body) = post(&invoker, "/hello", &json!({"id": id})).await;
        assert_eq!(status, 502, "{id}: {body}");
        assert!(
            !body.to_string().contains(&id),
            "half an answer is not passed on: {body}"
        );
        let log = lambda.function("hello").unwrap().log();
        let line = format!("run \"{id}\"");
        assert!(
            log.wait_for(Duration::from_secs(5), |seen| seen.text == line)
                .await
                .is_some()
        );
        assert_eq!(runs(&lambda, "hello", &id), 1, "{id}");
        assert_eq!(lambda.calls().len(), number + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_surely_did_not_run_is_tried_again() {
    let lambda = lambda(|options| options).await;
    let invoker = invoker(&json!([route("/hello", &lambda, &json!({}))]));
    for (name, calls, status) in [
        ("TooManyRequestsException", 2, 200),
        ("ServiceException", 1, 502),
        ("EC2ThrottledException", 1, 502),
        ("SnapStartNotReadyException", 1, 503),
        ("EFSMountTimeoutException", 1, 504),
        ("ResourceNotFoundException", 1, 502),
        ("RequestTooLargeException", 1, 413),
    ] {
        lambda.clear_calls();
        let none = [("retry-after".to_owned(), "0".to_owned())].into();
        lambda.fault(Fault {
            headers: none,
            ..Fault::error(name)
        });
        let (got, body) = post(&invoker, "/hello", &json!({"id": name})).await;
        assert_eq!((got, lambda.calls().len()), (status, calls), "{name}: {body}");
        assert_eq!(runs(&lambda, "hello", name), usize::from(status == 200), "{name}");
    }
}
