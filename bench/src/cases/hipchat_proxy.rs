//! The HipChat relay behind an ALB: one token, one room.
//!
//! Its limits per token and room are off, as they count a minute and the benchmark's messages would be refused.

use serde_json::{Value, json};

use super::{Case, Frequency, NotYet, Refused, Variables, expect};
use crate::cases::FLOOR_POST;
use crate::session::Expected;
use crate::upstream::Route;

const TOKEN: &str = "bench-hipchat-token-0000000000000000000000";

const BASE: Variables = &[
    (
        "HIPCHAT_TOKENS",
        // The SHA-256 of `TOKEN`.
        r#"[{"sha256":"b4033ed81bc92421ca53ab2cca710afe59771272e41de2769562a682be4b35c0","kind":"v2_user","label":"ci","rooms":["*"]}]"#,
    ),
    (
        "HIPCHAT_DIRECTORY",
        r#"{"rooms":[{"name":"Dev Ops","id":7,"channel":"C0BENCH","aliases":["devops"]},{"name":"Sales","channel":"C0SALES"}]}"#,
    ),
    ("HIPCHAT_RATE_LIMIT", "0"),
    ("HIPCHAT_FLOOD_LIMIT", "0"),
    ("SLACK_API_URL", "{upstream}/slack"),
];
const PLAIN: Variables = &[("SLACK_TOKEN", "xoxb-000000000000-bench-example")];
const SECRET: Variables = &[(
    "SLACK_TOKEN_SECRET_ARN",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bench/slack-token-AbCdEf",
)];
// Its three tries have pauses between them; the client is built at start.
const HTTPS: Refused = Refused {
    variables: &[("SLACK_API_URL", "https://127.0.0.1:1/slack")],
    expected: None,
};

const V2: Case = Case {
    name: "hipchat-proxy, v2 notification",
    binary: "hipchat-proxy",
    floor: FLOOR_POST,
    event: v2_event,
    expected: Expected {
        error: false,
        needle: r#""statusCode":204"#,
    },
    check: check_v2,
    calls: Some((Route::Slack, Frequency::Each)),
    sent: "*build 42* passed",
    base: BASE,
    plain: PLAIN,
    secret: Some(SECRET),
    https: Some(HTTPS),
    cold: true,
    divisor: 1,
};

pub(super) const CASES: &[Case] = &[
    V2,
    Case {
        name: "hipchat-proxy, v1 message",
        event: v1_event,
        expected: Expected {
            error: false,
            needle: r#""statusCode":200"#,
        },
        check: check_v1,
        sent: "*hi* build 42 passed",
        cold: false,
        ..V2
    },
    Case {
        name: "hipchat-proxy, 10,000-character html",
        event: html_event,
        sent: "*Build 42* of <https://ci.example.com/job/42?a=1&amp;b=2|core> passed",
        cold: false,
        divisor: 4,
        ..V2
    },
    Case {
        name: "hipchat-proxy, card",
        event: card_event,
        sent: "https://ci.example.com/job/42",
        cold: false,
        ..V2
    },
];

pub(super) const NOT_YET: &[NotYet] = &[];

fn v2_event() -> String {
    notification(&json!({"message": "<b>build 42</b> passed", "color": "green", "notify": false}))
}

/// A message of 10,000 characters, as build servers send them: marks, links, entities, lists.
fn html_event() -> String {
    const PIECE: &str = "<b>Build 42</b> of <a href=\"https://ci.example.com/job/42?a=1&amp;b=2\">core</a> passed &amp; went \
        to <i>production</i> &mdash; 3 &lt; 4<br><ul><li>12 commits</li><li><code>cargo test</code>: ok</li></ul>\n";
    let whole = PIECE.repeat(10_000 / PIECE.chars().count());
    let rest = 10_000 - whole.chars().count();
    notification(&json!({"message": format!("{whole}{}", "x".repeat(rest)), "message_format": "html"}))
}

/// A card with attributes, as build servers' add-ons send it.
fn card_event() -> String {
    notification(&json!({
        "message": "<b>build 42</b> passed",
        "color": "green",
        "card": {
            "id": "build-42",
            "style": "application",
            "format": "medium",
            "url": "https://ci.example.com/job/42",
            "title": "Build 42",
            "description": {"format": "html", "value": "12 commits, <b>all tests</b> passed"},
            "attributes": [{"label": "branch", "value": {"label": "main"}}],
        },
    }))
}

/// A v2 notification as an ALB with single-value headers passes it on.
fn notification(body: &Value) -> String {
    let body = body.to_string();
    json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hipchat/6d0ecf831eec9f09"}},
        "httpMethod": "POST",
        "path": "/v2/room/Dev%20Ops/notification",
        "queryStringParameters": {},
        "headers": {
            "accept": "*/*",
            "authorization": format!("Bearer {TOKEN}"),
            "content-length": body.len().to_string(),
            "content-type": "application/json",
            "host": "api.hipchat.com",
            "user-agent": "python-requests/2.34.2",
            "x-amzn-trace-id": "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520",
            "x-forwarded-for": "10.0.3.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "body": body,
        "isBase64Encoded": false,
    })
    .to_string()
}

/// A v1 form, which an ALB passes on in Base64: `room_id=Dev+Ops&from=bot&message=<b>hi</b> build 42 passed&color=green`.
fn v1_event() -> String {
    json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hipchat/6d0ecf831eec9f09"}},
        "httpMethod": "POST",
        "path": "/v1/rooms/message",
        "queryStringParameters": {"format": "json", "auth_token": TOKEN},
        "headers": {
            "accept": "*/*",
            "content-type": "application/x-www-form-urlencoded",
            "host": "api.hipchat.com",
            "x-forwarded-for": "10.0.3.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "body": "cm9vbV9pZD1EZXYrT3BzJmZyb209Ym90Jm1lc3NhZ2U9JTNDYiUzRWhpJTNDJTJGYiUzRStidWlsZCs0MitwYXNzZWQmY29sb3I9Z3JlZW4=",
        "isBase64Encoded": true,
    })
    .to_string()
}

fn check_v2(answer: &Value) -> Result<(), String> {
    expect(answer, "/statusCode", &json!(204))?;
    let headers = answer.get("headers").and_then(Value::as_object).ok_or("no headers")?;
    let limit = |name: &&String| name.eq_ignore_ascii_case("x-ratelimit-remaining");
    headers
        .keys()
        .find(limit)
        .map(drop)
        .ok_or_else(|| format!("no X-Ratelimit-Remaining in {answer}"))
}

fn check_v1(answer: &Value) -> Result<(), String> {
    expect(answer, "/statusCode", &json!(200))?;
    let body = answer.get("body").and_then(Value::as_str).ok_or("no body")?;
    let body: Value = serde_json::from_str(body).map_err(|error| format!("{body}: {error}"))?;
    expect(&body, "/status", &json!("sent"))
}
