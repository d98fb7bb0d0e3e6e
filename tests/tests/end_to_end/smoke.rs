//! `local smoke` against the suite on this machine: all is well, and each way of not being well is told.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use local::slack_app::Feature;
use serde_json::Value;
use tests::tidy::{root, source};

use crate::stage::{Stage, binaries};

/// Runs `local smoke` while the stage goes on serving.
async fn smoke(arguments: Vec<String>) -> (bool, String) {
    let output: Output = tokio::task::spawn_blocking(move || {
        Command::new(binaries().join("local"))
            .arg("smoke")
            .args(arguments)
            .env_remove("SMOKE_TOKEN")
            .env_remove("SMOKE_HIPCHAT_TOKEN")
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|word| (*word).to_owned()).collect()
}

/// Whether a line was printed, however its columns are laid out.
fn told(text: &str, line: &str) -> bool {
    text.lines()
        .any(|printed| printed.split_whitespace().eq(line.split_whitespace()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_front_of_the_local_suite_is_well_and_nothing_is_posted() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("addresses.json");
    std::fs::write(&file, serde_json::to_string(stage.suite.addresses()).unwrap()).unwrap();
    let (well, text) = smoke(words(&["--addresses", file.to_str().unwrap()])).await;
    assert!(well, "{text}");
    for line in [
        "ok REST API, no token 401",
        "ok REST API, an unknown token 401",
        "ok REST API, your token 200",
        "ok HTTP API, no token 401",
        "ok HTTP API, an unknown token 403",
        "ok HTTP API, your token 200",
        "ok hipchat-proxy, health 200",
        "ok hipchat-proxy, no token 401",
        "ok hipchat-proxy, your token, nothing posted 202",
        "ok lambda-invoker, no route 404",
    ] {
        assert!(told(&text, line), "{line}:\n{text}");
    }
    assert!(told(&text, "ok lambda-invoker, /url/any/path 200"), "{text}");
    assert!(stage.suite.stand_ins().slack.as_ref().unwrap().messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_well_is_told_without_secrets() {
    let stage = Stage::start().await;
    let addresses = stage.suite.addresses();
    let (well, text) = smoke(words(&[
        "--rest-api",
        // No authorizer stands before it.
        &format!("{}/key", addresses.target.as_ref().unwrap()),
        "--http-api",
        "http://127.0.0.1:9",
        "--token",
        "s3cret\n",
        "--hipchat",
        &addresses.hipchat_alb,
        "--hipchat-room",
        "Nowhere",
        "--hipchat-token",
        "s3cret",
        "--function-url",
        &addresses.hipchat_alb,
    ]))
    .await;
    assert!(!well, "{text}");
    for line in [
        "WRONG REST API, no token 403, wanted 401",
        "WRONG REST API, your token not asked: the URL or the token cannot be sent, wanted 200",
        "WRONG HTTP API, no token no connection: Connection refused (os error 111), wanted 401",
        "ok hipchat-proxy, health 200",
        "WRONG hipchat-proxy, your token, nothing posted 401, wanted 202",
        "WRONG Function URL, no signature 200, wanted 403",
    ] {
        assert!(told(&text, line), "{line}:\n{text}");
    }
    assert!(text.ends_with("of 10 answers are wrong\n"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    let (well, text) = smoke(Vec::new()).await;
    assert!(!well && text.contains("nothing to ask"), "{text}");
}

#[test]
fn the_slack_apps_manifest_covers_every_method_that_the_code_calls() {
    let known: Vec<&str> = Feature::ALL
        .iter()
        .flat_map(|feature| feature.methods())
        .copied()
        .collect();
    let families = ["auth.", "chat.", "conversations.", "files.", "reactions.", "users."];
    let mut called = 0;
    for (path, text) in tests::tidy::read(&root()).unwrap() {
        if !path.starts_with("functions/hipchat-proxy/src/slack/") || source::is_test(&path) {
            continue;
        }
        for literal in source::parse(&text).literals {
            let is_method = families.iter().any(|family| literal.text.starts_with(family))
                && literal.text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'.');
            if is_method {
                called += 1;
                assert!(known.contains(&literal.text.as_str()), "{path} calls {}", literal.text);
            }
        }
    }
    assert!(called > 0, "the client of Slack calls nothing");
    let output = Command::new(binaries().join("local"))
        .args(["slack-manifest", "--with", "customize,topics"])
        .output()
        .unwrap();
    let manifest: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        manifest["oauth_config"]["scopes"]["bot"],
        serde_json::json!([
            "channels:write.topic",
            "chat:write",
            "chat:write.customize",
            "groups:write.topic"
        ])
    );
}

/// The bot scopes of the manifest that a line of a guide makes.
fn scopes(line: &str) -> BTreeSet<String> {
    let (_, arguments) = line.split_once("local -- ").unwrap();
    let output = Command::new(binaries().join("local"))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let manifest: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(manifest["oauth_config"]["scopes"]["bot"].clone()).unwrap()
}

#[test]
fn the_documents_name_the_scopes_that_the_manifest_asks_for() {
    let read = |name: &str| std::fs::read_to_string(root().join("docs").join(name)).unwrap();
    let settings = read("settings.md");
    let (_, table) = settings.split_once("| the Slack app needs the scope |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let cells = table.lines().filter_map(|line| line.split('|').nth(1));
    let told: BTreeSet<String> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    let mut asked: BTreeSet<String> = Feature::ALL
        .iter()
        .flat_map(|feature| feature.scopes())
        .map(|scope| (*scope).to_owned())
        .collect();
    // In place of an invitation, for who wants it.
    asked.insert("chat:write.public".to_owned());
    assert_eq!(told, asked);
    // The guide's own app can make the lists that the guide asks for.
    let guide = read("migrate-from-hipchat.md");
    let line = guide.lines().find(|line| line.contains("slack-manifest")).unwrap();
    let scopes = scopes(line);
    for (method, needed) in [
        ("conversations.list", ["channels:read", "groups:read"]),
        ("users.list", ["users:read", "users:read.email"]),
    ] {
        assert!(guide.contains(&format!("https://slack.com/api/{method}")));
        assert!(
            needed.iter().all(|scope| scopes.contains(*scope)),
            "{method}: {scopes:?}"
        );
    }
}
