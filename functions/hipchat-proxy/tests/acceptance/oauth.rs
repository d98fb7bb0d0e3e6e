//! Add-ons fetch tokens for themselves, which every environment knows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::scopes::NAMES;
use crate::support::{Ask, World, sha256};

const KEY: &str = "key-s3cret-0123456789-0123456789";

fn clients(secret: &str) -> String {
    format!(
        r#"[{{"id": "ci", "secret_sha256": "{0}", "token": {{"kind": "v2_user", "label": "CI", "rooms": ["Ops"], "read": true}}}},
            {{"id": "sender", "secret_sha256": "{0}", "token": {{"kind": "v2_room", "rooms": ["*"]}}}}]"#,
        sha256(secret)
    )
}

async fn world() -> World {
    World::with(&[
        ("HIPCHAT_OAUTH_CLIENTS", &clients("client-s3cret")),
        ("HIPCHAT_OAUTH_KEY", KEY),
    ])
    .await
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn fetch(id: &str, secret: &str, form: &str) -> Ask {
    Ask::post("/v2/oauth/token")
        .header("Authorization", &basic(id, secret))
        .form(form)
}

const GRANT: &str = "grant_type=client_credentials";

async fn token(world: &World, id: &str) -> String {
    let answer = world.ask(fetch(id, "client-s3cret", GRANT)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn notify(room: &str, token: &str) -> Ask {
    Ask::post(&format!("/v2/room/{room}/notification"))
        .bearer(token)
        .json(r#"{"message":"a","message_format":"text","from":"bot"}"#)
}

#[tokio::test]
async fn a_client_fetches_a_token_and_uses_it_everywhere() {
    let world = world().await;
    let answer = world.ask(fetch("ci", "client-s3cret", GRANT)).await;
    answer.has_rate_headers();
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body = answer.json();
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(
        body,
        json!({"access_token": token, "token_type": "bearer", "expires_in": 28_800,
            "scope": "send_notification send_message view_group view_messages view_room admin_room manage_rooms", "group_id": 1, "group_name": "HipChat"})
    );
    assert!(world.slack.calls().is_empty());
    // Another environment, which has never seen it.
    let other = self::world().await;
    other.ask(notify("Ops", token)).await.is_no_content();
    assert_eq!(other.only_post()["username"], "CI · bot");
    assert_eq!(other.last_line()["token_label"], "CI");
    other.ask(notify("7", token)).await.is_error(401, "Unauthorized");
    let by_query = Ask::get(&format!("/v2/room/Ops?auth_token={token}"));
    assert_eq!(other.ask(by_query).await.status, 200);
    let users = Ask::get("/v2/user").bearer(token);
    other.ask(users).await.is_error(401, "Unauthorized");
    other.clock.advance_ms(28_800_000);
    other.ask(notify("Ops", token)).await.is_error(401, "Unauthorized");
    assert_eq!(other.last_line()["reason"], "expired_token");
    let log = world.log() + &other.log();
    assert!(!log.contains("s3cret") && !log.contains(token));
}

#[tokio::test]
async fn a_client_is_let_in_as_clients_ask() {
    let world = world().await;
    for ask in [
        fetch("ci", "client-s3cret", "grant_type=client_credentials"),
        Ask::post("/v2//oauth/token/?grant_type=client_credentials")
            .header("Authorization", &basic("ci", "client-s3cret")),
        Ask::post("/v2/oauth/token").form("grant_type=client_credentials&client_id=ci&client_secret=client-s3cret"),
        Ask::post("/v2/oauth/token")
            .json(r#"{"grant_type":"client_credentials","client_id":"ci","client_secret":"client-s3cret"}"#),
    ] {
        let answer = world.ask(ask).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    for ask in [
        fetch("ci", "wrong", GRANT),
        fetch("nobody", "client-s3cret", GRANT),
        Ask::post("/v2/oauth/token").form(GRANT),
        Ask::post("/v2/oauth/token")
            .header("Authorization", "Basic %%%")
            .form(GRANT),
        Ask::post("/v2/oauth/token").bearer("tokA").form(GRANT),
    ] {
        let message = world.ask(ask).await.is_error(401, "Unauthorized");
        assert_eq!(message, "Invalid client credentials");
    }
    for form in ["grant_type=password", "scope=send_notification"] {
        world
            .ask(fetch("ci", "client-s3cret", form))
            .await
            .is_error(400, "Bad Request");
    }
    let get = world.ask(Ask::get("/v2/oauth/token")).await;
    get.is_error(405, "Method Not Allowed");
}

#[tokio::test]
async fn a_token_tells_what_it_may_do() {
    let world = world().await;
    let token = token(&world, "sender").await;
    world.clock.advance_ms(1_000);
    let told = |token: &str| Ask::get(&format!("/v2/oauth/token/{token}"));
    let body = world.ask(told(&token)).await.json();
    assert_eq!(
        (&body["access_token"], &body["expires_in"], &body["scopes"]),
        (&json!(token), &json!(28_799), &json!(["send_notification"]))
    );
    let body = world.ask(told("tokA")).await.json();
    assert_eq!((&body["expires_in"], &body["scopes"]), (&Value::Null, &json!(NAMES)));
    world.ask(told("nobody's")).await.is_error(401, "Unauthorized");
    assert!(!world.log().contains(&token) && !world.log().contains("tokA"));
}

#[tokio::test]
async fn tokens_are_advertised_where_there_are_any() {
    let body = world().await.ask(Ask::get("/v2/capabilities")).await.json();
    assert_eq!(
        body["capabilities"]["oauth2Provider"]["tokenUrl"],
        "https://api.hipchat.com/v2/oauth/token"
    );
}

#[tokio::test]
async fn all_tokens_of_a_client_share_its_limit() {
    let world = World::with(&[
        ("HIPCHAT_OAUTH_CLIENTS", &clients("client-s3cret")),
        ("HIPCHAT_OAUTH_KEY", KEY),
        ("HIPCHAT_RATE_LIMIT", "3"),
    ])
    .await;
    let first = token(&world, "ci").await;
    world.clock.advance_ms(1_000);
    let second = token(&world, "ci").await;
    assert_ne!(first, second);
    world.ask(notify("Ops", &first)).await.is_no_content();
    world
        .ask(notify("Ops", &second))
        .await
        .is_error(429, "Too Many Requests");
    world
        .ask(fetch("ci", "client-s3cret", GRANT))
        .await
        .is_error(429, "Too Many Requests");
    world.ask(notify("Ops", "tokA")).await.is_no_content();
}

#[tokio::test]
async fn clients_and_keys_are_read_anew() {
    const CLIENTS: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:clients-AbCdEf";
    const KEYS: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys-AbCdEf";
    let world = World::with_secrets(
        &[
            ("HIPCHAT_OAUTH_CLIENTS_SECRET_ARN", CLIENTS),
            ("HIPCHAT_OAUTH_KEY_SECRET_ARN", KEYS),
        ],
        &[(CLIENTS, &clients("client-s3cret")), (KEYS, KEY)],
    )
    .await;
    let old = token(&world, "ci").await;
    let later = async |world: &World| {
        world.clock.advance_ms(301_000);
        world.ask(notify("Ops", &old)).await.status
    };
    world.secrets.put(KEYS, &format!("another-{KEY}\n{KEY}"));
    assert_eq!(later(&world).await, 204);
    // What cannot be read does not take the place of what is right.
    world.secrets.put(CLIENTS, "[{}]");
    assert_eq!(later(&world).await, 204);
    assert!(world.log().contains("HIPCHAT_OAUTH_CLIENTS: [0].id: is required"));
    world.secrets.put(CLIENTS, &clients("rotated-s3cret"));
    assert_eq!(later(&world).await, 401);
    world
        .ask(fetch("ci", "client-s3cret", GRANT))
        .await
        .is_error(401, "Unauthorized");
    let new = world.ask(fetch("ci", "rotated-s3cret", GRANT)).await;
    assert_eq!(new.status, 200);
}

#[tokio::test]
async fn a_token_by_a_key_that_is_not_known_yet_is_looked_into_at_once() {
    const KEYS: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys-AbCdEf";
    let clients = clients("client-s3cret");
    let variables = [
        ("HIPCHAT_OAUTH_CLIENTS", clients.as_str()),
        ("HIPCHAT_OAUTH_KEY_SECRET_ARN", KEYS),
    ];
    let start = async || World::with_secrets(&variables, &[(KEYS, KEY)]).await;
    let (quick, slow) = (start().await, start().await);
    let old = token(&quick, "ci").await;
    quick.secrets.put(KEYS, &format!("another-{KEY}\n{KEY}"));
    quick.clock.advance_ms(301_000);
    let new = token(&quick, "ci").await;
    // This one read its keys a minute ago, and the new one was not among them.
    slow.clock.advance_ms(60_000);
    slow.ask(notify("Ops", &new)).await.is_error(401, "Unauthorized");
    assert_eq!(slow.secrets.reads(), 2);
    slow.secrets.put(KEYS, &format!("another-{KEY}\n{KEY}"));
    // Tokens that nobody made cannot have them read with every request.
    for _ in 0..20 {
        slow.ask(notify("Ops", &new)).await.is_error(401, "Unauthorized");
        slow.ask(notify("Ops", "nobody's")).await.is_error(401, "Unauthorized");
    }
    slow.clock.advance_ms(9_000);
    slow.ask(notify("Ops", &new)).await.is_error(401, "Unauthorized");
    assert_eq!(slow.secrets.reads(), 2);
    slow.clock.advance_ms(1_000);
    slow.ask(notify("Ops", "nobody's")).await.is_error(401, "Unauthorized");
    assert_eq!(slow.secrets.reads(), 2);
    slow.ask(notify("Ops", &new)).await.is_no_content();
    slow.ask(notify("Ops", &old)).await.is_no_content();
    assert_eq!(slow.secrets.reads(), 3);
    // What is past its time is not worth a look.
    slow.secrets.put(KEYS, KEY);
    slow.clock.advance_ms(29_100_000);
    slow.ask(notify("Ops", "nobody's")).await.is_error(401, "Unauthorized");
    let reads = slow.secrets.reads();
    slow.clock.advance_ms(60_000);
    slow.ask(notify("Ops", &new)).await.is_error(401, "Unauthorized");
    assert_eq!(slow.secrets.reads(), reads);
    // Several at once share one look.
    let (quick, slow) = (start().await, start().await);
    for world in [&quick, &slow] {
        world.secrets.put(KEYS, &format!("another-{KEY}\n{KEY}"));
    }
    quick.clock.advance_ms(301_000);
    slow.clock.advance_ms(60_000);
    let new = token(&quick, "ci").await;
    let (one, two, three) = tokio::join!(
        slow.ask(notify("Ops", &new)),
        slow.ask(notify("Ops", &new)),
        slow.ask(Ask::get(&format!("/v2/oauth/token/{new}")))
    );
    assert_eq!((one.status, two.status, three.status), (204, 204, 200));
    assert_eq!(slow.secrets.reads(), 2);
}
