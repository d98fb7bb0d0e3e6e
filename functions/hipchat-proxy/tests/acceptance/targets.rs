//! Where messages go beside a channel by its id: incoming webhooks, channels by name.

use serde_json::json;

use crate::support::{Ask, Reply, SlackStub, World, sha256};

/// A world whose room Hook has a webhook alone, and Both a channel too. The stub that takes the posts comes with it.
async fn hooked() -> (World, SlackStub) {
    let hooks = SlackStub::start().await;
    let url = hooks.webhook();
    let directory = format!(
        r#"{{"rooms": [{{"name": "Hook", "webhook_url": "{url}", "notify": "here"}},
            {{"name": "Both", "channel": "C200", "webhook_url": "{url}"}}]}}"#
    );
    (World::with(&[("HIPCHAT_DIRECTORY", &directory)]).await, hooks)
}

fn notify(room: &str) -> Ask {
    Ask::notify(
        room,
        &json!({"message": "<b>a</b>", "from": "bot", "notify": true, "color": "red"}),
    )
}

#[tokio::test]
async fn a_webhook_gets_the_message_alone() {
    let (world, hooks) = hooked().await;
    world.ask(notify("Hook")).await.is_no_content();
    let call = &hooks.calls()[0];
    assert_eq!(call.path, "/services/T1/B1/hook-s3cret");
    assert!(!call.head.to_lowercase().contains("authorization"), "{}", call.head);
    assert_eq!(
        call.body,
        json!({"text": "<!here>", "unfurl_links": false, "unfurl_media": false, "attachments": [
            {"color": "#E01E5A", "fallback": "a", "mrkdwn_in": ["text"], "text": "*bot*\n*a*"}]})
    );
    let line = world.last_line();
    assert_eq!(
        (&line["channel"], &line["MessagesSent"]),
        (&json!("webhook"), &json!(1))
    );
    let message = Ask::post("/v2/room/Hook/message")
        .bearer("tokA")
        .json(r#"{"message":"b"}"#);
    let answer = world.ask(message).await;
    assert_eq!(answer.status, 201);
    assert!(answer.json()["id"].as_str().unwrap().starts_with("none-"));
    let v1 = Ask::get("/v1/rooms/message?auth_token=tokN&room_id=Hook&from=a&message=x");
    world.ask(v1).await.is_sent();
    world.ask(notify("Both")).await.is_no_content();
    assert_eq!(hooks.calls().len(), 4);
    assert!(world.slack.calls().is_empty());
    assert!(!world.log().contains("s3cret"));
}

#[tokio::test]
async fn a_topic_needs_a_channel() {
    let (world, hooks) = hooked().await;
    let put = |room: &str| {
        Ask::new("PUT", &format!("/v2/room/{room}/topic"))
            .bearer("tokA")
            .json(r#"{"topic":"a"}"#)
    };
    world.ask(put("Hook")).await.is_error(403, "Forbidden");
    let v1 = Ask::get("/v1/rooms/topic?auth_token=tokV&room_id=Hook&topic=a");
    world.ask(v1).await.is_error(401, "Unauthorized");
    assert!(world.slack.calls().is_empty() && hooks.calls().is_empty());
    world.ask(put("Both")).await.is_no_content();
    assert_eq!(world.slack.methods(), ["conversations.setTopic"]);
}

#[tokio::test]
async fn a_webhooks_answers_are_told_by_the_table() {
    let plain = |status, text: &str| Reply::Http(status, String::new(), text.to_owned());
    for (replies, status, calls) in [
        (vec![plain(404, "channel_not_found")], 404, 1),
        (vec![plain(410, "channel_is_archived")], 404, 1),
        (vec![plain(404, "no_service")], 404, 1),
        (vec![plain(403, "invalid_token")], 404, 1),
        (vec![plain(403, "action_prohibited")], 403, 1),
        (vec![plain(500, "rollup_error")], 503, 1),
        (vec![plain(200, "<html>")], 503, 1),
        (vec![Reply::Hang], 503, 1),
        (vec![Reply::limited(60)], 429, 1),
        (vec![Reply::limited(1)], 204, 2),
        // Once more as plain text.
        (vec![plain(400, "invalid_payload")], 204, 2),
        (vec![plain(400, "invalid_payload"), plain(400, "no_text")], 400, 2),
    ] {
        let (world, hooks) = hooked().await;
        hooks.will(replies.clone());
        let answer = world.ask(notify("Hook")).await;
        assert_eq!(answer.status, status, "{replies:?}");
        answer.has_rate_headers();
        assert_eq!(hooks.calls().len(), calls, "{replies:?}");
        assert!(!answer.body.contains("s3cret") && !world.log().contains("s3cret"));
    }
}

#[tokio::test]
async fn a_name_that_was_encoded_twice_is_decoded_before_anything_is_decided() {
    let token = sha256("tokD");
    let tokens = format!(r#"[{{"sha256": "{token}", "kind": "v1_notification", "rooms": ["Lost and Found"]}}]"#);
    let default =
        r#"{"rooms": [{"name": "Ops", "channel": "C200"}], "fallback": "default", "default_channel": "C900"}"#;
    for (directory, channel, text) in [(SLUG, "C300", "*a*"), (default, "C900", "[Lost and Found]\n*a*")] {
        let world = World::with(&[("HIPCHAT_DIRECTORY", directory), ("HIPCHAT_TOKENS", &tokens)]).await;
        let target = "/v1/rooms/message?auth_token=tokD&from=b&message=%3Cb%3Ea%3C/b%3E&room_id=Lost%2520and%2520Found";
        world.ask(Ask::get(target)).await.is_sent();
        assert_eq!(world.only_post()["channel"], channel);
        assert_eq!(world.only_text(), text);
    }
}

const SLUG: &str = r##"{"rooms": [{"name": "Named", "channel": "#lost-and-found"}], "fallback": "slug"}"##;

#[tokio::test]
async fn an_unlisted_room_is_the_channel_of_its_name() {
    let world = World::with(&[("HIPCHAT_DIRECTORY", SLUG)]).await;
    world.ask(notify("Lost%20and%20Found")).await.is_no_content();
    // Two pages, then the message.
    assert_eq!(
        world.slack.methods(),
        ["conversations.list", "conversations.list", "chat.postMessage"]
    );
    let list = &world.slack.calls()[0].body;
    assert_eq!(
        (&list["types"], &list["exclude_archived"]),
        (&json!("public_channel,private_channel"), &json!("true"))
    );
    let post = world.only_post();
    assert_eq!((&post["channel"], &post["text"]), (&json!("C300"), &json!("")));
    assert_eq!(world.only_text(), "*a*");
    // The list is remembered, for rooms that are not there too.
    world.slack.forget();
    world.ask(notify("ops")).await.is_no_content();
    let answer = world.ask(notify("no%20such%20room")).await;
    assert_eq!(answer.is_error(404, "Not Found"), "Room 'no such room' not found");
    let put = |room: &str| {
        Ask::new("PUT", &format!("/v2/room/{room}/topic"))
            .bearer("tokA")
            .json(r#"{"topic":"a"}"#)
    };
    world.ask(put("OPS")).await.is_no_content();
    world.ask(put("Named")).await.is_no_content();
    assert_eq!(
        world.slack.methods(),
        ["chat.postMessage", "conversations.setTopic", "conversations.setTopic"]
    );
    let topics: Vec<_> = world.slack.calls()[1..]
        .iter()
        .map(|call| call.body["channel"].clone())
        .collect();
    assert_eq!(topics, ["C200", "C300"]);
    world.clock.advance_ms(300_000);
    world.slack.forget();
    world.ask(notify("ops")).await.is_no_content();
    assert_eq!(world.slack.calls().len(), 3);
    // It can be written to, and is seen by nobody.
    let ask = Ask::get("/v2/room/ops").bearer("tokA");
    world.ask(ask).await.is_error(404, "Not Found");
    // A token that does not cover the name learns nothing.
    let ask = Ask::post("/v2/room/ops/notification")
        .bearer("tokR")
        .json(r#"{"message":"a"}"#);
    world.ask(ask).await.is_error(401, "Unauthorized");
}

#[tokio::test]
async fn a_channel_by_name_is_joined_by_its_id() {
    let world = World::with(&[("HIPCHAT_DIRECTORY", SLUG)]).await;
    world.slack.will([Reply::ok_false("not_in_channel")]);
    world.ask(notify("Named")).await.is_no_content();
    // Known by now, and refused once more until the app is in it.
    world
        .slack
        .will([Reply::ok_false("not_in_channel"), Reply::ok_false("not_in_channel")]);
    world.ask(notify("Named")).await.is_no_content();
    assert_eq!(
        world.slack.methods(),
        [
            "chat.postMessage",
            "conversations.list",
            "conversations.list",
            "chat.postMessage",
            "chat.postMessage",
            "chat.postMessage",
            "conversations.join",
            "chat.postMessage"
        ]
    );
    let channels: Vec<_> = world.slack.posts().iter().map(|post| post["channel"].clone()).collect();
    assert_eq!(channels, ["#lost-and-found", "C300", "#lost-and-found", "C300", "C300"]);
}

#[tokio::test]
async fn channels_are_listed_without_the_right_to_see_private_ones() {
    let world = World::with(&[("HIPCHAT_DIRECTORY", SLUG)]).await;
    world.slack.will([Reply::ok_false("missing_scope")]);
    world.ask(notify("ops")).await.is_no_content();
    assert_eq!(world.slack.calls()[1].body["types"], "public_channel");
}

#[tokio::test]
async fn a_list_that_cannot_be_had_is_told_by_the_table() {
    for (reply, status) in [
        (Reply::ok_false("invalid_auth"), 503),
        (Reply::limited(60), 429),
        (Reply::Http(200, String::new(), r#"{"ok":true}"#.to_owned()), 503),
    ] {
        let world = World::with(&[("HIPCHAT_DIRECTORY", SLUG)]).await;
        world.slack.will([reply]);
        assert_eq!(world.ask(notify("ops")).await.status, status);
        assert!(world.slack.posts().is_empty());
    }
}

#[tokio::test]
async fn an_operator_adds_emoticons() {
    let directory = r#"{"rooms": [{"name": "Ops", "channel": "C200"}], "emoticons": {"jenkins": ":jenkins:"}}"#;
    let world = World::with(&[("HIPCHAT_DIRECTORY", directory)]).await;
    let body = json!({"message": "(jenkins) (success)", "message_format": "text"});
    world.ask(Ask::notify("Ops", &body)).await.is_no_content();
    assert_eq!(world.only_text(), ":jenkins: :white_check_mark:");
}

#[tokio::test]
async fn metrics_by_room_are_had_on_request() {
    let world = World::with(&[("HIPCHAT_ROOM_METRICS", "true")]).await;
    world.ask(notify("7")).await.is_no_content();
    let line = world.last_line();
    assert_eq!(line["room"], "Dev Ops");
    let dimensions = line["_aws"]["CloudWatchMetrics"][1]["Dimensions"].clone();
    assert_eq!(dimensions, json!([["service"], ["service", "room"]]));
    // What a client made up is no dimension.
    world.ask(notify("nope")).await.is_error(404, "Not Found");
    assert_eq!(world.last_line()["room"], "-");
    let world = World::new().await;
    world.ask(notify("7")).await.is_no_content();
    let line = world.last_line();
    assert_eq!(line["room"], "Dev Ops");
    assert_eq!(line["_aws"]["CloudWatchMetrics"][1]["Dimensions"], json!([["service"]]));
}
