//! `AssumeRole` of the Security Token Service
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>), signed like any other request of ours.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use shared::Deadline;
use shared::aws::{Asking, Credentials, Provider, Source, Unavailable, is_stale_word};
use shared::http::encode_path;
use shared::http::outbound::{Client, ClientKey, Clients, Place, Reach};
use shared::sign::{Canonical, Scope, SigningKeys, Unsigned, sign, signed_headers};
use url::Url;

use super::answer::{assumed, error_code};
use crate::request::query::encode;
use crate::routes::AssumeRole;

/// An answer is about 2 KB.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Time for a connection; the whole call is bounded by whoever waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1000);

/// What a form says of itself.
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");

/// A role and what it is assumed with.
pub(super) struct Role {
    settings: AssumeRole,
    base: Arc<Provider>,
    client: Arc<Client>,
    keys: SigningKeys,
    host: HeaderValue,
    target: String,
    form: Bytes,
}

impl Role {
    pub(super) fn new(settings: AssumeRole, base: Arc<Provider>, clients: &mut Clients) -> Self {
        let client = clients.of(ClientKey {
            https: settings.endpoint.scheme() == "https",
            place: Place::of(&settings.endpoint),
            proxy: settings.proxy.as_ref().map(Place::of),
            connect_timeout: CONNECT_TIMEOUT,
            ca: None,
            // Asked about once an hour: a connection would be gone by then.
            keep_alive: None,
            reach: Reach::Guarded,
        });
        Self {
            host: host_of(&settings.endpoint),
            target: encode_path(settings.endpoint.path()),
            form: form(&settings),
            settings,
            base,
            client,
            keys: SigningKeys::default(),
        }
    }

    /// Asks for credentials of the role, which must not take longer than `within`: what it is assumed with may be asked
    /// for, too. It is not done twice: whoever needs them is waiting.
    async fn assume(&self, now_ms: u64, within: Duration) -> Result<Credentials, Unavailable> {
        let deadline = Deadline::after(within);
        let base = self.base.credentials(deadline.remaining()).await?;
        match self.ask(&base, now_ms).await {
            Err(unavailable) if is_stale_word(&unavailable.0) && self.base.forget(&base) => {
                let base = self.base.credentials(deadline.remaining()).await?;
                self.ask(&base, now_ms).await
            }
            result => result,
        }
    }

    async fn ask(&self, base: &Credentials, now_ms: u64) -> Result<Credentials, Unavailable> {
        let word = |word: &str| Unavailable(word.to_owned());
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, FORM);
        headers.insert(ACCEPT, HeaderValue::from_static("text/xml"));
        let unsigned = Unsigned {
            method: Method::POST.as_str(),
            host: self.host.to_str().map_err(|_| word("sts_unsigned"))?,
            target: &self.target,
            headers: &signed_headers(&headers, &[]).map_err(|_| word("sts_unsigned"))?,
            body: &self.form,
        };
        let scope = Scope {
            region: &self.settings.region,
            service: "sts",
            at_ms: now_ms,
        };
        let canonical = Canonical::of_service("sts");
        let added = sign(&unsigned, base, &scope, canonical, &self.keys).map_err(|_| word("sts_unsigned"))?;
        headers.extend(added);
        let mut request = Request::new(Full::new(self.form.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::try_from(self.target.as_str()).map_err(|_| word("sts_unsigned"))?;
        *request.headers_mut() = headers;

        let received = self.client.send(request, false).await;
        let received = received.map_err(|_| word("sts_unreachable"))?;
        let (head, body) = received
            .read(MAX_ANSWER_BYTES)
            .await
            .map_err(|_| word("sts_unreachable"))?;
        let body = std::str::from_utf8(&body).map_err(|_| word("sts_answer"))?;
        if head.status.is_success() {
            assumed(body).ok_or_else(|| word("sts_answer"))
        } else {
            Err(error_code(body).map_or_else(|| word("sts_answer"), |code| Unavailable(code.to_owned())))
        }
    }
}

impl Source for Role {
    // Boxed: most requests never ask, and a role may be assumed with another role.
    fn ask(&self, now_ms: u64, within: Duration) -> Asking<'_> {
        Box::pin(self.assume(now_ms, within))
    }

    fn word(&self) -> &'static str {
        "role"
    }

    fn timeout_word(&self) -> &'static str {
        "sts_timeout"
    }
}

fn host_of(url: &Url) -> HeaderValue {
    let host = url.host_str().unwrap_or_default();
    let authority = url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    // A URL's host is made of letters that a header takes.
    HeaderValue::from_str(&authority).unwrap_or_else(|_| HeaderValue::from_static("sts.amazonaws.com"))
}

fn form(settings: &AssumeRole) -> Bytes {
    let seconds = settings.duration.as_secs().to_string();
    let mut fields = vec![
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", &settings.arn),
        ("RoleSessionName", &settings.session_name),
        ("DurationSeconds", &seconds),
    ];
    if let Some(id) = &settings.external_id {
        fields.push(("ExternalId", id));
    }
    let pairs: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| format!("{name}={}", encode(value.as_bytes())))
        .collect();
    pairs.join("&").into()
}
