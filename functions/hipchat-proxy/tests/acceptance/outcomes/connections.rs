//! Connections to Slack: kept, broken, frozen, refused, never made.

use std::time::{Duration, Instant};

use serde_json::json;

use super::ask;
use crate::support::slack::SlackStub;
use crate::support::{Reply, World};

#[tokio::test]
async fn a_kept_connection_that_breaks_behind_a_request_is_no_reason_to_send_it_again() {
    let world = World::new().await;
    world.ask(ask()).await.is_no_content();
    world.slack.will([Reply::Hang]);
    world.ask(ask()).await.is_error(503, "Service Unavailable");
    assert_eq!((world.slack.connections(), world.slack.calls().len()), (1, 2));
}

#[tokio::test]
async fn a_message_after_a_freeze_goes_out_on_a_new_connection() {
    let world = World::new().await;
    for round in 1..=5 {
        world.ask(ask()).await.is_no_content();
        // Nothing of the function runs while this thread sleeps, so that it cannot notice.
        world.slack.hang_up();
        std::thread::sleep(Duration::from_millis(30));
        world.ask(ask()).await.is_no_content();
        assert_eq!(world.slack.calls().len(), 2 * round, "each message is sent once");
        world.slack.hang_up();
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[tokio::test]
async fn without_a_connection_it_is_tried_again() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let world = World::with(&[("SLACK_API_URL", &format!("http://127.0.0.1:{port}/api"))]).await;
    world.ask(ask()).await.is_error(503, "Service Unavailable");
    let line = world.last_line();
    assert_eq!(
        (&line["reason"], &line["attempts"]),
        (&json!("slack_unreachable"), &json!(3))
    );
}

#[tokio::test]
async fn connections_are_kept_and_closed_ones_replaced() {
    let world = World::new().await;
    for _ in 0..5 {
        world.ask(ask()).await.is_no_content();
    }
    assert_eq!((world.slack.connections(), world.slack.calls().len()), (1, 5));
    world.slack.will([Reply::Close]);
    world.ask(ask()).await.is_no_content();
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.ask(ask()).await.is_no_content();
    assert_eq!((world.slack.connections(), world.slack.calls().len()), (2, 7));
}

#[tokio::test]
async fn a_connection_that_never_comes_about_is_bounded_by_the_deadline() {
    // A listener that accepts nobody answers no request either.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let world = World::with(&[("SLACK_API_URL", &url)]).await;
    let begun = Instant::now();
    world.ask_within(ask(), 900).await.is_error(503, "Service Unavailable");
    assert!(begun.elapsed() < Duration::from_millis(850));
    let _: &SlackStub = &world.slack;
}
