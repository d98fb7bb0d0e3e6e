//! Forms in parts (`multipart/form-data`): HipChat's own PHP library hands curl a list of fields, which sends them so, the
//! token among them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::ask::FRONTS;
use crate::support::{Ask, World};

const BOUNDARY: &str = "------------------------55be27f62064bcf4";

/// A body as curl writes it.
fn body(fields: &[(&str, &str)]) -> Vec<u8> {
    let parts = fields.iter().map(|(name, value)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let mut body: String = parts.collect();
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    body.into_bytes()
}

/// A request as curl sends it; a body of more than a kilobyte waits for a `100 Continue`, which is the front's to say.
fn send(target: &str, fields: &[(&str, &str)]) -> Ask {
    Ask::post(target)
        .header("User-Agent", "curl/7.88.1")
        .header("Accept", "*/*")
        .header("Expect", "100-continue")
        .header("Content-Type", &format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(&body(fields))
}

#[tokio::test]
async fn hipchats_php_library_sends_everything_in_parts() {
    for front in FRONTS {
        let world = World::new().await;
        let ask = send(
            "/v1/rooms/message",
            &[
                ("room_id", "Dev Ops"),
                ("from", "My App"),
                ("message", "a & <b>b</b> é"),
                ("notify", "0"),
                ("color", "red"),
                ("message_format", "html"),
                ("format", "json"),
                ("auth_token", "tokN"),
            ],
        );
        world.ask(ask.through(front)).await.is_sent();
        let post = world.only_post();
        assert_eq!(
            (&post["channel"], &post["username"]),
            (&json!("C100"), &json!("My App")),
            "{front:?}"
        );
        assert_eq!(post["attachments"][0]["color"], "#E01E5A");
        assert_eq!(world.only_text(), "a &amp; *b* é");
        assert!(!world.log().contains("tokN"));
    }
    // Its other calls.
    let world = World::new().await;
    let topic = [
        ("room_id", "8"),
        ("topic", "a\r\n\r\nb"),
        ("from", "x"),
        ("auth_token", "tokV"),
    ];
    let answer = world.ask(send("/v1/rooms/topic", &topic)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ok"}"#));
    let xml = [("format", "xml"), ("auth_token", "wrong"), ("room_id", "8")];
    let answer = world.ask(send("/v1/rooms/message", &xml)).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (401, "application/xml")
    );
}

#[tokio::test]
async fn the_second_api_and_its_tokens_take_forms_in_parts() {
    let world = World::new().await;
    let fields = [
        ("message", "hi"),
        ("message_format", "text"),
        ("notify", "true"),
        ("auth_token", "tokA"),
    ];
    world
        .ask(send("/v2/room/7/notification", &fields))
        .await
        .is_no_content();
    assert_eq!(
        (world.only_text(), world.only_post()["text"].clone()),
        ("hi".to_owned(), json!("<!here>"))
    );
    let clients = format!(
        r#"[{{"id": "ci", "secret_sha256": "{}", "token": {{"kind": "v2_room", "rooms": ["*"]}}}}]"#,
        crate::support::sha256("client-s3cret")
    );
    let key = "key-s3cret-0123456789-0123456789";
    let world = World::with(&[("HIPCHAT_OAUTH_CLIENTS", &clients), ("HIPCHAT_OAUTH_KEY", key)]).await;
    let grant = [("grant_type", "client_credentials"), ("scope", "send_notification")];
    let basic = format!("Basic {}", STANDARD.encode("ci:client-s3cret"));
    let answer = world
        .ask(send("/v2/oauth/token", &grant).header("Authorization", &basic))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["token_type"]),
        (200, &json!("bearer")),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn parts_are_known_without_their_content_type() {
    let fields = [
        ("auth_token", "tokN"),
        ("room_id", "8"),
        ("from", "a"),
        ("message", "hi"),
    ];
    // A header that was set by hand takes the place of curl's own.
    for content_type in [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data",
    ] {
        let world = World::new().await;
        let ask = Ask::post("/v1/rooms/message")
            .header("Content-Type", content_type)
            .body(&body(&fields));
        world.ask(ask).await.is_sent();
        assert_eq!(world.only_text(), "hi", "{content_type}");
    }
    let world = World::new().await;
    let form = Ask::post("/v1/rooms/message").form("--=x&auth_token=tokN&room_id=8&from=a&message=hi");
    world.ask(form).await.is_sent();
}

#[tokio::test]
async fn a_file_is_no_field_and_half_a_form_is_none() {
    let world = World::new().await;
    let file = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"message\"; filename=\"a\"\r\n\r\nfile\r\n--{BOUNDARY}--\r\n"
    );
    let half = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nhalf of a mess");
    for body in [file, half] {
        let ask = Ask::post("/v2/room/Ops/notification")
            .bearer("tokA")
            .header("Content-Type", &format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(body.as_bytes());
        world.ask(ask).await.is_error(400, "Bad Request");
    }
    assert!(world.slack.calls().is_empty());
}
