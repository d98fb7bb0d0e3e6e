//! The local Lambda against a real process: `examples/probe.rs`, built with lambda_runtime.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::probe::{answer, gone, invoke, options};
use local::function::{Function, FunctionOptions, Invoked, Source};
use serde_json::{Value, json};

#[tokio::test]
async fn an_event_comes_with_its_context() {
    let function = Function::new(options());
    let before = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let payload = json!({"value": "caf\u{e9}"}).to_string().into();
    let reply = match function
        .invoke_traced(payload, Some("1-5bdb40ca-556d8b0c50dc66f0511bf520"))
        .await
    {
        Invoked::Response(payload) => serde_json::from_slice::<Value>(&payload).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(reply["value"], "caf\u{e9}");
    assert_eq!(reply["request_id"].as_str().unwrap().len(), 36);
    assert_eq!(reply["arn"], "arn:aws:lambda:eu-west-1:123456789012:function:probe");
    assert!(
        reply["trace"]
            .as_str()
            .unwrap()
            .starts_with("Root=1-5bdb40ca-556d8b0c50dc66f0511bf520;Parent=")
    );
    let left = reply["deadline_ms"].as_u64().unwrap() - before;
    assert!((5000..15_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn an_error_report_leaves_the_environment() {
    let function = Function::new(options());
    let first = answer(&function, json!({})).await;
    let failed = invoke(
        &function,
        json!({"do": "error", "type": "Oops", "message": "Unauthorized"}),
    )
    .await;
    let payload = br#"{"errorType":"Oops","errorMessage":"Unauthorized"}"#.as_slice();
    let expected = Invoked::FunctionError {
        error_type: "Oops".into(),
        error_message: "Unauthorized".into(),
        payload: payload.into(),
    };
    assert_eq!(failed, expected);
    assert_eq!(failed.payload(), Some((payload.into(), true)));
    assert_eq!(answer(&function, json!({})).await["pid"], first["pid"]);
}

#[tokio::test]
async fn the_time_limit_kills_the_environment() {
    let options = FunctionOptions {
        timeout: Duration::from_millis(500),
        ..options()
    };
    let function = Function::new(options);
    let first = answer(&function, json!({})).await;
    let started = Instant::now();
    match invoke(&function, json!({"do": "sleep", "ms": 5000})).await {
        Invoked::TimedOut { message } => {
            assert!(message.starts_with("RequestId: "), "{message}");
            assert!(
                message.ends_with(" Error: Task timed out after 0.50 seconds"),
                "{message}"
            );
        }
        other => panic!("{other:?}"),
    }
    let took = started.elapsed();
    assert!(
        (Duration::from_millis(500)..Duration::from_millis(1500)).contains(&took),
        "{took:?}"
    );
    assert_ne!(answer(&function, json!({})).await["pid"], first["pid"]);
    assert!(gone(&first["pid"]).await);
}

#[tokio::test]
async fn the_time_limit_counts_from_the_delivery_not_from_the_queue() {
    let options = FunctionOptions {
        timeout: Duration::from_millis(700),
        ..options()
    };
    let function = Function::new(options);
    let sleep = || invoke(&function, json!({"do": "sleep", "ms": 500}));
    let (one, other) = tokio::join!(sleep(), sleep());
    assert!(matches!((one, other), (Invoked::Response(_), Invoked::Response(_))));
}

#[tokio::test]
async fn a_crash_fails_the_event_and_the_next_gets_a_new_process() {
    for (event, expected) in [
        (
            json!({"do": "exit", "code": 7}),
            "Runtime exited with error: exit status 7",
        ),
        (
            json!({"do": "exit", "code": 0}),
            "Runtime exited without providing a reason",
        ),
        (json!({"do": "abort"}), "Runtime exited with error: signal: aborted"),
    ] {
        let function = Function::new(options());
        let first = answer(&function, json!({})).await;
        match invoke(&function, event).await {
            Invoked::Crashed { message } => assert!(message.ends_with(&format!(" Error: {expected}")), "{message}"),
            other => panic!("{other:?}"),
        }
        assert_ne!(answer(&function, json!({})).await["pid"], first["pid"]);
    }
}

#[tokio::test]
async fn a_crash_between_events_is_noticed() {
    let function = Function::new(options());
    let first = answer(&function, json!({"do": "spawn"})).await;
    let ended =
        |line: &local::function::LogLine| line.source == Source::Platform && line.text.contains("exit status 9");
    assert!(function.log().wait_for(Duration::from_secs(5), ended).await.is_some());
    assert_ne!(answer(&function, json!({})).await["pid"], first["pid"]);
}

#[tokio::test]
async fn a_reply_over_six_megabytes_is_refused() {
    let function = Function::new(options());
    let first = answer(&function, json!({})).await;
    match invoke(&function, json!({"do": "big", "bytes": 6_291_557})).await {
        Invoked::FunctionError { error_type, .. } => assert_eq!(error_type, "Function.ResponseSizeTooLarge"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        invoke(&function, json!({"do": "big", "bytes": 6_291_554})).await,
        Invoked::Response(_)
    ));
    assert_eq!(answer(&function, json!({})).await["pid"], first["pid"]);
}

#[tokio::test]
async fn the_environment_is_lambdas_and_nothing_else() {
    let reply = answer(&Function::new(options().env("OWN", "x")), json!({"do": "env"})).await;
    let variables = reply.as_object().unwrap();
    // Cargo sets a good many variables for its tests: none of them may arrive.
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
    let mut names: Vec<&str> = variables.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "OWN",
        "PATH",
        "TZ",
        "_HANDLER",
        // Set by lambda_runtime for each event.
        "_X_AMZN_TRACE_ID",
    ];
    assert_eq!(names, expected);
    assert_eq!(reply["AWS_LAMBDA_LOG_GROUP_NAME"], "/aws/lambda/probe");
    assert!(
        reply["AWS_LAMBDA_LOG_STREAM_NAME"]
            .as_str()
            .unwrap()
            .contains("/[$LATEST]")
    );
}

#[tokio::test]
async fn lines_are_kept_with_their_source() {
    let function = Function::new(options());
    answer(&function, json!({"do": "say", "line": "on the one hand"})).await;
    let log = function.log();
    let line = log
        .wait_for(Duration::from_secs(5), |line| line.text == "on the one hand")
        .await
        .expect("the line");
    assert_eq!(line.source, Source::Stdout);
    assert_eq!(log.text(), "on the one hand\n");
}

#[tokio::test]
async fn stopping_kills_the_process_and_fails_who_waits() {
    let function = Function::new(options());
    let first = answer(&function, json!({})).await;
    let working = tokio::spawn({
        let function = function.clone();
        async move { invoke(&function, json!({"do": "sleep", "ms": 5000})).await }
    });
    let waiting = tokio::spawn({
        let function = function.clone();
        async move { invoke(&function, json!({})).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    function.stop().await;
    assert!(gone(&first["pid"]).await);
    assert!(matches!(working.await.unwrap(), Invoked::Crashed { .. }));
    assert!(matches!(waiting.await.unwrap(), Invoked::Crashed { .. }));
    assert!(matches!(invoke(&function, json!({})).await, Invoked::Crashed { .. }));
    assert!(function.warm().await.is_err());
}

#[tokio::test]
async fn dropping_the_last_clone_kills_the_process() {
    let function = Function::new(options());
    let first = answer(&function, json!({})).await;
    let clone = function.clone();
    drop(function);
    assert_eq!(answer(&clone, json!({})).await["pid"], first["pid"]);
    drop(clone);
    assert!(gone(&first["pid"]).await);
}
