//! HipChat's calls beside notifications, through a load balancer and the real binary: threads, people, topics, lists,
//! webhooks and channels by name, with a Slack that keeps what it gets.

use local::standin::{Slack, SlackOptions};
use serde_json::{Value, json};

use crate::stage::{Answer, Stage, listener};

/// A call of the second API with the stage's token.
async fn call(stage: &Stage, method: reqwest::Method, path: &str, body: &Value) -> Answer {
    let url = format!("{}/v2/{path}", stage.suite.addresses().hipchat_alb);
    let token = stage.suite.addresses().hipchat_token.clone().unwrap();
    stage
        .send(stage.client.request(method, url).bearer_auth(token).json(body))
        .await
}

async fn post(stage: &Stage, path: &str, body: Value) -> Answer {
    call(stage, reqwest::Method::POST, path, &body).await
}

fn slack(stage: &Stage) -> &Slack {
    stage.suite.stand_ins().slack.as_ref().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_have_threads_and_people_and_rooms_have_topics() {
    let stage = Stage::start().await;
    let said = post(&stage, "room/Ops/message", json!({"message": "one"})).await;
    assert_eq!(said.status, 201, "{}", said.text());
    let id = said.json()["id"].as_str().unwrap().to_owned();
    let reply = json!({"message": "two", "parentMessageId": id});
    assert_eq!(post(&stage, "room/Ops/reply", reply).await.status, 204);
    assert_eq!(
        post(&stage, "user/@chris/message", json!({"message": "three"}))
            .await
            .status,
        204
    );
    let link = json!({"link": "https://example.com/?a=1&b=2", "message": "four"});
    assert_eq!(post(&stage, "room/Dev%20Ops/share/link", link).await.status, 204);
    let topic = call(
        &stage,
        reqwest::Method::PUT,
        "room/Ops/topic",
        &json!({"topic": "a & b"}),
    )
    .await;
    assert_eq!(topic.status, 204, "{}", topic.text());

    let kept = slack(&stage).messages();
    let texts: Vec<&str> = kept.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(
        texts,
        ["one", "two", "three", "<https://example.com/?a=1&amp;b=2|four>"]
    );
    assert_eq!(kept[1].thread_ts.as_ref(), Some(&kept[0].ts));
    assert_eq!((kept[2].channel_name.as_str(), &kept[2].channel[..1]), ("U3", "D"));
    assert_eq!(slack(&stage).topic("C200").as_deref(), Some("a & b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_a_webhook_and_one_that_is_not_listed() {
    let hooks = Slack::start(
        listener().await,
        SlackOptions {
            channels: vec![("C900".to_owned(), "hooked".to_owned())],
            webhooks: vec![("T1/B1/s3cret".to_owned(), "C900".to_owned())],
            rate_per_channel: Some(1),
            ..SlackOptions::default()
        },
    )
    .unwrap();
    let directory = json!({
        "rooms": [{"name": "Hook", "webhook_url": hooks.webhook_url("T1/B1/s3cret")}],
        "fallback": "slug",
    });
    let stage = Stage::with(|options| {
        options
            .variables
            .insert("HIPCHAT_DIRECTORY".to_owned(), directory.to_string());
    })
    .await;
    let notify = async |room: &str| {
        let body = json!({"message": "<b>hi</b>", "from": "bot"});
        post(&stage, &format!("room/{room}/notification"), body).await.status
    };
    assert_eq!(notify("Hook").await, 204);
    let kept = hooks.messages();
    assert_eq!(
        (kept[0].channel.as_str(), kept[0].username.as_str()),
        ("C900", "local app")
    );
    assert_eq!(kept[0].attachments[0]["text"], "*bot*\n*hi*");
    // The second of a second waits for its turn.
    assert_eq!(notify("Hook").await, 204);
    assert_eq!(hooks.messages().len(), 2);
    assert!(slack(&stage).calls().is_empty());

    assert_eq!(notify("DEV%20ops").await, 204);
    assert_eq!(slack(&stage).messages()[0].channel, "C100");
    assert_eq!(notify("nowhere").await, 404);
    let topic = call(&stage, reqwest::Method::PUT, "room/ops/topic", &json!({"topic": "t"})).await;
    assert_eq!((topic.status, slack(&stage).topic("C200").as_deref()), (204, Some("t")));
    let lists = slack(&stage)
        .calls()
        .into_iter()
        .filter(|call| call.path.ends_with("conversations.list"));
    assert_eq!(lists.count(), 1);
    assert!(!stage.log("hipchat-proxy").await.contains("s3cret"));
}
