//! What is said to rooms and to people: messages, replies, links.

use serde_json::{Value, json};

use crate::support::{Answer, Ask, NOW, Reply, World};

pub(crate) fn say(path: &str, body: &Value) -> Ask {
    Ask::post(path).bearer("tokA").json(&body.to_string())
}

pub(crate) async fn said(world: &World, path: &str, body: Value) -> Answer {
    world.slack.forget();
    world.ask(say(path, &body)).await
}

#[tokio::test]
async fn a_message_is_answered_in_its_thread() {
    let world = World::new().await;
    let id = said(&world, "/v2/room/Ops/message", json!({"message": "one"}))
        .await
        .json()["id"]
        .clone();
    assert_eq!(id, "C200-1503435956000247");
    for parent in ["parentMessageId", "parent_message_id"] {
        let body = json!({"message": "two", parent: id});
        said(&world, "/v2/room/Ops/reply", body).await.is_no_content();
        let post = world.only_post();
        assert_eq!(
            (&post["thread_ts"], &post["text"]),
            (&json!("1503435956.000247"), &json!("two"))
        );
    }
    let body = json!({"message": "three", "message_format": "text", "attach_to": id});
    said(&world, "/v2/room/Ops/notification", body).await.is_no_content();
    assert_eq!(world.only_post()["thread_ts"], "1503435956.000247");
}

#[tokio::test]
async fn a_parent_that_is_not_of_this_channel_is_no_parent() {
    let world = World::new().await;
    for parent in [
        "C100-1503435956000247",
        "5ce4a1f2-0000-4000-8000-000000000001",
        "p-1",
        "C200-x",
    ] {
        let body = json!({"message": "two", "parentMessageId": parent});
        said(&world, "/v2/room/Ops/reply", body).await.is_no_content();
        assert_eq!(world.only_post().get("thread_ts"), None, "{parent}");
    }
    let answer = said(&world, "/v2/room/Ops/reply", json!({"message": "two"})).await;
    answer.is_error(400, "Bad Request");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn where_no_thread_can_be_joined_the_message_stands_beside_it() {
    for code in [
        "cannot_reply_to_message",
        "restricted_action_non_threadable_channel",
        "invalid_thread_ts",
    ] {
        let world = World::new().await;
        world.slack.will([Reply::ok_false(code)]);
        let body = json!({"message": "two", "parentMessageId": "C200-1503435956000247"});
        said(&world, "/v2/room/Ops/reply", body).await.is_no_content();
        let posts = world.slack.posts();
        assert_eq!(
            (posts.len(), posts[1].get("thread_ts"), &posts[1]["text"]),
            (2, None, &json!("two")),
            "{code}"
        );
        // Without a thread it is a refusal like any other.
        world.slack.will([Reply::ok_false(code)]);
        let answer = said(&world, "/v2/room/Ops/message", json!({"message": "one"})).await;
        assert!(answer.status == 500 || answer.status == 403, "{}", answer.status);
        assert_eq!(world.slack.posts().len(), 1);
    }
}

#[tokio::test]
async fn a_channel_by_name_has_threads_too() {
    let directory = r##"{"rooms": [{"name": "Ops", "channel": "#ops"}]}"##;
    let world = World::with(&[("HIPCHAT_DIRECTORY", directory)]).await;
    for (parent, thread) in [
        ("C200-1503435956000247", json!("1503435956.000247")),
        ("C300-1503435956000247", json!(null)),
    ] {
        let body = json!({"message": "two", "parentMessageId": parent});
        said(&world, "/v2/room/Ops/reply", body).await.is_no_content();
        assert_eq!(world.only_post()["thread_ts"], thread, "{parent}");
    }
    // A look-up that fails does not hold the message up.
    let world = World::with(&[("HIPCHAT_DIRECTORY", directory)]).await;
    world
        .slack
        .will([Reply::ok_false("fatal_error"), Reply::ok_false("fatal_error")]);
    let body = json!({"message": "two", "parentMessageId": "C200-1503435956000247"});
    said(&world, "/v2/room/Ops/reply", body).await.is_no_content();
    assert_eq!(world.only_post().get("thread_ts"), None);
}

#[tokio::test]
async fn what_is_not_posted_has_an_id_that_starts_no_thread() {
    let world = World::new().await;
    let answer = said(&world, "/v2/room/Ops/message", json!({"message": " \u{200b}"})).await;
    assert_eq!(answer.status, 201);
    let id = answer.json()["id"].clone();
    assert_eq!(id, json!(format!("none-{NOW}000000")));
    let body = json!({"message": "two", "parentMessageId": id});
    said(&world, "/v2/room/Ops/reply", body).await.is_no_content();
    assert_eq!(world.only_post().get("thread_ts"), None);
}

#[tokio::test]
async fn slash_commands_are_shown_in_messages_alone() {
    let world = World::new().await;
    said(&world, "/v2/room/Ops/message", json!({"message": "/me waves"})).await;
    assert_eq!(world.only_post()["text"], "_waves_");
    said(&world, "/v2/user/@chris/message", json!({"message": "/quote a\nb"}))
        .await
        .is_no_content();
    assert_eq!(world.only_post()["text"], "> a\n> b");
    let body = json!({"message": "/me waves", "message_format": "text"});
    said(&world, "/v2/room/Ops/notification", body).await.is_no_content();
    assert_eq!(world.only_text(), "/me waves");
}

#[tokio::test]
async fn links_are_shared_with_rooms_and_people() {
    let world = World::new().await;
    for (path, channel) in [("/v2/room/Ops/share/link", "C200"), ("/v2/user/3/share/link", "U3")] {
        let body = json!({"link": "http://x/?a=1&b=2|3", "message": "see <this> | @all"});
        said(&world, path, body).await.is_no_content();
        let post = world.only_post();
        assert_eq!(post["channel"], channel);
        assert_eq!(post["text"], "<http://x/?a=1&amp;b=2%7C3|see &lt;this&gt; ¦ @all>");
        said(&world, path, json!({"link": "https://x/y"})).await.is_no_content();
        assert_eq!(world.only_post()["text"], "<https://x/y>");
        said(&world, path, json!({"message": "a"}))
            .await
            .is_error(400, "Bad Request");
        said(&world, path, json!({"link": "javascript:alert(1)"}))
            .await
            .is_error(400, "Bad Request");
    }
}

#[tokio::test]
async fn messages_need_more_than_a_notification_token() {
    let world = World::new().await;
    for (path, token) in [
        ("/v2/room/7/message", "tokR"),
        ("/v2/room/7/reply", "tokN"),
        ("/v2/room/7/share/link", "tokR"),
        ("/v2/user/3/message", "tokR"),
        ("/v2/user/3/share/link", "tokN"),
        // Whoever is not let in does not learn who is there.
        ("/v2/user/@nobody/message", "tokR"),
        ("/v2/user/@nobody/message", "wrong"),
    ] {
        let ask = Ask::post(path).bearer(token).json("{}");
        world.ask(ask).await.is_error(401, "Unauthorized");
    }
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn a_dry_run_asks_slack_nothing() {
    let directory = r##"{"rooms": [{"name": "Ops", "channel": "#ops"}], "fallback": "slug"}"##;
    let variables = [
        ("HIPCHAT_DRY_RUN", "true"),
        ("SLACK_TOKEN", ""),
        ("HIPCHAT_DIRECTORY", directory),
    ];
    let world = World::with(&variables).await;
    let text = json!({"message": "confidential"});
    assert_eq!(said(&world, "/v2/room/Ops/message", text.clone()).await.status, 201);
    said(&world, "/v2/room/Lost/notification", text.clone())
        .await
        .is_no_content();
    said(&world, "/v2/user/x@example.com/message", text)
        .await
        .is_no_content();
    let line = world.last_line();
    assert_eq!((&line["reason"], &line["length"]), (&json!("dry_run"), &json!(12)));
    let ask = Ask::new("PUT", "/v2/room/Ops/topic")
        .bearer("tokA")
        .json(r#"{"topic":"a"}"#);
    world.ask(ask).await.is_no_content();
    assert!(world.slack.calls().is_empty());
    assert!(!world.log().contains("confidential"));
}

#[tokio::test]
async fn a_link_too_long_to_be_one_is_shared_as_text() {
    let world = World::new().await;
    let link = format!("http://x/?{}", "a&".repeat(500));
    let shown = link.replace('&', "&amp;");
    for (message, text) in [("", shown.clone()), ("see *it*", format!("see *it* {shown}"))] {
        let body = json!({"link": link, "message": message});
        said(&world, "/v2/room/Ops/share/link", body).await.is_no_content();
        assert_eq!(world.only_post()["text"], text);
    }
    world.slack.forget();
    let html = format!("a <a href=\"{shown}\"><b>l</b></a>. b");
    world
        .ask(Ask::notify("Ops", &json!({"message": html})))
        .await
        .is_no_content();
    assert_eq!(world.only_text(), format!("a *l* {shown} . b"));
}
