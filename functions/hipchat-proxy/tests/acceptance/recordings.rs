//! Recorded requests of real HipChat clients, replayed.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Answer, Ask, World};

/// The recorded exchanges of a file that use the calls which are relayed.
fn exchanges(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/hipchat-recordings");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let relayed: Vec<Value> = all
        .into_iter()
        .filter(|exchange| {
            let path = exchange["path"].as_str().unwrap();
            path.ends_with("/notification") || path.ends_with("/rooms/message")
        })
        .collect();
    assert!(!relayed.is_empty(), "{name}");
    relayed
}

fn ask(exchange: &Value) -> Ask {
    let text = |member: &str| exchange[member].as_str().unwrap();
    assert_eq!(text("body_encoding"), "utf-8");
    let mut ask = Ask::new(text("method"), text("target")).body(text("body").as_bytes());
    for pair in exchange["headers"].as_array().unwrap() {
        ask = ask.header(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    }
    ask
}

/// Replays a file; what Slack was asked to post, and the answers.
async fn replay(world: &World, name: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for exchange in exchanges(name) {
        answers.push(world.ask(ask(&exchange)).await);
    }
    answers
}

#[tokio::test]
async fn clients_get_what_they_got_from_hipchat_and_slack_gets_the_message() {
    const HTML: &str = "*Hé &amp; \"q\"* <http://x/?a=1&amp;b=2|l>";
    let red = "#E01E5A";
    for (name, expected) in [
        (
            "npm-hipchat-notifier",
            vec![
                ("C100", "#2EB67D", HTML),
                ("C100", red, "plain :x: &amp; &lt;x"),
                // A card, whose message stands in its fallback alone.
                ("C100", "", ""),
            ],
        ),
        ("npm-node-hipchat", vec![("C100", red, HTML)]),
        (
            "pypi-hipnotify",
            vec![("C100", red, HTML), ("C100", "#2EB67D", ":white_check_mark: @all done")],
        ),
        ("pypi-hypchat", vec![("C100", red, HTML)]),
        ("pypi-kawasemi", vec![("C100", red, HTML), ("C100", "#F2C744", "x")]),
        (
            "pypi-kawasemi-norl",
            vec![("C100", red, HTML), ("C100", "#F2C744", "x")],
        ),
        ("pypi-python-simple-hipchat", vec![("C100", red, HTML)]),
    ] {
        let world = World::new().await;
        let answers = replay(&world, name).await;
        for (exchange, answer) in exchanges(name).iter().zip(&answers) {
            assert_eq!(json!(answer.status), exchange["answered"]["status"], "{name}");
            assert_eq!(json!(answer.body), exchange["answered"]["body"], "{name}");
            answer.has_rate_headers();
        }
        let posts = world.slack.posts();
        assert_eq!(posts.len(), expected.len(), "{name}");
        for (post, (channel, color, text)) in posts.iter().zip(expected) {
            let attachment = &post["attachments"][0];
            assert_eq!(
                (&post["channel"], attachment["text"].as_str().unwrap_or_default()),
                (&json!(channel), text),
                "{name}"
            );
            assert_eq!(text.is_empty(), attachment["blocks"].is_array(), "{name}");
            assert!(color.is_empty() || attachment["color"] == color, "{name}");
        }
    }
}

#[tokio::test]
async fn clients_that_were_refused_read_the_same_error() {
    let nobody = format!(r#"[{{"sha256": "{}", "kind": "v2_user"}}]"#, "0".repeat(64));
    let elsewhere = r#"{"rooms": [{"name": "Elsewhere", "channel": "C1"}]}"#;
    for (name, variable, status, kind) in [
        (
            "pypi-hipnotify-err401",
            ("HIPCHAT_TOKENS", nobody.as_str()),
            401,
            "Unauthorized",
        ),
        (
            "npm-hipchat-notifier-err404",
            ("HIPCHAT_DIRECTORY", elsewhere),
            404,
            "Not Found",
        ),
    ] {
        let world = World::with(&[variable]).await;
        for answer in replay(&world, name).await {
            let message = answer.is_error(status, kind);
            assert!(status != 404 || (message.starts_with("Room ") && message.ends_with(" not found")));
        }
        assert!(world.slack.calls().is_empty());
    }
}
