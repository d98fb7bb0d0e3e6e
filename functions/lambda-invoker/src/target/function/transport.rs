//! How the SDK's requests are sent: through the client of all targets, which knows what was written.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use http::HeaderValue;
use shared::aws::send_for_sdk;
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
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = self.clone();
        // An invocation that may have been read is never sent again: the function would run twice.
        HttpConnectorFuture::new(async move {
            send_for_sdk(&transport.client, request, transport.host, false, MAX_ANSWER_BYTES).await
        })
    }
}
