//! Directory and allow-list that change while the function runs.

use serde_json::{Value, json};

use crate::support::{Ask, DIRECTORY, World, sha256, tokens};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

fn directory_arn() -> String {
    format!("{ARN}directory-AbCdEf")
}

fn tokens_arn() -> String {
    format!("{ARN}tokens-AbCdEf")
}

async fn world(more: &[(&str, &str)]) -> World {
    let (directory, tokens_at) = (directory_arn(), tokens_arn());
    let mut variables = vec![
        ("HIPCHAT_DIRECTORY", ""),
        ("HIPCHAT_DIRECTORY_SECRET_ARN", directory.as_str()),
        ("HIPCHAT_TOKENS", ""),
        ("HIPCHAT_TOKENS_SECRET_ARN", tokens_at.as_str()),
    ];
    variables.extend_from_slice(more);
    World::with_secrets(&variables, &[(&directory, DIRECTORY), (&tokens_at, &tokens())]).await
}

async fn status(world: &World, room: &str, token: &str) -> u16 {
    let ask = Ask::post(&format!("/v2/room/{room}/notification?auth_token={token}"));
    world.ask(ask.json(r#"{"message":"a"}"#)).await.status
}

/// The lines that tell of a reading that failed.
fn alarms(world: &World) -> Vec<Value> {
    let log = world.log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line.get("DocumentReloadFailures").is_some())
        .collect()
}

#[tokio::test]
async fn new_documents_count_after_their_time_and_not_before() {
    let world = world(&[]).await;
    world.secrets.put(
        &directory_arn(),
        r#"{"rooms": [{"name": "New", "id": 9, "channel": "C900"}]}"#,
    );
    assert_eq!(status(&world, "New", "tokA").await, 404);
    world.clock.advance_ms(299_000);
    assert_eq!((status(&world, "New", "tokA").await, world.secrets.reads()), (404, 2));
    world.clock.advance_ms(1000);
    world.slack.forget();
    assert_eq!(status(&world, "New", "tokA").await, 204);
    assert_eq!(world.only_post()["channel"], "C900");
    assert_eq!(status(&world, "Ops", "tokA").await, 404);
    assert_eq!(world.secrets.reads(), 4);
    assert!(alarms(&world).is_empty());
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_rooms_of_tokens_follow_the_directory() {
    let world = world(&[("HIPCHAT_DIRECTORY_TTL_SECS", "60")]).await;
    // The rooms change places: a token of one room must not cover the other.
    let directory = r#"{"rooms": [{"name": "Ops", "channel": "C200"}, {"name": "Dev Ops", "channel": "C100"}]}"#;
    world.secrets.put(&directory_arn(), directory);
    world.clock.advance_ms(60_000);
    assert_eq!(status(&world, "Ops", "tokR").await, 401);
    assert_eq!(status(&world, "Dev%20Ops", "tokR").await, 204);
    let fewer = format!(
        r#"[{{"sha256": "{}", "kind": "v2_user", "rooms": ["*"]}}]"#,
        sha256("tokNew")
    );
    world.secrets.put(&tokens_arn(), &fewer);
    world.clock.advance_ms(60_000);
    for (token, expected) in [("tokA", 401), ("tokR", 401), ("tokNew", 204)] {
        assert_eq!(status(&world, "Ops", token).await, expected, "{token}");
    }
}

#[tokio::test]
async fn a_bad_document_keeps_the_old_one_and_alarms() {
    let world = world(&[]).await;
    world
        .secrets
        .put(&directory_arn(), r#"{"rooms": [{"name": "s3cret-room"}]}"#);
    world.clock.advance_ms(300_000);
    assert_eq!(status(&world, "Ops", "tokA").await, 204);
    let told = alarms(&world);
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["level"], &told[0]["DocumentReloadFailures"]),
        (&json!("ERROR"), &json!(1))
    );
    let problem = told[0]["problems"].as_str().unwrap();
    assert_eq!(
        problem,
        "HIPCHAT_DIRECTORY: rooms[0].channel: is required (or webhook_url)"
    );
    assert!(!world.log().contains("s3cret"));
    // It is not tried again with every request, and not as late as a good one.
    assert_eq!(status(&world, "Ops", "tokA").await, 204);
    assert_eq!(alarms(&world).len(), 1);
    world
        .secrets
        .put(&directory_arn(), r#"{"rooms": [{"name": "Ops", "channel": "C777"}]}"#);
    world.clock.advance_ms(30_000);
    world.slack.forget();
    assert_eq!(status(&world, "Ops", "tokA").await, 204);
    assert_eq!(world.only_post()["channel"], "C777");
    assert_eq!(alarms(&world).len(), 1);
}

#[tokio::test]
async fn a_bad_directory_does_not_keep_a_revoked_token_alive() {
    let world = world(&[]).await;
    world.secrets.put(&directory_arn(), "{");
    world.secrets.put(&tokens_arn(), "[]");
    world.clock.advance_ms(300_000);
    assert_eq!(status(&world, "Ops", "tokA").await, 401);
    assert_eq!(alarms(&world).len(), 1);
}

#[tokio::test]
async fn bad_tokens_keep_the_old_ones() {
    let world = world(&[]).await;
    world.secrets.put(&tokens_arn(), r#"[{"sha256": "x"}]"#);
    world.secrets.put(
        &directory_arn(),
        r#"{"rooms": [{"name": "Dev Ops", "channel": "C1"}, {"name": "New", "channel": "C2"}]}"#,
    );
    world.clock.advance_ms(300_000);
    assert_eq!(status(&world, "New", "tokA").await, 204);
    assert_eq!(status(&world, "New", "tokR").await, 401);
    assert_eq!(alarms(&world).len(), 1);
}

#[tokio::test]
async fn without_a_time_documents_are_read_once() {
    for (variables, reads) in [
        (vec![("HIPCHAT_DIRECTORY_TTL_SECS", "0")], 2),
        // Neither can what stands in the environment change.
        (
            vec![
                ("HIPCHAT_DIRECTORY", DIRECTORY),
                ("HIPCHAT_DIRECTORY_SECRET_ARN", ""),
                ("HIPCHAT_TOKENS_SECRET_ARN", ""),
                ("HIPCHAT_TOKENS", "[]"),
            ],
            0,
        ),
    ] {
        let world = world(&variables).await;
        world.clock.advance_ms(86_400_000);
        status(&world, "Ops", "tokA").await;
        assert_eq!(world.secrets.reads(), reads);
        assert!(alarms(&world).is_empty());
    }
}

#[tokio::test]
async fn a_file_is_read_anew_like_any_other() {
    let file = std::env::temp_dir().join(format!("hipchat-proxy-anew-{}.json", std::process::id()));
    std::fs::write(&file, DIRECTORY).unwrap();
    let variables = [
        ("HIPCHAT_DIRECTORY_SECRET_ARN", ""),
        ("HIPCHAT_DIRECTORY_FILE", file.to_str().unwrap()),
    ];
    let world = world(&variables).await;
    std::fs::write(&file, r#"{"rooms": [{"name": "New", "channel": "C1"}]}"#).unwrap();
    world.clock.advance_ms(300_000);
    assert_eq!(status(&world, "New", "tokA").await, 204);
    std::fs::remove_file(&file).unwrap();
    world.clock.advance_ms(300_000);
    assert_eq!(status(&world, "New", "tokA").await, 204);
    let told = alarms(&world);
    assert_eq!(
        told[0]["problems"],
        "HIPCHAT_DIRECTORY_FILE: cannot be read (entity not found)"
    );
}

#[tokio::test]
async fn limits_go_on_through_new_documents() {
    let world = world(&[("HIPCHAT_DIRECTORY_TTL_SECS", "1"), ("HIPCHAT_RATE_LIMIT", "2")]).await;
    for expected in [204, 204, 429] {
        let name = format!("Ops{expected}");
        let directory =
            format!(r#"{{"rooms": [{{"name": "{name}", "channel": "C1"}}, {{"name": "Ops", "channel": "C2"}}]}}"#);
        world.secrets.put(&directory_arn(), &directory);
        world.clock.advance_ms(1000);
        assert_eq!(status(&world, "Ops", "tokA").await, expected);
    }
}

/// Also when it never comes: a token that was withdrawn does not live on for it.
#[tokio::test]
async fn a_directory_that_is_not_read_in_time_does_not_keep_a_withdrawn_token() {
    let world = world(&[]).await;
    assert_eq!(status(&world, "Ops", "tokA").await, 204);
    world.secrets.hold(&directory_arn());
    world.secrets.put(&tokens_arn(), "[]");
    world.clock.advance_ms(300_000);
    assert_eq!(status(&world, "Ops", "tokA").await, 401);
    let alarms = alarms(&world);
    assert_eq!(alarms.len(), 1);
    assert_eq!(
        alarms[0]["problems"],
        "HIPCHAT_DIRECTORY_SECRET_ARN: cannot be read from Secrets Manager (timeout)"
    );
}
