//! What the commands refuse: bad files, tokens in the wrong place, secrets on their way to the wrong server.

use local::standin::{Slack, SlackOptions};

use super::{folder, shell};
use crate::stage::listener;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_by_standard_input_and_bad_files_are_told_by_line() {
    let folder = folder();
    let hash = shell(folder.path(), "printf abc | cargo run -q -p local -- hash-token", &[]).await;
    assert_eq!(
        hash.out,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
    );
    std::fs::write(folder.path().join("bad.json"), "[\n{\"Room\": {}}]").unwrap();
    for (line, problem) in [
        ("hash-token < /dev/null", "local: standard input holds no token\n"),
        (
            "directory --rooms bad.json --channels channels.json",
            "local: bad.json: line 2: a room has no name\n",
        ),
        (
            "directory --rooms gone.json --channels channels.json",
            "local: gone.json: No such file or directory (os error 2)\n",
        ),
        (
            "directory --rooms rooms.json --channels rooms.json",
            "local: rooms.json: line 2: a channel has no id or no name\n",
        ),
        (
            "replay bad.json --to http://127.0.0.1:9",
            "local: bad.json: line 2: no exchange: ",
        ),
    ] {
        let told = shell(folder.path(), &format!("cargo run -q -p local -- {line}"), &[]).await;
        assert!(
            !told.well && told.out.is_empty() && told.err.starts_with(problem),
            "{line}: {}",
            told.err
        );
    }
    let later = "printf abc | cargo run -q -p local -- hash-token --kind v2_user --expires tomorrow";
    let told = shell(folder.path(), later, &[]).await;
    assert!(!told.well && told.out.is_empty(), "{}", told.out);
    assert!(
        told.err
            .contains("expires: must be a moment such as 2027-01-01T00:00:00Z"),
        "{}",
        told.err
    );
    let marked = shell(
        folder.path(),
        "printf '\\357\\273\\277abc' | cargo run -q -p local -- hash-token",
        &[],
    )
    .await;
    assert!(
        !marked.well && marked.out.is_empty() && marked.err.contains("byte order mark"),
        "{}",
        marked.err
    );
    // A terminal would show it, and has it told how not to.
    let typed = "script -qec 'cargo run -q -p local -- hash-token' /dev/null";
    let typed = shell(folder.path(), typed, &[]).await;
    assert!(
        !typed.well && typed.out.contains("standard input is a terminal") && typed.out.contains("read -rs TOKEN"),
        "{}",
        typed.out
    );
    // A token has no place among the arguments.
    let argument = shell(folder.path(), "cargo run -q -p local -- hash-token s3cret", &[]).await;
    assert!(!argument.well && argument.out.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_go_only_where_they_are_meant_to() {
    let folder = folder();
    // Were it to connect, nobody would answer.
    let directory = "cargo run -q -p local -- directory --rooms rooms.json --slack-api-url";
    for url in ["http://192.0.2.1/api", "http://slack.example.com/api"] {
        let told = shell(
            folder.path(),
            &format!("{directory} {url}"),
            &[("SLACK_TOKEN", "xoxb-s3cret")],
        )
        .await;
        assert!(!told.well && told.err.contains("must use https"), "{}", told.err);
    }
    let client = r#"[{"method": "GET", "target": "/v2/room", "headers": []},
        {"method": "POST", "target": "/v2/oauth/token", "headers": [["Authorization", "Basic aWQ6cHJvZA=="]], "body": "grant_type=client_credentials"}]"#;
    std::fs::write(folder.path().join("client.json"), client).unwrap();
    let slack = Slack::start(listener().await, SlackOptions::default()).unwrap();
    let line = format!("cargo run -q -p local -- replay client.json --to {}", slack.url());
    let refused = shell(folder.path(), &line, &[("HIPCHAT_TOKEN", "t")]).await;
    assert!(!refused.well && refused.out.is_empty(), "{}", refused.out);
    assert!(
        refused.err.contains(
            "client.json: line 2: it holds a client's secret; give HIPCHAT_OAUTH_ID and HIPCHAT_OAUTH_SECRET"
        ),
        "{}",
        refused.err
    );
    let half = shell(folder.path(), &line, &[("HIPCHAT_OAUTH_ID", "id")]).await;
    assert!(!half.well && half.err.contains("give both"), "{}", half.err);
    let own = [("HIPCHAT_OAUTH_ID", "id"), ("HIPCHAT_OAUTH_SECRET", "own-s3cret")];
    let told = shell(folder.path(), &line, &own).await;
    assert!(told.out.contains("POST /v2/oauth/token\n"), "{} {}", told.out, told.err);
    let recorded = shell(folder.path(), &format!("{line} --send-recorded-secrets"), &[]).await;
    assert!(recorded.out.contains("POST /v2/oauth/token\n"), "{}", recorded.err);
}
