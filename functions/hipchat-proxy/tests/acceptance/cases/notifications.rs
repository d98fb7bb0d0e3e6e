//! Notifications: where they go, who may send them, and what they show.

use serde_json::json;

use super::{OPS, hi, hi_in_ops, relayed};
use crate::support::{Ask, World};

#[tokio::test]
async fn case_01_a_notification_with_a_bearer_token() {
    let world = World::new().await;
    world.ask(Ask::notify("Ops", &hi())).await.is_no_content();
    assert_eq!(world.only_post(), hi_in_ops());
    assert_eq!(world.slack.methods(), ["chat.postMessage"]);
}

#[tokio::test]
async fn case_02_the_token_in_the_query() {
    let world = World::new().await;
    let ask = Ask::post(&format!("{OPS}?auth_token=tokA")).json(&hi().to_string());
    world.ask(ask).await.is_no_content();
    assert_eq!(world.only_post(), hi_in_ops());
}

#[tokio::test]
async fn case_03_html_color_ping_and_sender() {
    let world = World::new().await;
    let body = json!({"message": "<b>Hé</b> &amp; <a href=\"http://x/?a=1&amp;b=2\">l</a>", "color": "green",
        "notify": true, "from": "bot"});
    let ask = Ask::post("/v2/room/Dev%20Ops/notification")
        .bearer("tokA")
        .json(&body.to_string());
    world.ask(ask).await.is_no_content();
    let post = world.only_post();
    assert_eq!(post["channel"], "C100");
    assert_eq!(post["attachments"][0]["color"], "#2EB67D");
    assert!(post["text"].as_str().unwrap().contains("<!here>"));
    assert!(post["username"].as_str().unwrap().contains("bot"));
    assert_eq!(world.only_text(), "*Hé* &amp; <http://x/?a=1&amp;b=2|l>");
}

/// The channel that a path leads to.
async fn channel_of(path: &str) -> String {
    let world = World::new().await;
    let ask = Ask::post(path).bearer("tokA").json(&hi().to_string());
    world.ask(ask).await.is_no_content();
    world.only_post()["channel"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn case_04_a_numeric_id() {
    assert_eq!(channel_of("/v2/room/7/notification").await, "C100");
}

#[tokio::test]
async fn case_05_a_double_slash() {
    assert_eq!(channel_of("/v2//room/Dev%20Ops/notification").await, "C100");
}

#[tokio::test]
async fn case_06_a_trailing_slash() {
    assert_eq!(channel_of("/v2/room/Ops/notification/").await, "C200");
}

#[tokio::test]
async fn case_07_no_token() {
    let world = World::new().await;
    let ask = Ask::post(OPS).json(&hi().to_string());
    world.ask(ask).await.is_error(401, "Unauthorized");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn case_08_an_unknown_token_does_not_learn_which_rooms_there_are() {
    let world = World::new().await;
    let ask = Ask::post("/v2/room/nope/notification")
        .bearer("unknown")
        .json(&hi().to_string());
    world.ask(ask).await.is_error(401, "Unauthorized");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn case_09_a_room_that_the_token_does_not_cover() {
    let world = World::new().await;
    let ask = Ask::post(OPS).bearer("tokR").json(&hi().to_string());
    world.ask(ask).await.is_error(401, "Unauthorized");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn case_10_a_room_that_is_not_there() {
    let world = World::new().await;
    let message = world.ask(Ask::notify("nope", &hi())).await.is_error(404, "Not Found");
    assert_eq!(message, "Room 'nope' not found");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn case_18_a_card() {
    let world = World::new().await;
    let card = json!({"id": "id1", "style": "application", "title": "Title & <b>", "format": "medium", "url": "http://x",
        "description": {"value": "<b>d</b>", "format": "html"},
        "attributes": [{"label": "Priority", "value": {"label": "P1", "style": "lozenge-error"}}],
        "activity": {"html": "<b>act</b>"}, "icon": {"url": "http://x/i.png"}, "thumbnail": {"url": "http://x/t.png"}});
    let body = json!({"message": "plain", "card": card});
    world.ask(Ask::notify("Ops", &body)).await.is_no_content();
    let post = world.only_post();
    let blocks = post["attachments"][0]["blocks"].as_array().unwrap();
    let texts: Vec<String> = blocks.iter().map(ToString::to_string).collect();
    let at = |wanted: &str| {
        let found = texts.iter().position(|block| block.contains(wanted));
        found.unwrap_or_else(|| panic!("{wanted} in {texts:#?}"))
    };
    let order = [
        at("*act*"),
        at("<http://x|Title &amp; &lt;b&gt;>"),
        at("*d*"),
        at("*Priority*"),
    ];
    assert!(order.is_sorted(), "{order:?}");
    let field = blocks[order[3]]["fields"][0]["text"].as_str().unwrap();
    assert!(field.starts_with("*Priority*\n") && field.ends_with("P1"), "{field}");
    assert_eq!(post["attachments"][0]["fallback"], "plain");
}

#[tokio::test]
async fn case_19_no_card_or_half_of_one() {
    for card in [json!(null), json!({"style": "application", "id": "1"})] {
        assert_eq!(relayed(json!({"message": "m", "card": card})).await, "m");
    }
}
