//! Notifications that are more, or less, than a text: cards, long and empty ones, dry runs and tries of a token.

use serde_json::json;

use crate::support::{Ask, Reply, World};

const OPS: &str = "/v2/room/Ops/notification";

#[tokio::test]
async fn a_card_that_is_none_leaves_its_message() {
    for (card, odd) in [
        (json!(null), json!(null)),
        (json!({"style": "application", "id": "1"}), json!("card_without_title")),
    ] {
        let world = World::new().await;
        let body = json!({"message": "m", "card": card});
        world.ask(Ask::notify("Ops", &body)).await.is_no_content();
        assert_eq!(world.only_text(), "m");
        let line = world.last_line();
        assert_eq!((&line["card"], &line["detail"]), (&json!(false), &odd));
    }
}

#[tokio::test]
async fn a_card_that_slack_does_not_take_leaves_its_message() {
    let world = World::new().await;
    world.slack.will([Reply::ok_false("invalid_blocks")]);
    let card = json!({"style": "link", "id": "1", "title": "t"});
    let body = json!({"message": "<i>m</i>", "card": card});
    world.ask(Ask::notify("Ops", &body)).await.is_no_content();
    let posts = world.slack.posts();
    assert!(posts[0]["attachments"][0]["blocks"].is_array());
    assert_eq!((&posts[1]["text"], posts[1].get("attachments")), (&json!("_m_"), None));
    let line = world.last_line();
    assert_eq!((&line["card"], &line["as_text"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_long_message_is_one_call_with_several_attachments() {
    let world = World::new().await;
    let message = format!("<b>{}</b><br>{}", "a".repeat(4900), "b &lt; ".repeat(690));
    world
        .ask(Ask::notify("Ops", &json!({"message": message, "color": "purple"})))
        .await
        .is_no_content();
    let post = world.only_post();
    let attachments = post["attachments"].as_array().unwrap();
    assert_eq!(attachments.len(), 2);
    assert_eq!(attachments[0]["text"], format!("*{}*", "a".repeat(4900)));
    assert!(attachments.iter().all(|part| part["color"] == "#8E5EA2"));
    assert_eq!(world.last_line()["parts"], json!(2));
}

#[tokio::test]
async fn a_message_that_shows_nothing_is_taken_and_not_posted() {
    let world = World::new().await;
    for message in ["<b> </b><br>", "   ", "<!-- x -->"] {
        world
            .ask(Ask::notify("Ops", &json!({"message": message})))
            .await
            .is_no_content();
        assert_eq!(world.last_line()["reason"], "nothing_to_show");
    }
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn a_dry_run_checks_everything_and_posts_nothing() {
    let world = World::with(&[("HIPCHAT_DRY_RUN", "true"), ("SLACK_TOKEN", "")]).await;
    world
        .ask(Ask::notify("Ops", &json!({"message": "hi"})))
        .await
        .is_no_content();
    world
        .ask(Ask::notify("nope", &json!({"message": "hi"})))
        .await
        .is_error(404, "Not Found");
    world
        .ask(Ask::notify("Ops", &json!({})))
        .await
        .is_error(400, "Bad Request");
    assert!(world.slack.calls().is_empty());
    assert!(world.log().contains("\"reason\":\"dry_run\""));
}

#[tokio::test]
async fn auth_test_acts_on_nothing() {
    let world = World::new().await;
    let accepted = json!({"success": {"code": 202, "type": "Accepted", "message": "This auth_token has access to use this method."}});
    for ask in [
        Ask::post(&format!("{OPS}?auth_test=true")).bearer("tokA"),
        Ask::post("/v2/room/7/notification?auth_test=true&auth_token=tokR").json("{}"),
        Ask::get("/v2/room?auth_token=tokA&auth_test=true"),
        Ask::post("/v1/rooms/message?auth_test=true&auth_token=tokN"),
    ] {
        let answer = world.ask(ask).await;
        assert_eq!((answer.status, answer.json()), (202, accepted.clone()));
        answer.has_rate_headers();
    }
    for (target, status) in [
        ("/v2/room/nope/notification?auth_test=true&auth_token=tokA", 404),
        ("/v2/room/Ops/notification?auth_test=true&auth_token=tokR", 401),
        ("/v2/room/Ops/notification?auth_test=true", 401),
        ("/v2/user?auth_test=true&auth_token=tokR", 401),
    ] {
        let method = if target.contains("user") { "GET" } else { "POST" };
        assert_eq!(world.ask(Ask::new(method, target)).await.status, status, "{target}");
    }
    assert!(world.slack.calls().is_empty());
}
