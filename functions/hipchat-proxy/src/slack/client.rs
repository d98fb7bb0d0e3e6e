//! The client of Slack's Web API and incoming webhooks, and the one file here that names the HTTP client. It sends one
//! request; what is done about its answer stands in `deliver`.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;
use shared::http::outbound::{Client, ClientKey, Clients, Reach, SendError, host_header, target};
use shared::{Clock, Deadline, Secret, SecretSource, Secrets};
use url::Url;

use super::outcome::Verdict;
use super::upload_url::{Home, is_home};
use super::{Effort, SlackFailure, outcome, webhook};

/// How often a connection is tried in all.
const CONNECT_ATTEMPTS: u32 = 3;
const CONNECT_PAUSE: Duration = Duration::from_millis(100);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// A refused token is read anew unless that was done, or tried in vain, so recently.
const TOKEN_MIN_AGE: Duration = Duration::from_secs(5);

/// The largest answer that is read, in bytes: Slack sends the message back.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("hipchat-proxy/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// What the client is built from.
#[derive(Debug, Clone)]
pub struct SlackOptions {
    /// Base URL, without a slash at its end.
    pub api_url: String,
    /// Where the bot token is; `None` for a dry run, which posts nothing.
    pub token: Option<SecretSource>,
    /// Whether messages bear a `client_msg_id`, by which Slack knows one that it gets twice.
    pub client_msg_id: bool,
}

/// The Web API and incoming webhooks.
pub struct Slack {
    /// One client for each host: the Web API's, and those of webhooks as they are met.
    clients: Mutex<Clients>,
    api: Arc<Client>,
    api_host: HeaderValue,
    /// The base URL.
    pub(super) api_url: Url,
    /// Path of the base URL, without a slash at its end.
    api_path: String,
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
    /// Where the API wants a file. Nobody there may learn the token.
    Upload(&'a Url),
}

impl Slack {
    /// Builds the client with the token already read. Idle connections grow old by `clock`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn new(
        options: SlackOptions,
        secrets: Arc<Secrets>,
        token: Option<&Secret>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, &'static str> {
        let url: Url = options.api_url.parse().map_err(|_| "is not a URL")?;
        let mut clients = Clients::new(clock);
        let api = clients.of(key(&url));
        api.warm_up();
        Ok(Self {
            clients: Mutex::new(clients),
            api,
            api_host: host_header(&url).ok_or("has no host")?,
            api_path: url.path().trim_end_matches('/').to_owned(),
            api_url: url,
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
        let (client, path, mut headers) = self.way(address).ok_or(Broken::Unsent)?;
        headers.insert(USER_AGENT, AGENT);
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path;
        *request.headers_mut() = headers;
        // What Slack may have read is not sent again here: only `deliver` knows what is safe to repeat.
        let received = client.send(request, false).await.map_err(|error| match error {
            SendError::Connect | SendError::ConnectTimeout | SendError::AddressRefused | SendError::Tls => {
                Broken::Unsent
            }
            SendError::Broken { written: false, .. } => Broken::Unsent,
            SendError::Broken { written: true, .. } | SendError::NotHttp => Broken::Sent,
        })?;
        let status = received.head().status().as_u16();
        let retry_after = received.head().headers().get(RETRY_AFTER).cloned();
        let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
        let body = received
            .read(LARGEST_ANSWER)
            .await
            .map(|(_, body)| body)
            .unwrap_or_default();
        Ok(match address {
            Address::Webhook(_) => webhook::read(status, retry_after, body),
            Address::Upload(_) => outcome::read_upload(status, retry_after, body),
            Address::Method(_) | Address::Form(_) => outcome::read(status, retry_after, body),
        })
    }

    /// The client, the path and the headers for an address; `None` for a webhook that is no URL.
    fn way(&self, address: Address<'_>) -> Option<(Arc<Client>, Uri, HeaderMap)> {
        let mut headers = HeaderMap::with_capacity(4);
        let (name, content_type) = match address {
            Address::Webhook(url) => {
                let url: Url = url.reveal().parse().ok()?;
                headers.insert(HOST, host_header(&url)?);
                headers.insert(CONTENT_TYPE, JSON);
                return Some((self.client(key(&url)), target(&url)?, headers));
            }
            Address::Upload(url) => {
                headers.insert(HOST, host_header(url)?);
                headers.insert(CONTENT_TYPE, BYTES);
                let key = ClientKey {
                    // The operator chose the API's own origin; what an answer names may not be this machine.
                    reach: if is_home(url, Home(&self.api_url)) {
                        Reach::Anywhere
                    } else {
                        Reach::Guarded
                    },
                    ..key(url)
                };
                return Some((self.client(key), target(url)?, headers));
            }
            Address::Method(name) => (name, JSON),
            Address::Form(name) => (name, FORM),
        };
        headers.insert(AUTHORIZATION, self.authorization());
        headers.insert(HOST, self.api_host.clone());
        headers.insert(CONTENT_TYPE, content_type);
        Some((
            self.api.clone(),
            format!("{}/{name}", self.api_path).parse().ok()?,
            headers,
        ))
    }

    /// The client for a place.
    fn client(&self, key: ClientKey) -> Arc<Client> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).of(key)
    }

    /// What requests are authorized with now.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.authorization
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the token anew, unless another request did so after `sent` was; whether it is another one than `sent`.
    pub(super) async fn reread_token(&self, sent: &HeaderValue, deadline: Deadline) -> bool {
        if self.authorization() != *sent {
            return true;
        }
        let Some(source) = &self.source else { return false };
        let Ok(token) = self.secrets.refresh(source, TOKEN_MIN_AGE, deadline).await else {
            return false;
        };
        let Some(fresh) = bearer(&token) else { return false };
        let changed = *sent != fresh;
        *self.authorization.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        changed
    }
}

fn key(url: &Url) -> ClientKey {
    ClientKey {
        connect_timeout: CONNECT_TIMEOUT,
        ..ClientKey::to(url)
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
