//! Messages to people: who they are in Slack, and what limits them.

use serde_json::json;

use crate::messages::{said, say};
use crate::support::{Reply, World};

#[tokio::test]
async fn a_person_may_be_written_to_in_html_with_a_card_and_a_sender() {
    let world = World::new().await;
    let body = json!({"message": "<b>x</b>", "message_format": "html", "from": "bot", "color": "blue", "notify": true});
    said(&world, "/v2/user/3/message", body).await.is_no_content();
    let post = world.only_post();
    assert_eq!(
        (&post["channel"], &post["text"], &post["username"]),
        (&json!("U3"), &json!("*x*"), &json!("bot"))
    );
    let body = json!({"message": "x", "color": "red", "card": {"style": "link", "id": "1", "title": "t"}});
    said(&world, "/v2/user/3/message", body).await.is_no_content();
    let attachment = &world.only_post()["attachments"][0];
    assert!(attachment["blocks"].is_array());
    assert_eq!(attachment["color"], "#E01E5A");
    let ask = say("/v2/user/3/message", &json!({"message": "x", "message_format": "rtf"}));
    world.ask(ask).await.is_error(400, "Bad Request");
}

#[tokio::test]
async fn people_are_looked_up_by_address_once_for_a_time() {
    let directory = r#"{"rooms": [{"name": "Ops", "channel": "C200"}], "users": [
        {"id": 3, "name": "D", "mention_name": "d", "email": "d+1@example.com"}, {"id": 4, "name": "E"}]}"#;
    let world = World::with(&[("HIPCHAT_DIRECTORY", directory)]).await;
    let hello = json!({"message": "hello"});
    said(&world, "/v2/user/@d/message", hello.clone()).await.is_no_content();
    assert_eq!(world.slack.methods(), ["users.lookupByEmail", "chat.postMessage"]);
    assert_eq!(world.slack.calls()[0].body, json!({"email": "d+1@example.com"}));
    assert_eq!(world.only_post()["channel"], "U4");
    // Also one who is not in the directory, under whatever spelling.
    said(&world, "/v2/user/D+1@example.com/message", hello.clone())
        .await
        .is_no_content();
    assert_eq!(world.slack.methods(), ["chat.postMessage"]);
    let answer = said(&world, "/v2/user/x@example.com/message", hello.clone()).await;
    assert_eq!(answer.is_error(404, "Not Found"), "User 'x@example.com' not found");
    said(&world, "/v2/user/x@example.com/message", hello.clone())
        .await
        .is_error(404, "Not Found");
    assert!(world.slack.calls().is_empty());
    // Nothing leads to this one.
    said(&world, "/v2/user/4/message", hello.clone())
        .await
        .is_error(404, "Not Found");
    assert!(world.slack.calls().is_empty());
    // One who was not found is asked for again after a minute, one who was after the documents' time.
    world.clock.advance_ms(60_000);
    said(&world, "/v2/user/x@example.com/message", hello.clone())
        .await
        .is_error(404, "Not Found");
    assert_eq!(world.slack.methods(), ["users.lookupByEmail"]);
    world.clock.advance_ms(240_000);
    said(&world, "/v2/user/@d/message", hello).await.is_no_content();
    assert_eq!(world.slack.methods(), ["users.lookupByEmail", "chat.postMessage"]);
}

#[tokio::test]
async fn a_look_up_that_fails_is_told_by_the_table() {
    for (replies, status, calls) in [
        (vec![Reply::ok_false("missing_scope")], 503, 1),
        (vec![Reply::limited(60)], 429, 1),
        // It changes nothing, so it is asked for again when the answer is lost.
        (vec![Reply::Hang, Reply::ok_false("fatal_error")], 503, 2),
        (vec![Reply::Hang], 404, 2),
    ] {
        let world = World::new().await;
        world.slack.will(replies);
        let answer = said(&world, "/v2/user/x@example.com/message", json!({"message": "a"})).await;
        assert_eq!(answer.status, status);
        answer.has_rate_headers();
        assert_eq!(world.slack.methods(), vec!["users.lookupByEmail"; calls]);
    }
}

#[tokio::test]
async fn a_person_who_is_gone_is_not_found() {
    let world = World::new().await;
    world.slack.will([Reply::ok_false("channel_not_found")]);
    let answer = said(&world, "/v2/user/@chris/message", json!({"message": "a"})).await;
    assert_eq!(answer.is_error(404, "Not Found"), "User '@chris' not found");
    assert_eq!(world.last_line()["reason"], "user_gone");
}

#[tokio::test]
async fn people_have_their_own_flood_limit() {
    let world = World::with(&[("HIPCHAT_FLOOD_LIMIT", "1")]).await;
    let hello = json!({"message": "hello"});
    said(&world, "/v2/user/3/message", hello.clone()).await.is_no_content();
    let answer = said(&world, "/v2/user/c@example.com/message", hello.clone()).await;
    answer.is_error(429, "Too Many Requests");
    assert_eq!(answer.number("x-floodcontrol-remaining"), 0);
    assert_eq!(said(&world, "/v2/room/Ops/message", hello).await.status, 201);
}
