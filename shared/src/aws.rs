//! What every AWS SDK client of the suite is built from: the credentials of the environment and one way to send.

use std::sync::{Arc, Mutex, PoisonError};
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
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use url::Url;

use crate::http::outbound::{Client, ClientKey, Clients, host_header};
use crate::{Env, SystemClock};

/// The SDK configuration for one service in one region.
///
/// Lambda puts the role's credentials into the environment; with SnapStart it serves them like a container's instead
/// (`AWS_CONTAINER_CREDENTIALS_FULL_URI`). Nothing else is looked at: the SDK's default chain would read profile files
/// first, and doubles the code that is linked in. `service` is the service's name in endpoint variables, such as
/// `SECRETS_MANAGER` in `AWS_ENDPOINT_URL_SECRETS_MANAGER`, which wins over `AWS_ENDPOINT_URL`
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
pub fn sdk_config(env: &dyn Env, service: &str, region: String) -> SdkConfig {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let endpoint = set(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| set("AWS_ENDPOINT_URL"));
    let http = sdk_http_client();
    let credentials = match environment_credentials(env, "environment") {
        Some(credentials) => SharedCredentialsProvider::new(credentials),
        None => container_credentials(http.clone()),
    };
    let mut builder = SdkConfig::builder();
    builder.set_endpoint_url(endpoint);
    builder
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .use_fips(set("AWS_USE_FIPS_ENDPOINT").is_some_and(|value| value.eq_ignore_ascii_case("true")))
        .http_client(http)
        .build()
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

/// An HTTP client for SDK clients, on the suite's own. It connects wherever the SDK's URLs lead.
pub fn sdk_http_client() -> SharedHttpClient {
    let clients = Clients::new(Arc::new(SystemClock));
    SharedHttpClient::new(Sender(Arc::new(Mutex::new(clients))))
}

/// Time for a connection to a service of AWS.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// The largest answer that is read, in bytes: more than any service of AWS sends whole.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Sends the SDK's requests. Time-outs stay with the SDK, which bounds each attempt and the whole operation.
#[derive(Debug, Clone)]
struct Sender(Arc<Mutex<Clients>>);

impl Sender {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let url: Url = request.uri().parse().map_err(|_| nowhere())?;
        let key = ClientKey {
            connect_timeout: CONNECT_TIMEOUT,
            ..ClientKey::to(&url)
        };
        let client = self.0.lock().unwrap_or_else(PoisonError::into_inner).of(key);
        let host = host_header(&url).ok_or_else(nowhere)?;
        // Reading what secrets are is safe to repeat.
        send_for_sdk(&client, request, host, true, LARGEST_ANSWER).await
    }
}

fn nowhere() -> ConnectorError {
    ConnectorError::user("a URL without a host".into())
}

/// Sends a request of the SDK through a client of ours: the SDK signs the whole URL, the wire has path and query, and
/// the host in a header. `repeat` as in [`Client::send`]; an answer of more than `limit` bytes is given up.
///
/// # Errors
/// As the SDK has them; their source is our own [`SendError`](crate::http::outbound::SendError) or
/// [`BodyError`](crate::http::outbound::BodyError).
async fn send_for_sdk(
    client: &Client,
    request: HttpRequest,
    host: HeaderValue,
    repeat: bool,
    limit: usize,
) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    let target = head.uri.path_and_query().cloned();
    head.uri = target.map(Uri::from).unwrap_or_default();
    head.headers.insert(HOST, host);
    let request = Request::from_parts(head, Full::new(body));
    let received = client.send(request, repeat).await;
    let received = received.map_err(|error| ConnectorError::io(error.into()))?;
    let (head, body) = received
        .read(limit)
        .await
        .map_err(|error| ConnectorError::io(error.into()))?;
    HttpResponse::try_from(Response::from_parts(head, SdkBody::from(body)))
        .map_err(|error| ConnectorError::other(error.into(), None))
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
