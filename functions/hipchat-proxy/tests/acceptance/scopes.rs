//! A token that an add-on asks for some scopes is good for these alone, as HipChat had it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Ask, World, sha256};

const SECRET: &str = "client-s3cret";

/// `all` may do everything, `reader` reads and writes in its room, `sender` sends.
async fn world() -> World {
    let token = |id: &str, rights: &str| {
        format!(
            r#"{{"id": "{id}", "secret_sha256": "{}", "token": {{"rooms": ["*"], {rights}}}}}"#,
            sha256(SECRET)
        )
    };
    let clients = [
        token("all", r#""kind": "v2_user", "read": true, "users": true"#),
        token("reader", r#""kind": "v2_user", "read": true"#),
        token("sender", r#""kind": "v2_room""#),
    ];
    World::with(&[
        ("HIPCHAT_OAUTH_CLIENTS", &format!("[{}]", clients.join(","))),
        ("HIPCHAT_OAUTH_KEY", "key-s3cret-0123456789-0123456789"),
    ])
    .await
}

fn fetch(id: &str, scope: &str) -> Ask {
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{SECRET}")));
    Ask::post("/v2/oauth/token")
        .header("Authorization", &basic)
        .form(&format!("grant_type=client_credentials&scope={scope}"))
}

async fn token(world: &World, id: &str, scope: &str) -> String {
    let answer = world.ask(fetch(id, scope)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// A call for each scope, and the scopes that open it.
fn calls() -> Vec<(Ask, &'static str)> {
    let message = r#"{"message":"a","message_format":"text"}"#;
    vec![
        (
            Ask::post("/v2/room/Ops/notification").json(message),
            "send_notification",
        ),
        (Ask::post("/v2/room/Ops/message").json(message), "send_message"),
        (Ask::post("/v2/user/@chris/message").json(message), "send_message"),
        (
            Ask::new("PUT", "/v2/room/Ops/topic").json(r#"{"topic":"t"}"#),
            "admin_room",
        ),
        (Ask::get("/v2/room/Ops/history"), "view_messages"),
        (Ask::get("/v2/room"), "view_group view_room admin_room"),
        (Ask::get("/v2/room/Ops"), "view_group view_room admin_room"),
        (Ask::get("/v1/rooms/list"), "view_group view_room admin_room"),
        (Ask::get("/v2/user"), "view_group"),
    ]
}

/// All scopes of HipChat that there are here, in their order.
pub(crate) const NAMES: [&str; 8] = [
    "send_notification",
    "send_message",
    "view_group",
    "view_messages",
    "view_room",
    "admin_room",
    "manage_rooms",
    "admin_group",
];

#[tokio::test]
async fn a_token_is_good_for_the_scopes_that_it_was_asked_for() {
    let world = world().await;
    for scope in NAMES {
        let token = token(&world, "all", scope).await;
        let told = world.ask(Ask::get(&format!("/v2/oauth/token/{token}"))).await.json();
        assert_eq!(told["scopes"], json!([scope]));
        for (ask, scopes) in calls() {
            let is_open = scopes.split(' ').any(|one| one == scope);
            let answer = world.ask(ask.bearer(&token)).await;
            assert_eq!(
                answer.status != 401,
                is_open,
                "{scope} {} {}",
                answer.status,
                answer.body
            );
            assert!(answer.status < 500, "{}", answer.body);
            let is_refused = world.last_line()["reason"] == "no_access";
            assert_eq!(is_refused, !is_open, "{scope}");
        }
    }
}

#[tokio::test]
async fn several_scopes_open_what_each_of_them_does_and_none_opens_all() {
    let world = world().await;
    let answer = world
        .ask(fetch("reader", "view_room+send_notification,view_room"))
        .await
        .json();
    assert_eq!(answer["scope"], "send_notification view_room");
    for (scope, statuses) in [
        ("view_room+send_notification", [204, 401, 200]),
        ("", [204, 204, 200]),
        ("+", [204, 204, 200]),
    ] {
        let token = token(&world, "all", scope).await;
        let message = r#"{"message":"a","message_format":"text"}"#;
        for (ask, status) in [
            Ask::post("/v2/room/Ops/notification").json(message),
            Ask::post("/v2/user/@chris/message").json(message),
            Ask::get("/v2/room/Ops"),
        ]
        .into_iter()
        .zip(statuses)
        {
            assert_eq!(world.ask(ask.bearer(&token)).await.status, status, "{scope}");
        }
    }
}

/// A scope never gives what the client may not do.
#[tokio::test]
async fn a_scope_that_the_client_may_not_have_is_refused() {
    let world = world().await;
    for (id, scope, own) in [
        ("sender", "view_room", "send_notification"),
        ("sender", "send_notification+view_room", "send_notification"),
        ("sender", "root", "send_notification"),
        ("sender", "SEND_NOTIFICATION", "send_notification"),
        (
            "reader",
            "admin_group",
            "send_notification send_message view_group view_messages view_room admin_room manage_rooms",
        ),
        (
            "reader",
            "send_notification+import_data",
            "send_notification send_message view_group view_messages view_room admin_room manage_rooms",
        ),
    ] {
        let message = world.ask(fetch(id, scope)).await.is_error(400, "Bad Request");
        assert_eq!(message, format!("invalid_scope: this client may ask for {own}"));
        assert_eq!(world.last_line()["reason"], "invalid_scope");
    }
    let all = world.ask(fetch("reader", &NAMES.join("+"))).await;
    all.is_error(400, "Bad Request");
    // Rooms are part of the group, users remain hidden.
    let token = token(&world, "reader", "view_group").await;
    assert_eq!(world.ask(Ask::get("/v2/room").bearer(&token)).await.status, 200);
    world
        .ask(Ask::get("/v2/user").bearer(&token))
        .await
        .is_error(401, "Unauthorized");
}

#[tokio::test]
async fn a_room_shows_its_people_to_those_who_may_view_the_group() {
    let world = world().await;
    let room = async |scope: &str| {
        let token = token(&world, "all", scope).await;
        world.ask(Ask::get("/v2/room/Ops").bearer(&token)).await.json()
    };
    let (blind, seeing) = (room("view_room").await, room("view_group").await);
    assert_ne!(blind["owner"], seeing["owner"], "{blind}");
}
