//! Sends a recorded request to a stage, and tells how the answer differs from the recorded one, without secrets.

mod comparison;
mod credentials;
mod fields;
mod mask;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use shared::Secret;

use super::Exchange;
use crate::caller::{Caller, reason};
use comparison::compare;
use credentials::Credentials;
use mask::masked;

/// The longest wait for an answer: a cold start behind a load balancer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Headers that belong to one connection or are made anew.
const OWN: [&str; 9] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
];

/// Where requests go.
#[derive(Debug)]
pub struct Stage {
    caller: Caller,
    credentials: Credentials,
}

/// What became of one request, ready to print.
#[derive(Debug)]
pub struct Replay {
    /// Request, status, headers and body; the marks are `=` as recorded, `~` other, `+` new, `-` missing.
    pub text: String,
    /// Whether the status is the recorded one, where one was recorded.
    pub is_same: bool,
}

impl Stage {
    /// `url` is the stage's base, `host` the name to ask for where the URL leads, in place of the URL's own, `token` takes the place of the
    /// recorded ones wherever clients put them, `ca` is a PEM of authorities that are trusted beside the system's.
    ///
    /// # Errors
    /// A sentence.
    pub fn new(url: &str, host: Option<&str>, token: Option<Secret>, ca: Option<&[u8]>) -> Result<Self, String> {
        Ok(Self {
            caller: Caller::new(url, host, ca, PATIENCE)?,
            credentials: Credentials {
                token,
                ..Credentials::default()
            },
        })
    }

    /// The same stage, which is shown this OAuth client in place of recorded ones.
    #[must_use]
    pub fn with_client(mut self, id: String, secret: Secret) -> Self {
        self.credentials.client = Some((id, secret));
        self
    }

    /// The same stage, which is sent recorded secrets of clients as they are, where nothing takes their place.
    #[must_use]
    pub fn with_recorded_secrets(mut self) -> Self {
        self.credentials.sends_recorded = true;
        self
    }

    /// Whether all of these may be sent: recorded secrets of clients need something in their place, or permission.
    ///
    /// # Errors
    /// A sentence for the first one that may not.
    pub fn check(&self, exchanges: &[Exchange]) -> Result<(), String> {
        exchanges.iter().try_for_each(|one| self.credentials.check(one))
    }

    /// Sends one request.
    ///
    /// # Errors
    /// A sentence, where it cannot or may not be sent, or nothing comes back.
    pub async fn replay(&self, exchange: &Exchange) -> Result<Replay, String> {
        let line = exchange.line;
        self.credentials.check(exchange)?;
        let recorded = exchange.recorded.as_ref();
        let known = recorded.map_or("", |recorded| recorded.body.as_str());
        let secrets = self.credentials.secrets(exchange, &[known]);
        let method =
            Method::from_bytes(exchange.method.as_bytes()).map_err(|_| format!("line {line}: no method of HTTP"))?;
        let body = self.credentials.body(&exchange.body);
        let request = self.caller.request(method, &self.credentials.target(&exchange.target));
        let mut request = request
            .map_err(|_| format!("line {line}: its target and the URL make no URL"))?
            .headers(self.headers(exchange, &secrets)?);
        if !body.is_empty() || exchange.method != "GET" {
            request = request.body(body);
        }
        let answer = request
            .send()
            .await
            .map_err(|error| masked(&format!("line {line}: no answer: {}", reason(&error)), &secrets))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|error| error.without_url().to_string())?;
        let body = String::from_utf8_lossy(&body);
        let mut text = format!("{} {}\n", exchange.method, exchange.target);
        let is_same = recorded.is_none_or(|recorded| recorded.status == status);
        compare(&mut text, status, &headers, &body, recorded);
        let secrets = self.credentials.secrets(exchange, &[known, &body]);
        Ok(Replay {
            text: masked(&text, &secrets),
            is_same,
        })
    }

    fn headers(&self, exchange: &Exchange, secrets: &[Secret]) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &exchange.headers {
            let lower = name.to_ascii_lowercase();
            if OWN.contains(&lower.as_str()) {
                continue;
            }
            let value = match lower.as_str() {
                "authorization" => self.credentials.authorization(value),
                _ => value.as_str().into(),
            };
            let bad = |_| {
                masked(
                    &format!("line {}: the header {name} cannot be sent", exchange.line),
                    secrets,
                )
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad(()))?;
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad(()))?);
        }
        Ok(headers)
    }
}
