//! Where requests go: an HTTP endpoint or a function.

mod answered;
pub mod breaker;
pub mod endpoint;
pub mod function;
pub mod retry;
mod signer;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use shared::aws::Provider;
use shared::http::outbound::{Client, ClientKey, Clients, Place, Reach};
use shared::{Clock, Deadline};

use crate::account::Account;
use crate::credentials::Providers;
use crate::error::Failure;
use crate::routes::{Destination, EndpointSettings, Route, RouteTable};
use breaker::{Breaker, Breakers, Permit};
use endpoint::Endpoint;
use function::{Function, Services};

pub use answered::{Answered, Reading, Rest};

/// A target's answer, ready for the client.
pub type Answer = Response<Bytes>;

/// A route's live target.
#[derive(Debug)]
pub enum Target {
    /// An HTTP endpoint.
    Endpoint(Box<Endpoint>),
    /// A function.
    Function(Box<Function>),
}

/// The live targets of a table, by the position of their routes. Routes whose settings agree share one client, and
/// with it connections, one source of credentials, and one circuit; nothing is connected or asked for yet.
pub fn prepare(table: &RouteTable, credentials: &Arc<Provider>) -> Vec<Target> {
    let mut makings = Makings {
        clients: Clients::new(credentials.clock().clone()),
        providers: Providers::new(credentials.clone()),
        breakers: Breakers::default(),
        services: Services::default(),
    };
    table.routes().iter().map(|route| makings.target(route)).collect()
}

/// What the targets of one table share.
struct Makings {
    clients: Clients,
    providers: Providers,
    breakers: Breakers,
    services: Services,
}

impl Makings {
    fn target(&mut self, route: &Route) -> Target {
        match &route.destination {
            Destination::Endpoint(settings) => Target::Endpoint(Box::new(self.endpoint(route, settings))),
            Destination::Function(settings) => {
                let credentials = self.providers.of(&settings.credentials, &mut self.clients);
                let service = self.services.of(route, settings, &credentials, &mut self.clients);
                let breaker = self.breakers.of(&service.name_of(settings), route.circuit.as_ref());
                let function = Function::new(route, settings.clone(), service, breaker);
                Target::Function(Box::new(function))
            }
        }
    }

    fn endpoint(&mut self, route: &Route, settings: &EndpointSettings) -> Endpoint {
        let place = Place::of(&settings.origin);
        let breaker = self.breakers.of(&place.authority(), route.circuit.as_ref());
        let client = self.clients.of(ClientKey {
            https: settings.https,
            place,
            proxy: settings.proxy.as_ref().map(Place::of),
            connect_timeout: route.connect_timeout,
            ca: settings.ca.clone(),
            keep_alive: route.keep_alive,
            reach: Reach::Guarded,
        });
        client.warm_up();
        let signing = settings.signing.clone().map(|signing| {
            let credentials = self.providers.of(&signing.credentials, &mut self.clients);
            (signing, credentials)
        });
        Endpoint::new(settings.host.clone(), client, signing, route.retry.clone(), breaker)
    }
}

/// A request that its target's circuit, if it has one, has let through.
struct Admission<'a> {
    permit: Option<Permit<'a>>,
    /// Less time than this is too little for an answer.
    least: Duration,
    deadline: Deadline,
}

impl<'a> Admission<'a> {
    /// Asks the circuit whether a request may go through.
    fn of(
        breaker: Option<&'a Breaker>,
        client: &Client,
        deadline: &Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Self, Failure> {
        let permit = breaker.map(|breaker| breaker.admit(clock.now_ms())).transpose();
        let permit = permit.map_err(|seconds| {
            account.circuit("open");
            Failure::CircuitOpen(seconds)
        })?;
        if let Some(permit) = &permit {
            account.circuit(permit.word());
        }
        Ok(Self {
            permit,
            // A route may have no more time in all than for a connection.
            least: client.connect_timeout() / 2,
            deadline: *deadline,
        })
    }

    /// Tells the circuit what became of the request. Of an answer that is still arriving that is known only later; but
    /// a target that is tried again has shown enough, and others wait.
    fn tell(
        self,
        result: &mut Result<Answered, Failure>,
        breaker: Option<&Arc<Breaker>>,
        clock: &dyn Clock,
        account: &Account,
    ) {
        let Some(permit) = self.permit else { return };
        // Credentials that were long in coming took their time from the target's.
        let fair = account.given(&self.deadline) >= self.least;
        let work = did_its_work(result.as_ref().map(|answered| answered.answer.status()), fair);
        if let (Ok(answered), Some(true), Some(breaker)) = (result, work, breaker)
            && answered.rest.is_some()
        {
            answered.circuit = Some(Circuit {
                breaker: breaker.clone(),
                // The body has the time that its head has left.
                fair: self.deadline.remaining() >= self.least,
            });
            if !permit.is_trial() {
                return;
            }
        }
        if let Some(good) = work {
            permit.tell(good, clock.now_ms());
        }
    }
}

/// The circuit of a target whose answer is still arriving.
#[derive(Debug)]
pub struct Circuit {
    breaker: Arc<Breaker>,
    fair: bool,
}

impl Circuit {
    /// Tells how the answer ended.
    pub fn tell(self, how: &Result<(), Failure>, clock: &dyn Clock) {
        if let Some(good) = did_its_work(how.as_ref().map(|()| StatusCode::OK), self.fair) {
            self.breaker.count(good, clock.now_ms());
        }
    }
}

/// Whether a target was there and had no trouble of its own; `None` where the outcome says nothing about it: what went
/// wrong before it was asked, what had too little time, and what went well for as long as it might.
fn did_its_work(result: Result<StatusCode, &Failure>, fair: bool) -> Option<bool> {
    match result {
        Ok(status) => Some(!matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        )),
        Err(Failure::UpstreamTimeout) => fair.then_some(false),
        Err(
            Failure::UpstreamConnect
            | Failure::UpstreamTls
            | Failure::BadResponse
            | Failure::FunctionNotReady
            | Failure::InvokeFailed,
        ) => Some(false),
        Err(
            Failure::StreamTimeout | Failure::Credentials | Failure::Signing | Failure::BadHeader | Failure::BadPath,
        ) => None,
        Err(_) => Some(true),
    }
}
