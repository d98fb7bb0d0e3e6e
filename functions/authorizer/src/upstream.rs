//! Posts forms to the authorization server: time limits, retries, and what a failure means. The one file here that
//! names the HTTP client.

mod failure;
mod pause;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use reqwest::{Client, Response};
use shared::http::{BodyError, ClientError, ClientOptions, read_body};
use shared::{Clock, Deadline};
use url::Url;

use crate::account::Exchange;
use crate::error::Problem;
use failure::Failure;
use pause::{full_jitter, retry_after};

/// `User-Agent` of all requests.
const USER_AGENT: &str = concat!("authorizer/", env!("CARGO_PKG_VERSION"));
/// Lambda answers before its own limit; what is kept back for writing the answer.
pub const MARGIN: Duration = Duration::from_millis(250);
/// How long the body of a refusal may take: it says little more than the status.
const REFUSAL_BODY: Duration = Duration::from_millis(250);

/// How an upstream is asked.
#[derive(Debug, Clone)]
pub struct UpstreamRules {
    /// Time for TCP and TLS together.
    pub connect_timeout: Duration,
    /// Time for one attempt, head and body together.
    pub request_timeout: Duration,
    /// Time for everything that one request needs, the token for ourselves included.
    pub total_budget: Duration,
    /// Further attempts after a failure that may pass.
    pub retries: u32,
    /// The longest pause before the first further attempt; it doubles with each. The pause is chosen at random.
    pub backoff: Duration,
    /// The largest body, in bytes.
    pub max_bytes: usize,
}

/// A place to post to, and the headers that every request to it has.
#[derive(Debug)]
pub struct Target {
    url: Url,
    headers: HeaderMap,
    /// About how many connections wait to be used again: those whose last exchange ended well.
    idle: AtomicUsize,
}

impl Target {
    /// A target with headers of the operator's beside our own.
    pub fn new(url: Url, extra: &HeaderMap) -> Self {
        let mut headers = extra.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        Self {
            url,
            headers,
            idle: AtomicUsize::new(0),
        }
    }

    /// Takes a connection that presumably exists. A wrong guess costs one further attempt, or saves none.
    fn take_idle(&self) -> bool {
        self.idle
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |idle| idle.checked_sub(1))
            .is_ok()
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Received {
    /// The HTTP status.
    pub status: u16,
    /// The body; `None` when it exceeds the limit. Only statuses 200, 400 and 401 come with one.
    pub body: Option<Bytes>,
}

/// The one client, and how it is used.
pub struct Upstream {
    client: Client,
    rules: UpstreamRules,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl Upstream {
    /// Builds the client; connects nowhere yet. `ca_bundle` adds trusted authorities in PEM, `https` says whether any
    /// target uses TLS.
    ///
    /// # Errors
    /// When the bundle holds no certificate, or TLS cannot be set up.
    pub fn new(
        rules: UpstreamRules,
        ca_bundle: Option<Vec<u8>>,
        https: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClientError> {
        let options = ClientOptions {
            connect_timeout: rules.connect_timeout,
            ca_bundle,
            https,
            ..ClientOptions::new(USER_AGENT)
        };
        Ok(Self {
            client: shared::http::client(&options)?,
            rules,
            clock,
        })
    }

    /// Posts a form and gives any answer whose status will not change by asking again.
    ///
    /// A connection from the pool that dies before the first byte of an answer is replaced once, free of the retries.
    ///
    /// # Errors
    /// `UpstreamStatus`, `UpstreamConnect`, `UpstreamTls`, `UpstreamTimeout`, after the retries that `deadline` allows.
    pub async fn post(
        &self,
        target: &Target,
        authorization: Option<&HeaderValue>,
        form: &Bytes,
        deadline: Deadline,
        exchange: &mut Exchange,
    ) -> Result<Received, Problem> {
        let mut retries = self.rules.retries;
        let mut backoff = self.rules.backoff;
        let mut may_replace = true;
        loop {
            let limit = self.rules.request_timeout.min(deadline.remaining());
            if limit.is_zero() {
                return Err(Problem::UpstreamTimeout);
            }
            exchange.attempt();
            let attempt = self.attempt(target, authorization, form, exchange);
            let outcome = tokio::time::timeout(limit, attempt)
                .await
                .unwrap_or(Err(Failure::Timeout));
            let (problem, asked_pause) = match outcome {
                Ok(Attempt::Answer(received)) => return Ok(received),
                Ok(Attempt::NotNow(pause)) => (Problem::UpstreamStatus, pause),
                Err(Failure::Stale) if may_replace => {
                    may_replace = false;
                    continue;
                }
                Err(Failure::Stale | Failure::Connect) => (Problem::UpstreamConnect, None),
                Err(Failure::Tls) => return Err(Problem::UpstreamTls),
                Err(Failure::Timeout) => (Problem::UpstreamTimeout, None),
            };
            let pause = full_jitter(backoff).max(asked_pause.unwrap_or_default());
            if retries == 0 || pause >= deadline.remaining() {
                return Err(problem);
            }
            retries -= 1;
            backoff = backoff.saturating_mul(2);
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        target: &Target,
        authorization: Option<&HeaderValue>,
        form: &Bytes,
        exchange: &mut Exchange,
    ) -> Result<Attempt, Failure> {
        let reused = target.take_idle();
        let mut request = self
            .client
            .post(target.url.clone())
            .headers(target.headers.clone())
            .body(form.clone());
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = request.send().await.map_err(|error| Failure::of(&error, reused))?;
        let status = response.status().as_u16();
        let keeps = !response
            .headers()
            .get(CONNECTION)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
        exchange.status = Some(status);
        exchange.content_type = header_text(&response, CONTENT_TYPE.as_str());
        exchange.bytes = None;
        if matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504) {
            let asked = header_text(&response, RETRY_AFTER.as_str());
            let pause = asked.and_then(|asked| retry_after(&asked, self.clock.now_ms()));
            return Ok(Attempt::NotNow(pause));
        }
        let body = match status {
            200 => match read_body(response, self.rules.max_bytes).await {
                Ok(body) => Some(body),
                Err(BodyError::TooLarge) => None,
                Err(BodyError::Transport(error)) => return Err(Failure::of(&error, false)),
            },
            400 | 401 => {
                let reading = read_body(response, self.rules.max_bytes);
                tokio::time::timeout(REFUSAL_BODY, reading)
                    .await
                    .ok()
                    .and_then(Result::ok)
            }
            _ => None,
        };
        exchange.bytes = body.as_ref().map(Bytes::len);
        if keeps && body.is_some() {
            target.idle.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Attempt::Answer(Received { status, body }))
    }
}

enum Attempt {
    Answer(Received),
    /// A status that may pass, and the pause that the server asks for.
    NotNow(Option<Duration>),
}

fn header_text(response: &Response, name: &str) -> Option<String> {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
