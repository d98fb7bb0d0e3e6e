//! An HTTP endpoint: signs what is sent, sends what is signed.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use http::Method;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use reqwest::{Client, Request, Url};
use shared::http::{BodyError, read_body};
use shared::{Clock, Deadline};
use url::Position;

use super::client::LazyClient;
use super::{Answer, causes, is_tls};
use crate::account::Account;
use crate::credentials::Provider;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::response;
use crate::routes::{EndpointSettings, Signing};
use crate::sign::{Canonical, Scope, SigningKeys, Unsigned, sign, signed_headers};

/// A live endpoint.
#[derive(Debug)]
pub struct Endpoint {
    settings: EndpointSettings,
    client: Arc<LazyClient>,
    signer: Option<Signer>,
}

#[derive(Debug)]
struct Signer {
    signing: Signing,
    canonical: Canonical,
    keys: SigningKeys,
    credentials: Arc<Provider>,
}

impl Endpoint {
    /// An endpoint that signs, if it does, with the route's keys or with `credentials`.
    pub fn new(settings: EndpointSettings, client: Arc<LazyClient>, credentials: &Arc<Provider>) -> Self {
        let signer = settings.signing.clone().map(|signing| Signer {
            canonical: Canonical::of_service(&signing.service),
            keys: SigningKeys::default(),
            credentials: match &signing.credentials.keys {
                Some(keys) => Arc::new(Provider::of_keys(keys)),
                None => credentials.clone(),
            },
            signing,
        });
        Self {
            settings,
            client,
            signer,
        }
    }

    /// Sends a request and waits for the whole answer, of at most `limit` bytes.
    ///
    /// # Errors
    /// Every upstream failure of the ladder.
    pub async fn call(
        &self,
        outgoing: Outgoing,
        limit: usize,
        deadline: Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Answer, Failure> {
        let result = {
            // Pinned here, so that the time-out holds a reference: the exchange itself is large, and moving it costs.
            let exchange = pin!(self.exchange(outgoing, limit, clock, account));
            tokio::time::timeout(deadline.remaining(), exchange).await
        };
        account.ended();
        result.unwrap_or(Err(Failure::UpstreamTimeout))
    }

    async fn exchange(
        &self,
        outgoing: Outgoing,
        limit: usize,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Answer, Failure> {
        let target = outgoing.target();
        let url = self.url(&target)?;
        let Outgoing {
            method,
            mut headers,
            signed,
            body,
            ..
        } = outgoing;
        headers.insert(HOST, self.settings.host.clone());
        if signed && let Some(signer) = &self.signer {
            let started = Instant::now();
            signer
                .apply(&method, &self.settings.host, &target, &mut headers, &body, clock)
                .await?;
            account.signed(started);
        }
        let client = self.client.get()?;
        account.asked();
        send(client, &method, url, headers, body, limit, account).await
    }

    /// The URL of a request target. What the HTTP client will write into the request line is compared with what is
    /// signed: a URL parser may not have an opinion of its own.
    fn url(&self, target: &str) -> Result<Url, Failure> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut url = self.settings.origin.clone();
        url.set_path(path);
        url.set_query(query);
        if &url[Position::BeforePath..] == target {
            Ok(url)
        } else {
            Err(Failure::BadPath)
        }
    }
}

impl Signer {
    async fn apply(
        &self,
        method: &Method,
        host: &HeaderValue,
        target: &str,
        headers: &mut HeaderMap,
        body: &Bytes,
        clock: &dyn Clock,
    ) -> Result<(), Failure> {
        let credentials = self.credentials.credentials().await.map_err(|_| Failure::Credentials)?;
        let request = Unsigned {
            method: method.as_str(),
            host: host.to_str().map_err(|_| Failure::Signing)?,
            target,
            headers: &signed_headers(headers).map_err(|_| Failure::BadHeader)?,
            body,
        };
        let scope = Scope {
            region: &self.signing.region,
            service: &self.signing.service,
            at_ms: clock.now_ms(),
        };
        let added = sign(&request, &credentials, &scope, self.canonical, &self.keys).map_err(|_| Failure::Signing)?;
        headers.extend(added);
        Ok(())
    }
}

async fn send(
    client: &Client,
    method: &Method,
    url: Url,
    mut headers: HeaderMap,
    body: Bytes,
    limit: usize,
    account: &mut Account,
) -> Result<Answer, Failure> {
    let expects_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    if body.is_empty() && expects_body {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    // Made by hand: the builder would insert each header anew.
    let mut request = Request::new(method.clone(), url);
    *request.headers_mut() = headers;
    if !body.is_empty() {
        *request.body_mut() = Some(body.into());
    }
    let mut upstream = client.execute(request).await.map_err(|error| describe(&error))?;
    let status = upstream.status();
    account.status(status.as_u16());
    let headers = std::mem::take(upstream.headers_mut());
    if !response::has_body(status, method) {
        return response::answer(status, headers, Bytes::new(), method);
    }
    let body = read_body(upstream, limit).await.map_err(|error| match error {
        BodyError::TooLarge => Failure::ResponseTooLarge,
        BodyError::Transport(error) if error.is_timeout() => Failure::UpstreamTimeout,
        BodyError::Transport(_) => Failure::BadResponse,
    })?;
    response::answer(status, headers, body, method)
}

/// Where on the ladder a failed exchange stands.
fn describe(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::UpstreamTimeout
    } else if error.is_connect() && is_tls(error) {
        Failure::UpstreamTls
    } else if causes(error).any(is_not_http) {
        Failure::BadResponse
    } else {
        Failure::UpstreamConnect
    }
}

/// Whether the peer answered, but not in HTTP.
fn is_not_http(cause: &(dyn Error + 'static)) -> bool {
    cause
        .downcast_ref::<hyper::Error>()
        .is_some_and(|error| error.is_parse() || error.is_parse_too_large())
}
