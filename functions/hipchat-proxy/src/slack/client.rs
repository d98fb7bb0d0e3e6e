//! The client of Slack's Web API and incoming webhooks, and the one file here that names the HTTP client. It sends one
//! request; what is done about its answer stands in `deliver`.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use shared::http::{ClientError, ClientOptions, client, read_body};
use shared::{Deadline, Secret, SecretSource, Secrets};

use super::outcome::Verdict;
use super::{Effort, SlackFailure, outcome, webhook};

/// How often a connection is tried in all.
const CONNECT_ATTEMPTS: u32 = 3;
const CONNECT_PAUSE: Duration = Duration::from_millis(100);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// A refused token is read anew unless that was done so recently.
const TOKEN_MIN_AGE: Duration = Duration::from_secs(5);

/// The largest answer that is read, in bytes: Slack sends the message back.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// What the client is built from.
#[derive(Debug, Clone)]
pub struct SlackOptions {
    /// Base URL, without a slash at its end.
    pub api_url: String,
    /// Where the bot token is; `None` for a dry run, which posts nothing.
    pub token: Option<SecretSource>,
    /// Whether any webhook is `https`, which all but those of tests are.
    pub https_webhooks: bool,
    /// Whether messages bear a `client_msg_id`, by which Slack knows one that it gets twice.
    pub client_msg_id: bool,
}

/// The Web API and incoming webhooks.
pub struct Slack {
    http: reqwest::Client,
    api_url: String,
    source: Option<SecretSource>,
    secrets: Arc<Secrets>,
    /// `Bearer` and the token, ready to send.
    authorization: RwLock<HeaderValue>,
    pub(super) client_msg_id: bool,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Address<'a> {
    /// A method of the Web API that takes JSON.
    Method(&'static str),
    /// One that takes a form, as those that only read do.
    Form(&'static str),
    /// An incoming webhook.
    Webhook(&'a Secret),
}

impl Slack {
    /// Builds the client with the token already read.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: SlackOptions, secrets: Arc<Secrets>, token: Option<&Secret>) -> Result<Self, ClientError> {
        let mut http = ClientOptions::new(concat!("hipchat-proxy/", env!("CARGO_PKG_VERSION")));
        http.connect_timeout = CONNECT_TIMEOUT;
        http.https = options.https_webhooks || options.api_url.starts_with("https:");
        Ok(Self {
            http: client(&http)?,
            api_url: options.api_url,
            source: options.token,
            secrets,
            authorization: RwLock::new(token.and_then(bearer).unwrap_or(HeaderValue::from_static(""))),
            client_msg_id: options.client_msg_id,
        })
    }

    /// Whether `token` can be sent at all.
    pub fn can_send(token: &Secret) -> bool {
        bearer(token).is_some()
    }

    /// Sends one request. Without a connection nothing was sent, so that is tried again.
    pub(super) async fn call(
        &self,
        address: Address<'_>,
        body: &Bytes,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Verdict, SlackFailure> {
        for attempt in 1..=CONNECT_ATTEMPTS {
            if deadline.has_passed() {
                return Err(SlackFailure::OutOfTime);
            }
            effort.attempts += 1;
            match tokio::time::timeout(deadline.remaining(), self.exchange(address, body)).await {
                Err(_) => return Err(SlackFailure::OutOfTime),
                Ok(Ok(verdict)) => return Ok(verdict),
                Ok(Err(Broken::Sent)) => return Err(SlackFailure::Unavailable),
                Ok(Err(Broken::Unsent)) if attempt < CONNECT_ATTEMPTS => {
                    if !wait(CONNECT_PAUSE, deadline).await {
                        break;
                    }
                }
                Ok(Err(Broken::Unsent)) => {}
            }
        }
        Err(SlackFailure::Unreachable)
    }

    async fn exchange(&self, address: Address<'_>, body: &Bytes) -> Result<Verdict, Broken> {
        let request = match address {
            Address::Webhook(url) => self.http.post(url.reveal()).header(CONTENT_TYPE, JSON),
            Address::Method(name) => self.method(name).header(CONTENT_TYPE, JSON),
            Address::Form(name) => self.method(name).header(CONTENT_TYPE, FORM),
        };
        let response = request.body(body.clone()).send().await.map_err(|error| {
            if error.is_connect() {
                Broken::Unsent
            } else {
                Broken::Sent
            }
        })?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).cloned();
        let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
        let body = read_body(response, LARGEST_ANSWER).await.unwrap_or_default();
        Ok(match address {
            Address::Webhook(_) => webhook::read(status, retry_after, body),
            Address::Method(_) | Address::Form(_) => outcome::read(status, retry_after, body),
        })
    }

    fn method(&self, name: &str) -> reqwest::RequestBuilder {
        let authorization = self.authorization.read().unwrap_or_else(PoisonError::into_inner);
        self.http
            .post(format!("{}/{name}", self.api_url))
            .header(AUTHORIZATION, authorization.clone())
    }

    /// Reads the token anew; whether it is another one.
    pub(super) async fn reread_token(&self, deadline: Deadline) -> bool {
        let Some(source) = &self.source else { return false };
        let reading = self.secrets.refresh(source, TOKEN_MIN_AGE);
        let Ok(Ok(token)) = tokio::time::timeout(deadline.remaining(), reading).await else {
            return false;
        };
        let Some(fresh) = bearer(&token) else { return false };
        let mut authorization = self.authorization.write().unwrap_or_else(PoisonError::into_inner);
        let changed = *authorization != fresh;
        *authorization = fresh;
        changed
    }
}

/// Why there is no answer.
enum Broken {
    /// Nothing was sent.
    Unsent,
    /// The request was sent, or a part of it.
    Sent,
}

/// Waits, if there is time for it and for a request behind it.
pub(super) async fn wait(pause: Duration, deadline: Deadline) -> bool {
    const REQUEST: Duration = Duration::from_millis(250);
    if deadline.remaining() < pause.saturating_add(REQUEST) {
        return false;
    }
    tokio::time::sleep(pause).await;
    true
}

fn bearer(token: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.reveal().trim())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
