//! The Lambda service of one region, and the SDK client that speaks to it.

use std::sync::{Arc, OnceLock};

use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{BehaviorVersion, IdentityCache, Region, SharedCredentialsProvider};
use aws_sdk_lambda::{Client, Config};
use http::HeaderValue;
use url::Url;

use super::transport::Transport;
use crate::credentials::Provider;
use crate::routes::{CredentialSource, FunctionSettings, Route};
use shared::http::outbound::{self, ClientKey, Clients, Place, Reach};

/// What tells one SDK client from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ServiceKey {
    region: String,
    endpoint: String,
    credentials: CredentialSource,
    http: ClientKey,
}

/// The Lambda service of one region with one set of credentials; its SDK client is built with the first request.
#[derive(Debug)]
pub(in crate::target) struct Service {
    key: ServiceKey,
    http: Arc<outbound::Client>,
    host: HeaderValue,
    pub(super) credentials: Arc<Provider>,
    built: OnceLock<Client>,
}

/// All services of a table.
#[derive(Debug)]
pub struct Services {
    default_endpoint: Option<String>,
    known: Vec<Arc<Service>>,
}

impl Services {
    /// No services yet. `default_endpoint` stands in when a route names no address of the service.
    pub fn new(default_endpoint: Option<&str>) -> Self {
        Self {
            default_endpoint: default_endpoint.map(str::to_owned),
            known: Vec::new(),
        }
    }

    /// The service of a function: one that is there already, or a new one.
    pub(in crate::target) fn of(
        &mut self,
        route: &Route,
        settings: &FunctionSettings,
        credentials: &Arc<Provider>,
        clients: &mut Clients,
    ) -> Arc<Service> {
        let endpoint = settings.endpoint_url.clone().or_else(|| self.default_endpoint.clone());
        let endpoint = endpoint.unwrap_or_else(|| public_endpoint(&settings.region));
        let url = Url::parse(&endpoint).ok();
        // The SDK signs the address as it is told, which must be the one that is asked.
        let endpoint = url.as_ref().map_or(endpoint, |url| url.as_str().to_owned());
        let place = url.as_ref().map(Place::of).unwrap_or_else(|| Place {
            host: String::new(),
            port: 443,
        });
        let host = match url.as_ref().and_then(Url::port) {
            Some(_) => place.authority(),
            None => url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned(),
        };
        let key = ServiceKey {
            region: settings.region.clone(),
            credentials: settings.credentials.clone(),
            http: ClientKey {
                https: url.is_none_or(|url| url.scheme() == "https"),
                place,
                proxy: settings.proxy.as_ref().map(Place::of),
                connect_timeout: route.connect_timeout,
                ca: None,
                keep_alive: route.keep_alive,
                reach: Reach::Guarded,
            },
            endpoint,
        };
        if let Some(known) = self.known.iter().find(|service| service.key == key) {
            return known.clone();
        }
        let service = Arc::new(Service {
            http: clients.of(key.http.clone()),
            // A URL's host is made of letters that a header takes.
            host: HeaderValue::from_str(&host).unwrap_or(HeaderValue::from_static("")),
            credentials: credentials.clone(),
            built: OnceLock::new(),
            key,
        });
        self.known.push(service.clone());
        service
    }
}

/// The service's address in a region (<https://docs.aws.amazon.com/general/latest/gr/lambda-service.html>).
fn public_endpoint(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://lambda.{region}.amazonaws.com{suffix}")
}

impl Service {
    /// What tells a function from all others.
    pub(in crate::target) fn name_of(&self, settings: &FunctionSettings) -> String {
        let qualifier = settings.qualifier.as_deref().unwrap_or_default();
        format!("{} {} {qualifier}", self.key.endpoint, settings.name)
    }

    pub(super) fn http(&self) -> &outbound::Client {
        &self.http
    }

    pub(super) fn client(&self) -> &Client {
        self.built.get_or_init(|| {
            let credentials: Arc<dyn ProvideCredentials> = self.credentials.clone();
            let config = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(self.key.region.clone()))
                .credentials_provider(SharedCredentialsProvider::new(credentials))
                // The provider has a memory of its own, and forgets what was called stale.
                .identity_cache(IdentityCache::no_cache())
                .http_client(Transport::new(self.http.clone(), self.host.clone()))
                // The SDK would try three times, and one request would run a function three times.
                .retry_config(RetryConfig::standard().with_max_attempts(1))
                .timeout_config(TimeoutConfig::disabled())
                .endpoint_url(&self.key.endpoint)
                .build();
            Client::from_conf(config)
        })
    }
}
