//! How tests ask the stand-ins as users do: the AWS SDK's clients on the suite's own HTTP client, so that no second HTTP
//! and TLS stack is built for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::header::HOST;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use shared::SystemClock;
use shared::http::outbound::{ClientKey, Clients, host_header};
use url::Url;

/// Time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// The largest answer that is read, in bytes: more than any service of AWS sends whole.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// An HTTP client for SDK clients. It connects wherever the SDK's URLs lead; time-outs stay with the SDK.
pub fn http_client() -> SharedHttpClient {
    let clients = Clients::new(Arc::new(SystemClock));
    SharedHttpClient::new(Sender(Arc::new(Mutex::new(clients))))
}

#[derive(Debug, Clone)]
struct Sender(Arc<Mutex<Clients>>);

impl Sender {
    /// Sends a request: the SDK signs the whole URL, the wire has path and query, and the host in a header.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let nowhere = || ConnectorError::user("a URL without a host".into());
        let url: Url = request.uri().parse().map_err(|_| nowhere())?;
        let key = ClientKey {
            connect_timeout: CONNECT_TIMEOUT,
            ..ClientKey::to(&url)
        };
        let client = self.0.lock().unwrap_or_else(PoisonError::into_inner).of(key);
        let request = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?;
        let (mut head, body) = request.into_parts();
        let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
        let target = head.uri.path_and_query().cloned();
        head.uri = target.map(Uri::from).unwrap_or_default();
        head.headers.insert(HOST, host_header(&url).ok_or_else(nowhere)?);
        let received = client.send(Request::from_parts(head, Full::new(body)), true).await;
        let received = received.map_err(|error| ConnectorError::io(error.into()))?;
        let answer = received.read(LARGEST_ANSWER).await;
        let (head, body) = answer.map_err(|error| ConnectorError::io(error.into()))?;
        HttpResponse::try_from(Response::from_parts(head, SdkBody::from(body)))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpClient for Sender {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Sender {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sender = self.clone();
        HttpConnectorFuture::new(async move { sender.send(request).await })
    }
}
