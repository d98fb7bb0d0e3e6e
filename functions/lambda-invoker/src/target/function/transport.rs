//! How the SDK's requests are sent: through the client of all targets, which knows what was written.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};

use shared::http::outbound::Client;

/// The largest reply of a function is 6,291,556 bytes; an error of the API is small.
const MAX_ANSWER_BYTES: usize = 6_400_000;

/// Sends the SDK's requests to the one place that its client leads to. Time-outs stay with whoever waits.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: Arc<Client>,
    host: HeaderValue,
}

impl Transport {
    /// `host` is what the place is asked for by.
    pub(super) fn new(client: Arc<Client>, host: HeaderValue) -> Self {
        Self { client, host }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?;
        let (mut head, body) = request.into_parts();
        let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
        // The SDK signs the whole URL; the wire has path and query, and the host in a header.
        let target = head.uri.path_and_query().cloned();
        head.uri = target.map(Uri::from).unwrap_or_default();
        head.headers.insert(HOST, self.host.clone());
        let request = Request::from_parts(head, Full::new(body));
        // An invocation that may have been read is never sent again: the function would run twice.
        let received = self.client.send(request, false).await;
        let received = received.map_err(|error| ConnectorError::io(error.into()))?;
        let (head, body) = received.read(MAX_ANSWER_BYTES).await.map_err(|error| {
            let error = std::io::Error::other(format!("{error:?}"));
            ConnectorError::io(error.into())
        })?;
        HttpResponse::try_from(Response::from_parts(head, SdkBody::from(body)))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = self.clone();
        HttpConnectorFuture::new(async move { transport.send(request).await })
    }
}
