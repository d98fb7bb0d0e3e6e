//! Topics of rooms.

use serde_json::json;

use crate::support::{Ask, Reply, World};

#[tokio::test]
async fn topics_of_both_apis() {
    let world = World::new().await;
    let put = |body: &str| Ask::new("PUT", "/v2/room/Ops/topic").bearer("tokA").json(body);
    world.ask(put(r#"{"topic":""}"#)).await.is_no_content();
    assert_eq!(world.slack.calls()[0].body, json!({"channel": "C200", "topic": ""}));
    assert_eq!(world.last_line()["reason"], "topic_set");
    for body in [
        "{}",
        r#"{"topic":null}"#,
        &format!(r#"{{"topic":"{}"}}"#, "x".repeat(251)),
    ] {
        world.ask(put(body)).await.is_error(400, "Bad Request");
    }
    world.slack.forget();
    let ask = Ask::post("/v1/rooms/topic?auth_token=tokV").form("room_id=Dev+Ops&topic=a+%26+b&from=API");
    let answer = world.ask(ask).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(
        world.slack.calls()[0].body,
        json!({"channel": "C100", "topic": "a & b"})
    );
    let ask = Ask::get("/v1/rooms/topic?auth_token=tokV&room_id=8&topic=x&format=xml");
    assert!(
        world
            .ask(ask)
            .await
            .body
            .ends_with("<response><status>ok</status></response>")
    );
    // Only tokens that do more than send.
    let ask = Ask::get("/v1/rooms/topic?auth_token=tokN&room_id=8&topic=x");
    world.ask(ask).await.is_error(401, "Unauthorized");
    let ask = Ask::new("PUT", "/v2/room/7/topic")
        .bearer("tokR")
        .json(r#"{"topic":"x"}"#);
    world.ask(ask).await.is_error(401, "Unauthorized");
}

#[tokio::test]
async fn a_topic_needs_the_app_in_the_channel() {
    let world = World::new().await;
    let put = || {
        Ask::new("PUT", "/v2/room/Ops/topic")
            .bearer("tokA")
            .json(r#"{"topic":"a"}"#)
    };
    world.slack.will([Reply::ok_false("not_in_channel")]);
    world.ask(put()).await.is_no_content();
    assert_eq!(
        world.slack.methods(),
        ["conversations.setTopic", "conversations.join", "conversations.setTopic"]
    );
    for (code, status) in [
        ("too_long", 400),
        ("method_not_supported_for_channel_type", 403),
        ("is_archived", 404),
    ] {
        world.slack.will([Reply::ok_false(code)]);
        assert_eq!(world.ask(put()).await.status, status, "{code}");
    }
    // A topic whose answer is lost may have been set.
    world.slack.forget();
    world.slack.will([Reply::Hang]);
    world.ask(put()).await.is_error(503, "Service Unavailable");
    assert_eq!(world.slack.calls().len(), 1);
}
