//! The first API.

use serde_json::json;

use crate::support::{Ask, World};

#[tokio::test]
async fn case_20_a_form_behind_a_load_balancer() {
    let world = World::new().await;
    let ask = Ask::post("/v1/rooms/message?auth_token=tokN")
        .form("room_id=Dev+Ops&from=Nagios&message=%3Cb%3Ex%3C%2Fb%3E&notify=1&color=red");
    assert_eq!(ask.event()["isBase64Encoded"], json!(true));
    let answer = world.ask(ask).await;
    answer.is_sent();
    assert_eq!(answer.json(), json!({"status": "sent"}));
    let post = world.only_post();
    assert_eq!(
        (&post["channel"], &post["username"]),
        (&json!("C100"), &json!("Nagios"))
    );
    assert_eq!(post["attachments"][0]["color"], "#E01E5A");
    assert_eq!(world.only_text(), "*x*");
}

#[tokio::test]
async fn case_21_everything_in_the_query_of_a_get() {
    let world = World::new().await;
    let ask = Ask::get("/v1/rooms/message/?room_id=8&from=a&message=hi+there&auth_token=tokN");
    world.ask(ask).await.is_sent();
    assert_eq!(world.only_post()["channel"], "C200");
    assert_eq!(world.only_text(), "hi there");
}

#[tokio::test]
async fn case_22_everything_in_the_query_of_a_post_without_body() {
    let world = World::new().await;
    let ask =
        Ask::post("/v1/rooms/message?room_id=Ops&from=log&message=one%0Atwo%20%26&message_format=text&auth_token=tokN")
            .header("Content-Length", "0");
    world.ask(ask).await.is_sent();
    assert_eq!(world.only_post()["channel"], "C200");
    assert_eq!(world.only_text(), "one\ntwo &amp;");
}

#[tokio::test]
async fn case_23_a_room_that_was_encoded_twice() {
    let world = World::new().await;
    let ask = Ask::post("/v1/rooms/message").form("auth_token=tokN&room_id=Dev%2520Ops&from=a&message=x");
    world.ask(ask).await.is_sent();
    assert_eq!(world.only_post()["channel"], "C100");
}

#[tokio::test]
async fn case_24_xml() {
    let world = World::new().await;
    let ask = Ask::get("/v1/rooms/message?format=xml&room_id=8&from=a&message=x&auth_token=tokN");
    let answer = world.ask(ask).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (200, "application/xml")
    );
    assert!(answer.body.contains("<status>sent</status>"), "{}", answer.body);
    assert_eq!(world.only_text(), "x");
}

#[tokio::test]
async fn case_25_a_token_is_tried() {
    let world = World::new().await;
    let ask = Ask::get("/v1/rooms/list?auth_test=true&auth_token=tokV");
    assert_eq!(world.ask(ask).await.status, 202);
    let ask = Ask::get("/v1/rooms/list?auth_test=true&auth_token=tokN");
    assert_eq!(
        world.ask(ask).await.is_error(401, "Unauthorized"),
        "This auth token does not have access to this method. Please see: https://www.hipchat.com/docs/api/auth"
    );
    assert!(world.slack.calls().is_empty());
}
