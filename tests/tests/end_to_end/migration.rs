//! The move from HipChat: the guide's commands, and what they make, taken by the real hipchat-proxy.

mod refusals;

use std::path::Path;
use std::process::{Command, Stdio};

use local::standin::{Slack, SlackOptions};
use serde_json::{Value, json};
use tests::tidy::{readme, root};

use crate::stage::{Stage, binaries, listener};

const EXPORTED_ROOMS: &str = r#"[
 {"Room": {"created": "2015-11-09T05:32:11Z", "id": 41, "is_archived": false, "members": [], "name": "Dev Ops", "owner": 3, "privacy": "public", "topic": ""}},
 {"Room": {"created": "2015-11-09T05:32:11Z", "id": 42, "is_archived": false, "members": [], "name": "Night Shift", "owner": 3, "privacy": "private", "topic": ""}},
 {"Room": {"created": "2015-11-09T05:32:11Z", "id": 43, "is_archived": true, "members": [], "name": "Past", "owner": 3, "privacy": "public", "topic": ""}}
]"#;
const EXPORTED_USERS: &str = r#"[
 {"User": {"email": "chris@example.com", "id": 3, "is_deleted": false, "mention_name": "chris", "name": "Chris Smith", "roles": ["admin"]}},
 {"User": {"email": "gone@example.com", "id": 4, "is_deleted": true, "mention_name": "gone", "name": "Gone"}}
]"#;
const CHANNELS: &str = r#"{"ok": true, "channels": [{"id": "C100", "name": "dev-ops"}, {"id": "C200", "name": "ops"}], "response_metadata": {"next_cursor": ""}}"#;
const SLACK_USERS: &str = r#"{"ok": true, "members": [{"id": "U3", "name": "cs", "deleted": false, "profile": {"email": "chris@example.com"}}]}"#;

/// What a command printed, and whether it was content.
struct Told {
    well: bool,
    out: String,
    err: String,
}

/// Runs a line of shell in a folder, `cargo run -p local --` being the real program.
async fn shell(folder: &Path, line: &str, variables: &[(&str, &str)]) -> Told {
    let program = binaries().join("local");
    let line = line.replace("cargo run -q -p local --", program.to_str().unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(folder).stdin(Stdio::null());
    for name in [
        "SLACK_TOKEN",
        "HIPCHAT_TOKEN",
        "HIPCHAT_OAUTH_ID",
        "HIPCHAT_OAUTH_SECRET",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    Told {
        well: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder as the guide's reader has it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("rooms.json", EXPORTED_ROOMS),
        ("users.json", EXPORTED_USERS),
        ("channels.json", CHANNELS),
        ("slack-users.json", SLACK_USERS),
        ("decisions.txt", "Night Shift\t#ops\n"),
        ("token", "tok3n-of-ci\n"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// The guide's lines that call the program.
fn guide() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/migrate-from-hipchat.md")).unwrap();
    let text = text.replace("\\\n", " ");
    let lines = readme::commands(&text).into_iter().map(str::to_owned);
    lines.filter(|line| line.contains("cargo run -q -p local --")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_commands_make_what_the_function_takes() {
    let folder = folder();
    let guide = guide();
    let of = |word: &str| -> Vec<&String> {
        let call = format!("local -- {word}");
        guide.iter().filter(|line| line.contains(&call)).collect()
    };
    // As the guide says: at first one room is left over, then the operator decides.
    let directories: Vec<&String> = of("directory")
        .into_iter()
        .filter(|line| !line.contains("SLACK_TOKEN"))
        .collect();
    assert_eq!(directories.len(), 2, "{guide:?}");
    let first = shell(folder.path(), directories[0], &[]).await;
    assert!(!first.well);
    for line in [
        "normalised\tDev Ops\t41\tC100\t#dev-ops",
        "UNMATCHED\tNight Shift\t42\t\tno channel has this name",
        "left out\tPast\t43\t\tarchived in HipChat",
        "local: 1 of 3 rooms have no channel",
    ] {
        assert!(first.err.lines().any(|told| told == line), "{line}\n{}", first.err);
    }
    let second = shell(folder.path(), directories[1], &[]).await;
    assert!(second.well, "{}", second.err);
    assert!(
        second.err.contains("decided\tNight Shift\t42\tC200\t#ops"),
        "{}",
        second.err
    );
    let tokens = of("hash-token")[0];
    let hashed = shell(folder.path(), tokens, &[]).await;
    assert!(
        hashed.well && !hashed.out.contains("tok3n") && !hashed.err.contains("tok3n"),
        "{} {}",
        hashed.out,
        hashed.err
    );
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (directory, entry) = (read("directory.json"), read("entry.json"));
    assert!(!entry.contains("tok3n"));

    let stage = Stage::with(|options| {
        options.variables.insert("HIPCHAT_DIRECTORY".to_owned(), directory);
        options
            .variables
            .insert("HIPCHAT_TOKENS".to_owned(), format!("[{entry}]"));
    })
    .await;
    let alb = stage.suite.addresses().hipchat_alb.clone();
    for (room, channel) in [("41", "C100"), ("Night%20Shift", "C200")] {
        let request = stage
            .client
            .post(format!("{alb}/v2/room/{room}/notification"))
            .bearer_auth("tok3n-of-ci");
        let answer = stage.send(request.json(&json!({"message": "hi"}))).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let slack = stage.suite.stand_ins().slack.as_ref().unwrap();
        assert_eq!(slack.messages().last().unwrap().channel, channel);
    }
    // A recorded call of an old client, by the guide's own line.
    std::fs::copy(
        root().join("tests/data/hipchat-recordings/pypi-kawasemi.json"),
        folder.path().join("recorded.json"),
    )
    .unwrap();
    let replay = of("replay")[0];
    let (_, url) = replay.split_once("--to ").unwrap();
    let line = replay
        .replace(url.split_whitespace().next().unwrap(), &alb)
        .replace("HIPCHAT_TOKEN=... ", "");
    let told = shell(folder.path(), &line, &[("HIPCHAT_TOKEN", "tok3n-of-ci")]).await;
    // The recording's second room is not in this directory.
    assert!(
        !told.well && told.err.contains("1 of 2 answers have another status"),
        "{}",
        told.err
    );
    for line in [
        "POST /v2/room/Dev%20Ops/notification?auth_token=***",
        "= 204",
        "~ 404, recorded 204",
        "= no body",
    ] {
        assert!(told.out.lines().any(|shown| shown == line), "{line}\n{}", told.out);
    }
    assert!(
        !told.out.contains("tok3n") && !told.out.contains("tokA"),
        "{}",
        told.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_itself_is_asked_page_by_page_with_a_token_of_the_environment() {
    let channels = (0..450)
        .map(|number| (format!("C{number:04}"), format!("room-{number}")))
        .collect();
    let options = SlackOptions {
        token: "xoxb-s3cret".to_owned(),
        channels,
        archived: vec!["C0007".to_owned()],
        ..SlackOptions::default()
    };
    let slack = Slack::start(listener().await, options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("names.txt"), "Room 3\nroom-449\nRoom 7\n").unwrap();
    let line = format!(
        "cargo run -q -p local -- directory --rooms names.txt --slack-api-url {}/api",
        slack.url()
    );
    let told = shell(folder.path(), &line, &[("SLACK_TOKEN", "xoxb-s3cret")]).await;
    assert!(!told.well);
    let document: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(
        document["rooms"],
        json!([{"name": "Room 3", "id": 2_000_000_001, "channel": "C0003"}, {"name": "room-449", "id": 2_000_000_002, "channel": "C0449"}])
    );
    assert!(
        told.err
            .contains("UNMATCHED\tRoom 7\t\t\tthe channel #room-7 is archived"),
        "{}",
        told.err
    );
    assert_eq!(slack.calls().len(), 3);
    let refused = shell(folder.path(), &line, &[("SLACK_TOKEN", "xoxb-wr0ng")]).await;
    assert_eq!(
        (refused.out.as_str(), refused.err.as_str()),
        ("", "local: Slack refuses the list of channels: invalid_auth\n")
    );
    let without = shell(folder.path(), &line, &[]).await;
    assert!(
        !without.well && without.err.contains("Slack's token in the variable SLACK_TOKEN"),
        "{}",
        without.err
    );
    assert!(!told.err.contains("s3cret") && !refused.err.contains("wr0ng"));
}

#[test]
fn the_guides_options_exist() {
    let guide = guide();
    for word in ["directory", "hash-token", "replay", "smoke", "slack-manifest"] {
        let lines = guide.iter().filter(|line| line.contains(&format!("local -- {word}")));
        let help = Command::new(binaries().join("local"))
            .args([word, "--help"])
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let mut seen = 0;
        for line in lines {
            seen += 1;
            let (_, arguments) = line.split_once("local -- ").unwrap();
            for option in arguments.split_whitespace().filter(|word| word.starts_with("--")) {
                let option = option.split('=').next().unwrap();
                assert!(help.contains(option), "{line}: no {option}");
            }
        }
        assert!(seen > 0, "the guide does not say how to use {word}");
    }
}
