//! Messages, topics and lists; what Slack refuses; health checks and paths that lead nowhere.

use serde_json::json;

use super::{OPS, hi};
use crate::support::{Ask, NOW, Reply, SLACK_TOKEN, World};

#[tokio::test]
async fn case_26_a_message_to_a_room() {
    let world = World::new().await;
    let ask = Ask::post("/v2/room/Ops/message")
        .bearer("tokA")
        .json(r#"{"message":"hello","color":"yellow","from":""}"#);
    let answer = world.ask(ask).await;
    assert_eq!(answer.status, 201);
    answer.has_rate_headers();
    assert_eq!(
        world.only_post(),
        json!({"channel": "C200", "text": "hello", "unfurl_links": false, "unfurl_media": false})
    );
    let body = answer.json();
    assert!(body["id"].as_str().unwrap().len() <= 36);
    assert_eq!(body["timestamp"], "2017-08-22T21:05:56.000247+00:00");
}

#[tokio::test]
async fn case_27_a_message_to_a_user() {
    let world = World::new().await;
    for user in ["c%40example.com", "@chris"] {
        world.slack.forget();
        let ask = Ask::post(&format!("/v2/user/{user}/message"))
            .bearer("tokA")
            .json(r#"{"message":"hello"}"#);
        world.ask(ask).await.is_no_content();
        assert_eq!(world.slack.methods(), ["chat.postMessage"]);
        assert_eq!(world.only_post()["channel"], "U3", "{user}");
    }
    world.slack.forget();
    let ask = Ask::post("/v2/user/@nobody/message")
        .bearer("tokA")
        .json(r#"{"message":"hello"}"#);
    assert_eq!(
        world.ask(ask).await.is_error(404, "Not Found"),
        "User '@nobody' not found"
    );
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn case_28_a_topic() {
    let world = World::new().await;
    let ask = Ask::new("PUT", "/v2/room/Ops/topic")
        .bearer("tokA")
        .json(r#"{"topic":"a & b"}"#);
    world.ask(ask).await.is_no_content();
    assert_eq!(world.slack.methods(), ["conversations.setTopic"]);
    assert_eq!(
        world.slack.calls()[0].body,
        json!({"channel": "C200", "topic": "a & b"})
    );
}

#[tokio::test]
async fn case_29_slack_has_had_enough() {
    let world = World::new().await;
    world.slack.will([Reply::limited(30), Reply::limited(30)]);
    let answer = world.ask(Ask::notify("Ops", &hi())).await;
    answer.is_error(429, "Too Many Requests");
    assert_eq!(world.slack.calls().len(), 1);
    assert_eq!(
        (answer.number("retry-after"), answer.number("x-ratelimit-remaining")),
        (30, 0)
    );
    assert!(answer.number("x-ratelimit-reset") >= NOW + 29);
    let v1 = Ask::get("/v1/rooms/message?auth_token=tokN&room_id=8&from=a&message=x");
    world.ask(v1).await.is_error(403, "Forbidden");
    assert_eq!(world.slack.calls().len(), 2);
}

#[tokio::test]
async fn case_30_slack_refuses() {
    for (reply, status, kind) in [
        (Reply::ok_false("channel_not_found"), 404, "Not Found"),
        (Reply::ok_false("invalid_auth"), 503, "Service Unavailable"),
        (
            Reply::Http(500, String::new(), SLACK_TOKEN.to_owned()),
            503,
            "Service Unavailable",
        ),
    ] {
        let world = World::new().await;
        world.slack.will([reply]);
        let answer = world.ask(Ask::notify("Ops", &hi())).await;
        answer.is_error(status, kind);
        assert_eq!(world.slack.calls().len(), 1);
        assert!(!answer.body.contains("xoxb") && !answer.body.contains("tokA"));
    }
}

#[tokio::test]
async fn case_31_a_client_that_looks_before_it_sends() {
    let world = World::new().await;
    let room = world.ask(Ask::get("/v2/room/Dev%20Ops").bearer("tokA")).await;
    assert_eq!(room.status, 200);
    room.has_rate_headers();
    let itself = room.json()["links"]["self"].as_str().unwrap().to_owned();
    assert_eq!(itself, "https://api.hipchat.com/v2/room/7");
    let path = itself.strip_prefix("https://api.hipchat.com").unwrap();
    let send =
        |method: &str, call: &str, body: &str| Ask::new(method, &format!("{path}/{call}")).bearer("tokA").json(body);
    let notification = send("POST", "notification", r#"{"message":"a","message_format":"text"}"#);
    world.ask(notification).await.is_no_content();
    assert_eq!(
        world.ask(send("POST", "message", r#"{"message":"b"}"#)).await.status,
        201
    );
    world
        .ask(send("PUT", "topic", r#"{"topic":"c"}"#))
        .await
        .is_no_content();
    assert_eq!(
        world.slack.methods(),
        ["chat.postMessage", "chat.postMessage", "conversations.setTopic"]
    );
    assert!(world.slack.calls().iter().all(|call| call.body["channel"] == "C100"));
}

#[tokio::test]
async fn case_32_the_rooms_page_by_page() {
    let world = World::new().await;
    let page = |target: &str| Ask::get(target).bearer("tokA");
    let first = world.ask(page("/v2/room?max-results=1")).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    let next = first["links"]["next"].as_str().unwrap();
    assert!(next.contains("start-index=1"), "{next}");
    let target = next.strip_prefix("https://api.hipchat.com").unwrap();
    let second = world.ask(page(target)).await.json();
    assert_eq!(second["items"][0]["name"], "Ops");
    assert_eq!(second["links"].get("next"), None);
    let covered = world.ask(Ask::get("/v2/room").bearer("tokR")).await.json();
    let names: Vec<_> = covered["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| &room["name"])
        .collect();
    assert_eq!(names, ["Dev Ops"]);
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn case_34_health_checks_unknown_paths_and_wrong_methods() {
    let world = World::new().await;
    let check = Ask::get("/").header("User-Agent", "ELB-HealthChecker/2.0");
    assert_eq!(world.ask(check).await.status, 200);
    let unknown = Ask::get("/v2/nothing").bearer("tokA");
    world.ask(unknown).await.is_error(404, "Not Found");
    let answer = world.ask(Ask::get(OPS).bearer("tokA")).await;
    answer.is_error(405, "Method Not Allowed");
    assert_eq!(answer.headers["allow"], "POST");
    assert!(world.slack.calls().is_empty());
}
