//! hipchat-proxy: the length of an HTML message.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Called, Point, Series};
use crate::growth::fit::Word;
use crate::upstream::{Route, SLACK_TOKEN};

const TOKEN: &str = "bench-hipchat-token-0000000000000000000000";
/// As build servers write: marks, links, entities, lists.
const PIECE: &str = "<b>Build 42</b> of <a href=\"https://ci.example.com/42?a=1&amp;b=2\">core</a> &lt; 4<br>";

pub(super) const SERIES: &[Series] = &[Series {
    name: "hipchat-proxy, HTML of a message",
    unit: "characters",
    binary: "hipchat-proxy",
    sizes: &[100, 300, 1_000, 3_000, 10_000],
    goal: Word::Linear,
    point: html,
    check: |_, answer| match answer.get("statusCode").and_then(Value::as_u64) {
        Some(204) => Ok(()),
        _ => Err(format!("{answer} is no success")),
    },
}];

fn html(characters: u64) -> Point {
    let characters = characters as usize;
    let whole = PIECE.repeat(characters / PIECE.len());
    let message = format!("{whole}{}", "x".repeat(characters - whole.len()));
    let body = json!({"message": message, "message_format": "html"}).to_string();
    let text = |value: &str| value.to_owned();
    Point {
        variables: vec![
            // The SHA-256 of `TOKEN`.
            (
                "HIPCHAT_TOKENS",
                text(
                    r#"[{"sha256":"b4033ed81bc92421ca53ab2cca710afe59771272e41de2769562a682be4b35c0","kind":"v2_user","label":"ci","rooms":["*"]}]"#,
                ),
            ),
            (
                "HIPCHAT_DIRECTORY",
                text(r#"{"rooms":[{"name":"Dev Ops","id":7,"channel":"C0BENCH"}]}"#),
            ),
            ("HIPCHAT_RATE_LIMIT", text("0")),
            ("HIPCHAT_FLOOD_LIMIT", text("0")),
            ("SLACK_API_URL", text("{upstream}/slack")),
            ("SLACK_TOKEN", text(SLACK_TOKEN)),
        ],
        event: json!({
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hipchat/6d0ecf831eec9f09"}},
            "httpMethod": "POST",
            "path": "/v2/room/7/notification",
            "queryStringParameters": {},
            "headers": {
                "authorization": format!("Bearer {TOKEN}"),
                "content-type": "application/json",
                "host": "api.hipchat.com",
                "x-forwarded-for": "10.0.3.7",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "body": body,
            "isBase64Encoded": false,
        })
        .to_string(),
        keys: 1,
        workers: 1,
        delay: Duration::ZERO,
        needle: r#""statusCode":204"#,
        sent: "*Build 42*",
        // What is left of a message that was cut would be less than half of it.
        sent_bytes: characters as u64 / 2,
        calls: (Route::Slack, Called::Each),
    }
}
