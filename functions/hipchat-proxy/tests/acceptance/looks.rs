//! What clients look up: rooms, users and the lists around them, from the directory alone.

use serde_json::{Value, json};

use crate::support::{Ask, World, sha256};

async fn look(world: &World, target: &str) -> Value {
    let answer = world.ask(Ask::get(target).bearer("tokA")).await;
    assert_eq!(answer.status, 200, "{target} {}", answer.body);
    answer.has_rate_headers();
    answer.json()
}

#[tokio::test]
async fn a_room_is_found_by_all_its_names_and_leads_to_itself() {
    let world = World::new().await;
    for target in [
        "/v2/room/7",
        "/v2/room/Dev%20Ops",
        "/v2/room/dev%20ops/",
        "/v2//room/Dev%2520Ops",
    ] {
        let room = look(&world, target).await;
        assert_eq!((&room["id"], &room["name"]), (&json!(7), &json!("Dev Ops")), "{target}");
        assert_eq!(room["links"]["self"], "https://api.hipchat.com/v2/room/7");
        assert_eq!(room["owner"]["links"]["self"], "https://api.hipchat.com/v2/user/3");
    }
    let answer = world.ask(Ask::get("/v2/room/nope").bearer("tokA")).await;
    assert_eq!(answer.is_error(404, "Not Found"), "Room 'nope' not found");
    for (target, token) in [
        ("/v2/room/8", "tokR"),
        ("/v2/room/nope", "tokR"),
        ("/v2/room/7", "tokN"),
    ] {
        world
            .ask(Ask::get(target).bearer(token))
            .await
            .is_error(401, "Unauthorized");
    }
    look(&world, "/v2/room/7?expand=participants").await;
    assert!(world.slack.calls().is_empty());
}

#[tokio::test]
async fn links_lead_where_the_client_came_from_or_where_the_operator_says() {
    let itself = |room: Value| room["links"]["self"].as_str().unwrap().to_owned();
    let world = World::with(&[("HIPCHAT_PUBLIC_URL", "https://chat.example.com/")]).await;
    assert_eq!(
        itself(look(&world, "/v2/room/7").await),
        "https://chat.example.com/v2/room/7"
    );
    let users = look(&world, "/v2/user?max-results=0").await;
    assert_eq!(users["links"], json!({"self": "https://chat.example.com/v2/user"}));
}

#[tokio::test]
async fn an_unlisted_room_that_takes_messages_can_be_seen() {
    let directory =
        r#"{"rooms": [{"name": "Ops", "channel": "C200"}], "fallback": "default", "default_channel": "C900"}"#;
    let world = World::with(&[("HIPCHAT_DIRECTORY", directory)]).await;
    let room = look(&world, "/v2/room/Lost%20%26%20Found").await;
    assert_eq!(room["name"], "Lost & Found");
    let itself = room["links"]["self"].as_str().unwrap();
    let path = itself.strip_prefix("https://api.hipchat.com").unwrap();
    let ask = Ask::post(&format!("{path}/notification"))
        .bearer("tokA")
        .json(r#"{"message":"a"}"#);
    world.ask(ask).await.is_no_content();
    assert_eq!(world.only_text(), "[Lost &amp; Found]\na");
    // Its topic is that of all others, too.
    let ask = Ask::new("PUT", "/v2/room/Lost/topic")
        .bearer("tokA")
        .json(r#"{"topic":"a"}"#);
    world.ask(ask).await.is_error(403, "Forbidden");
}

#[tokio::test]
async fn users_are_seen_by_who_may_see_them() {
    let world = World::new().await;
    let users = look(&world, "/v2/user").await;
    assert_eq!(
        users["items"],
        json!([{"id": 3, "name": "Chris", "mention_name": "chris", "version": "00000000",
            "links": {"self": "https://api.hipchat.com/v2/user/3"}}])
    );
    for target in [
        "/v2/user/3",
        "/v2/user/@chris",
        "/v2/user/%40chris",
        "/v2/user/c@example.com",
    ] {
        assert_eq!(look(&world, target).await["email"], "c@example.com", "{target}");
    }
    assert_eq!(
        look(&world, "/v2/user?expand=items").await["items"][0]["email"],
        "c@example.com"
    );
    let answer = world.ask(Ask::get("/v2/user/@nobody").bearer("tokA")).await;
    assert_eq!(answer.is_error(404, "Not Found"), "User '@nobody' not found");
    for target in ["/v2/user", "/v2/user/@chris", "/v2/user/@nobody"] {
        world
            .ask(Ask::get(target).bearer("tokR"))
            .await
            .is_error(401, "Unauthorized");
    }
}

#[tokio::test]
async fn who_may_write_to_users_or_read_rooms_may_not_therefore_see_users() {
    let entry = |token: &str, flag: &str| {
        format!(
            r#"{{"sha256": "{}", "kind": "v2_user", "rooms": ["*"], "{flag}": true}}"#,
            sha256(token)
        )
    };
    let tokens = format!("[{}, {}]", entry("tokW", "users"), entry("tokS", "read"));
    let world = World::with(&[("HIPCHAT_TOKENS", &tokens)]).await;
    let message = Ask::post("/v2/user/3/message")
        .bearer("tokW")
        .json(r#"{"message": "a"}"#);
    world.ask(message).await.is_no_content();
    for target in ["/v2/user", "/v2/user/3", "/v1/users/list", "/v1/users/show?user_id=3"] {
        for token in ["tokW", "tokS"] {
            let answer = world.ask(Ask::get(target).bearer(token)).await;
            answer.is_error(401, "Unauthorized");
            assert!(!answer.body.contains("c@example.com"));
        }
    }
    let room = world.ask(Ask::get("/v2/room/Ops").bearer("tokS")).await.json();
    assert_eq!(
        (&room["owner"]["id"], &room["owner"]["name"]),
        (&json!(1), &json!("HipChat"))
    );
}

#[tokio::test]
async fn what_nobody_keeps_is_empty_and_well_formed() {
    let world = World::new().await;
    for path in [
        "/v2/room/7/history",
        "/v2/room/7/history/latest",
        "/v2/user/3/history",
        "/v2/user/3/history/latest",
        "/v2/room/7/member",
        "/v2/room/7/participant",
        "/v2/room/7/webhook",
        "/v2/emoticon",
    ] {
        let list = look(
            &world,
            &format!("{path}?start-index=0&max-results=75&date=recent&timezone=UTC"),
        )
        .await;
        let itself = format!("https://api.hipchat.com{path}");
        assert_eq!(
            list,
            json!({"items": [], "startIndex": 0, "maxResults": 75, "links": {"self": itself}})
        );
    }
    assert_eq!(look(&world, "/v2/room/7/statistics").await["messages_sent"], json!(0));
    for path in [
        "/v2/emoticon/success",
        "/v2/room/7/webhook/1",
        "/v2/room/7/history/ffd41b0d-1bc6-4a1b-8f5b-f6e1f3d1a1c6",
        "/v2/user/3/history/ffd41b0d-1bc6-4a1b-8f5b-f6e1f3d1a1c6",
        "/v2/user/3/photo/big",
    ] {
        world
            .ask(Ask::get(path).bearer("tokA"))
            .await
            .is_error(404, "Not Found");
    }
    for path in [
        "/v2/room/nope/history",
        "/v2/room/nope/history/1",
        "/v2/room/nope/webhook",
        "/v2/user/nobody/history/latest",
    ] {
        let message = world
            .ask(Ask::get(path).bearer("tokA"))
            .await
            .is_error(404, "Not Found");
        assert!(message.contains("'no"), "{message}");
    }
    let blind = Ask::get("/v2/user/3/history/latest").bearer("tokR");
    world.ask(blind).await.is_error(401, "Unauthorized");
    let odd = Ask::get("/v2/room?max-results=many").bearer("tokA");
    world.ask(odd).await.is_error(400, "Bad Request");
}

#[tokio::test]
async fn capabilities_are_told_to_everybody() {
    let world = World::new().await;
    let answer = world.ask(Ask::get("/v2/capabilities?auth_token=&token=")).await;
    assert_eq!(answer.status, 200);
    answer.has_rate_headers();
    let body = answer.json();
    assert_eq!(body["links"]["self"], "https://api.hipchat.com/v2/capabilities");
    assert_eq!(
        body["capabilities"]["hipchatApiProvider"]["url"],
        "https://api.hipchat.com/v2/"
    );
    // Nobody is given a token, and nobody is told that there are any.
    assert_eq!(body["capabilities"].get("oauth2Provider"), None);
    let ask = Ask::post("/v2/oauth/token").form("grant_type=client_credentials&scope=send_notification");
    world.ask(ask).await.is_error(401, "Unauthorized");
}

#[tokio::test]
async fn the_first_api_tells_rooms_and_users() {
    let world = World::new().await;
    let ask = |method: &str, call: &str, rest: &str| Ask::new(method, &format!("/v1/{call}?auth_token=tokV&{rest}"));
    let rooms = world.ask(ask("GET", "rooms/list", "")).await.json();
    let names: Vec<_> = rooms["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| &room["name"])
        .collect();
    assert_eq!(names, ["Dev Ops", "Ops"]);
    for member in [
        "room_id",
        "topic",
        "last_active",
        "created",
        "owner_user_id",
        "is_archived",
        "is_private",
        "guest_access_url",
        "xmpp_jid",
    ] {
        assert!(rooms["rooms"][0].get(member).is_some(), "{member}");
    }
    let room = world.ask(ask("GET", "rooms/show", "room_id=Dev%2520Ops")).await.json();
    assert_eq!(
        (&room["room"]["room_id"], &room["room"]["participants"]),
        (&json!(7), &json!([]))
    );
    let history = world.ask(ask("POST", "rooms/history", "room_id=7&date=recent")).await;
    assert_eq!(history.json(), json!({"messages": []}));
    let users = world.ask(ask("POST", "users/list", "format=json")).await.json();
    assert_eq!(users["users"][0]["user_id"], 3);
    for wanted in ["3", "c%40example.com"] {
        let user = world
            .ask(ask("GET", "users/show", &format!("user_id={wanted}")))
            .await
            .json();
        assert_eq!(user["user"]["mention_name"], "chris");
    }
    for (call, rest, status) in [
        ("rooms/show", "", 400),
        ("rooms/show", "room_id=nope", 404),
        ("rooms/history", "room_id=nope", 404),
        ("users/show", "", 400),
        ("users/show", "user_id=9", 404),
        ("rooms/list", "format=yaml", 406),
    ] {
        assert_eq!(world.ask(ask("GET", call, rest)).await.status, status, "{call} {rest}");
    }
    let xml = world.ask(ask("GET", "rooms/list", "format=xml")).await;
    assert_eq!(xml.headers["content-type"], "application/xml");
    assert!(
        xml.body.contains("<rooms><room>") && xml.body.contains("<name>Dev Ops</name>"),
        "{}",
        xml.body
    );
    // A notification token does nothing but send.
    for call in ["rooms/list", "rooms/show", "rooms/history", "users/list", "users/show"] {
        let ask = Ask::get(&format!("/v1/{call}?auth_token=tokN&room_id=7&user_id=3"));
        world.ask(ask).await.is_error(401, "Unauthorized");
    }
    assert!(world.slack.calls().is_empty());
}
