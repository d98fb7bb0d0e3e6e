//! Secrets Manager in one region: one read, in as many attempts as it takes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use serde::Serialize;
use tokio::time::{sleep, timeout};
use url::Url;

use super::Pace;
use super::answer::{self, Refusal};
use crate::aws::{Again, Credentials, Provider, Skew, Unavailable};
use crate::backoff::full_jitter;
use crate::http::outbound::{BodyError, Client, ClientKey, Clients, Outbound, Place, SendError, host_header};
use crate::secrets::{SecretArn, TIMEOUT};
use crate::sign::{Canonical, Scope, SignError, SigningKeys, Unsigned, sign, signed_headers};
use crate::{Clock, Deadline, Secret};

/// What the service signs for.
const SERVICE: &str = "secretsmanager";

const TARGET: HeaderValue = HeaderValue::from_static("secretsmanager.GetSecretValue");

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// Attempts in all, where there is time for them.
const ATTEMPTS: u32 = 3;

/// Time for a connection. Three that nobody takes end within the time of one read, and are told from slow answers.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1250);

/// There is no connection, or it broke.
const UNREACHABLE: &str = "unreachable";

/// Credentials that cannot stand in a request.
const UNSIGNED: &str = "unsigned";

/// An answer that is none of the service's.
const BAD_ANSWER: &str = "bad_answer";

/// A value has 64 KB at most, and JSON may write each byte in six.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// Secrets Manager in one region.
pub(super) struct Service {
    region: String,
    client: Arc<Client>,
    host: HeaderValue,
    target: Uri,
    credentials: Arc<Provider>,
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
    skew: Skew,
}

/// What the service is asked.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked<'a> {
    secret_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_stage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
}

impl Service {
    /// The service at `url`, perhaps behind a proxy. Connects nowhere yet; several secrets are read on one connection.
    pub(super) fn new(
        url: &Url,
        proxy: Option<Place>,
        region: &str,
        credentials: Arc<Provider>,
        clock: Arc<dyn Clock>,
        clients: &mut Clients,
    ) -> Option<Self> {
        let key = ClientKey {
            proxy,
            connect_timeout: CONNECT_TIMEOUT,
            ..ClientKey::to(url)
        };
        Some(Self {
            region: region.to_owned(),
            client: clients.of(key),
            host: host_header(url)?,
            target: format!("{}/", url.path().trim_end_matches('/')).parse().ok()?,
            credentials,
            keys: SigningKeys::default(),
            clock,
            skew: Skew::default(),
        })
    }

    /// The text that `arn` names, if it has one.
    ///
    /// # Errors
    /// The service's code, or a word of ours: why there are no credentials, `unsigned` when they cannot sign, `unreachable`
    /// without a connection, `tls`, `timeout`, `http_` and the status of an answer without a code, or `bad_answer`.
    pub(super) async fn read(
        &self,
        arn: &SecretArn,
        pace: &Pace,
        deadline: Deadline,
    ) -> Result<Option<Secret>, String> {
        let asked = Asked {
            secret_id: &arn.secret_id,
            version_stage: arn.version_stage.as_deref(),
            version_id: arn.version_id.as_deref(),
        };
        let body = Bytes::from(serde_json::to_vec(&asked).map_err(|_| UNSIGNED)?);
        let mut attempts = 0;
        let mut earlier = None;
        loop {
            let credentials = self.credentials.credentials(deadline.remaining()).await;
            let credentials = credentials.map_err(|Unavailable(word)| word)?;
            let answered = self
                .ask(&credentials, &body, pace.patience, deadline, &mut attempts)
                .await;
            let refusal = match answered {
                Some(Ok(value)) => return Ok(value),
                Some(Err(refusal)) => refusal,
                None => return Err(earlier.unwrap_or_else(|| TIMEOUT.to_owned())),
            };
            let most = match refusal.again {
                Again::Never => return Err(refusal.code),
                Again::Stale if !self.credentials.forget(&credentials) => return Err(refusal.code),
                Again::Soon | Again::Stale => pace.pause,
                Again::Throttled => pace.throttled_pause,
            };
            let pause = full_jitter(most * 2_u32.pow(attempts - 1));
            if attempts >= ATTEMPTS || pause >= deadline.remaining() {
                return Err(refusal.code);
            }
            sleep(pause).await;
            earlier = Some(refusal.code);
        }
    }

    /// One answer; none if nothing came by `deadline`. A service that is slow is left its time, and one that will never
    /// answer on this connection is asked on another: reading a secret twice does no harm.
    async fn ask(
        &self,
        credentials: &Credentials,
        body: &Bytes,
        patience: Duration,
        deadline: Deadline,
        attempts: &mut u32,
    ) -> Option<Result<Option<Secret>, Refusal>> {
        *attempts += 1;
        let mut first = pin!(self.attempt(credentials, body));
        let soon = timeout(patience.min(deadline.remaining()), &mut first).await;
        if let Ok(answered) = soon {
            return Some(answered);
        }
        if deadline.has_passed() {
            return None;
        }
        *attempts += 1;
        let mut second = pin!(self.attempt(credentials, body));
        let either = async {
            let (answered, other) = tokio::select! {
                answered = &mut first => (answered, second),
                answered = &mut second => (answered, first),
            };
            match answered {
                Err(Refusal {
                    again: Again::Soon | Again::Throttled,
                    ..
                }) => other.await,
                answered => answered,
            }
        };
        timeout(deadline.remaining(), either).await.ok()
    }

    async fn attempt(&self, credentials: &Credentials, body: &Bytes) -> Result<Option<Secret>, Refusal> {
        let moment = self.skew.now(self.clock.as_ref());
        let request = self.signed(credentials, body, moment.signed_ms());
        let request = request.map_err(|SignError| Refusal::ours(UNSIGNED, Again::Never))?;
        let received = self.client.send(request, true).await;
        let received = received.map_err(|error| {
            let word = match error {
                SendError::Tls => "tls",
                SendError::NotHttp => BAD_ANSWER,
                _ => UNREACHABLE,
            };
            Refusal::ours(word, Again::Soon)
        })?;
        let (head, answer) = received.read(LARGEST_ANSWER).await.map_err(|error| match error {
            BodyError::TooLarge => Refusal::ours(BAD_ANSWER, Again::Never),
            BodyError::Broken => Refusal::ours(UNREACHABLE, Again::Soon),
        })?;
        if head.status.is_success() {
            // It came whole, and would come so again.
            return answer::value(&answer).ok_or_else(|| Refusal::ours(BAD_ANSWER, Again::Never));
        }
        let mut refusal = Refusal::read(head.status, &head.headers, &answer);
        let code = Some(refusal.code.as_str());
        if self.skew.explains(code, &head.headers, moment, self.clock.as_ref()) {
            refusal.again = Again::Soon;
        }
        Err(refusal)
    }

    fn signed(&self, credentials: &Credentials, body: &Bytes, at_ms: u64) -> Result<Outbound, SignError> {
        let mut request: Outbound = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, MEDIA_TYPE);
        headers.insert("x-amz-target", TARGET);
        let unsigned = Unsigned {
            method: Method::POST.as_str(),
            host: self.host.to_str().map_err(|_| SignError)?,
            target: self.target.path(),
            headers: &signed_headers(headers, &[])?,
            body,
        };
        let scope = Scope {
            region: &self.region,
            service: SERVICE,
            at_ms,
        };
        let canonical = Canonical::of_service(SERVICE);
        let added = sign(&unsigned, credentials, &scope, canonical, &self.keys)?;
        headers.extend(added);
        Ok(request)
    }
}
