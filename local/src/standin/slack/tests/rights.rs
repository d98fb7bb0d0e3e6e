//! Private, archived and foreign channels, webhooks, limits of methods, and messages that come twice.

use super::*;

fn workspace() -> SlackOptions {
    let channel = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    let only = |id: &str| vec![id.to_owned()];
    SlackOptions {
        channels: vec![
            channel("C100", "dev-ops"),
            channel("C300", "foreign"),
            channel("C400", "old"),
            channel("C500", "secret"),
            channel("C600", "hidden"),
        ],
        private: vec!["C500".to_owned(), "C600".to_owned()],
        not_joined: vec!["C300".to_owned(), "C600".to_owned()],
        archived: only("C400"),
        webhooks: vec![channel("T1/B1/x", "C600"), channel("T1/B2/x", "C400")],
        ..options()
    }
}

async fn message(slack: &Slack, channel: &str) -> Value {
    call(slack, "chat.postMessage", json!({"channel": channel, "text": "x"})).await
}

async fn topic(slack: &Slack, channel: &str) -> Value {
    call(
        slack,
        "conversations.setTopic",
        json!({"channel": channel, "topic": "t"}),
    )
    .await
}

#[tokio::test]
async fn a_public_channel_is_joined_and_a_private_one_is_not() {
    let slack = start(SlackOptions {
        only_members_post: true,
        ..workspace()
    })
    .await;
    assert_eq!(message(&slack, "C300").await, error("not_in_channel"));
    assert_eq!(topic(&slack, "C300").await, error("not_in_channel"));
    let joined = call(&slack, "conversations.join", json!({"channel": "C300"})).await;
    assert_eq!(joined["channel"]["is_member"], true);
    assert_eq!(message(&slack, "C300").await["ok"], true);
    assert_eq!(topic(&slack, "C300").await["ok"], true);
    assert_eq!(slack.topic("C300").as_deref(), Some("t"));
    let join = async |channel| call(&slack, "conversations.join", json!({"channel": channel})).await;
    assert_eq!(join("C400").await, error("is_archived"));
    assert_eq!(join("C500").await, error("method_not_supported_for_channel_type"));
    assert_eq!(join("C600").await, error("channel_not_found"));
}

#[tokio::test]
async fn with_the_right_scope_public_channels_take_messages_of_all_apps() {
    let slack = start(workspace()).await;
    for (channel, code) in [
        ("C300", None),
        ("C400", Some("is_archived")),
        ("C500", None),
        ("C600", Some("channel_not_found")),
    ] {
        let answered = message(&slack, channel).await;
        assert_eq!(answered["error"].as_str(), code, "{channel}");
    }
    assert_eq!(topic(&slack, "C400").await, error("is_archived"));
    assert_eq!(topic(&slack, "C600").await, error("channel_not_found"));
}

#[tokio::test]
async fn channels_are_listed_by_kind() {
    let slack = start(workspace()).await;
    let names = async |arguments: Value| {
        let page = call(&slack, "conversations.list", arguments).await;
        let channels = page["channels"].as_array().cloned().unwrap_or_default();
        let names = channels
            .iter()
            .map(|channel| channel["name"].as_str().unwrap_or_default().to_owned());
        names.collect::<Vec<String>>()
    };
    assert_eq!(names(json!({})).await, ["dev-ops", "foreign", "old"]);
    assert_eq!(
        names(json!({"types": "public_channel,private_channel", "exclude_archived": "true"})).await,
        ["dev-ops", "foreign", "secret"]
    );
    assert_eq!(
        call(&slack, "conversations.list", json!({"types": "rooms"})).await,
        error("invalid_types")
    );
}

#[tokio::test]
async fn a_webhook_posts_to_its_channel_and_answers_in_plain_text() {
    let slack = start(SlackOptions {
        rate_per_channel: Some(1),
        ..workspace()
    })
    .await;
    let send = async |path: &str, body: &'static str| {
        let request = client()
            .post(slack.webhook_url(path))
            .header("content-type", "application/json")
            .body(body);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    let told = |status, text: &str| (status, text.to_owned());
    assert_eq!(
        send("T1/B1/x", r#"{"text":"hi","username":"bot","channel":"C100"}"#).await,
        told(200, "ok")
    );
    let kept = slack.messages();
    assert_eq!(
        (kept[0].channel.as_str(), kept[0].username.as_str()),
        ("C600", "local app")
    );
    assert_eq!(send("T1/B1/x", r#"{"text":"hi"}"#).await, told(429, "ratelimited"));
    assert_eq!(send("T1/B1/x", "{").await, told(400, "invalid_payload"));
    assert_eq!(send("T1/B1/x", "{}").await, told(400, "no_text"));
    assert_eq!(send("T1/B1/y", r#"{"text":"hi"}"#).await, told(404, "no_service"));
    assert_eq!(
        send("T1/B2/x", r#"{"text":"hi"}"#).await,
        told(410, "channel_is_archived")
    );
    assert_eq!(slack.messages().len(), 1);
}

#[tokio::test]
async fn a_message_that_comes_twice_is_kept_once() {
    let slack = start(workspace()).await;
    let post = async |channel: &str, id: &str| {
        call(
            &slack,
            "chat.postMessage",
            json!({"channel": channel, "text": "x", "client_msg_id": id}),
        )
        .await["ts"]
            .clone()
    };
    let first = post("C100", "1").await;
    assert_eq!(post("C100", "1").await, first);
    assert_ne!(post("C100", "2").await, first);
    assert_ne!(post("C500", "1").await, first);
    assert_eq!(slack.messages().len(), 3);
}

#[tokio::test]
async fn a_method_takes_so_many_calls_a_minute() {
    let slack = start(SlackOptions {
        rate_per_method: Some(2),
        ..workspace()
    })
    .await;
    for _ in 0..2 {
        assert_eq!(call(&slack, "conversations.list", json!({})).await["ok"], true);
    }
    let request = post(&slack, "conversations.list").bearer_auth("xoxb-1").body("{}");
    let limited = request.send().await.expect("an answer");
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.headers().contains_key("retry-after"));
    assert_eq!(topic(&slack, "C100").await["ok"], true);
    for _ in 0..3 {
        assert_eq!(message(&slack, "C100").await["ok"], true);
    }
}
