//! The function in this process, with a table of its own, a clock that stands still and a log in memory.

pub(crate) mod event;
pub(crate) mod oracle;
pub(crate) mod upstream;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_invoker::App;
use lambda_invoker::stream::Streaming;
use serde_json::{Value, json};
use shared::http::FrontAnswer;
use shared::secrets::SecretStore;
use shared::start::{Context, RawEvent, Reply};
use shared::telemetry::Telemetry;
use shared::testing::{FixedEnv, ManualClock, MemorySecrets};
use shared::{Clock, ConfigError, Secrets};

/// When all tests happen: 2026-03-01T12:00:00Z.
pub(crate) const NOW_MS: u64 = 1_772_366_400_000;

/// Credentials of the documentation's examples.
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

pub(crate) struct Function {
    app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

/// An answer as the front reads it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) raw: Value,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn of(raw: Value) -> Self {
        let text = raw["body"].as_str().unwrap_or_default();
        let body = if raw["isBase64Encoded"] == true {
            STANDARD.decode(text).unwrap()
        } else {
            text.as_bytes().to_vec()
        };
        Self {
            status: raw["statusCode"].as_u64().unwrap(),
            raw,
            body,
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn error(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let mut keys: Vec<_> = body.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["error", "message", "request_id"]);
        assert_eq!(body["request_id"], "request-1");
        body["error"].as_str().unwrap().to_owned()
    }

    /// All values of a header, whatever member the front wants them in; joined ones stay joined.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        for (known, value) in self.raw["multiValueHeaders"].as_object().into_iter().flatten() {
            if known.eq_ignore_ascii_case(name) {
                values.extend(
                    value
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|value| value.as_str().unwrap().to_owned()),
                );
            }
        }
        for (known, value) in self.raw["headers"].as_object().into_iter().flatten() {
            if known.eq_ignore_ascii_case(name) {
                values.push(value.as_str().unwrap().to_owned());
            }
        }
        if name == "set-cookie" {
            let cookies = self.raw["cookies"].as_array().into_iter().flatten();
            values.extend(cookies.map(|cookie| cookie.as_str().unwrap().to_owned()));
        }
        values.sort();
        values
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers(name);
        assert!(values.len() < 2, "{values:?}");
        values.pop()
    }
}

/// The environment of a Lambda with long-lived keys.
pub(crate) fn env(table: &Value) -> FixedEnv {
    FixedEnv::new([
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "front-door"),
        ("INVOKER_CONFIG", &table.to_string()),
    ])
}

/// A table of these routes.
pub(crate) fn table(routes: Value) -> Value {
    json!({"version": 1, "routes": routes})
}

pub(crate) async fn start(env: FixedEnv, store: MemorySecrets) -> Result<Function, ConfigError> {
    let clock = Arc::new(ManualClock::at_ms(NOW_MS));
    let (telemetry, log) = Telemetry::in_memory("lambda-invoker", clock.clone());
    let store: Arc<dyn SecretStore> = Arc::new(store);
    let secrets = Secrets::new(store, clock.clone(), Duration::from_secs(300));
    let app = App::start(
        Arc::new(env),
        Arc::new(secrets),
        clock.clone() as Arc<dyn Clock>,
        Arc::new(telemetry),
    )
    .await?;
    Ok(Function::new(app, clock, log))
}

pub(crate) async fn function(routes: Value) -> Function {
    start(env(&table(routes)), MemorySecrets::default()).await.unwrap()
}

/// The context of an invocation with `left_ms` to go.
pub(crate) fn context(left_ms: u64) -> Context {
    Context {
        request_id: "request-1".to_owned(),
        deadline: NOW_MS + left_ms,
        xray_trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".to_owned()),
        invoked_function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:front-door".to_owned(),
    }
}

impl Function {
    pub(crate) fn new(app: App, clock: Arc<ManualClock>, log: Arc<Mutex<Vec<String>>>) -> Self {
        Self { app, clock, log }
    }

    pub(crate) async fn call(&self, event: &Value) -> Answer {
        self.call_within(event, 30_000).await
    }

    pub(crate) async fn call_within(&self, event: &Value, left_ms: u64) -> Answer {
        self.call_raw(&event.to_string(), left_ms).await
    }

    pub(crate) async fn call_raw(&self, event: &str, left_ms: u64) -> Answer {
        let Reply::Whole(answer) = self.reply(event, left_ms).await else {
            unreachable!("this front takes no stream")
        };
        Answer::of(serde_json::to_value(answer).unwrap())
    }

    /// What the function answers, whole or as a stream.
    pub(crate) async fn reply(&self, event: &str, left_ms: u64) -> Reply<FrontAnswer, Streaming> {
        let gone_on_ms = self.clock.now_ms() - NOW_MS;
        let payload = event.to_owned();
        let context = context(gone_on_ms + left_ms);
        self.app.handle(RawEvent { payload, context }).await
    }

    /// The last line of the log.
    pub(crate) fn line(&self) -> Value {
        serde_json::from_str(self.log.lock().unwrap().last().unwrap()).unwrap()
    }
}
