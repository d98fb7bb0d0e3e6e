//! What every AWS SDK client of the suite is built from: the credentials of the environment and one way to send.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::Env;
use crate::env::is_loopback;
use crate::http::{ClientError, ClientOptions, client};

/// The SDK configuration for one service in one region.
///
/// Lambda puts the role's credentials into the environment, and then nothing else is looked at: the SDK's default
/// chain would read profile files first. Without them (SnapStart, containers, a developer's machine) the chain
/// decides. `service` is the service's name in endpoint variables, such as `SECRETS_MANAGER` in
/// `AWS_ENDPOINT_URL_SECRETS_MANAGER`, which wins over `AWS_ENDPOINT_URL`
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
///
/// # Errors
/// When TLS cannot be set up.
pub async fn sdk_config(env: &(dyn Env + Sync), service: &str, region: String) -> Result<SdkConfig, ClientError> {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let endpoint = set(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| set("AWS_ENDPOINT_URL"));
    let credentials = match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (Some(key), Some(secret)) => Some(Credentials::new(
            key,
            secret,
            set("AWS_SESSION_TOKEN"),
            None,
            "environment",
        )),
        _ => None,
    };
    let is_local = endpoint
        .as_deref()
        .and_then(|url| url.parse().ok())
        .is_some_and(|url: url::Url| url.scheme() == "http" && is_loopback(&url));
    // The chain may have to reach other endpoints than the service's own.
    let http = sdk_http_client(!is_local || credentials.is_none())?;
    Ok(match credentials {
        Some(credentials) => {
            let mut builder = SdkConfig::builder();
            builder.set_endpoint_url(endpoint);
            builder
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region))
                .credentials_provider(SharedCredentialsProvider::new(credentials))
                .use_fips(set("AWS_USE_FIPS_ENDPOINT").is_some_and(|value| value.eq_ignore_ascii_case("true")))
                .http_client(http)
                .build()
        }
        None => {
            let mut loader = aws_config::defaults(BehaviorVersion::latest())
                .region(Region::new(region))
                .http_client(http);
            if let Some(endpoint) = endpoint {
                loader = loader.endpoint_url(endpoint);
            }
            loader.load().await
        }
    })
}

/// An HTTP client for SDK clients, on the suite's own client. `https` as in [`ClientOptions`].
///
/// # Errors
/// When TLS cannot be set up.
pub fn sdk_http_client(https: bool) -> Result<SharedHttpClient, ClientError> {
    let options = ClientOptions {
        https,
        connect_timeout: Duration::from_millis(1500),
        ..ClientOptions::new(concat!("lambda-suite/", env!("CARGO_PKG_VERSION")))
    };
    Ok(sdk_http_client_over(client(&options)?))
}

/// An HTTP client for SDK clients on a client that exists already, whose connections and connect time-out it shares.
pub fn sdk_http_client_over(client: reqwest::Client) -> SharedHttpClient {
    SharedHttpClient::new(Sender(client))
}

/// Sends the SDK's requests. Time-outs stay with the SDK, which bounds each attempt and the whole operation.
#[derive(Debug, Clone)]
struct Sender(reqwest::Client);

impl HttpClient for Sender {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Sender {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))
                .map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.execute(request).await.map_err(classify)?;
            let response: http::Response<reqwest::Body> = response.into();
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn classify(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
