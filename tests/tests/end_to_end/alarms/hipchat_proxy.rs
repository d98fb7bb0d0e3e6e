//! hipchat-proxy's days: a good one, and one for each of its alarms.

use std::time::Duration;

use local::standin::{Fault, SecretsManager, Slack, SlackOptions};
use serde_json::{Value, json};
use tests::watch::Scenario;
use tests::watch::metrics::Period;

use super::actor::Actor;
use crate::stage::listener;

const RESOURCE: &str = "HipchatProxyFunction";

/// The SHA-256 of `watched`, and of `over`.
const TOKENS: [&str; 2] = [
    "80adc17f4177175afa07b61686a3362867ba3bdea792c2dc7cd840615787de95",
    "5fb6a47e368e12e5d8b19280796e6a3d146fe391ed2e967d5f95c55bfb0f9c2f",
];

async fn slack() -> Slack {
    let options = SlackOptions {
        token: "xoxb-1".to_owned(),
        channels: (0..10)
            .map(|number| (format!("C{number}"), format!("c{number}")))
            .collect(),
        ..SlackOptions::default()
    };
    Slack::start(listener().await, options).unwrap()
}

fn directory() -> String {
    let rooms: Vec<Value> = (0..10)
        .map(|number| json!({"name": format!("R{number}"), "channel": format!("C{number}")}))
        .collect();
    json!({ "rooms": rooms }).to_string()
}

fn of(slack: &Slack) -> Vec<(&'static str, String)> {
    let [watched, over] = TOKENS;
    let tokens = json!([
        {"sha256": watched, "kind": "v2_user", "label": "watched", "rooms": ["*"]},
        {"sha256": over, "kind": "v2_user", "label": "over", "rooms": ["*"], "expires": "2020-01-01T00:00:00Z"},
    ]);
    vec![
        ("SLACK_API_URL", format!("{}/api", slack.url())),
        ("SLACK_TOKEN", "xoxb-1".to_owned()),
        ("HIPCHAT_TOKENS", tokens.to_string()),
        ("HIPCHAT_DIRECTORY", directory()),
    ]
}

fn event(token: &str, room: usize) -> Value {
    let mut headers = json!({"content-type": "application/json"});
    if !token.is_empty() {
        headers["authorization"] = json!(format!("Bearer {token}"));
    }
    json!({
        "requestContext": {"elb": {}}, "httpMethod": "POST", "path": format!("/v2/room/R{room}/notification"),
        "headers": headers, "body": "{\"message\": \"hi\"}", "isBase64Encoded": false,
    })
}

/// Messages to all rooms, one after the other.
fn messages(count: usize) -> Vec<Value> {
    (0..count).map(|number| event("watched", number % 10)).collect()
}

pub(super) async fn well() -> Scenario {
    let slack = slack().await;
    let mut actor = Actor::new("hipchat-proxy", RESOURCE, &of(&slack));
    let mut events = messages(25);
    events.extend([event("", 1), event("stranger", 1), event("over", 1)]);
    Scenario {
        name: "messages arrive",
        fires: &[],
        periods: actor.three(&events).await,
    }
}

/// Every call of Slack meets this fault.
async fn faulty(name: &'static str, fault: Fault, fires: &'static [&'static str]) -> Scenario {
    let slack = slack().await;
    slack.fault(fault.times(10_000));
    let mut actor = Actor::new("hipchat-proxy", RESOURCE, &of(&slack));
    let periods = actor.three(&messages(24)).await;
    Scenario { name, fires, periods }
}

pub(super) async fn overloaded() -> Scenario {
    let fires = &[
        "HipchatProxyFailedAlarm",
        "HipchatProxyErrorRateAlarm",
        "HipchatProxyUnknownAlarm",
    ];
    faulty("Slack answers 503", Fault::status(503), fires).await
}

pub(super) async fn refused() -> Scenario {
    let no = Fault {
        status: Some(200),
        body: Some(json!({"ok": false, "error": "invalid_auth"}).to_string()),
        ..Fault::default()
    };
    let fires = &[
        "HipchatProxyFailedAlarm",
        "HipchatProxyErrorRateAlarm",
        "HipchatProxySlackCredentialsAlarm",
    ];
    faulty("Slack refuses the bot token", no, fires).await
}

pub(super) async fn slow() -> Scenario {
    let slack = slack().await;
    slack.fault(Fault::delay_ms(10_000).times(10_000));
    let mut actor = Actor::faster(3, "hipchat-proxy", RESOURCE, &of(&slack));
    let message = messages(1);
    let periods: Vec<Period> = vec![actor.period(&message).await, actor.period(&message).await];
    Scenario {
        name: "Slack hangs",
        fires: &["HipchatProxyDurationAlarm", "HipchatProxyUnknownAlarm"],
        periods,
    }
}

pub(super) async fn strangers() -> Scenario {
    let slack = slack().await;
    let mut actor = Actor::new("hipchat-proxy", RESOURCE, &of(&slack));
    Scenario {
        name: "tokens that nobody knows",
        fires: &["HipchatProxyDeniedAlarm"],
        periods: actor.three(&vec![event("stranger", 1); 24]).await,
    }
}

pub(super) async fn flood() -> Scenario {
    let slack = slack().await;
    let mut settings = of(&slack);
    settings.push(("HIPCHAT_FLOOD_LIMIT", "1".to_owned()));
    let mut actor = Actor::new("hipchat-proxy", RESOURCE, &settings);
    Scenario {
        name: "one room is flooded",
        fires: &["HipchatProxyDeniedAlarm"],
        periods: actor.three(&vec![event("watched", 1); 24]).await,
    }
}

pub(super) async fn broken() -> Scenario {
    let slack = slack().await;
    let mut settings = of(&slack);
    settings.push(("SLACK_TOKEN", String::new()));
    let mut actor = Actor::new("hipchat-proxy", RESOURCE, &settings);
    Scenario {
        name: "hipchat-proxy does not start",
        fires: &["HipchatProxyErrorsAlarm"],
        periods: vec![actor.period(&messages(1)).await],
    }
}

pub(super) async fn bad_directory() -> Scenario {
    let (slack, name) = (slack().await, "directory".to_owned());
    let secrets = SecretsManager::start(listener().await, [(name.clone(), directory())].into()).unwrap();
    let mut settings = of(&slack);
    settings.extend([
        ("HIPCHAT_DIRECTORY", String::new()),
        ("HIPCHAT_DIRECTORY_SECRET_ARN", secrets.arn(&name)),
        ("HIPCHAT_DIRECTORY_TTL_SECS", "1".to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
    ]);
    let mut actor = Actor::new("hipchat-proxy", RESOURCE, &settings);
    let mut periods = vec![actor.period(&messages(1)).await];
    secrets.put(&name, "{\"rooms\": 1}");
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(1100)).await;
        periods.push(actor.period(&messages(2)).await);
    }
    Scenario {
        name: "the directory is spoilt",
        fires: &["HipchatProxyDocumentsAlarm"],
        periods,
    }
}

pub(super) async fn throttled() -> Scenario {
    let slack = slack().await;
    slack.fault(Fault::delay_ms(300));
    let mut actor = Actor::with(1, "hipchat-proxy", RESOURCE, &of(&slack), super::no_queue);
    Scenario {
        name: "more messages come at a time than are taken",
        fires: &["HipchatProxyThrottlesAlarm"],
        periods: vec![actor.at_a_time(&event("watched", 1), 3).await],
    }
}
