//! Recorded requests of real HipChat clients, all of them replayed as a load balancer hands them over: each gets an
//! answer of the status and the shape that its client read then, or the documented refusal.

mod shape;

use std::path::Path;

use serde_json::{Value, json};

use self::shape::lacks;
use crate::support::ask::Front;
use crate::support::{Answer, Ask, Reply, World};

const GOOD: [&str; 8] = [
    "npm-hipchat-notifier",
    "npm-node-hipchat",
    "pypi-hipnotify",
    "pypi-hypchat",
    "pypi-hypchat-norl",
    "pypi-kawasemi",
    "pypi-kawasemi-norl",
    "pypi-python-simple-hipchat",
];

const REFUSED: [&str; 3] = [
    "npm-hipchat-notifier-err404",
    "pypi-hipnotify-err401",
    "pypi-hypchat-err503",
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/hipchat-recordings")
}

fn exchanges(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn ask(exchange: &Value, front: Front) -> Ask {
    let text = |member: &str| exchange[member].as_str().unwrap();
    assert_eq!(text("body_encoding"), "utf-8");
    let mut ask = Ask::new(text("method"), text("target"))
        .body(text("body").as_bytes())
        .through(front);
    for pair in exchange["headers"].as_array().unwrap() {
        // The front wrote the host itself.
        if pair[0] != "Host" {
            ask = ask.header(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        }
    }
    ask
}

/// Replays a file in both modes of a load balancer: each exchange and its answer.
async fn replay(world: &World, name: &str) -> Vec<(Value, Answer)> {
    let mut answers = Vec::new();
    for front in [Front::AlbSingle, Front::AlbMulti] {
        for exchange in exchanges(name) {
            let answer = world.ask(ask(&exchange, front)).await;
            answer.has_rate_headers();
            answers.push((exchange, answer));
        }
    }
    answers
}

/// The calls that the proxy does not do.
fn is_unsupported(exchange: &Value) -> bool {
    let path = exchange["path"].as_str().unwrap();
    exchange["method"] == "POST" && (path == "/v2/room" || path.ends_with("/webhook"))
}

#[track_caller]
fn check(name: &str, exchange: &Value, answer: &Answer) {
    let call = format!("{name}: {} {}", exchange["method"], exchange["target"]);
    let recorded = &exchange["answered"];
    assert_eq!(json!(answer.status), recorded["status"], "{call}: {}", answer.body);
    let body = recorded["body"].as_str().unwrap();
    if body.is_empty() {
        answer.is_no_content();
    } else {
        let missing = lacks(&answer.json(), &serde_json::from_str(body).unwrap(), "body");
        assert!(missing.is_empty(), "{call}: {missing:?}");
    }
}

#[test]
fn every_recording_is_replayed() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    names.sort();
    let mut replayed = [GOOD.as_slice(), REFUSED.as_slice()].concat();
    replayed.sort_unstable();
    assert_eq!(names, replayed);
}

#[tokio::test]
async fn every_call_gets_what_its_client_can_read() {
    for name in GOOD {
        let world = World::new().await;
        for (exchange, answer) in replay(&world, name).await {
            if is_unsupported(&exchange) {
                assert_eq!(
                    answer.is_error(403, "Forbidden"),
                    "Not supported by this proxy",
                    "{name}"
                );
            } else {
                check(name, &exchange, &answer);
            }
        }
    }
}

#[tokio::test]
async fn calls_that_are_not_done_can_be_answered_as_if_they_were() {
    for name in ["pypi-hypchat", "pypi-hypchat-norl"] {
        let world = World::with(&[("HIPCHAT_UNSUPPORTED", "accept")]).await;
        for (exchange, answer) in replay(&world, name).await {
            check(name, &exchange, &answer);
        }
    }
}

#[tokio::test]
async fn slack_gets_the_messages() {
    const HTML: &str = "*Hé &amp; \"q\"* <http://x/?a=1&amp;b=2|l>";
    let [red, green, yellow] = ["#E01E5A", "#2EB67D", "#F2C744"];
    let post = |channel: &str, color: &str, text: &str| json!(["chat.postMessage", channel, color, text]);
    let said = |channel: &str, text: &str| json!(["chat.postMessage", channel, null, text]);
    for (name, expected) in [
        (
            "npm-hipchat-notifier",
            // The last one has a card, which is shown as blocks instead of its message.
            vec![
                post("C100", green, HTML),
                post("C100", red, "plain :x: &amp; &lt;x"),
                post("C100", "", ""),
            ],
        ),
        ("npm-node-hipchat", vec![post("C100", red, HTML)]),
        (
            "pypi-hipnotify",
            vec![
                post("C100", red, HTML),
                post("C100", green, ":white_check_mark: @all done"),
            ],
        ),
        (
            "pypi-hypchat",
            vec![
                post("C100", red, HTML),
                said("C100", "hi @all"),
                json!(["conversations.setTopic", "C100", null, "new"]),
                said("C100", "re"),
                said("U3", "hello"),
            ],
        ),
        ("pypi-hypchat-norl", vec![]),
        (
            "pypi-kawasemi",
            vec![post("C100", red, HTML), post("C100", yellow, "x")],
        ),
        (
            "pypi-kawasemi-norl",
            vec![post("C100", red, HTML), post("C100", yellow, "x")],
        ),
        ("pypi-python-simple-hipchat", vec![post("C100", red, HTML)]),
    ] {
        let world = World::new().await;
        replay(&world, name).await;
        let asked: Vec<Value> = world
            .slack
            .calls()
            .into_iter()
            .map(|call| {
                let attachment = &call.body["attachments"][0];
                let (color, text) = match (&attachment["blocks"], &call.body["topic"]) {
                    (Value::Array(blocks), _) if !blocks.is_empty() => (json!(""), json!("")),
                    (_, topic @ Value::String(_)) => (Value::Null, topic.clone()),
                    _ if attachment.is_null() => (Value::Null, call.body["text"].clone()),
                    _ => (attachment["color"].clone(), attachment["text"].clone()),
                };
                json!([call.path.trim_start_matches("/api/"), call.body["channel"], color, text])
            })
            .collect();
        // Once through each mode.
        assert_eq!(asked, [expected.as_slice(), expected.as_slice()].concat(), "{name}");
    }
}

#[tokio::test]
async fn clients_that_were_refused_read_the_same_error() {
    let nobody = format!(r#"[{{"sha256": "{}", "kind": "v2_user"}}]"#, "0".repeat(64));
    let elsewhere = r#"{"rooms": [{"name": "Elsewhere", "channel": "C1"}]}"#;
    for (name, variable) in [
        ("pypi-hipnotify-err401", ("HIPCHAT_TOKENS", nobody.as_str())),
        ("npm-hipchat-notifier-err404", ("HIPCHAT_DIRECTORY", elsewhere)),
    ] {
        let world = World::with(&[variable]).await;
        for (exchange, answer) in replay(&world, name).await {
            check(name, &exchange, &answer);
            let message = answer.is_error(answer.status, exchange["answered"]["body"].as_str().map_or("", kind));
            assert!(answer.status != 404 || (message.starts_with("Room ") && message.ends_with(" not found")));
        }
        assert!(world.slack.calls().is_empty());
    }
}

/// The reason phrase in a recorded error.
fn kind(body: &str) -> &str {
    body.split("\"type\": \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
}

#[tokio::test]
async fn clients_read_that_slack_is_away() {
    let recorded: Value = serde_json::from_str(
        exchanges("pypi-hypchat-err503")[0]["answered"]["body"]
            .as_str()
            .unwrap(),
    )
    .unwrap();
    for name in GOOD.into_iter().chain(["pypi-hypchat-err503"]) {
        for exchange in exchanges(name) {
            let world = World::new().await;
            world.slack.will([Reply::Http(500, String::new(), String::new())]);
            let answer = world.ask(ask(&exchange, Front::AlbSingle)).await;
            if world.slack.calls().is_empty() {
                // What needs no Slack does not notice: lists, for one, which were refused in the recording.
                assert_ne!(answer.status, 503, "{name}");
            } else {
                answer.is_error(503, "Service Unavailable");
                assert!(lacks(&answer.json(), &recorded, "body").is_empty(), "{name}");
            }
        }
    }
}
