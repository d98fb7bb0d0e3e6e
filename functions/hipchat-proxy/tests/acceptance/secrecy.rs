//! Nothing that is secret is logged or told: tokens, texts, queries.

use serde_json::json;

use crate::support::{Ask, Reply, SLACK_TOKEN, World};

#[tokio::test]
async fn logs_and_error_bodies_hold_no_secrets() {
    let world = World::new().await;
    let text = "confidential <b>words</b>";
    let mut bodies = String::new();
    let notify = |token: &str, room: &str| {
        Ask::post(&format!("/v2/room/{room}/notification?auth_token={token}&q=queryword"))
            .json(&json!({"message": text, "from": "sendername"}).to_string())
    };
    let v1 = |token: &str| {
        Ask::post("/v1/rooms/message?q=queryword").form(&format!(
            "auth_token={token}&room_id=8&from=sendername&message=confidential"
        ))
    };
    let act = |method: &str, path: &str| {
        let body = json!({"message": text, "topic": text, "link": "https://confidential.example/", "from": "sendername",
            "parentMessageId": "confidential"});
        Ask::new(method, &format!("/v2/{path}?auth_token=tokA&q=queryword")).json(&body.to_string())
    };
    let leaky = Reply::Http(
        200,
        String::new(),
        json!({"ok": false, "error": format!("{SLACK_TOKEN} {text}")}).to_string(),
    );
    for reply in [
        Reply::ok_false("invalid_auth"),
        Reply::ok_false("channel_not_found"),
        Reply::ok_false("invalid_arguments"),
        leaky,
        Reply::Http(500, String::new(), SLACK_TOKEN.to_owned()),
        Reply::limited(60),
        Reply::Hang,
    ] {
        world.slack.will([reply.clone(), reply]);
        bodies.push_str(&world.ask(notify("tokA", "Ops")).await.body);
        bodies.push_str(&world.ask(v1("tokN")).await.body);
    }
    for ask in [
        notify("tokA", "Ops"),
        notify("tokUnknown", "Ops"),
        notify("tokR", "Ops"),
        notify("tokA", "nope"),
        v1("tokUnknown"),
        notify("tokA", "Ops").json("{\"message\":\"confidential"),
        notify("tokA", "Ops").json(&json!({"message": "confidential", "color": "secretcolor"}).to_string()),
        notify("tokA", "Ops").bearer("tokBearer"),
        Ask::get("/v2/confidential?auth_token=tokA"),
        act("POST", "room/Ops/message"),
        act("POST", "room/Ops/reply"),
        act("PUT", "room/Ops/topic"),
        act("POST", "room/Ops/share/link"),
        act("POST", "user/@chris/message"),
        act("POST", "user/mail%40who.example/message"),
        act("PUT", "room/Ops"),
        Ask::get("/v2/room?auth_token=tokA&q=queryword"),
    ] {
        bodies.push_str(&world.ask(ask).await.body);
    }
    assert!(!world.slack.calls().is_empty());
    // It is told to who asked, and to nobody else.
    assert!(bodies.contains("who.example") && !world.log().contains("who.example"));
    let seen = format!("{}{bodies}", world.log());
    for secret in [
        SLACK_TOKEN,
        "xoxb",
        "tokA",
        "tokN",
        "tokR",
        "tokUnknown",
        "tokBearer",
        "confidential",
        "words",
        "sendername",
        "queryword",
        "secretcolor",
    ] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[tokio::test]
async fn a_label_is_told_and_the_token_is_not() {
    let tokens = format!(
        r#"[{{"sha256": "{}", "kind": "v2_room", "label": "ci", "rooms": ["*"]}}]"#,
        crate::support::sha256("tokL")
    );
    let world = World::with(&[("HIPCHAT_TOKENS", &tokens)]).await;
    let ask = Ask::post("/v2/room/7/notification")
        .bearer("tokL")
        .json(r#"{"message":"a","from":"bot"}"#);
    world.ask(ask).await.is_no_content();
    assert_eq!(world.only_post()["username"], "ci · bot");
    assert_eq!(world.last_line()["token_label"], "ci");
    assert!(!world.log().contains("tokL"));
    // In the first API `from` is the sender's whole name.
    world.slack.forget();
    let ask = Ask::get("/v1/rooms/message?auth_token=tokL&room_id=8&from=bot&message=a");
    world.ask(ask).await.is_sent();
    assert_eq!(world.only_post()["username"], "bot");
}
