//! The Lambda service of one region, and the one way to send it anything.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use shared::aws::Provider;
use shared::http::encode_path;
use shared::http::outbound::{Client, ClientKey, Clients, Outbound, Place, Reach, Received, host_header};
use shared::{Clock, Deadline};
use url::Url;

use super::invocation::Invocation;
use super::refusal::Refusal;
use crate::account::Account;
use crate::error::Failure;
use crate::request::query::encode;
use crate::routes::{FunctionSettings, Invocation as Way, Route, Signing};
use crate::target::signer::{Signed, Signer};

/// What the service signs for.
const SERVICE: &str = "lambda";

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What tells one service from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ServiceKey {
    signing: Signing,
    endpoint: Url,
    http: ClientKey,
}

/// The Lambda service of one region with one set of credentials.
#[derive(Debug)]
pub(in crate::target) struct Service {
    key: ServiceKey,
    http: Arc<Client>,
    host: HeaderValue,
    /// What stands before the paths of the API; a path without a slash at its end.
    base: String,
    signer: Signer,
}

/// All services of a table.
#[derive(Debug, Default)]
pub struct Services {
    known: Vec<Arc<Service>>,
}

impl Services {
    /// The service of a function: one that is there already, or a new one.
    pub(in crate::target) fn of(
        &mut self,
        route: &Route,
        settings: &FunctionSettings,
        credentials: &Arc<Provider>,
        clients: &mut Clients,
    ) -> Arc<Service> {
        let key = ServiceKey {
            signing: Signing {
                region: settings.region.clone(),
                service: SERVICE.to_owned(),
                credentials: settings.credentials.clone(),
                signed_headers: Vec::new(),
                unsigned_payload: false,
            },
            http: ClientKey {
                https: settings.endpoint.scheme() == "https",
                place: Place::of(&settings.endpoint),
                proxy: settings.proxy.as_ref().map(Place::of),
                connect_timeout: route.connect_timeout,
                ca: None,
                keep_alive: route.keep_alive,
                reach: Reach::Guarded,
            },
            endpoint: settings.endpoint.clone(),
        };
        if let Some(known) = self.known.iter().find(|service| service.key == key) {
            return known.clone();
        }
        let client = clients.of(key.http.clone());
        client.warm_up();
        let base = settings.endpoint.path().trim_end_matches('/');
        let service = Arc::new(Service {
            http: client,
            // Without a host nothing can be signed, and nothing is sent.
            host: host_header(&settings.endpoint).unwrap_or(HeaderValue::from_static("")),
            base: encode_path(base),
            signer: Signer::new(key.signing.clone(), credentials.clone()),
            key,
        });
        self.known.push(service.clone());
        service
    }
}

impl Service {
    /// What tells a function from all others.
    pub(in crate::target) fn name_of(&self, settings: &FunctionSettings) -> String {
        let qualifier = settings.qualifier.as_deref().unwrap_or_default();
        format!("{} {} {qualifier}", self.key.endpoint, settings.name)
    }

    /// Where `Invoke` of a function is asked for; `None` when the service's address cannot stand in a request
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax>).
    pub(super) fn invoke_target(&self, settings: &FunctionSettings) -> Option<Uri> {
        // An ARN's colons are escaped on the wire, and their escapes once more in what is signed.
        let name = encode(settings.name.as_bytes());
        let (version, call) = match settings.invoke.invocation {
            Way::ResponseStream => ("2021-11-15", "response-streaming-invocations"),
            _ => ("2015-03-31", "invocations"),
        };
        let mut target = format!("{}/{version}/functions/{name}/{call}", self.base);
        if let Some(qualifier) = &settings.qualifier {
            target.push_str("?Qualifier=");
            target.push_str(&encode(qualifier.as_bytes()));
        }
        Uri::try_from(target).ok()
    }

    pub(super) fn http(&self) -> &Arc<Client> {
        &self.http
    }

    /// Forgets credentials that the service has called stale. Whether there is hope for others.
    pub(super) fn forget(&self, signed: &Signed) -> bool {
        self.signer.forget(signed)
    }

    /// An attempt of an invocation, signed as of now, and what it was signed with.
    pub(super) async fn signed(
        &self,
        invocation: &Invocation,
        deadline: &Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<(Outbound, Signed), Failure> {
        let mut request = Request::new(Full::new(invocation.payload.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = invocation.target.clone();
        *request.headers_mut() = invocation.headers.clone();
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(CONTENT_TYPE, JSON);
        let used = self
            .signer
            .apply(&mut request, &self.host, &invocation.payload, deadline, clock, account)
            .await?;
        Ok((request, used))
    }

    /// Sends an attempt. Nothing that may have been read is sent again: the function would run twice.
    pub(super) async fn send(
        &self,
        request: Outbound,
        signed: &Signed,
        deadline: &Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Received<'_>, Refusal> {
        let received = self.http.send(request, false).await.inspect_err(|error| {
            if let Some(word) = error.word() {
                account.error(Some(word.to_owned()));
            }
        })?;
        let status = received.head().status();
        account.status(status.as_u16());
        if status.is_success() {
            Ok(received)
        } else {
            let skewed = |code: Option<&str>, headers: &HeaderMap| self.signer.is_skewed(code, headers, signed, clock);
            Err(Refusal::read(received, skewed, deadline, account).await)
        }
    }
}
