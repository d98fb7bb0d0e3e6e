//! Channels by their names, in a workspace whose list takes longer than one request.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Ask, Reply, World};

const SLUG: &str = r#"{"rooms": [], "fallback": "slug"}"#;

fn notify(room: &str) -> Ask {
    Ask::notify(room, &json!({"message": "a"}))
}

fn page(channels: &[(&str, &str)], next: &str) -> Reply {
    let channels: Vec<_> = channels
        .iter()
        .map(|(id, name)| json!({"id": id, "name": name}))
        .collect();
    let body = json!({"ok": true, "channels": channels, "response_metadata": {"next_cursor": next}});
    Reply::Http(200, String::new(), body.to_string())
}

async fn world() -> World {
    World::with(&[("HIPCHAT_DIRECTORY", SLUG), ("HIPCHAT_FLOOD_LIMIT", "0")]).await
}

/// The cursors that the channels were asked for with.
fn cursors(world: &World) -> Vec<String> {
    let calls = world.slack.calls().into_iter();
    calls
        .filter(|call| call.path == "/api/conversations.list")
        .map(|call| call.body["cursor"].as_str().unwrap_or("-").to_owned())
        .collect()
}

#[tokio::test]
async fn a_list_goes_on_where_the_last_request_left_it() {
    let world = world().await;
    world
        .slack
        .will([page(&[("C1", "one")], "p2"), Reply::Slow(Duration::from_secs(2))]);
    // The second page does not come in time.
    let answer = world.ask_within(notify("three"), 1700).await;
    answer.is_error(503, "Service Unavailable");
    world.slack.will([page(&[("C2", "two")], "p3"), Reply::limited(60)]);
    world.ask(notify("three")).await.is_error(429, "Too Many Requests");
    // What was read already serves at once.
    world.ask(notify("one")).await.is_no_content();
    world.ask(notify("two")).await.is_no_content();
    world.slack.will([page(&[("C3", "three")], "")]);
    world.ask(notify("three")).await.is_no_content();
    world.ask(notify("four")).await.is_error(404, "Not Found");
    assert_eq!(cursors(&world), ["-", "p2", "p2", "p3", "p3"]);
    let posts: Vec<_> = world.slack.posts().iter().map(|post| post["channel"].clone()).collect();
    assert_eq!(posts, ["C1", "C2", "C3"]);
}

#[tokio::test]
async fn a_place_in_the_list_does_not_last_for_ever() {
    let world = world().await;
    world.slack.will([page(&[("C1", "one")], "p2"), Reply::limited(60)]);
    world.ask(notify("two")).await.is_error(429, "Too Many Requests");
    // Slack forgot it.
    world.slack.will([
        Reply::ok_false("invalid_cursor"),
        page(&[("C1", "one")], "p2b"),
        page(&[("C2", "two")], ""),
    ]);
    world.ask(notify("two")).await.is_no_content();
    assert_eq!(cursors(&world), ["-", "p2", "p2", "-", "p2b"]);
    world.slack.forget();
    // Until Slack does, a list that was begun goes on, however long ago: one that is asked for so seldom would never
    // come to its end. Each channel is as old as its page.
    world.clock.advance_ms(300_000);
    world.slack.will([page(&[("C1", "one")], "p2"), Reply::limited(60)]);
    world.ask(notify("three")).await.is_error(429, "Too Many Requests");
    world.clock.advance_ms(300_000);
    world.slack.will([page(&[("C3", "three")], "")]);
    world.ask(notify("three")).await.is_no_content();
    world.clock.advance_ms(299_000);
    world.ask(notify("three")).await.is_no_content();
    assert_eq!(cursors(&world), ["-", "p2", "p2"]);
    world.slack.will([page(&[("C9", "one"), ("C3", "three")], "")]);
    world.ask(notify("one")).await.is_no_content();
    assert_eq!(world.slack.posts().last().unwrap()["channel"], "C9");
}

/// A name that was given to another channel while a list was half read.
#[tokio::test]
async fn what_was_read_long_ago_leads_nowhere() {
    let last_channel = |world: &World| world.slack.posts().last().unwrap()["channel"].clone();
    let begin = async || {
        let world = world().await;
        world.slack.will([page(&[("C1", "one")], "p2"), Reply::limited(60)]);
        world.ask(notify("two")).await.is_error(429, "Too Many Requests");
        world.clock.advance_ms(299_000);
        world.ask(notify("one")).await.is_no_content();
        assert_eq!(last_channel(&world), "C1");
        world.clock.advance_ms(1_000);
        world
    };
    // The rest of the list has its new channel.
    let world = begin().await;
    world.slack.will([page(&[("C2", "two"), ("C9", "one")], "")]);
    world.ask(notify("two")).await.is_no_content();
    world.ask(notify("one")).await.is_no_content();
    assert_eq!((last_channel(&world), cursors(&world).len()), (json!("C9"), 3));
    // It stands where the list began, which must be read once more.
    let world = begin().await;
    world
        .slack
        .will([page(&[("C2", "two")], ""), page(&[("C9", "one")], "")]);
    world.ask(notify("one")).await.is_no_content();
    assert_eq!(last_channel(&world), "C9");
    assert_eq!(cursors(&world), ["-", "p2", "p2", "-"]);
    // It cannot be had: the client is told to come again.
    let world = begin().await;
    world.slack.will([Reply::limited(60)]);
    world.ask(notify("one")).await.is_error(429, "Too Many Requests");
}

#[tokio::test]
async fn a_list_that_took_long_does_not_tell_what_is_missing() {
    let world = world().await;
    world.slack.will([page(&[("C1", "one")], "p2"), Reply::limited(60)]);
    world.ask(notify("new")).await.is_error(429, "Too Many Requests");
    world.clock.advance_ms(60_000);
    // Its channel was made meanwhile, and stands on the page that was read a minute ago.
    world
        .slack
        .will([page(&[("C2", "two")], ""), page(&[("C1", "one"), ("C9", "new")], "")]);
    world.ask(notify("new")).await.is_no_content();
    assert_eq!(world.only_post()["channel"], "C9");
    assert_eq!(cursors(&world), ["-", "p2", "p2", "-"]);
}

#[tokio::test]
async fn of_two_lists_the_younger_page_counts() {
    let world = world().await;
    world.slack.will([page(&[("C1", "one"), ("C2", "two")], "")]);
    world.ask(notify("one")).await.is_no_content();
    world.clock.advance_ms(20_000);
    world.slack.will([page(&[("C9", "one")], "p2"), Reply::limited(60)]);
    world.ask(notify("three")).await.is_error(429, "Too Many Requests");
    world.ask(notify("one")).await.is_no_content();
    world.ask(notify("two")).await.is_no_content();
    let posts: Vec<_> = world.slack.posts().iter().map(|post| post["channel"].clone()).collect();
    assert_eq!(posts, ["C1", "C9", "C2"]);
}

#[tokio::test]
async fn a_channel_that_is_new_is_found_after_some_seconds() {
    let world = world().await;
    world.slack.will([page(&[("C1", "one")], "")]);
    world.ask(notify("new")).await.is_error(404, "Not Found");
    world.clock.advance_ms(9_000);
    world.ask(notify("new")).await.is_error(404, "Not Found");
    assert_eq!(cursors(&world).len(), 1);
    world.clock.advance_ms(1_000);
    world.slack.will([page(&[("C1", "one"), ("C2", "new")], "")]);
    world.ask(notify("new")).await.is_no_content();
    // Names that are nowhere ask no more often than that.
    for _ in 0..20 {
        world.ask(notify("nowhere")).await.is_error(404, "Not Found");
    }
    assert_eq!(cursors(&world).len(), 2);
    // A list that cannot be had anew leaves the old one for the names that it holds. Of others it tells nothing: a
    // client that heard 404 would drop its message, though the channel may be there by now.
    for (reply, status) in [
        (Reply::limited(60), 429),
        (Reply::ok_false("internal_error"), 503),
        (Reply::Hang, 503),
    ] {
        world.clock.advance_ms(10_000);
        world.slack.will([reply.clone(), reply]);
        assert_eq!(world.ask(notify("nowhere")).await.status, status);
        world.slack.will_no_more();
        world.ask(notify("one")).await.is_no_content();
    }
    world.slack.will([Reply::Slow(Duration::from_secs(3))]);
    let late = world.ask_within(notify("nowhere"), 1700).await;
    late.is_error(503, "Service Unavailable");
}

#[tokio::test]
async fn known_names_do_not_wait_for_the_list() {
    let world = world().await;
    world.slack.will([page(&[("C1", "one")], "")]);
    world.ask(notify("one")).await.is_no_content();
    let quick = async |world: &World| {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let begun = Instant::now();
        world.ask(notify("one")).await.is_no_content();
        begun.elapsed()
    };
    // While a list is young, and while it is so old that another request reads it anew.
    for age_ms in [10_000, 300_000] {
        world.clock.advance_ms(age_ms);
        world.slack.will([Reply::Slow(Duration::from_secs(3))]);
        let (slow, took) = tokio::join!(world.ask_within(notify("nowhere"), 3000), quick(&world));
        slow.is_error(503, "Service Unavailable");
        assert!(took < Duration::from_millis(1000), "{age_ms}: {took:?}");
    }
    // What the pages read so far hold does not wait for the next ones either.
    world
        .slack
        .will([page(&[("C2", "two")], "p2"), Reply::Slow(Duration::from_secs(3))]);
    let two = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let begun = Instant::now();
        world.ask(notify("two")).await.is_no_content();
        begun.elapsed()
    };
    let (_, took) = tokio::join!(world.ask_within(notify("nowhere"), 3000), two);
    assert!(took < Duration::from_millis(1000), "{took:?}");
}

#[tokio::test]
async fn an_old_list_that_cannot_be_had_anew_still_knows_its_names() {
    let world = world().await;
    world.slack.will([page(&[("C1", "one")], "")]);
    world.ask(notify("one")).await.is_no_content();
    world.clock.advance_ms(86_400_000);
    world.slack.will([Reply::limited(60)]);
    world.ask(notify("one")).await.is_no_content();
    assert_eq!(cursors(&world), ["-", "-"]);
    // Nor does its refresh keep the message for long.
    world.slack.will([Reply::Slow(Duration::from_secs(5))]);
    let begun = Instant::now();
    world.ask(notify("one")).await.is_no_content();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_room_without_a_channel_is_unknown_to_every_call() {
    let world = world().await;
    let file = "--B\nContent-Disposition: attachment; name=file; filename=a\n\nc\n--B--";
    let calls = [
        notify("nowhere"),
        Ask::post("/v2/room/nowhere/share/file")
            .bearer("tokA")
            .header("Content-Type", "multipart/related; boundary=B")
            .body(file.as_bytes()),
        Ask::new("PUT", "/v2/room/nowhere/topic")
            .bearer("tokA")
            .json(r#"{"topic":"a"}"#),
    ];
    for ask in calls {
        let message = world.ask(ask).await.is_error(404, "Not Found");
        assert_eq!(message, "Room 'nowhere' not found");
        let line = world.last_line();
        assert_eq!(
            (&line["reason"], &line["level"]),
            (&json!("unknown_room"), &json!("INFO"))
        );
    }
}

#[tokio::test]
async fn what_lies_beyond_the_longest_list_is_told_once() {
    let world = world().await;
    for round in 0..2 {
        world
            .slack
            .will((0..20).map(|at| page(&[(&format!("C{at}"), &format!("n{at}"))], "more")));
        world.ask(notify("beyond")).await.is_error(404, "Not Found");
        assert_eq!(cursors(&world).len(), 20 * (round + 1));
        // A long list is believed for longer.
        world.clock.advance_ms(59_000);
        world.ask(notify("beyond")).await.is_error(404, "Not Found");
        assert_eq!(cursors(&world).len(), 20 * (round + 1));
        world.clock.advance_ms(1_000);
    }
    let log = world.log();
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("channels beyond these are not found by name"))
        .collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains(r#""channel_count":20"#) && told[0].contains("WARN"),
        "{}",
        told[0]
    );
}
