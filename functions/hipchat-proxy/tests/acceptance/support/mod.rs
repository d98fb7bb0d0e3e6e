//! A function in this process with the configuration that all cases share, a Slack on loopback, and a clock set by hand.

pub(crate) mod ask;
pub(crate) mod slack;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hipchat_proxy::App;
use hipchat_proxy::config::Config;
use serde_json::Value;
use shared::start::{Context, RawEvent};
use shared::telemetry::Telemetry;
use shared::testing::{FixedEnv, ManualClock, MemorySecrets};
use shared::{Clock, ConfigError, Secrets};

pub(crate) use ask::{Answer, Ask};
pub(crate) use slack::{Reply, SlackStub};

/// The moment at which every case begins.
pub(crate) const NOW: u64 = 1_760_000_000;

pub(crate) const SLACK_TOKEN: &str = "xoxb-slack-s3cret";

/// The tokens: hashes of `tokA`, `tokR`, `tokN` and `tokV`.
pub(crate) const TOKENS: &str = r#"[
    {"sha256": "TOKA", "kind": "v2_user", "rooms": ["*"], "users": true, "read": true},
    {"sha256": "TOKR", "kind": "v2_room", "rooms": ["Dev Ops"], "read": true},
    {"sha256": "TOKN", "kind": "v1_notification", "rooms": ["*"]},
    {"sha256": "TOKV", "kind": "v1_admin", "rooms": ["*"], "users": true, "read": true}]"#;

pub(crate) const DIRECTORY: &str = r#"{
    "rooms": [{"name": "Dev Ops", "channel": "C100", "id": 7, "notify": "here"},
              {"name": "Ops", "channel": "C200", "id": 8, "notify": "none"}],
    "users": [{"id": 3, "name": "Chris", "mention_name": "chris", "email": "c@example.com", "slack_id": "U3"}],
    "fallback": "reject"}"#;

/// The allow-list with the hashes in their places.
pub(crate) fn tokens() -> String {
    ["tokA", "tokR", "tokN", "tokV"]
        .iter()
        .fold(TOKENS.to_owned(), |text, token| {
            text.replace(&token.to_uppercase(), &sha256(token))
        })
}

pub(crate) fn sha256(token: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The environment of all cases.
pub(crate) fn env(slack_url: &str) -> FixedEnv {
    FixedEnv::new([
        ("HIPCHAT_TOKENS", tokens().as_str()),
        ("HIPCHAT_DIRECTORY", DIRECTORY),
        ("SLACK_API_URL", slack_url),
        ("SLACK_TOKEN", SLACK_TOKEN),
        ("SLACK_CUSTOMIZE", "true"),
    ])
}

/// Starts a function from an environment.
pub(crate) async fn start(
    env: &FixedEnv,
    store: Arc<MemorySecrets>,
    clock: Arc<ManualClock>,
) -> Result<(App, Arc<Mutex<Vec<String>>>), ConfigError> {
    let (telemetry, lines) = Telemetry::in_memory("hipchat-proxy", clock.clone());
    let secrets = Secrets::new(store, clock.clone(), Duration::from_secs(300));
    let app = App::start(Config::from_env(env)?, Arc::new(secrets), Arc::new(telemetry), clock).await?;
    Ok((app, lines))
}

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) slack: SlackStub,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) secrets: Arc<MemorySecrets>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world with more variables; an empty value unsets one.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        Self::with_secrets(variables, &[]).await
    }

    pub(crate) async fn with_secrets(variables: &[(&str, &str)], secrets: &[(&str, &str)]) -> Self {
        let slack = SlackStub::on_its_own();
        let env = variables
            .iter()
            .fold(env(&slack.url()), |env, (name, value)| env.with(name, value));
        let store = Arc::new(MemorySecrets::default());
        for (id, value) in secrets {
            store.put(id, value);
        }
        let clock = Arc::new(ManualClock::at_secs(NOW));
        let (app, lines) = start(&env, store.clone(), clock.clone()).await.unwrap();
        Self {
            app,
            slack,
            clock,
            secrets: store,
            lines,
        }
    }

    /// Asks with ten seconds to go.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        self.ask_within(ask, 10_000).await
    }

    pub(crate) async fn ask_within(&self, ask: Ask, budget_ms: u64) -> Answer {
        Answer::read(ask.front, &self.raw(&ask.event().to_string(), budget_ms).await)
    }

    /// Hands over an event as it is.
    pub(crate) async fn raw(&self, event: &str, budget_ms: u64) -> Value {
        let context = Context {
            request_id: "request-1".to_owned(),
            deadline: self.clock.now_ms() + budget_ms,
            ..Context::default()
        };
        let payload = event.to_owned();
        let answer = self.app.handle(RawEvent { payload, context }).await;
        serde_json::to_value(answer).unwrap()
    }

    /// Everything logged so far, as it was written.
    pub(crate) fn log(&self) -> String {
        self.lines.lock().unwrap().concat()
    }

    /// The last line that was logged.
    pub(crate) fn last_line(&self) -> Value {
        serde_json::from_str(self.lines.lock().unwrap().last().unwrap()).unwrap()
    }

    /// The one message that Slack was asked to post.
    #[track_caller]
    pub(crate) fn only_post(&self) -> Value {
        let posts = self.slack.posts();
        assert_eq!(posts.len(), 1, "{posts:#?}");
        posts[0].clone()
    }

    /// The text of the only attachment of the only message.
    #[track_caller]
    pub(crate) fn only_text(&self) -> String {
        let post = self.only_post();
        let attachments = post["attachments"].as_array().unwrap();
        assert_eq!(attachments.len(), 1);
        attachments[0]["text"].as_str().unwrap().to_owned()
    }
}
