//! Secrets Manager, asked by requests of our own: `GetSecretValue`
//! (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>).

mod answer;
mod service;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use service::Service;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use super::{SecretArn, SecretError, SecretStore, TIMEOUT};
use crate::aws::{Provider, endpoint};
use crate::http::outbound::{Clients, Place};
use crate::http::proxy::EnvironmentProxy;
use crate::{Clock, Deadline, Env, ProcessEnv, Secret, SystemClock};

/// What is said when the environment names an address or a proxy that is none, or the ARN no region.
const NO_ENDPOINT: &str = "no_endpoint";

/// So many secrets are read at the same time: each connection that is new costs a small function's processor a handshake.
const AT_ONCE: usize = 8;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// One read, all attempts together, and the credentials that they are signed with.
    read: Duration,
    /// After so long without an answer a second attempt is made beside the first.
    patience: Duration,
    /// The longest pause after the first attempt; each further one may be twice as long.
    pause: Duration,
    /// The same after an attempt that came too often.
    throttled_pause: Duration,
}

/// Lambda gives an init phase 10 s in all. The pauses are those of the SDKs
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).
const PACE: Pace = Pace {
    read: Duration::from_secs(4),
    patience: Duration::from_millis(1500),
    pause: Duration::from_millis(50),
    throttled_pause: Duration::from_secs(1),
};

/// The AWS service. What a region needs is made on the first read there, so that a function without references pays
/// nothing.
pub struct AwsSecrets {
    env: Box<dyn Env + Send + Sync>,
    clock: Arc<dyn Clock>,
    pace: Pace,
    turns: Semaphore,
    made: Mutex<Made>,
}

/// What was needed so far.
struct Made {
    credentials: Option<Arc<Provider>>,
    clients: Clients,
    /// By region; `None` for one that has no endpoint.
    services: HashMap<String, Option<Arc<Service>>>,
}

impl Default for AwsSecrets {
    fn default() -> Self {
        Self::new(ProcessEnv)
    }
}

impl AwsSecrets {
    /// The service as the `AWS_*` variables of `env` describe it: credentials and endpoint.
    pub fn new(env: impl Env + Send + Sync + 'static) -> Self {
        Self::with_clock(env, Arc::new(SystemClock))
    }

    /// The same with a clock of its own, which requests are signed and credentials expire by.
    pub fn with_clock(env: impl Env + Send + Sync + 'static, clock: Arc<dyn Clock>) -> Self {
        Self {
            env: Box::new(env),
            pace: PACE,
            turns: Semaphore::new(AT_ONCE),
            made: Mutex::new(Made {
                credentials: None,
                clients: Clients::new(clock.clone()),
                services: HashMap::new(),
            }),
            clock,
        }
    }

    fn service(&self, region: &str) -> Option<Arc<Service>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.services.get(region) {
            return known.clone();
        }
        let credentials = made
            .credentials
            .get_or_insert_with(|| Arc::new(Provider::of_function(self.env.as_ref(), self.clock.clone())))
            .clone();
        let way = self.way(region);
        let service = way
            .and_then(|(url, proxy)| {
                Service::new(&url, proxy, region, credentials, self.clock.clone(), &mut made.clients)
            })
            .map(Arc::new);
        made.services.insert(region.to_owned(), service.clone());
        service
    }

    /// The service's address in a region, and the proxy on the way to it.
    fn way(&self, region: &str) -> Option<(Url, Option<Place>)> {
        let variable = |name: &str| self.env.get(name);
        let url = endpoint::of(endpoint::Service::SecretsManager, region, &variable).ok()?;
        let proxy = EnvironmentProxy::read(&variable).ok()?.of(&url);
        Some((url, proxy.as_ref().map(Place::of)))
    }
}

impl SecretStore for AwsSecrets {
    fn fetch<'a>(
        &'a self,
        arn: &'a SecretArn,
        deadline: Deadline,
    ) -> Pin<Box<dyn Future<Output = Result<Secret, SecretError>> + Send + 'a>> {
        Box::pin(async move {
            let service = self.service(&arn.region).ok_or_else(|| SecretError::new(NO_ENDPOINT))?;
            let turn = timeout(deadline.remaining(), self.turns.acquire()).await;
            let _turn = turn.map_err(|_| SecretError::new(TIMEOUT))?;
            // Others ended with the same deadline, and left a turn that is of no use.
            if deadline.has_passed() {
                return Err(SecretError::new(TIMEOUT));
            }
            // An answer's own text may hold anything: only its code leaves this place.
            let value = service.read(arn, &self.pace, deadline.capped(self.pace.read)).await;
            value
                .map_err(SecretError::new)?
                .ok_or_else(|| SecretError::new("empty_value"))
        })
    }
}
