//! Secrets Manager in one region: one read, in as many attempts as it takes.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use serde::Serialize;
use tokio::time::{sleep, timeout};
use url::Url;

use super::Pace;
use super::answer::{self, Refusal};
use crate::aws::{Again, Credentials, Provider, Skew};
use crate::backoff::full_jitter;
use crate::http::outbound::{BodyError, Client, ClientKey, Clients, Outbound, host_header};
use crate::secrets::SecretArn;
use crate::sign::{Canonical, Scope, SignError, SigningKeys, Unsigned, sign, signed_headers};
use crate::{Clock, Deadline, Secret};

/// What the service signs for.
const SERVICE: &str = "secretsmanager";

const TARGET: HeaderValue = HeaderValue::from_static("secretsmanager.GetSecretValue");

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

const ATTEMPTS: u32 = 3;

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
    /// The service at `url`. Connects nowhere yet; several secrets are read on one connection.
    pub(super) fn new(
        url: &Url,
        region: &str,
        credentials: Arc<Provider>,
        clock: Arc<dyn Clock>,
        clients: &mut Clients,
    ) -> Option<Self> {
        let key = ClientKey {
            connect_timeout: super::PACE.attempt,
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
    /// The service's code, if it gave one.
    pub(super) async fn read(&self, arn: &SecretArn, pace: &Pace) -> Result<Option<Secret>, Option<String>> {
        let deadline = Deadline::after(pace.read);
        let asked = Asked {
            secret_id: &arn.secret_id,
            version_stage: arn.version_stage.as_deref(),
            version_id: arn.version_id.as_deref(),
        };
        let body = Bytes::from(serde_json::to_vec(&asked).map_err(|_| None)?);
        let mut attempt = 1;
        loop {
            let credentials = self.credentials.credentials(deadline.remaining()).await;
            let credentials = credentials.map_err(|_| None)?;
            let time = pace.attempt.min(deadline.remaining());
            let refusal = match timeout(time, self.attempt(&credentials, &body)).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(refusal)) => refusal,
                Err(_) => Refusal::without_code(Again::Soon),
            };
            let most = match refusal.again {
                Again::Never => return Err(refusal.code),
                Again::Stale if !self.credentials.forget(&credentials) => return Err(refusal.code),
                Again::Soon | Again::Stale => pace.pause,
                Again::Throttled => pace.throttled_pause,
            };
            let pause = full_jitter(most * 2_u32.pow(attempt - 1));
            if attempt == ATTEMPTS || pause >= deadline.remaining() {
                return Err(refusal.code);
            }
            sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, credentials: &Credentials, body: &Bytes) -> Result<Option<Secret>, Refusal> {
        let moment = self.skew.now(self.clock.as_ref());
        let request = self.signed(credentials, body, moment.signed_ms());
        let request = request.map_err(|SignError| Refusal::without_code(Again::Never))?;
        // Reading a secret twice does no harm.
        let received = self.client.send(request, true).await;
        let received = received.map_err(|_| Refusal::without_code(Again::Soon))?;
        let (head, answer) = received.read(LARGEST_ANSWER).await.map_err(|error| {
            Refusal::without_code(match error {
                BodyError::TooLarge => Again::Never,
                BodyError::Broken => Again::Soon,
            })
        })?;
        if head.status.is_success() {
            return answer::value(&answer).ok_or(Refusal::without_code(Again::Soon));
        }
        let mut refusal = Refusal::read(head.status, &head.headers, &answer);
        let code = refusal.code.as_deref();
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
