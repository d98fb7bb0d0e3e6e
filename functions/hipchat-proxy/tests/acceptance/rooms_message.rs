//! Messages of the first API.

use serde_json::json;

use crate::support::{Ask, World};

const PATH: &str = "/v1/rooms/message";

#[tokio::test]
async fn a_form_behind_a_load_balancer() {
    let world = World::new().await;
    let ask = Ask::post(&format!("{PATH}?auth_token=tokN"))
        .form("room_id=Dev+Ops&from=Nagios&message=%3Cb%3Ex%3C%2Fb%3E&notify=1&color=red");
    world.ask(ask).await.is_sent();
    let post = world.only_post();
    assert_eq!(
        (&post["channel"], &post["username"], &post["text"]),
        (&json!("C100"), &json!("Nagios"), &json!("<!here>"))
    );
    assert_eq!(post["attachments"][0]["color"], "#E01E5A");
    assert_eq!(world.only_text(), "*x*");
    assert_eq!(world.last_line()["api"], "v1");
}

#[tokio::test]
async fn everything_may_stand_in_the_query() {
    let world = World::new().await;
    for ask in [
        Ask::get("/v1/rooms/message/?room_id=8&from=a&message=hi+there&auth_token=tokN"),
        Ask::post(&format!(
            "{PATH}?format=json&auth_token=tokN&room_id=Ops&from=a&message_format=text&message=hi%20there"
        )),
        Ask::post("/v1//rooms/message").form("auth_token=tokN&room_id=Ops&from=a&message=hi there"),
        Ask::post(PATH).body(b"auth_token=tokA&room_id=ops&from=a&message=hi+there"),
        Ask::post(PATH).json(r#"{"auth_token":"tokV","room_id":8,"from":"a","message":"hi there"}"#),
        Ask::post(&format!("{PATH}?auth_token=tokN&room_id=7&message=no&api=x"))
            .form("room_id=8&from=a&message=hi+there"),
    ] {
        world.slack.forget();
        world.ask(ask.clone()).await.is_sent();
        assert_eq!(world.only_post()["channel"], "C200", "{ask:?}");
        assert_eq!(world.only_text(), "hi there");
    }
}

#[tokio::test]
async fn a_room_that_was_encoded_twice_is_found() {
    let world = World::new().await;
    let ask = Ask::post(PATH).form("auth_token=tokN&room_id=Dev%2520Ops&from=a&message=x");
    world.ask(ask).await.is_sent();
    assert_eq!(world.only_post()["channel"], "C100");
}

#[tokio::test]
async fn xml_is_answered_with_xml() {
    let world = World::new().await;
    let target = |rest: &str| format!("{PATH}?format=xml&from=a&message=x&{rest}");
    let answer = world.ask(Ask::get(&target("auth_token=tokN&room_id=8"))).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (200, "application/xml")
    );
    assert!(answer.body.contains("<status>sent</status>"));
    assert_eq!(world.slack.posts().len(), 1);
    for (rest, status, message) in [
        (
            "auth_token=tokN&room_id=%3Cnope%3E",
            404,
            "<message>Room '&lt;nope&gt;' not found</message>",
        ),
        ("auth_token=wrong&room_id=8", 401, "<type>Unauthorized</type>"),
        ("auth_token=tokN", 400, "<code>400</code>"),
        ("auth_token=tokN&auth_test=1", 202, "<code>202</code>"),
    ] {
        let answer = world.ask(Ask::get(&target(rest))).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(message), "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/xml");
    }
    let answer = world
        .ask(Ask::get(&format!("{PATH}?format=yaml&auth_token=tokN&room_id=8")))
        .await;
    answer.is_error(406, "Not Acceptable");
}

#[tokio::test]
async fn a_list_may_be_tried_with_auth_test() {
    let world = World::new().await;
    let answer = world
        .ask(Ask::get("/v1/rooms/list?auth_test=true&auth_token=tokV"))
        .await;
    assert_eq!(answer.status, 202);
    let answer = world
        .ask(Ask::get("/v1/rooms/list?auth_test=true&auth_token=tokN"))
        .await;
    assert_eq!(
        answer.is_error(401, "Unauthorized"),
        "This auth token does not have access to this method. Please see: https://www.hipchat.com/docs/api/auth"
    );
    // An unknown token must not look like a known one to the client that compares this text.
    let answer = world
        .ask(Ask::get("/v1/rooms/list?auth_test=true&auth_token=wrong"))
        .await;
    assert!(!answer.is_error(401, "Unauthorized").contains("does not have access"));
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn what_is_missing_is_a_400() {
    let world = World::new().await;
    for query in [
        "from=a&message=x",
        "room_id=8&message=x",
        "room_id=8&from=a",
        "room_id=8&from=a&message=",
        "room_id=&from=a&message=x",
    ] {
        let answer = world.ask(Ask::get(&format!("{PATH}?auth_token=tokN&{query}"))).await;
        answer.is_error(400, "Bad Request");
    }
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn an_unknown_color_is_yellow_and_noted() {
    let world = World::new().await;
    let ask = Ask::get(&format!("{PATH}?auth_token=tokN&room_id=8&from=a&message=x&color=blue"));
    world.ask(ask).await.is_sent();
    assert_eq!(world.only_post()["attachments"][0]["color"], "#F2C744");
    assert_eq!(world.last_line()["detail"], "unknown_color");
}
