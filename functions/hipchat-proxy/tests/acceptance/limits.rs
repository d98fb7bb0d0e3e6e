//! HipChat's two rate limits.

use std::time::Duration;

use serde_json::json;

use crate::support::{Ask, NOW, Reply, World};

fn ask() -> Ask {
    Ask::notify("Ops", &json!({"message": "a"}))
}

#[tokio::test]
async fn a_token_has_so_many_requests() {
    let world = World::with(&[("HIPCHAT_RATE_LIMIT", "2")]).await;
    let first = world.ask(ask()).await;
    assert_eq!(
        (first.number("x-ratelimit-limit"), first.number("x-ratelimit-remaining")),
        (2, 1)
    );
    // A refused request counts too.
    world
        .ask(Ask::notify("nope", &json!({})))
        .await
        .is_error(404, "Not Found");
    let answer = world.ask(ask()).await;
    answer.is_error(429, "Too Many Requests");
    assert_eq!(answer.number("x-ratelimit-remaining"), 0);
    assert_eq!(answer.number("x-ratelimit-reset"), NOW + 300);
    assert_eq!(answer.number("retry-after"), 300);
    assert_eq!(world.last_line()["outcome"], "limited");
    // The first API says 403.
    let v1 = Ask::get("/v1/rooms/message?auth_token=tokA&room_id=8&from=a&message=x");
    world.ask(v1).await.is_error(403, "Forbidden");
    // Another token has its own count, and after the window this one goes on.
    let other = Ask::get("/v1/rooms/message?auth_token=tokN&room_id=8&from=a&message=x");
    world.ask(other).await.is_sent();
    world.clock.advance_ms(300_000);
    assert_eq!(world.ask(ask()).await.number("x-ratelimit-remaining"), 1);
    assert_eq!(world.slack.posts().len(), 3);
}

#[tokio::test]
async fn a_room_has_so_many_messages() {
    let world = World::with(&[("HIPCHAT_FLOOD_LIMIT", "1")]).await;
    let first = world.ask(ask()).await;
    assert_eq!(
        (
            first.number("x-floodcontrol-limit"),
            first.number("x-floodcontrol-remaining")
        ),
        (1, 0)
    );
    assert_eq!(first.number("x-ratelimit-remaining"), 499);
    world.clock.advance_ms(1000);
    // All tokens together, by whatever name of the room.
    let v1 = Ask::get("/v1/rooms/message?auth_token=tokN&room_id=8&from=a&message=x");
    let answer = world.ask(v1).await;
    answer.is_error(403, "Forbidden");
    for kind in ["x-ratelimit", "x-floodcontrol"] {
        assert_eq!(answer.number(&format!("{kind}-remaining")), 0);
        assert_eq!(answer.number(&format!("{kind}-reset")), NOW + 60);
    }
    assert_eq!(answer.number("retry-after"), 59);
    // A bad message is no message, and another room has its own count.
    world
        .ask(Ask::notify("Ops", &json!({})))
        .await
        .is_error(400, "Bad Request");
    world
        .ask(Ask::notify("7", &json!({"message": "a"})))
        .await
        .is_no_content();
    world.clock.advance_ms(59_000);
    world.ask(ask()).await.is_no_content();
}

#[tokio::test]
async fn limits_that_are_off_are_still_told() {
    let world = World::with(&[("HIPCHAT_RATE_LIMIT", "0"), ("HIPCHAT_FLOOD_LIMIT", "0")]).await;
    for _ in 0..40 {
        let answer = world.ask(ask()).await;
        answer.is_no_content();
        assert_eq!(
            (
                answer.number("x-ratelimit-remaining"),
                answer.number("x-floodcontrol-remaining")
            ),
            (500, 30)
        );
    }
}

#[tokio::test]
async fn a_reset_is_in_the_future_when_the_answer_is_made() {
    let directory = r#"{"rooms": [], "fallback": "slug"}"#;
    for (replies, status, least) in [
        (vec![Reply::Slow(Duration::from_millis(300))], 204, 1),
        (
            vec![Reply::Slow(Duration::from_millis(300)), Reply::limited(30)],
            429,
            30,
        ),
    ] {
        let world = World::with(&[("HIPCHAT_DIRECTORY", directory)]).await;
        world.slack.will(replies);
        let meanwhile = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.clock.advance_ms(400_000);
        };
        // It stands on the second page: the message waits for both.
        let ask = Ask::notify("lost-and-found", &json!({"message": "a"}));
        let (answer, ()) = tokio::join!(world.ask(ask), meanwhile);
        assert_eq!(answer.status, status);
        for kind in ["x-ratelimit", "x-floodcontrol"] {
            assert!(
                answer.number(&format!("{kind}-reset")) >= NOW + 400 + least,
                "{answer:?}"
            );
        }
    }
}
