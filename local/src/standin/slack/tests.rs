//! Tests of the stand-in for Slack, over HTTP.

mod content;
mod files;
mod methods;
mod page;
mod rights;

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::super::tests::{client, listener};
use super::{Slack, SlackOptions, SlackUser};
use crate::standin::Fault;

fn options() -> SlackOptions {
    SlackOptions {
        token: "xoxb-1".to_owned(),
        channels: vec![
            ("C100".to_owned(), "dev-ops".to_owned()),
            ("C200".to_owned(), "#ops".to_owned()),
        ],
        ..SlackOptions::default()
    }
}

async fn start(options: SlackOptions) -> Slack {
    Slack::start(listener().await, options).expect("it starts")
}

/// A call with a JSON body and the right token.
async fn call(slack: &Slack, method: &str, arguments: Value) -> Value {
    answer(post(slack, method).bearer_auth("xoxb-1").body(arguments.to_string())).await
}

fn post(slack: &Slack, method: &str) -> RequestBuilder {
    client()
        .post(format!("{}/api/{method}", slack.url()))
        .header("content-type", "application/json; charset=utf-8")
}

async fn answer(request: RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("JSON")
}

fn error(code: &str) -> Value {
    json!({"ok": false, "error": code})
}

#[tokio::test]
async fn a_message_is_kept_in_its_channel() {
    let slack = start(options()).await;
    let attachments = json!([{"color": "#2EB67D", "text": "*b*"}, {"text": "2"}]);
    let posted = json!({"channel": "C100", "text": "a &amp; b", "username": "bot", "attachments": attachments});
    let reply = call(&slack, "chat.postMessage", posted).await;
    let ts = reply["ts"].as_str().expect("a timestamp");
    assert_eq!(
        reply,
        json!({"ok": true, "channel": "C100", "ts": ts, "message": {
            "type": "message", "subtype": "bot_message", "bot_id": "B00000001", "app_id": "A00000001", "username": "bot",
            "text": "a &amp; b", "ts": ts,
            "attachments": [{"color": "#2EB67D", "text": "*b*", "id": 1}, {"text": "2", "id": 2}],
        }})
    );
    let kept = slack.messages();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].channel.as_str(), kept[0].channel_name.as_str()),
        ("C100", "dev-ops")
    );
    assert_eq!(
        (kept[0].text.as_str(), kept[0].username.as_str(), kept[0].ts.as_str()),
        ("a &amp; b", "bot", ts)
    );
}

#[tokio::test]
async fn channels_are_found_by_id_and_by_name() {
    let slack = start(options()).await;
    for (channel, id) in [("C200", "C200"), ("#ops", "C200"), ("ops", "C200"), ("dev-ops", "C100")] {
        let reply = call(&slack, "chat.postMessage", json!({"channel": channel, "text": "x"})).await;
        assert_eq!(reply["channel"], id, "{channel}");
    }
    for channel in [
        json!("C300"),
        json!("nope"),
        json!("#C200x"),
        json!("u1"),
        json!(""),
        Value::Null,
    ] {
        let reply = call(&slack, "chat.postMessage", json!({"channel": channel, "text": "x"})).await;
        assert_eq!(reply, error("channel_not_found"), "{channel}");
    }
    assert_eq!(slack.messages().len(), 4);
}

#[tokio::test]
async fn timestamps_are_unique_and_grow() {
    let slack = start(options()).await;
    let mut last = String::new();
    for _ in 0..50 {
        let reply = call(&slack, "chat.postMessage", json!({"channel": "C100", "text": "x"})).await;
        let ts = reply["ts"].as_str().expect("a timestamp").to_owned();
        let (seconds, micros) = ts.split_once('.').expect("a point");
        assert_eq!((seconds.len(), micros.len()), (10, 6));
        assert!(ts > last, "{ts} after {last}");
        last = ts;
    }
}

#[tokio::test]
async fn a_user_is_written_to_in_a_direct_message() {
    let slack = start(options()).await;
    let first = call(&slack, "chat.postMessage", json!({"channel": "U3", "text": "x"})).await;
    let direct = first["channel"].as_str().expect("a channel").to_owned();
    assert!(direct.starts_with('D'), "{direct}");
    let opened = call(&slack, "conversations.open", json!({"users": "U3"})).await;
    assert_eq!(opened, json!({"ok": true, "channel": {"id": direct}}));
    let again = call(&slack, "chat.postMessage", json!({"channel": direct, "text": "y"})).await;
    assert_eq!(again["channel"], direct.as_str());
    let other = call(&slack, "chat.postMessage", json!({"channel": "U4", "text": "x"})).await;
    assert_ne!(other["channel"], direct.as_str());
    assert_eq!(slack.messages()[1].channel_name, "U3");
}

#[tokio::test]
async fn a_channel_takes_so_many_messages_a_second() {
    let slack = start(SlackOptions {
        rate_per_channel: Some(1),
        ..options()
    })
    .await;
    let message = |channel: &str| {
        let body = json!({"channel": channel, "text": "x"}).to_string();
        post(&slack, "chat.postMessage").bearer_auth("xoxb-1").body(body)
    };
    assert_eq!(answer(message("C100")).await["ok"], true);
    let limited = message("C100").send().await.expect("an answer");
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers()["retry-after"], "1");
    assert_eq!(limited.json::<Value>().await.expect("JSON"), error("ratelimited"));
    assert_eq!(answer(message("C200")).await["ok"], true);
    tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
    assert_eq!(answer(message("C100")).await["ok"], true);
    assert_eq!(slack.messages().len(), 3);
}

#[tokio::test]
async fn a_fault_keeps_the_message_out() {
    let slack = start(options()).await;
    slack.fault(Fault::status(500));
    let body = json!({"channel": "C100", "text": "x"}).to_string();
    let failed = post(&slack, "chat.postMessage")
        .bearer_auth("xoxb-1")
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(slack.messages().is_empty());
    assert_eq!(slack.calls().len(), 1);
    slack.clear_calls();
    assert!(slack.calls().is_empty());
}
