//! What Slack answers, and what the client hears of it.

mod connections;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Ask, NOW, Reply, World};

fn ask() -> Ask {
    Ask::notify("Ops", &json!({"message": "a <b>b</b>"}))
}

fn ask_v1() -> Ask {
    Ask::get("/v1/rooms/message?auth_token=tokN&room_id=8&from=a&message=x")
}

#[tokio::test]
async fn a_rate_limit_beyond_the_budget_is_passed_on() {
    let world = World::new().await;
    world.slack.will([Reply::limited(30), Reply::limited(30)]);
    let answer = world.ask(ask()).await;
    answer.is_error(429, "Too Many Requests");
    assert_eq!(world.slack.calls().len(), 1);
    assert_eq!(answer.number("retry-after"), 30);
    for kind in ["x-ratelimit", "x-floodcontrol"] {
        assert_eq!(answer.number(&format!("{kind}-remaining")), 0);
        assert_eq!(answer.number(&format!("{kind}-reset")), NOW + 30);
    }
    let line = world.last_line();
    assert_eq!(
        (&line["outcome"], &line["slack_error"]),
        (&json!("limited"), &json!("ratelimited"))
    );
    let answer = world.ask(ask_v1()).await;
    answer.is_error(403, "Forbidden");
    assert_eq!(answer.number("x-ratelimit-reset"), NOW + 30);
    assert_eq!(world.slack.calls().len(), 2);
}

#[tokio::test]
async fn no_client_waits_longer_than_it_listens() {
    // Some give up after three seconds and send once more: what is posted afterwards would stand there twice.
    let world = World::new().await;
    world.slack.will([Reply::limited(3)]);
    let begun = Instant::now();
    let answer = world.ask(ask()).await;
    answer.is_error(429, "Too Many Requests");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!((answer.number("retry-after"), world.slack.calls().len()), (3, 1));
    world.slack.will([Reply::limited(3)]);
    world.ask(ask_v1()).await.is_error(403, "Forbidden");
    // Nor is a client told to stay away for a day.
    world.slack.will([Reply::limited(86_400)]);
    let answer = world.ask(ask()).await;
    answer.is_error(429, "Too Many Requests");
    assert_eq!(
        (answer.number("retry-after"), answer.number("x-ratelimit-reset")),
        (3600, NOW + 3600)
    );
}

#[tokio::test]
async fn a_rate_limit_within_the_budget_is_waited_for_once() {
    let world = World::new().await;
    world.slack.will([Reply::limited(1)]);
    let begun = Instant::now();
    world.ask(ask()).await.is_no_content();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(world.slack.calls().len(), 2);
    world.slack.will([Reply::limited(1), Reply::ok_false("rate_limited")]);
    world.ask(ask()).await.is_error(429, "Too Many Requests");
    assert_eq!(world.slack.calls().len(), 4);
}

#[tokio::test]
async fn refusals_are_told_by_the_table() {
    for (code, v2, v1) in [
        ("channel_not_found", 404, 404),
        ("is_archived", 404, 404),
        ("restricted_action", 403, 401),
        ("restricted_action_read_only_channel", 403, 401),
        ("ekm_access_denied", 403, 401),
        ("no_permission", 403, 401),
        ("invalid_auth", 503, 503),
        ("account_inactive", 503, 503),
        ("missing_scope", 503, 503),
        ("invalid_arguments", 500, 500),
        ("never_heard_of", 500, 500),
        ("fatal_error", 503, 503),
        ("service_unavailable", 503, 503),
    ] {
        let world = World::new().await;
        world.slack.will([Reply::ok_false(code), Reply::ok_false(code)]);
        let answer = world.ask(ask()).await;
        assert_eq!(answer.status, v2, "{code}");
        answer.json();
        answer.has_rate_headers();
        assert!(!answer.body.contains(code), "{}", answer.body);
        assert_eq!(world.last_line()["slack_error"], code);
        assert_eq!(world.ask(ask_v1()).await.status, v1, "{code}");
        assert_eq!(world.slack.calls().len(), 2, "{code}");
    }
}

#[tokio::test]
async fn a_room_whose_channel_is_gone_is_not_found() {
    let world = World::new().await;
    world.slack.will([Reply::ok_false("channel_not_found")]);
    assert_eq!(
        world.ask(ask()).await.is_error(404, "Not Found"),
        "Room 'Ops' not found"
    );
    let line = world.last_line();
    assert_eq!(
        (&line["level"], &line["reason"]),
        (&json!("ERROR"), &json!("channel_gone"))
    );
}

#[tokio::test]
async fn what_slack_may_have_posted_is_never_sent_again() {
    let html = |status| Reply::Http(status, String::new(), "<html>".to_owned());
    for reply in [
        html(500),
        html(503),
        html(200),
        Reply::Hang,
        Reply::Half,
        Reply::Http(200, String::new(), "{}".to_owned()),
    ] {
        let world = World::new().await;
        world.slack.will([reply.clone()]);
        let message = world.ask(ask()).await.is_error(503, "Service Unavailable");
        assert_eq!(message, "The message could not be delivered");
        assert_eq!(world.slack.calls().len(), 1, "{reply:?}");
        let line = world.last_line();
        assert_eq!(
            (&line["outcome"], &line["MessagesFailed"]),
            (&json!("failed"), &json!(1))
        );
    }
}

#[tokio::test]
async fn a_slow_slack_is_given_up_before_lambda_gives_up() {
    let world = World::new().await;
    world.slack.will([Reply::Slow(Duration::from_secs(5))]);
    let begun = Instant::now();
    let answer = world.ask_within(ask(), 1000).await;
    let took = begun.elapsed();
    answer.is_error(503, "Service Unavailable");
    assert!(
        took >= Duration::from_millis(400) && took < Duration::from_millis(900),
        "{took:?}"
    );
    assert_eq!(world.slack.calls().len(), 1);
    assert_eq!(world.last_line()["reason"], "out_of_time");
    // Without any time left nothing is sent.
    world.slack.forget();
    world.ask_within(ask(), 400).await.is_error(503, "Service Unavailable");
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn the_app_joins_a_public_channel_once() {
    let world = World::new().await;
    world.slack.will([Reply::ok_false("not_in_channel")]);
    world.ask(ask()).await.is_no_content();
    let paths: Vec<String> = world.slack.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(
        paths,
        [
            "/api/chat.postMessage",
            "/api/conversations.join",
            "/api/chat.postMessage"
        ]
    );
    assert_eq!(world.slack.calls()[1].body, json!({"channel": "C200"}));
    world.slack.forget();
    world.slack.will([
        Reply::ok_false("not_in_channel"),
        Reply::ok_false("method_not_supported_for_channel_type"),
    ]);
    world.ask(ask()).await.is_error(404, "Not Found");
    assert_eq!(world.slack.calls().len(), 2);
}

#[tokio::test]
async fn a_message_that_slack_cannot_show_is_sent_as_plain_text_once() {
    let world = World::new().await;
    world.slack.will([Reply::ok_false("msg_blocks_too_long")]);
    world.ask(ask()).await.is_no_content();
    let posts = world.slack.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(
        (&posts[1]["text"], posts[1].get("attachments")),
        (&json!("a *b*"), None)
    );
    assert_eq!(world.last_line()["as_text"], json!(true));
    world
        .slack
        .will([Reply::ok_false("no_text"), Reply::ok_false("msg_too_long")]);
    world.ask(ask()).await.is_error(400, "Bad Request");
    assert_eq!(world.slack.posts().len(), 4);
}

#[tokio::test]
async fn a_channel_that_cannot_be_joined_just_now_is_not_gone() {
    for (reply, status) in [
        (Reply::limited(60), 429),
        (Reply::Http(500, String::new(), String::new()), 503),
        (Reply::Hang, 503),
        (Reply::ok_false("missing_scope"), 503),
        (Reply::ok_false("is_archived"), 404),
    ] {
        let world = World::new().await;
        world.slack.will([Reply::ok_false("not_in_channel"), reply.clone()]);
        assert_eq!(world.ask(ask()).await.status, status, "{reply:?}");
        assert_eq!(world.slack.methods(), ["chat.postMessage", "conversations.join"]);
    }
}
