//! Credentials as a container gets them, and a function with SnapStart: from an endpoint that the environment names
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>).

mod answer;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue};
use http::{Request, Uri};
use http_body_util::Full;
use tokio::time::{sleep, timeout};
use url::Url;
use zeroize::Zeroizing;

use super::provider::{Asking, Source};
use super::{Credentials, Unavailable};
use crate::backoff::full_jitter;
use crate::http::outbound::{BodyError, Client, ClientKey, Clients, Outbound, Reach, SendError, host_header, target};
use crate::{Clock, Env, Secret};

/// Where ECS serves the credentials of a task; a relative URI begins behind it.
const ECS: &str = "http://169.254.170.2";

/// An answer is about 2 KB.
const LARGEST_ANSWER: usize = 64 * 1024;

/// No token is half as long.
const LARGEST_TOKEN: usize = 64 * 1024;

/// Time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Time for one attempt; all of them together are bounded by whoever waits.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

const ATTEMPTS: u32 = 3;

/// The longest pause after the first attempt; each further one may be twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The endpoint of a container's credentials.
pub(super) struct Container {
    /// Or why there is none.
    endpoint: Result<Endpoint, &'static str>,
    token: Token,
}

struct Endpoint {
    client: Arc<Client>,
    host: HeaderValue,
    target: Uri,
}

/// What the endpoint is shown.
enum Token {
    None,
    Fixed(Secret),
    /// Read each time: it is rotated.
    File(PathBuf),
}

/// What is said when an endpoint gives no credentials, or none may be asked there.
const FAILED: &str = "container";

/// What is said when the environment names no endpoint: nowhere are there any.
const NOWHERE: &str = "no_credentials";

/// Why an attempt gave nothing, and whether another may.
struct Failed {
    again: bool,
}

impl Container {
    /// The endpoint of `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or else `AWS_CONTAINER_CREDENTIALS_FULL_URI`, which is
    /// shown what stands in the file of `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` or else in
    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN`. Connects nowhere yet.
    pub(super) fn from_env(env: &dyn Env, clock: Arc<dyn Clock>) -> Self {
        let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
        let url = match set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            // Anything but a path could make another host of what stands before it.
            Some(path) => path.starts_with('/').then(|| format!("{ECS}{path}")),
            None => set("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        };
        let token = match set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(path) => Token::File(path.into()),
            None => {
                set("AWS_CONTAINER_AUTHORIZATION_TOKEN").map_or(Token::None, |token| Token::Fixed(Secret::new(token)))
            }
        };
        Self {
            endpoint: match url {
                Some(url) => Endpoint::new(&url, clock).ok_or(FAILED),
                None if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some() => Err(FAILED),
                None => Err(NOWHERE),
            },
            token,
        }
    }

    async fn fetch(&self) -> Result<Credentials, &'static str> {
        let endpoint = self.endpoint.as_ref().map_err(|why| *why)?;
        let authorization = self.token.header().ok_or(FAILED)?;
        let mut attempt = 1;
        loop {
            let failed = match timeout(ATTEMPT_TIMEOUT, endpoint.get(authorization.clone())).await {
                Ok(Ok(credentials)) => return Ok(credentials),
                Ok(Err(failed)) => failed,
                Err(_) => Failed { again: true },
            };
            if !failed.again || attempt == ATTEMPTS {
                return Err(FAILED);
            }
            sleep(full_jitter(FIRST_PAUSE * 2_u32.pow(attempt - 1))).await;
            attempt += 1;
        }
    }
}

impl Source for Container {
    fn ask(&self, _: u64, _: Duration) -> Asking<'_> {
        Box::pin(async { self.fetch().await.map_err(|word| Unavailable(word.to_owned())) })
    }

    fn word(&self) -> &'static str {
        FAILED
    }

    fn timeout_word(&self) -> &'static str {
        "container_timeout"
    }
}

impl Endpoint {
    /// Without TLS only this machine and the containers' own addresses are asked.
    fn new(url: &str, clock: Arc<dyn Clock>) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let reach = match url.scheme() {
            "https" => Reach::Anywhere,
            "http" => Reach::ContainerCredentials,
            _ => return None,
        };
        let key = ClientKey {
            connect_timeout: CONNECT_TIMEOUT,
            // Asked about once an hour: a connection would be gone by then.
            keep_alive: None,
            reach,
            ..ClientKey::to(&url)
        };
        Some(Self {
            client: Clients::new(clock).of(key),
            host: host_header(&url)?,
            target: target(&url)?,
        })
    }

    async fn get(&self, authorization: Option<HeaderValue>) -> Result<Credentials, Failed> {
        let mut request: Outbound = Request::new(Full::default());
        *request.uri_mut() = self.target.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        let received = self.client.send(request, true).await.map_err(|error| Failed {
            again: error != SendError::AddressRefused,
        })?;
        let (head, body) = received.read(LARGEST_ANSWER).await.map_err(|error| Failed {
            again: error == BodyError::Broken,
        })?;
        if !head.status.is_success() {
            return Err(Failed {
                again: head.status.is_server_error(),
            });
        }
        answer::read(&body).ok_or(Failed { again: true })
    }
}

impl Token {
    /// The `authorization` header, if there is to be one; `None` if there is and cannot be had: nobody is asked without.
    fn header(&self) -> Option<Option<HeaderValue>> {
        let mut value = match self {
            Self::None => return Some(None),
            Self::Fixed(token) => HeaderValue::from_str(token.reveal()).ok()?,
            Self::File(path) => {
                let mut text = Zeroizing::new(Vec::with_capacity(4096));
                let most = LARGEST_TOKEN as u64 + 1;
                File::open(path).ok()?.take(most).read_to_end(&mut text).ok()?;
                if text.len() > LARGEST_TOKEN {
                    return None;
                }
                HeaderValue::from_bytes(&text).ok()?
            }
        };
        value.set_sensitive(true);
        Some(Some(value))
    }
}
