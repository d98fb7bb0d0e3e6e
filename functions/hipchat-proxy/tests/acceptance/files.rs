//! Files: read as clients write them, shared in three steps, and never half.

mod failures;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::ask::FRONTS;
use crate::support::{Ask, Reply, SlackStub, World};

const STEPS: [&str; 3] = [
    "files.getUploadURLExternal",
    "/upload/v1/key",
    "files.completeUploadExternal",
];

/// A body of the Ruby client: bare line feeds, the file in Base64.
fn body(metadata: &str, content: &[u8]) -> String {
    format!(
        "--sendfileboundary\nContent-Type: application/json; charset=UTF-8\nContent-Disposition: attachment; name=\"metadata\"\n\n\
         {metadata}\n--sendfileboundary\nContent-Type: image/png; charset=UTF-8\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; name=\"file\"; filename=\"graph of a & b.png\"\n\n{}\n\n--sendfileboundary--",
        STANDARD.encode(content)
    )
}

fn share(target: &str, metadata: &str, content: &[u8]) -> Ask {
    Ask::post(target)
        .bearer("tokA")
        .header("Content-Type", "multipart/related; boundary=sendfileboundary")
        .body(body(metadata, content).as_bytes())
}

fn to_ops() -> Ask {
    share("/v2/room/Ops/share/file", r#"{"message":"a <b> @here"}"#, b"content")
}

#[tokio::test]
async fn case_33_a_file_as_the_ruby_client_sends_it() {
    for front in FRONTS {
        let world = World::new().await;
        let metadata = r#"{"room_id":"Ops","from":"bot","message":"see <this> @here (success)"}"#;
        let ask = share("/v2/room/Ops/share/file?auth_token=tokA", metadata, b"\x89PNG\x00\xff");
        world.ask(ask.through(front)).await.is_no_content();
        assert_eq!(world.slack.methods(), STEPS);
        let calls = world.slack.calls();
        assert_eq!(calls[0].body, json!({"length": "6", "filename": "graph of a & b.png"}));
        assert_eq!(calls[1].raw, b"\x89PNG\x00\xff");
        assert!(
            !calls[1].head.to_lowercase().contains("authorization"),
            "{}",
            calls[1].head
        );
        assert!(calls[1].head.contains("content-type: application/octet-stream"));
        assert_eq!(
            calls[2].body,
            json!({"files": [{"id": "F1", "title": "graph of a & b.png"}], "channel_id": "C200", "username": "bot",
                "initial_comment": "see &lt;this&gt; @here :white_check_mark:"})
        );
        let line = world.last_line();
        assert_eq!(
            (&line["reason"], &line["file_bytes"], &line["MessagesSent"]),
            (&json!("file_shared"), &json!(6), &json!(1))
        );
        assert!(!world.log().contains("graph"));
    }
}

#[tokio::test]
async fn a_file_without_words_has_none() {
    let world = World::with(&[("SLACK_CUSTOMIZE", "")]).await;
    world
        .ask(share("/v2/room/7/share/file", "{}", b"x"))
        .await
        .is_no_content();
    let done = &world.slack.calls()[2].body;
    assert_eq!(
        *done,
        json!({"files": [{"id": "F1", "title": "graph of a & b.png"}], "channel_id": "C100"})
    );
    // Nobody has a name of his own there: it stands in the first line.
    let ask = share("/v2/room/7/share/file", r#"{"from":"b&b","message":"m"}"#, b"x");
    world.ask(ask).await.is_no_content();
    assert_eq!(world.slack.calls()[5].body["initial_comment"], "*b&amp;b*\nm");
}

#[tokio::test]
async fn a_file_for_a_person_goes_to_the_direct_channel() {
    let world = World::new().await;
    world
        .ask(share("/v2/user/@chris/share/file", r#"{"message":"m"}"#, b"x"))
        .await
        .is_no_content();
    let calls = world.slack.calls();
    assert_eq!(world.slack.methods()[0], "conversations.open");
    assert_eq!(world.slack.methods()[1..], STEPS);
    assert_eq!(
        (&calls[0].body, &calls[3].body["channel_id"]),
        (&json!({"users": "U3"}), &json!("D1"))
    );
    let unknown = share("/v2/user/@nobody/share/file", "{}", b"x");
    assert_eq!(
        world.ask(unknown).await.is_error(404, "Not Found"),
        "User '@nobody' not found"
    );
    world.slack.will([Reply::ok_false("cannot_dm_bot")]);
    let bot = share("/v2/user/@chris/share/file", "{}", b"x");
    world.ask(bot).await.is_error(404, "Not Found");
    assert_eq!(world.slack.calls().len(), 5);
}

#[tokio::test]
async fn a_file_needs_a_channel_and_its_id() {
    let hooks = SlackStub::start().await;
    let directory = format!(
        r##"{{"rooms": [{{"name": "Hook", "webhook_url": "{}"}}, {{"name": "Named", "channel": "#lost-and-found"}}],
            "fallback": "slug"}}"##,
        hooks.webhook()
    );
    let world = World::with(&[("HIPCHAT_DIRECTORY", &directory)]).await;
    let message = world
        .ask(share("/v2/room/Hook/share/file", "{}", b"x"))
        .await
        .is_error(403, "Forbidden");
    assert_eq!(message, "Files cannot be shared in this room");
    assert!(world.slack.calls().is_empty() && hooks.calls().is_empty());
    for room in ["Named", "Lost%20and%20Found"] {
        let ask = share(&format!("/v2/room/{room}/share/file"), "{}", b"x");
        world.ask(ask).await.is_no_content();
        assert_eq!(world.slack.calls().last().unwrap().body["channel_id"], "C300", "{room}");
    }
    let default =
        r#"{"rooms": [{"name": "Ops", "channel": "C200"}], "fallback": "default", "default_channel": "C900"}"#;
    let world = World::with(&[("HIPCHAT_DIRECTORY", default)]).await;
    world
        .ask(share("/v2/room/Gone/share/file", "{}", b"x"))
        .await
        .is_no_content();
    let done = world.slack.calls()[2].body.clone();
    assert_eq!(
        (&done["channel_id"], &done["initial_comment"]),
        (&json!("C900"), &json!("[Gone]"))
    );
}

#[tokio::test]
async fn what_is_no_file_is_refused_before_slack_hears_of_it() {
    let world = World::with(&[("HIPCHAT_FILE_LIMIT", "10")]).await;
    let post = |kind: &str, body: &str| {
        Ask::post("/v2/room/Ops/share/file")
            .bearer("tokA")
            .header("Content-Type", kind)
            .body(body.as_bytes())
    };
    for ask in [
        post("application/json", r#"{"message":"x"}"#),
        post("multipart/related; boundary=B", "--B\n\n--B--"),
        post(
            "multipart/related; boundary=B",
            "--B\nContent-Disposition: a; name=file\n\nhalf",
        ),
        share("/v2/room/Ops/share/file", "{}", b""),
        // Of two files none is shared: HipChat took one in a call.
        post(
            "multipart/related; boundary=B",
            "--B\nContent-Disposition: a; name=file; filename=a\n\nx\n--B\nContent-Disposition: a; name=file; filename=b\n\ny\n--B--",
        ),
    ] {
        world.ask(ask).await.is_error(400, "Bad Request");
    }
    let large = share("/v2/room/Ops/share/file", "{}", b"12345678901");
    assert_eq!(
        world.ask(large).await.is_error(400, "Bad Request"),
        "The file must not be larger than 10 bytes"
    );
    let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(10_001));
    let long = share("/v2/room/Ops/share/file", &long, b"x");
    world.ask(long).await.is_error(400, "Bad Request");
    for (target, token, status) in [
        ("/v2/room/nope/share/file", "tokA", 404),
        ("/v2/room/Ops/share/file", "tokR", 401),
        ("/v2/room/Ops/share/file", "wrong", 401),
        ("/v2/user/3/share/file", "tokN", 401),
    ] {
        let ask = Ask::post(target)
            .bearer(token)
            .header("Content-Type", "multipart/related; boundary=sendfileboundary")
            .body(body("{}", b"x").as_bytes());
        assert_eq!(world.ask(ask).await.status, status, "{target} {token}");
    }
    let test = share("/v2/room/Ops/share/file?auth_test=true", "{}", b"x");
    assert_eq!(world.ask(test).await.status, 202);
    let none = World::with(&[("HIPCHAT_FILE_LIMIT", "0")]).await;
    none.ask(to_ops()).await.is_error(403, "Forbidden");
    let dry = World::with(&[("HIPCHAT_DRY_RUN", "true"), ("SLACK_TOKEN", "")]).await;
    dry.ask(to_ops()).await.is_no_content();
    assert_eq!(dry.last_line()["reason"], "dry_run");
    assert!(world.slack.calls().is_empty() && none.slack.calls().is_empty() && dry.slack.calls().is_empty());
}

#[tokio::test]
async fn a_flooded_room_takes_no_file() {
    let world = World::with(&[("HIPCHAT_FLOOD_LIMIT", "1")]).await;
    world.ask(to_ops()).await.is_no_content();
    world.ask(to_ops()).await.is_error(429, "Too Many Requests");
    assert_eq!(world.slack.calls().len(), 3);
}

#[tokio::test]
async fn a_file_is_taken_to_slack_alone() {
    for url in [
        "https://evil.example/upload",
        "http://files.slack.com/upload",
        "https://169.254.169.254/upload",
        "http://127.0.0.1:1/upload",
        "https://user@files.slack.com/upload",
    ] {
        let world = World::new().await;
        let ticket = json!({"ok": true, "upload_url": url, "file_id": "F1"}).to_string();
        world.slack.will([Reply::Http(200, String::new(), ticket)]);
        let answer = world.ask(to_ops()).await;
        answer.is_error(500, "Internal Server Error");
        assert_eq!(world.slack.methods(), STEPS[..1], "{url}");
        assert_eq!(world.last_line()["slack_error"], "bad_upload_url");
        assert!(!answer.body.contains("upload"));
    }
}
