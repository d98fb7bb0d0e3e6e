//! A stand-in for AWS Lambda's service: `Invoke` and `InvokeWithResponseStream`, with functions that are real processes.
//!
//! What it answers comes from Lambda's API model and documentation, not from what our functions expect
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>). Every request must be signed. Beside `/_calls` and `/_faults`:
//!
//! | request | answer |
//! |---|---|
//! | `GET /_dropped` | JSON list of the asynchronous events that were given up, as an on-failure destination gets them |
//!
//! A fault may name an error of the API: `{"error": "TooManyRequestsException"}`, with `status`, `headers` or `body` where another
//! one is wanted than the model's.

mod answer;
mod deployment;
mod error;
mod events;
mod frame;
mod name;
mod request;
mod service;
mod stream;
mod tail;
#[cfg(test)]
mod tests;

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;

pub use self::deployment::Deployment;
use self::service::Service;
use super::StandIn;
use crate::function::Function;

/// Keys that requests may be signed with.
#[derive(Clone)]
pub struct AccessKey {
    /// The access key id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// The session token that must come with it; `None` for keys without one.
    pub session_token: Option<String>,
    /// Whether the session is over: such a request is answered `ExpiredTokenException`.
    pub expired: bool,
}

/// What a [`Lambda`] is started with.
#[derive(Clone)]
pub struct LambdaOptions {
    /// The region of the signatures' scope and of every ARN.
    pub region: String,
    /// Who may call.
    pub keys: Vec<AccessKey>,
    /// The invocations at a time of all functions without a concurrency of their own. Lambda's default is 1,000.
    pub concurrency: usize,
    /// The pauses before an asynchronous event that failed is tried a second and a third time. Lambda's are a minute and two.
    pub retry_delays: [Duration; 2],
    /// The first pause before an asynchronous event that was throttled is tried again; each later one is twice as long, five
    /// minutes at most.
    pub throttle_delay: Duration,
    /// How long an asynchronous event may wait in all. Lambda's default is six hours.
    pub event_age: Duration,
}

impl LambdaOptions {
    /// Lambda's own defaults.
    #[must_use]
    pub fn new(region: impl Into<String>, keys: Vec<AccessKey>) -> Self {
        Self {
            region: region.into(),
            keys,
            concurrency: 1000,
            retry_delays: [Duration::from_secs(60), Duration::from_secs(120)],
            throttle_delay: Duration::from_secs(1),
            event_age: Duration::from_secs(6 * 3600),
        }
    }
}

/// A running stand-in for Lambda's service. Dropping it ends the functions that were deployed to it.
pub struct Lambda {
    standin: StandIn,
    service: Arc<Service>,
}

impl Lambda {
    /// Serves on a socket that is bound already.
    ///
    /// # Errors
    /// The socket has no address. Must be called within a tokio runtime.
    pub fn start(listener: TcpListener, options: LambdaOptions) -> io::Result<Self> {
        let service = Arc::new(Service::new(options));
        let router = Router::new()
            .route("/_dropped", get(events::dropped))
            .fallback(service::answer)
            .with_state(service.clone());
        Ok(Self {
            standin: StandIn::with_errors(listener, router, error::by_name)?,
            service,
        })
    }

    /// Adds a function, or takes the place of one of the same name.
    pub fn deploy(&self, deployment: Deployment) {
        self.service.deploy(deployment);
    }

    /// The processes behind a function's `$LATEST`, once it was invoked.
    pub fn function(&self, name: &str) -> Option<Function> {
        self.service.deployed(name)?.latest()
    }

    /// From now on these keys are known and no others.
    pub fn set_keys(&self, keys: Vec<AccessKey>) {
        self.service.set_keys(keys);
    }

    /// The asynchronous events that were given up, as an on-failure destination gets them, oldest first.
    pub fn dropped(&self) -> Vec<Value> {
        self.service.dropped()
    }
}

impl Deref for Lambda {
    type Target = StandIn;

    /// What every stand-in has: its address, the calls that it keeps, the faults that it is given.
    fn deref(&self) -> &StandIn {
        &self.standin
    }
}
