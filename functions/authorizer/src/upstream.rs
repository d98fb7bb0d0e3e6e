//! Posts questions to the authorization server, gets documents from it: time limits, retries, and what a failure means. The
//! one file here that names the HTTP client.

mod failure;
mod media_type;
mod pause;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use shared::backoff::full_jitter;
use shared::http::outbound::{self, BodyError, Client, ClientKey, Clients, check_authorities, host_header};
use shared::{Clock, Deadline};
use url::Url;

use crate::account::Exchange;
use crate::error::Problem;
use failure::Failure;
use media_type::media_type;
use pause::retry_after;

/// `User-Agent` of all requests.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("authorizer/", env!("CARGO_PKG_VERSION")));
/// Where AWS keeps the trace that a request belongs to.
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
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

/// A place to ask, and the headers that every request to it has.
#[derive(Debug)]
pub struct Target {
    client: Arc<Client>,
    path: Uri,
    headers: HeaderMap,
    /// Whether a 403 may be an answer to what was asked.
    answers_by_403: bool,
}

/// A whole answer.
#[derive(Debug)]
pub struct Received {
    /// The HTTP status.
    pub status: u16,
    /// The body; `None` when it exceeds the limit. Only statuses 200, 400 and 401 come with one, and 403 where that may be an
    /// answer.
    pub body: Option<Bytes>,
}

/// The clients, one for each place, and how they are used.
pub struct Upstream {
    clients: Mutex<Clients>,
    ca: Option<Arc<Vec<u8>>>,
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
    /// Connects nowhere yet. `ca_bundle` adds trusted authorities in PEM.
    ///
    /// # Errors
    /// What is wrong with the bundle.
    pub fn new(rules: UpstreamRules, ca_bundle: Option<Vec<u8>>, clock: Arc<dyn Clock>) -> Result<Self, &'static str> {
        if let Some(pem) = &ca_bundle {
            check_authorities(pem)?;
        }
        Ok(Self {
            clients: Mutex::new(Clients::new(clock.clone())),
            ca: ca_bundle.map(Arc::new),
            rules,
            clock,
        })
    }

    /// A target with headers of the operator's beside our own; `None` for a URL that leads nowhere.
    pub fn target(&self, url: &Url, extra: &HeaderMap) -> Option<Target> {
        let mut headers = extra.clone();
        headers.insert(HOST, host_header(url)?);
        headers.insert(USER_AGENT, AGENT);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let client = self
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .of(ClientKey {
                connect_timeout: self.rules.connect_timeout,
                ca: self.ca.clone(),
                ..ClientKey::to(url)
            });
        client.warm_up();
        Some(Target {
            client,
            path: outbound::target(url)?,
            headers,
            answers_by_403: false,
        })
    }

    /// A target that takes JSON documents; `None` for a URL that leads nowhere. With `answers_by_403` a 403 may be its answer.
    pub fn json(&self, url: &Url, extra: &HeaderMap, answers_by_403: bool) -> Option<Target> {
        let mut target = self.target(url, extra)?;
        target
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(Target {
            answers_by_403,
            ..target
        })
    }

    /// A target that documents are got from; `None` for a URL that leads nowhere.
    pub fn document(&self, url: &Url) -> Option<Target> {
        let mut target = self.target(url, &HeaderMap::new())?;
        target.headers.remove(CONTENT_TYPE);
        Some(target)
    }

    /// The time of one attempt.
    pub fn request_timeout(&self) -> Duration {
        self.rules.request_timeout
    }

    /// Gets a document, in the way of [`Upstream::post`].
    ///
    /// # Errors
    /// As [`Upstream::post`].
    pub async fn get(&self, target: &Target, deadline: Deadline, exchange: &mut Exchange) -> Result<Received, Problem> {
        self.send((Method::GET, target), None, &Bytes::new(), deadline, exchange)
            .await
    }

    /// Posts a body and gives any answer whose status will not change by asking again.
    ///
    /// A kept connection that dies before the first byte of an answer is replaced once, free of the retries; from then on
    /// all are new.
    ///
    /// # Errors
    /// `UpstreamStatus`, `UpstreamConnect`, `UpstreamTls`, `UpstreamTimeout`, after the retries that `deadline` allows.
    pub async fn post(
        &self,
        target: &Target,
        authorization: Option<&HeaderValue>,
        body: &Bytes,
        deadline: Deadline,
        exchange: &mut Exchange,
    ) -> Result<Received, Problem> {
        self.send((Method::POST, target), authorization, body, deadline, exchange)
            .await
    }

    async fn send(
        &self,
        to: (Method, &Target),
        authorization: Option<&HeaderValue>,
        body: &Bytes,
        deadline: Deadline,
        exchange: &mut Exchange,
    ) -> Result<Received, Problem> {
        let mut retries = self.rules.retries;
        let mut backoff = self.rules.backoff;
        let mut anew = false;
        loop {
            let limit = self.rules.request_timeout.min(deadline.remaining());
            if limit.is_zero() {
                return Err(Problem::UpstreamTimeout);
            }
            exchange.attempt();
            let attempt = self.attempt(&to, authorization, body, anew, exchange);
            let outcome = tokio::time::timeout(limit, attempt)
                .await
                .unwrap_or(Err(Failure::Timeout));
            let (problem, asked_pause) = match outcome {
                Ok(Attempt::Answer(received)) => return Ok(received),
                Ok(Attempt::NotNow(pause)) => (Problem::UpstreamStatus, pause),
                Err(Failure::Stale) if !anew => {
                    anew = true;
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
        (method, target): &(Method, &Target),
        authorization: Option<&HeaderValue>,
        body: &Bytes,
        anew: bool,
        exchange: &mut Exchange,
    ) -> Result<Attempt, Failure> {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = method.clone();
        *request.uri_mut() = target.path.clone();
        *request.headers_mut() = target.headers.clone();
        if let Some(authorization) = authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(trace) = &exchange.trace {
            request.headers_mut().insert(TRACE, trace.clone());
        }
        // Each request is counted, so that the client repeats none by itself.
        let received = if anew {
            target.client.send_anew(request).await?
        } else {
            target.client.send(request, false).await?
        };
        let head = received.head();
        let status = head.status().as_u16();
        exchange.status = Some(status);
        exchange.content_type = head.headers().get(CONTENT_TYPE).map(media_type);
        exchange.bytes = None;
        if matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504) {
            let asked = head.headers().get(RETRY_AFTER).and_then(|asked| asked.to_str().ok());
            let pause = asked.and_then(|asked| retry_after(asked, self.clock.now_ms()));
            return Ok(Attempt::NotNow(pause));
        }
        let body = match status {
            200 | 403 if status == 200 || target.answers_by_403 => match received.read(self.rules.max_bytes).await {
                Ok((_, body)) => Some(body),
                Err(BodyError::TooLarge) => None,
                Err(BodyError::Broken) => return Err(Failure::Connect),
            },
            400 | 401 => {
                let reading = received.read(self.rules.max_bytes);
                let read = tokio::time::timeout(REFUSAL_BODY, reading).await.ok();
                read.and_then(Result::ok).map(|(_, body)| body)
            }
            _ => None,
        };
        exchange.bytes = body.as_ref().map(Bytes::len);
        Ok(Attempt::Answer(Received { status, body }))
    }
}

enum Attempt {
    Answer(Received),
    /// A status that may pass, and the pause that the server asks for.
    NotNow(Option<Duration>),
}
