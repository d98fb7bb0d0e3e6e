//! What the tests share: tokens, ARNs, replies, and an authorizer set up against a stub.

mod answers;
mod events;
mod own_token;
mod together;

use std::sync::{Arc, Mutex};

use authorizer::App;
use authorizer::config::Config;
use authorizer::provider::Providers;
use serde_json::Value;
use shared::Clock;
use shared::secrets::SecretStore;
use shared::start::{Context, RawEvent};
use shared::telemetry::Telemetry;
use shared::testing::{FixedEnv, ManualClock, MemorySecrets};
use shared::{ConfigError, Secrets};

pub(crate) use self::answers::*;
pub(crate) use self::events::*;
pub(crate) use self::own_token::*;
use crate::stub::{Act, Stub};

pub(crate) const NOW: u64 = 1_760_000_000;
pub(crate) const T1: &str = "ory_at_AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB";
pub(crate) const T2: &str = "ory_at_CCCCCCCCCCCCCCCC.DDDDDDDDDDDDDDDD";
pub(crate) const S1: &str = "ory_at_system-one.EEEEEEEEEEEEEEEE";
pub(crate) const S2: &str = "ory_at_system-two.FFFFFFFFFFFFFFFF";
pub(crate) const CLIENT_SECRET: &str = "cl1ent-s3cret%+&@]";
pub(crate) const HTML: &str = "<html>Sign in</html>";
pub(crate) const EXT: &str = "ext-value-of-alice";

/// The path of the introspection endpoint.
pub(crate) const INTROSPECT: &str = "/admin/oauth2/introspect";
/// The path of the token endpoint.
pub(crate) const TOKEN: &str = "/oauth2/token";

/// What Lambda would return: the answer's JSON, or the error's type and message.
pub(crate) type Answered = Result<Value, (&'static str, &'static str)>;

/// An authorizer against a stub.
pub(crate) struct Fixture {
    pub(crate) app: App,
    pub(crate) stub: Stub,
    pub(crate) clock: Arc<ManualClock>,
    lines: Arc<Mutex<Vec<String>>>,
}

/// These variables and more.
pub(crate) fn with<'v>(some: &[(&'v str, &'v str)], more: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
    [some, more].concat()
}

/// A configuration that fits all stubs, changed by `variables`. `{base}` stands for the stub's address.
pub(crate) async fn build(
    stub: &Stub,
    variables: &[(&str, &str)],
    clock: Arc<ManualClock>,
    telemetry: Arc<Telemetry>,
) -> Result<App, ConfigError> {
    build_with(stub, variables, Arc::new(MemorySecrets::default()), clock, telemetry).await
}

/// The same with secrets from `store`.
pub(crate) async fn build_with(
    stub: &Stub,
    variables: &[(&str, &str)],
    store: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    telemetry: Arc<Telemetry>,
) -> Result<App, ConfigError> {
    let mut env = FixedEnv::default().with("AUTHZ_RETRY_BACKOFF_MS", "10");
    if !variables.iter().any(|(name, _)| *name == "AUTHZ_PROVIDERS") {
        env = env.with("AUTHZ_INTROSPECTION_URL", &format!("{}{INTROSPECT}", stub.base));
    }
    for (name, value) in variables {
        env = env.with(name, &value.replace("{base}", &stub.base));
    }
    let config = Config::from_env(&env)?;
    let secrets = Arc::new(Secrets::new(store, clock.clone(), std::time::Duration::from_secs(300)));
    let credentials = config.credentials(&secrets).await?;
    let providers = Providers::new(&config, &credentials, &secrets, clock.clone())?;
    App::new(config, providers, clock, telemetry)
}

impl Fixture {
    pub(crate) async fn new(stub: Stub, variables: &[(&str, &str)]) -> Self {
        Self::with_secrets(stub, variables, Arc::new(MemorySecrets::default())).await
    }

    /// The same with secrets from `store`.
    pub(crate) async fn with_secrets(stub: Stub, variables: &[(&str, &str)], store: Arc<dyn SecretStore>) -> Self {
        let clock = Arc::new(ManualClock::at_secs(NOW));
        let (telemetry, lines) = Telemetry::in_memory("authorizer", clock.clone());
        let app = build_with(&stub, variables, store, clock.clone(), Arc::new(telemetry))
            .await
            .unwrap();
        Self {
            app,
            stub,
            clock,
            lines,
        }
    }

    /// An authorizer whose server does these things one after the other, and the last for ever.
    pub(crate) async fn playing(acts: Vec<Act>, variables: &[(&str, &str)]) -> Self {
        Self::new(Stub::playing(acts), variables).await
    }

    pub(crate) async fn ask(&self, event: &Value) -> Answered {
        self.ask_raw(&event.to_string(), 30_000).await
    }

    /// Asks with a JSON text and so many milliseconds until Lambda's deadline.
    pub(crate) async fn ask_raw(&self, event: &str, left_ms: u64) -> Answered {
        let context = Context {
            request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
            deadline: self.clock.now_ms() + left_ms,
            xray_trace_id: Some("Root=1-5759e988-bd862e3f".to_owned()),
            ..Context::default()
        };
        let payload = event.to_owned();
        let answer = self.app.handle(RawEvent { payload, context }).await;
        answer
            .map(|answer| serde_json::from_slice(&serde_json::to_vec(&answer).unwrap()).unwrap())
            .map_err(|error| (error.error_type, error.error_message))
    }

    /// The number of introspections so far.
    pub(crate) fn up(&self) -> usize {
        self.stub.count(INTROSPECT)
    }

    /// The last log line.
    pub(crate) fn line(&self) -> Value {
        serde_json::from_str(self.lines.lock().unwrap().last().unwrap()).unwrap()
    }

    /// Whether the last log line has these members.
    pub(crate) fn assert_line(&self, expected: Value) {
        let line = self.line();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name} in {line}");
        }
    }

    /// All that was logged.
    pub(crate) fn log(&self) -> String {
        self.lines.lock().unwrap().concat()
    }
}

/// Every test ends with a look through its log: nothing secret may stand there, at any level.
impl Drop for Fixture {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let log = self.log();
        assert!(!log.is_empty());
        for secret in [
            T1,
            T2,
            S1,
            S2,
            CLIENT_SECRET,
            HTML,
            EXT,
            "Bearer ",
            "dXNlcjpwYXNz",
            "/orders/42",
            "X-Evil",
            "s3cret",
            // Values of headers, query and cookies, and of the reply.
            "api.example.com",
            "expand=lines",
            "sid=abc",
            "theme=dark",
            "203.0.113.9",
            "auth.example.com",
            "orders-api",
        ] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} stands in the log");
        }
    }
}

/// The lines of a start that is refused.
pub(crate) async fn try_new(stub: &Stub, variables: &[(&str, &str)]) -> Result<App, Vec<String>> {
    let clock = Arc::new(ManualClock::at_secs(NOW));
    let (telemetry, _) = Telemetry::in_memory("authorizer", clock.clone());
    build(stub, variables, clock, Arc::new(telemetry))
        .await
        .map_err(|error| error.problems().to_vec())
}
