//! The client of Slack's Web API, and the one file here that names the HTTP client.
//!
//! A message is sent again only when it surely was not posted: no connection came about, or Slack answered that it
//! did not take it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde::Serialize;
use shared::http::{ClientError, ClientOptions, client, read_body};
use shared::{Deadline, Secret, SecretSource, Secrets};

use super::outcome::{Verdict, is_stale_token, read};
use super::{Post, SlackFailure};

/// How often a connection is tried in all.
const CONNECT_ATTEMPTS: u32 = 3;
const CONNECT_PAUSE: Duration = Duration::from_millis(100);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// A refused token is read anew unless that was done so recently.
const TOKEN_MIN_AGE: Duration = Duration::from_secs(5);

/// The largest answer that is read, in bytes: Slack sends the message back.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// What is left of a message that Slack does not take with attachments: more than this, Slack would cut itself.
const PLAIN_TEXT_LIMIT: usize = 39_000;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// What the client is built from.
#[derive(Debug, Clone)]
pub struct SlackOptions {
    /// Base URL, without a slash at its end.
    pub api_url: String,
    /// Where the bot token is; `None` for a dry run, which posts nothing.
    pub token: Option<SecretSource>,
}

/// The Web API.
pub struct Slack {
    http: reqwest::Client,
    post_message: String,
    join: String,
    source: Option<SecretSource>,
    secrets: Arc<Secrets>,
    /// `Bearer` and the token, ready to send.
    authorization: RwLock<HeaderValue>,
}

/// What became of a message, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Posted, or why not.
    pub result: Result<(), SlackFailure>,
    /// Slack's word for the last refusal.
    pub code: Option<String>,
    /// How many requests were made or tried.
    pub attempts: u32,
    /// Time from the first request to the last answer.
    pub took: Duration,
    /// Whether Slack took the message only as plain text.
    pub as_text: bool,
}

/// What one message has used up of its second chances: each is given once.
#[derive(Default)]
struct Chances {
    waited: bool,
    reread: bool,
    joined: bool,
    as_text: bool,
}

impl Slack {
    /// Builds the client with the token already read.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: SlackOptions, secrets: Arc<Secrets>, token: Option<&Secret>) -> Result<Self, ClientError> {
        let mut http = ClientOptions::new(concat!("hipchat-proxy/", env!("CARGO_PKG_VERSION")));
        http.connect_timeout = CONNECT_TIMEOUT;
        http.https = options.api_url.starts_with("https:");
        Ok(Self {
            http: client(&http)?,
            post_message: format!("{}/chat.postMessage", options.api_url),
            join: format!("{}/conversations.join", options.api_url),
            source: options.token,
            secrets,
            authorization: RwLock::new(token.and_then(bearer).unwrap_or(HeaderValue::from_static(""))),
        })
    }

    /// Whether `token` can be sent at all.
    pub fn can_send(token: &Secret) -> bool {
        bearer(token).is_some()
    }

    /// Posts a message: in one call, once, before `deadline`.
    pub async fn post(&self, post: &Post<'_>, deadline: Deadline) -> Delivery {
        let started = Instant::now();
        let mut delivery = Delivery {
            result: Ok(()),
            code: None,
            attempts: 0,
            took: Duration::ZERO,
            as_text: false,
        };
        delivery.result = self.deliver(post, deadline, &mut delivery).await;
        delivery.took = started.elapsed();
        delivery
    }

    async fn deliver(&self, post: &Post<'_>, deadline: Deadline, delivery: &mut Delivery) -> Result<(), SlackFailure> {
        let mut chances = Chances::default();
        let mut body = encode(post)?;
        loop {
            let (failure, code) = match self.call(&self.post_message, &body, deadline, delivery).await? {
                Verdict::Posted => return Ok(()),
                Verdict::Refused(failure, code) => (failure, code),
            };
            delivery.code = Some(code.clone());
            // Slack refused the message, so none of these can post it twice.
            let again = match failure {
                SlackFailure::Limited { retry_after } => {
                    once(&mut chances.waited) && wait(Duration::from_secs(retry_after), deadline).await
                }
                SlackFailure::Credentials => {
                    is_stale_token(&code) && once(&mut chances.reread) && self.reread_token(deadline).await
                }
                SlackFailure::ChannelGone if code == "not_in_channel" => {
                    once(&mut chances.joined) && self.join(post.channel, deadline, delivery).await
                }
                SlackFailure::Content if !post.attachments.is_empty() && once(&mut chances.as_text) => {
                    body = encode(&post.as_text(PLAIN_TEXT_LIMIT))?;
                    delivery.as_text = true;
                    true
                }
                _ => false,
            };
            if !again {
                return Err(failure);
            }
        }
    }

    /// Sends one request. Without a connection nothing was sent, so that is tried again.
    async fn call(
        &self,
        url: &str,
        body: &Bytes,
        deadline: Deadline,
        delivery: &mut Delivery,
    ) -> Result<Verdict, SlackFailure> {
        for attempt in 1..=CONNECT_ATTEMPTS {
            if deadline.has_passed() {
                return Err(SlackFailure::OutOfTime);
            }
            delivery.attempts += 1;
            let authorization = self
                .authorization
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let exchange = async {
                let response = self
                    .http
                    .post(url)
                    .header(AUTHORIZATION, authorization)
                    .header(CONTENT_TYPE, JSON)
                    .body(body.clone())
                    .send()
                    .await
                    .map_err(|error| error.is_connect())?;
                let status = response.status().as_u16();
                let retry_after = response.headers().get(RETRY_AFTER).cloned();
                let body = read_body(response, LARGEST_ANSWER).await.unwrap_or_default();
                let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
                Ok(read(status, retry_after, &body))
            };
            match tokio::time::timeout(deadline.remaining(), exchange).await {
                Err(_) => return Err(SlackFailure::OutOfTime),
                Ok(Ok(verdict)) => return Ok(verdict),
                Ok(Err(false)) => return Err(SlackFailure::Unavailable),
                Ok(Err(true)) if attempt < CONNECT_ATTEMPTS => {
                    if !wait(CONNECT_PAUSE, deadline).await {
                        break;
                    }
                }
                Ok(Err(true)) => {}
            }
        }
        Err(SlackFailure::Unreachable)
    }

    /// Reads the token anew; whether it is another one.
    async fn reread_token(&self, deadline: Deadline) -> bool {
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

    /// Joins a public channel, given by its id.
    async fn join(&self, channel: &str, deadline: Deadline, delivery: &mut Delivery) -> bool {
        #[derive(Serialize)]
        struct Join<'a> {
            channel: &'a str,
        }
        if !channel.starts_with('C') {
            return false;
        }
        let Ok(body) = encode(&Join { channel }) else {
            return false;
        };
        matches!(
            self.call(&self.join, &body, deadline, delivery).await,
            Ok(Verdict::Posted)
        )
    }
}

fn once(used: &mut bool) -> bool {
    !std::mem::replace(used, true)
}

/// Waits, if there is time for it and for a request behind it.
async fn wait(pause: Duration, deadline: Deadline) -> bool {
    const REQUEST: Duration = Duration::from_millis(250);
    if deadline.remaining() < pause.saturating_add(REQUEST) {
        return false;
    }
    tokio::time::sleep(pause).await;
    true
}

fn encode(arguments: &impl Serialize) -> Result<Bytes, SlackFailure> {
    serde_json::to_vec(arguments)
        .map(Bytes::from)
        .map_err(|_| SlackFailure::Unexpected)
}

fn bearer(token: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.reveal().trim())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
