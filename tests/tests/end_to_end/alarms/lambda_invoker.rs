//! lambda-invoker's days: a good one, and one for each of its alarms.

use std::time::Duration;

use local::standin::{Fault, SecretsManager, Target, TargetOptions};
use serde_json::{Value, json};
use tests::watch::Scenario;
use tests::watch::metrics::Period;

use super::actor::Actor;
use crate::stage::listener;

const RESOURCE: &str = "LambdaInvokerFunction";

async fn target() -> Target {
    let options = TargetOptions {
        access_key_id: "ASIATEST".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: Some("session".to_owned()),
        region: "eu-west-1".to_owned(),
        api_key: "key".to_owned(),
    };
    Target::start(listener().await, options).unwrap()
}

fn table(target: &Target) -> Value {
    let url = target.url();
    json!({"version": 1, "routes": [
        {"uri": "/url/*", "function_uri": format!("{url}/base"),
         "authorization": {"iam": {"aws_region": "eu-west-1", "service": "lambda"}},
         "retry": {"attempts": 2, "on": ["connect", "503"], "base_ms": 1, "max_ms": 2}},
        {"uri": "/key/*", "function_uri": format!("{url}/key"), "timeout": 60000, "authorization": {"apikey": "key"}},
        {"uri": "/circuit/*", "function_uri": format!("{url}/key"), "authorization": {"apikey": "key"},
         "circuit": {"failures": 2, "open_ms": 60000}},
    ]})
}

fn of(table: &Value) -> Vec<(&'static str, String)> {
    vec![
        ("INVOKER_CONFIG", table.to_string()),
        ("AWS_ACCESS_KEY_ID", "ASIATEST".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_SESSION_TOKEN", "session".to_owned()),
    ]
}

fn event(path: &str) -> Value {
    json!({
        "requestContext": {"elb": {}}, "httpMethod": "GET", "path": path, "headers": {}, "body": "",
        "isBase64Encoded": false,
    })
}

fn actor(target: &Target) -> Actor {
    Actor::new("lambda-invoker", RESOURCE, &of(&table(target)))
}

pub(super) async fn well() -> Scenario {
    let target = target().await;
    let mut actor = actor(&target);
    let mut looped = event("/key/x");
    looped["headers"]["via"] = json!("1.1 lambda-invoker-lambda-invoker");
    let mut events = vec![event("/url/x"); 15];
    events.extend(vec![event("/key/x"); 10]);
    events.extend([event("/nowhere"), looped]);
    let mut periods = Vec::new();
    for _ in 0..3 {
        // Tried again, and well then.
        target.fault(Fault::status(503));
        periods.push(actor.period(&events).await);
    }
    Scenario {
        name: "requests are answered",
        fires: &[],
        periods,
    }
}

pub(super) async fn failing() -> Scenario {
    let target = target().await;
    target.fault(Fault::status(500).times(10_000));
    Scenario {
        name: "the target answers 500",
        fires: &["LambdaInvokerUpstreamAlarm", "LambdaInvokerErrorRateAlarm"],
        periods: actor(&target).three(&vec![event("/key/x"); 24]).await,
    }
}

pub(super) async fn circuit() -> Scenario {
    let target = target().await;
    target.fault(Fault::reset().times(10_000));
    Scenario {
        name: "the target is left alone",
        fires: &["LambdaInvokerCircuitAlarm"],
        periods: vec![actor(&target).period(&vec![event("/circuit/x"); 3]).await],
    }
}

pub(super) async fn slow() -> Scenario {
    let target = target().await;
    target.fault(Fault {
        path: Some("/key/hang".to_owned()),
        ..Fault::delay_ms(10_000).times(10_000)
    });
    let mut actor = Actor::faster(20, "lambda-invoker", RESOURCE, &of(&table(&target)));
    let hang = [event("/key/x"), event("/key/hang"), event("/key/x")];
    let periods: Vec<Period> = vec![actor.period(&hang).await, actor.period(&hang).await];
    Scenario {
        name: "the target hangs",
        fires: &["LambdaInvokerDurationAlarm"],
        periods,
    }
}

pub(super) async fn no_credentials() -> Scenario {
    let target = target().await;
    let mut settings = of(&table(&target));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        settings.push((name, String::new()));
    }
    let mut actor = Actor::new("lambda-invoker", RESOURCE, &settings);
    Scenario {
        name: "there is nothing to sign with",
        fires: &["LambdaInvokerBrokenAlarm", "LambdaInvokerCredentialsAlarm"],
        periods: vec![actor.period(&[event("/url/x")]).await],
    }
}

pub(super) async fn broken() -> Scenario {
    let mut actor = Actor::new("lambda-invoker", RESOURCE, &of(&json!({"version": 1, "routes": 1})));
    Scenario {
        name: "lambda-invoker does not start",
        fires: &["LambdaInvokerErrorsAlarm"],
        periods: vec![actor.period(&[event("/key/x")]).await],
    }
}

pub(super) async fn bad_table() -> Scenario {
    let (target, name) = (target().await, "routes".to_owned());
    let good = [(name.clone(), table(&target).to_string())];
    let secrets = SecretsManager::start(listener().await, good.into()).unwrap();
    let mut settings = of(&json!({}));
    settings.extend([
        ("INVOKER_CONFIG", String::new()),
        ("INVOKER_CONFIG_SECRET_ARN", secrets.arn(&name)),
        ("INVOKER_CONFIG_TTL_SECS", "1".to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
    ]);
    let mut actor = Actor::new("lambda-invoker", RESOURCE, &settings);
    let mut periods = vec![actor.period(&[event("/key/x")]).await];
    secrets.put(&name, "{\"version\": 1, \"routes\": 1}");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    periods.push(actor.period(&[event("/key/x")]).await);
    Scenario {
        name: "the route table is spoilt",
        fires: &["LambdaInvokerReloadAlarm"],
        periods,
    }
}

pub(super) async fn throttled() -> Scenario {
    let target = target().await;
    target.fault(Fault::delay_ms(300));
    let mut actor = Actor::with(1, "lambda-invoker", RESOURCE, &of(&table(&target)), super::no_queue);
    Scenario {
        name: "more requests come at a time than are taken",
        fires: &["LambdaInvokerThrottlesAlarm"],
        periods: vec![actor.at_a_time(&event("/key/x"), 3).await],
    }
}
