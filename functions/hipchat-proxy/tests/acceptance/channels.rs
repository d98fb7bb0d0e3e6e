//! Channels by their names, in a workspace whose list takes longer than one request.

use std::time::Duration;

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
    // And so do we: what was begun too long ago is begun anew.
    world.clock.advance_ms(300_000);
    world.slack.will([page(&[("C1", "one")], "p2"), Reply::limited(60)]);
    world.ask(notify("two")).await.is_error(429, "Too Many Requests");
    world.clock.advance_ms(300_000);
    world.slack.will([page(&[("C2", "two")], "")]);
    world.ask(notify("two")).await.is_no_content();
    assert_eq!(cursors(&world), ["-", "p2", "-"]);
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
    // A list that cannot be had anew leaves the old one.
    world.clock.advance_ms(10_000);
    world.slack.will([Reply::limited(60)]);
    world.ask(notify("nowhere")).await.is_error(404, "Not Found");
    world.ask(notify("one")).await.is_no_content();
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
