//! A start that is refused says everything that is wrong; one that succeeds reads every source.

use std::sync::Arc;

use shared::testing::{ManualClock, MemorySecrets};

use crate::support::{Ask, DIRECTORY, NOW, World, env, start, tokens};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

fn arn(name: &str) -> String {
    format!("{ARN}{name}-AbCdEf")
}

async fn problems(variables: &[(&str, &str)], secrets: &[(&str, &str)]) -> Vec<String> {
    let env = variables
        .iter()
        .fold(env("http://127.0.0.1:9/api"), |env, (name, value)| {
            env.with(name, value)
        });
    let store = Arc::new(MemorySecrets::default());
    for (id, value) in secrets {
        store.put(id, value);
    }
    let clock = Arc::new(ManualClock::at_secs(NOW));
    match start(&env, store, clock).await {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().to_vec(),
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_by_name_and_place() {
    let told = problems(
        &[
            ("SLACK_TOKEN", ""),
            ("SLACK_TOKEN_SECRET_ARN", &arn("slack")),
            ("HIPCHAT_DIRECTORY", r#"{"rooms": [{"name": "s3cret"}]}"#),
            ("HIPCHAT_TOKENS", ""),
            ("HIPCHAT_TOKENS_SECRET_ARN", &arn("tokens")),
        ],
        &[(&arn("tokens"), r#"[{"sha256": "s3cret", "kind": "v2_user"}]"#)],
    )
    .await;
    assert_eq!(
        told,
        [
            "SLACK_TOKEN_SECRET_ARN: cannot be read from Secrets Manager (ResourceNotFoundException)",
            "HIPCHAT_DIRECTORY: rooms[0].channel: is required (or webhook_url)",
            "HIPCHAT_TOKENS: [0].sha256: must be 64 hexadecimal digits",
        ]
    );
    let told = problems(
        &[
            ("HIPCHAT_DIRECTORY", ""),
            ("HIPCHAT_DIRECTORY_FILE", "/nowhere/rooms.json"),
            ("SLACK_TOKEN", "a\nb"),
        ],
        &[],
    )
    .await;
    assert_eq!(
        told,
        [
            "SLACK_TOKEN: must be a text without control characters",
            "HIPCHAT_DIRECTORY_FILE: cannot be read (entity not found)",
        ]
    );
    assert!(problems(&[], &[]).await.is_empty());
}

#[tokio::test]
async fn secrets_and_files_are_sources_like_any_other() {
    let file = std::env::temp_dir().join(format!("hipchat-proxy-rooms-{}.json", std::process::id()));
    std::fs::write(&file, DIRECTORY).unwrap();
    let variables = [
        ("SLACK_TOKEN", ""),
        ("SLACK_TOKEN_SECRET_ARN", &arn("slack")),
        ("HIPCHAT_DIRECTORY", ""),
        ("HIPCHAT_DIRECTORY_FILE", file.to_str().unwrap()),
        ("HIPCHAT_TOKENS", ""),
        ("HIPCHAT_TOKENS_SECRET_ARN", &arn("tokens")),
    ];
    let world = World::with_secrets(&variables, &[(&arn("slack"), "xoxb-1\n"), (&arn("tokens"), &tokens())]).await;
    std::fs::remove_file(&file).unwrap();
    world
        .ask(Ask::notify("7", &serde_json::json!({"message": "a"})))
        .await
        .is_no_content();
    assert!(world.slack.calls()[0].head.contains("Bearer xoxb-1\r\n"));
    assert_eq!(world.secrets.reads(), 2);
    let variables = [
        ("HIPCHAT_DIRECTORY", ""),
        ("HIPCHAT_DIRECTORY_SECRET_ARN", &arn("rooms")),
    ];
    let world = World::with_secrets(&variables, &[(&arn("rooms"), DIRECTORY)]).await;
    world
        .ask(Ask::notify("7", &serde_json::json!({"message": "a"})))
        .await
        .is_no_content();
}

#[tokio::test]
async fn a_misspelt_variable_is_warned_of() {
    let world = World::with(&[("HIPCHAT_DRYRUN", "true")]).await;
    let line = world.last_line();
    assert_eq!(
        (line["level"].as_str(), line["variable"].as_str()),
        (Some("WARN"), Some("HIPCHAT_DRYRUN"))
    );
}
