//! Notifications of the second API.

use serde_json::{Value, json};

use crate::support::{Ask, World};

const OPS: &str = "/v2/room/Ops/notification";

fn hi() -> Value {
    json!({"message": "hi", "message_format": "text"})
}

/// Relays one notification and gives the text of its attachment.
async fn text_of(body: Value) -> String {
    let world = World::new().await;
    world.ask(Ask::notify("Ops", &body)).await.is_no_content();
    world.only_text()
}

#[tokio::test]
async fn a_text_is_posted_and_answered_with_204() {
    let world = World::new().await;
    world.ask(Ask::notify("Ops", &hi())).await.is_no_content();
    assert_eq!(
        world.only_post(),
        json!({"channel": "C200", "text": "", "unfurl_links": false, "unfurl_media": false,
            "attachments": [{"color": "#F2C744", "fallback": "hi", "mrkdwn_in": ["text"], "text": "hi"}]})
    );
    let call = &world.slack.calls()[0];
    let head = call.head.to_lowercase();
    assert!(head.contains("authorization: bearer xoxb-slack-s3cret\r\n"), "{head}");
    assert!(head.contains("content-type: application/json; charset=utf-8"), "{head}");
    let line = world.last_line();
    for (key, value) in [
        ("outcome", json!("sent")),
        ("reason", json!("posted")),
        ("api", json!("v2")),
        ("channel", json!("C200")),
        ("shape", json!("text")),
        ("length", json!(2)),
        ("attempts", json!(1)),
        ("MessagesSent", json!(1)),
        ("status", json!(204)),
    ] {
        assert_eq!(line[key], value, "{key}");
    }
    assert!(line["SlackMs"].is_number());
}

#[tokio::test]
async fn the_token_may_stand_in_the_query_or_a_form() {
    let world = World::new().await;
    let body = hi().to_string();
    for ask in [
        Ask::post(&format!("{OPS}?auth_token=tokA")).json(&body),
        Ask::post(&format!("{OPS}?auth_token=&auth_token=tok%41")).json(&body),
        Ask::post(OPS).header("Authorization", "bearer  tokA").json(&body),
        Ask::post(OPS).form("message=hi&message_format=text&auth_token=tokA"),
        Ask::post(&format!("{OPS}?auth_token=tokA")).body(body.as_bytes()),
    ] {
        world.slack.forget();
        world.ask(ask).await.is_no_content();
        assert_eq!(world.only_text(), "hi");
    }
    // The first token that is there decides.
    let ask = Ask::post(&format!("{OPS}?auth_token=tokA")).bearer("wrong").json(&body);
    world.ask(ask).await.is_error(401, "Unauthorized");
}

#[tokio::test]
async fn html_color_sender_and_ping() {
    let world = World::new().await;
    let body = json!({
        "message": "<b>Hé</b> &amp; <a href=\"http://x/?a=1&amp;b=2\">l</a>", "color": "green", "notify": true, "from": "bot"
    });
    world.ask(Ask::notify("Dev%20Ops", &body)).await.is_no_content();
    let post = world.only_post();
    assert_eq!(post["channel"], "C100");
    assert_eq!(post["attachments"][0]["color"], "#2EB67D");
    assert_eq!(post["attachments"][0]["text"], "*Hé* &amp; <http://x/?a=1&amp;b=2|l>");
    assert_eq!(post["attachments"][0]["fallback"], "Hé &amp; l");
    assert_eq!(post["text"], "<!here>");
    assert_eq!(post["username"], "bot");
}

#[tokio::test]
async fn rooms_are_found_as_clients_write_them() {
    let world = World::new().await;
    for (path, channel) in [
        ("/v2/room/7/notification", "C100"),
        ("/v2//room/Dev%20Ops/notification", "C100"),
        ("/v2/room/Dev%2520Ops/notification", "C100"),
        ("/v2/room/dev%20ops/notification", "C100"),
        ("/v2/room/Dev Ops/notification", "C100"),
        ("/v2/room/Ops/notification/", "C200"),
        ("//v2/room/Ops//notification", "C200"),
    ] {
        world.slack.forget();
        let ask = Ask::post(path).bearer("tokA").json(&hi().to_string());
        world.ask(ask).await.is_no_content();
        assert_eq!(world.only_post()["channel"], channel, "{path}");
    }
}

#[tokio::test]
async fn tokens_are_checked_before_rooms() {
    let world = World::new().await;
    let body = hi().to_string();
    let nope = "/v2/room/nope/notification";
    for (path, token) in [
        (OPS, ""),
        (OPS, "unknown"),
        (nope, "unknown"),
        (OPS, "tokR"),
        (nope, "tokR"),
    ] {
        let ask = Ask::post(path).bearer(token).json(&body);
        world.ask(ask).await.is_error(401, "Unauthorized");
    }
    let ask = Ask::post(OPS).header("Authorization", "tokA").json(&body);
    assert_eq!(
        world.ask(ask).await.is_error(401, "Unauthorized"),
        "Invalid OAuth session"
    );
    let ask = Ask::post(nope).bearer("tokA").json(&body);
    assert_eq!(world.ask(ask).await.is_error(404, "Not Found"), "Room 'nope' not found");
    assert_eq!(world.last_line()["reason"], "unknown_room");
    assert!(world.slack.calls().is_empty());
    let ask = Ask::post("/v2/room/7/notification").bearer("tokR").json(&body);
    world.ask(ask).await.is_no_content();
}

#[tokio::test]
async fn what_hipchat_refused_is_a_400() {
    let world = World::new().await;
    let long = json!({"message": "x".repeat(10_001)}).to_string();
    for body in [
        "{}",
        r#"{"message":""}"#,
        r#"{"message":null}"#,
        long.as_str(),
        "[",
        "",
        "\u{0}",
        r#"{"message":"a","color":"blue"}"#,
        r#"{"message":"a","message_format":"xhtml"}"#,
        r#"["message"]"#,
    ] {
        let ask = Ask::post(OPS).bearer("tokA").json(body);
        world.ask(ask).await.is_error(400, "Bad Request");
    }
    assert!(world.slack.calls().is_empty());
    assert_eq!(world.last_line()["MessagesRefused"], 1);
}

#[tokio::test]
async fn an_overlong_message_is_cut_where_the_operator_says_so() {
    let world = World::with(&[("HIPCHAT_OVERLONG", "truncate")]).await;
    let body = json!({"message": "x".repeat(10_001), "message_format": "text"});
    world.ask(Ask::notify("Ops", &body)).await.is_no_content();
    let post = world.only_post();
    let parts: Vec<&str> = post["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["text"].as_str().unwrap())
        .collect();
    assert_eq!(parts.concat(), format!("{}...", "x".repeat(9997)));
}

#[tokio::test]
async fn colors_and_booleans_have_several_spellings() {
    let world = World::new().await;
    world
        .ask(Ask::notify("Ops", &json!({"message": "a", "color": "RED"})))
        .await
        .is_no_content();
    assert_eq!(world.only_post()["attachments"][0]["color"], "#E01E5A");
    for (notify, text) in [
        (json!("true"), "<!here>"),
        (json!("True"), "<!here>"),
        (json!(1), "<!here>"),
        (json!("yes"), "<!here>"),
        (json!("false"), ""),
        (json!(0), ""),
        (json!(null), ""),
    ] {
        world.slack.forget();
        world
            .ask(Ask::notify("7", &json!({"message": "a", "notify": notify})))
            .await
            .is_no_content();
        assert_eq!(world.only_post()["text"], text, "{notify}");
    }
    world.slack.forget();
    world
        .ask(Ask::notify("Ops", &json!({"message": "a", "notify": true})))
        .await
        .is_no_content();
    assert_eq!(world.only_post()["text"], "");
}

#[tokio::test]
async fn texts_and_html_are_rendered_by_their_own_rules() {
    let text = "(success) @all a<b & c http://x/?a=1&b=2";
    assert_eq!(
        text_of(json!({"message": text, "message_format": "text"})).await,
        ":white_check_mark: @all a&lt;b &amp; c http://x/?a=1&amp;b=2"
    );
    assert_eq!(
        text_of(json!({"message": "<!channel> (success) @all"})).await,
        "&lt;!channel&gt; (success) @all"
    );
    let plugin =
        "\n<strong>State:</strong> CRITICAL<br>\n(<a href=\"10.0.0.1\">10.0.0.1</a>)\n<pre>disk <full> & hot</pre>\n";
    assert_eq!(
        text_of(json!({"message": plugin})).await,
        "*State:* CRITICAL\n(10.0.0.1)\n```\ndisk &lt;full&gt; &amp; hot\n```"
    );
    assert_eq!(
        text_of(json!({"message": "@chris hi", "message_format": "text"})).await,
        "<@U3> hi"
    );
}

#[tokio::test]
async fn a_literal_control_character_in_json_is_a_character() {
    let world = World::new().await;
    let ask = Ask::post(OPS)
        .bearer("tokA")
        .json("{\"color\":\"green\",\"message\":\"a\tb\",\"message_format\":\"text\"}\n");
    world.ask(ask).await.is_no_content();
    assert_eq!(world.only_text(), "a\tb");
}

#[tokio::test]
async fn unlisted_rooms_go_where_the_directory_says() {
    let directory =
        r#"{"rooms": [{"name": "Ops", "channel": "C200"}], "fallback": "default", "default_channel": "C900"}"#;
    let world = World::with(&[("HIPCHAT_DIRECTORY", directory), ("SLACK_CUSTOMIZE", "")]).await;
    let body = json!({"message": "a", "from": "bot", "notify": true});
    world.ask(Ask::notify("Lost%26Found", &body)).await.is_no_content();
    let post = world.only_post();
    assert_eq!((&post["channel"], &post["text"]), (&json!("C900"), &json!("")));
    assert_eq!(post["attachments"][0]["text"], "[Lost&amp;Found]\n*bot*\na");
    // A token of listed rooms does not reach it.
    let ask = Ask::post("/v2/room/Lost/notification")
        .bearer("tokR")
        .json(&body.to_string());
    world.ask(ask).await.is_error(401, "Unauthorized");
}
