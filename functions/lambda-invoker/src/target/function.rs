//! A function, through the Lambda Invoke API.

mod event;
mod refusal;
mod reply;

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::{Client, Config};
use http::HeaderValue;
use shared::Deadline;
use shared::aws::sdk_http_client_over;
use shared::http::FrontContext;

use super::Answer;
use super::client::{ClientKey, Clients, LazyClient};
use crate::account::Account;
use crate::credentials::Provider;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::routes::{FunctionSettings, Keys, PayloadFormat};

/// The largest payload of a synchronous invocation, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_PAYLOAD_BYTES: usize = 6_291_456;

/// What tells one SDK client from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ServiceKey {
    region: String,
    endpoint_url: Option<String>,
    keys: Option<Keys>,
    http: ClientKey,
}

/// The Lambda service of one region with one set of credentials; its SDK client is built with the first request.
#[derive(Debug)]
pub struct Service {
    key: ServiceKey,
    http: Arc<LazyClient>,
    credentials: Arc<Provider>,
    built: OnceLock<Client>,
}

/// All services of a table.
#[derive(Debug, Default)]
pub struct Services(Vec<Arc<Service>>);

impl Services {
    /// The service of a function: one that is there already, or a new one. `default_endpoint` stands in when the route
    /// names no address of the service, `credentials` when it has no keys.
    pub fn of(
        &mut self,
        settings: &FunctionSettings,
        connect_timeout: Duration,
        default_endpoint: Option<&str>,
        clients: &mut Clients,
        credentials: &Arc<Provider>,
    ) -> Arc<Service> {
        let endpoint_url = settings.endpoint_url.as_deref().or(default_endpoint);
        let key = ServiceKey {
            region: settings.region.clone(),
            endpoint_url: endpoint_url.map(str::to_owned),
            keys: settings.credentials.keys.clone(),
            http: ClientKey {
                https: endpoint_url.is_none_or(|url| url.starts_with("https:")),
                connect_timeout,
                ca: None,
            },
        };
        if let Some(known) = self.0.iter().find(|service| service.key == key) {
            return known.clone();
        }
        let service = Arc::new(Service {
            http: clients.of(key.http.clone()),
            credentials: match &key.keys {
                Some(keys) => Arc::new(Provider::of_keys(keys)),
                None => credentials.clone(),
            },
            built: OnceLock::new(),
            key,
        });
        self.0.push(service.clone());
        service
    }
}

impl Service {
    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.built.get() {
            return Ok(client);
        }
        let http = sdk_http_client_over(self.http.get()?.clone());
        let credentials: Arc<dyn ProvideCredentials> = self.credentials.clone();
        let mut builder = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.key.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http)
            // The SDK would try three times, and one request would run a function three times.
            .retry_config(RetryConfig::standard().with_max_attempts(1))
            .timeout_config(TimeoutConfig::disabled());
        builder.set_endpoint_url(self.key.endpoint_url.clone());
        Ok(self.built.get_or_init(|| Client::from_conf(builder.build())))
    }
}

/// A live function.
#[derive(Debug)]
pub struct Function {
    settings: FunctionSettings,
    service: Arc<Service>,
}

/// What the event tells beside the request.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// Where the request came from.
    pub front: &'a FrontContext,
    /// The `host` that the client asked for.
    pub host: Option<&'a HeaderValue>,
    /// Lambda's id of the invocation.
    pub request_id: &'a str,
    /// The ARN of this function; its account stands in the event.
    pub own_arn: &'a str,
    /// Milliseconds since the Unix epoch.
    pub now_ms: u64,
}

impl Function {
    /// A function of a service.
    pub fn new(settings: FunctionSettings, service: Arc<Service>) -> Self {
        Self { settings, service }
    }

    /// Invokes the function once and waits for its reply, of at most `limit` bytes.
    ///
    /// # Errors
    /// Every upstream failure of the ladder, and 400 or 413 for a body that the function cannot be given.
    pub async fn call(
        &self,
        outgoing: Outgoing,
        surroundings: &Surroundings<'_>,
        limit: usize,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Answer, Failure> {
        let method = outgoing.method.clone();
        let payload = match self.settings.payload_format {
            PayloadFormat::V2 => event::v2(&outgoing, surroundings)?,
            PayloadFormat::Raw => event::raw(outgoing.body)?,
        };
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Failure::RequestTooLarge);
        }
        let result = {
            let invoking = pin!(self.invoke(payload, account));
            tokio::time::timeout(deadline.remaining(), invoking).await
        };
        account.ended();
        let reply = result.map_err(|_| Failure::UpstreamTimeout)??;
        if reply.len() > limit {
            return Err(Failure::ResponseTooLarge);
        }
        match self.settings.payload_format {
            PayloadFormat::V2 => reply::v2(reply, &method),
            PayloadFormat::Raw => reply::raw(reply, &method),
        }
    }

    async fn invoke(&self, payload: Vec<u8>, account: &mut Account) -> Result<Vec<u8>, Failure> {
        // Asked for here, so that their absence has its own name; the SDK's cache asks the same provider.
        let credentials = self.service.credentials.credentials().await;
        credentials.map_err(|_| Failure::Credentials)?;
        let client = self.service.client()?;
        account.asked();
        let sent = client
            .invoke()
            .function_name(&self.settings.name)
            .set_qualifier(self.settings.qualifier.clone())
            .payload(Blob::new(payload))
            .send()
            .await;
        let output = sent.map_err(|error| refusal::failure(&error, account))?;
        account.status(u16::try_from(output.status_code).unwrap_or_default());
        let reply = output.payload.map(Blob::into_inner).unwrap_or_default();
        if output.function_error.is_some() {
            return Err(reply::function_error(&reply, account));
        }
        Ok(reply)
    }
}
