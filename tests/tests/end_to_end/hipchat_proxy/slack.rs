//! Slack when it is down, slow, busy, or has another token: what becomes of a message then.

use std::time::{Duration, Instant};

use local::standin::Fault;
use local::suite::defaults::SLACK_TOKEN_SECRET;
use serde_json::json;

use super::assert_hipchat_error;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn slack_being_down_is_told_in_hipchats_own_words() {
    let stage = Stage::start().await;
    let slack_error = |code: &str| Fault {
        status: Some(200),
        body: Some(format!(r#"{{"ok":false,"error":"{code}"}}"#)),
        ..Fault::default()
    };
    for (fault, status) in [
        (Fault::status(500), 503),
        (
            Fault {
                status: Some(200),
                body: Some("<html>".into()),
                ..Fault::default()
            },
            503,
        ),
        (Fault::reset(), 503),
        (slack_error("channel_not_found"), 404),
        (slack_error("fatal_error"), 503),
    ] {
        stage.slack().clear_calls();
        stage.slack().fault(fault.clone());
        assert_hipchat_error(&stage.notify("Ops", json!({"message": "hi"})).await, status);
        assert_eq!(
            stage.slack().calls().len(),
            1,
            "what may have been posted is not posted again: {fault:?}"
        );
    }
    assert_eq!(stage.slack().messages().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn slacks_rate_limit_becomes_hipchats() {
    let stage = Stage::start().await;
    let limited = || Fault {
        status: Some(429),
        body: Some(r#"{"ok":false,"error":"ratelimited"}"#.into()),
        headers: [("retry-after".to_owned(), "30".to_owned())].into(),
        ..Fault::default()
    };
    stage.slack().fault(limited());
    let answer = stage.notify("Ops", json!({"message": "hi"})).await;
    assert_hipchat_error(&answer, 429);
    assert_eq!(answer.headers["retry-after"], "30");
    assert_eq!(answer.headers["x-ratelimit-remaining"], "0");
    stage.slack().fault(limited());
    let url = format!(
        "{}/v1/rooms/message?room_id=Ops&from=a&message=hi&auth_token={}",
        stage.suite.addresses().hipchat_alb,
        stage.token()
    );
    assert_hipchat_error(&stage.send(stage.client.get(url)).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_slack_is_given_up_before_lambda_gives_up() {
    let stage = Stage::with(|options| options.hipchat_proxy.timeout = Duration::from_secs(2)).await;
    stage.slack().fault(Fault::delay_ms(10_000));
    let started = Instant::now();
    assert_hipchat_error(&stage.notify("Ops", json!({"message": "hi"})).await, 503);
    assert!(
        started.elapsed() < Duration::from_millis(1900),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        stage.notify("Ops", json!({"message": "hi"})).await.status,
        204,
        "the environment lives on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_slack_token_is_taken_up() {
    let stage = Stage::start().await;
    assert_eq!(stage.notify("Ops", json!({"message": "one"})).await.status, 204);
    // A token that was read a moment ago is not read again: a storm of refusals must not become a storm of reads.
    tokio::time::sleep(Duration::from_millis(5100)).await;
    stage.slack().rotate("xoxb-local-rotated");
    let secrets_manager = stage.suite.stand_ins().secrets_manager.as_ref().unwrap();
    secrets_manager.put(SLACK_TOKEN_SECRET, "xoxb-local-rotated");
    let answer = stage.notify("Ops", json!({"message": "two"})).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(stage.slack().messages().len(), 2);
    stage.slack().rotate("xoxb-local-revoked");
    let reads = secrets_manager.calls().len();
    for _ in 0..3 {
        assert_hipchat_error(&stage.notify("Ops", json!({"message": "three"})).await, 503);
    }
    assert_eq!(secrets_manager.calls().len(), reads);
}
