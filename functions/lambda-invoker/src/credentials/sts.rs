//! `AssumeRole` of the Security Token Service
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>), signed like any other request of ours.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use shared::Deadline;
use shared::aws::{Again, Asking, Credentials, Moment, Provider, Skew, Source, Unavailable};
use shared::backoff::full_jitter;
use shared::http::encode_path;
use shared::http::outbound::{BodyError, Client, ClientKey, Clients, Outbound, Place, Reach, SendError};
use shared::sign::{Canonical, Scope, SigningKeys, Unsigned, sign, signed_headers};
use tokio::time::sleep;
use url::Url;

use super::answer::{assumed, error_code};
use crate::request::query::encode;
use crate::routes::AssumeRole;

/// What the service signs for.
const SERVICE: &str = "sts";

const ATTEMPTS: u32 = 3;

/// The longest pause after the first attempt; the next one may be twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// The same after an attempt that came too often: less than in the SDKs, for a request is waiting.
const THROTTLED_PAUSE: Duration = Duration::from_millis(250);

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
    skew: Skew,
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
            skew: Skew::default(),
        }
    }

    /// Asks for credentials of the role, which must not take longer than `within`: what it is assumed with may be asked
    /// for, too. What may pass is asked again, for it does no harm to assume a role twice; but for a service that hangs
    /// there is no second attempt: whoever needs the credentials is waiting.
    async fn assume(&self, within: Duration) -> Result<Credentials, Unavailable> {
        let deadline = Deadline::after(within);
        let mut attempt = 1;
        loop {
            let base = self.base.credentials(deadline.remaining()).await?;
            let (why, again) = match self.ask(&base).await {
                Ok(credentials) => return Ok(credentials),
                Err(refused) => refused,
            };
            let most = match again {
                Again::Never => return Err(why),
                Again::Stale if !self.base.forget(&base) => return Err(why),
                Again::Stale => Duration::ZERO,
                Again::Soon => PAUSE,
                Again::Throttled => THROTTLED_PAUSE,
            };
            let pause = full_jitter(most * 2_u32.pow(attempt - 1));
            if attempt == ATTEMPTS || pause >= deadline.remaining() {
                return Err(why);
            }
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// One attempt, signed as of now.
    async fn ask(&self, base: &Credentials) -> Result<Credentials, (Unavailable, Again)> {
        let clock = self.base.clock().as_ref();
        let word = |word: &str, again| (Unavailable(word.to_owned()), again);
        let moment = self.skew.now(clock);
        let request = self.signed(base, moment);
        let request = request.ok_or_else(|| word("sts_unsigned", Again::Never))?;
        let received = self.client.send(request, true).await.map_err(|error| {
            let passes = matches!(
                error,
                SendError::Connect | SendError::ConnectTimeout | SendError::Broken { .. }
            );
            word("sts_unreachable", if passes { Again::Soon } else { Again::Never })
        })?;
        let (head, body) = received.read(MAX_ANSWER_BYTES).await.map_err(|error| match error {
            BodyError::TooLarge => word("sts_unreachable", Again::Never),
            BodyError::Broken => word("sts_unreachable", Again::Soon),
        })?;
        let body = std::str::from_utf8(&body).unwrap_or_default();
        if head.status.is_success() {
            return assumed(body).ok_or_else(|| word("sts_answer", Again::Never));
        }
        let code = error_code(body);
        let again = match self.skew.explains(code, &head.headers, moment, clock) {
            true => Again::Soon,
            false => Again::after(head.status, code),
        };
        Err(word(code.unwrap_or("sts_answer"), again))
    }

    fn signed(&self, base: &Credentials, moment: Moment) -> Option<Outbound> {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, FORM);
        headers.insert(ACCEPT, HeaderValue::from_static("text/xml"));
        let unsigned = Unsigned {
            method: Method::POST.as_str(),
            host: self.host.to_str().ok()?,
            target: &self.target,
            headers: &signed_headers(&headers, &[]).ok()?,
            body: &self.form,
        };
        let scope = Scope {
            region: &self.settings.region,
            service: SERVICE,
            at_ms: moment.signed_ms(),
        };
        let canonical = Canonical::of_service(SERVICE);
        headers.extend(sign(&unsigned, base, &scope, canonical, &self.keys).ok()?);
        let mut request = Request::new(Full::new(self.form.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::try_from(self.target.as_str()).ok()?;
        *request.headers_mut() = headers;
        Some(request)
    }
}

impl Source for Role {
    // Boxed: most requests never ask, and a role may be assumed with another role.
    fn ask(&self, _: u64, within: Duration) -> Asking<'_> {
        Box::pin(self.assume(within))
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
