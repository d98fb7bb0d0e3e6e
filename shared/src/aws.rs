//! What every AWS SDK client of the suite is built from: the credentials of the environment and one way to send.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
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
/// Lambda puts the role's credentials into the environment; with SnapStart it serves them like a container's instead
/// (`AWS_CONTAINER_CREDENTIALS_FULL_URI`). Nothing else is looked at: the SDK's default chain would read profile files
/// first, and doubles the code that is linked in. `service` is the service's name in endpoint variables, such as
/// `SECRETS_MANAGER` in `AWS_ENDPOINT_URL_SECRETS_MANAGER`, which wins over `AWS_ENDPOINT_URL`
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
///
/// # Errors
/// When TLS cannot be set up.
pub fn sdk_config(env: &dyn Env, service: &str, region: String) -> Result<SdkConfig, ClientError> {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let endpoint = set(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| set("AWS_ENDPOINT_URL"));
    let is_local = endpoint
        .as_deref()
        .and_then(|url| url.parse().ok())
        .is_some_and(|url: url::Url| url.scheme() == "http" && is_loopback(&url));
    let http = sdk_http_client(!is_local)?;
    let credentials = match environment_credentials(env, "environment") {
        Some(credentials) => SharedCredentialsProvider::new(credentials),
        None => container_credentials(http.clone()),
    };
    let mut builder = SdkConfig::builder();
    builder.set_endpoint_url(endpoint);
    Ok(builder
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .use_fips(set("AWS_USE_FIPS_ENDPOINT").is_some_and(|value| value.eq_ignore_ascii_case("true")))
        .http_client(http)
        .build())
}

/// The role's credentials as Lambda puts them into the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
/// `AWS_SESSION_TOKEN`. `source` names them in the SDK's own messages.
pub fn environment_credentials(env: &dyn Env, source: &'static str) -> Option<Credentials> {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let (key, secret) = (set("AWS_ACCESS_KEY_ID")?, set("AWS_SECRET_ACCESS_KEY")?);
    Some(Credentials::new(key, secret, set("AWS_SESSION_TOKEN"), None, source))
}

/// The role's credentials as a container gets them, and a function with SnapStart: from the endpoint in
/// `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`. They are asked for on every use.
pub fn container_credentials(http: SharedHttpClient) -> SharedCredentialsProvider {
    let provider_config = ProviderConfig::default().with_http_client(http);
    SharedCredentialsProvider::new(EcsCredentialsProvider::builder().configure(&provider_config).build())
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
