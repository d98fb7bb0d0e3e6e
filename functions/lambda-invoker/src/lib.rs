//! lambda-invoker: takes HTTP requests of any front of Lambda and hands them to functions, by a table of routes: to
//! HTTP endpoints with an API key or a signature, or through the Lambda Invoke API.
//!
//! - [`config`]: the variables
//! - [`routes`]: the table, its validation and matching; pure
//! - [`request`]: what goes out; pure
//! - [`sign`]: Signature Version 4; pure
//! - [`credentials`]: what signs
//! - [`target`]: endpoints and functions, the only places that send anything
//! - [`response`]: what comes back; pure
//! - [`account`]: what an invocation showed, and its one line in the log
//! - [`error`]: the one ladder from what went wrong to the answer

pub mod account;
pub mod config;
pub mod credentials;
pub mod error;
pub mod request;
pub mod response;
pub mod routes;
pub mod sign;
pub mod target;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::HOST;
use shared::http::{FrontAnswer, Inbound, read};
use shared::start::RawEvent;
use shared::telemetry::Telemetry;
use shared::{Clock, ConfigError, Deadline, Env, Secrets};

use account::Account;
use config::Config;
use credentials::Provider;
use error::Failure;
use request::headers::{Mark, Passage};
use response::Caller;
use routes::{Found, Route, RouteTable, Surrounded, parse_json};
use target::Target;
use target::function::Surroundings;

/// Less time than this is not worth asking anybody.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// The function, built once and shared by all invocations.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    table: RouteTable,
    targets: Vec<Target>,
    mark: Mark,
    clock: Arc<dyn Clock>,
    telemetry: Arc<Telemetry>,
}

impl App {
    /// Reads the configuration and the secrets that it names, and makes everything ready that needs no network.
    ///
    /// # Errors
    /// Every problem of the variables, or else every problem of the route table, one line each.
    pub async fn start(
        env: &dyn Env,
        secrets: &Secrets,
        clock: Arc<dyn Clock>,
        telemetry: Arc<Telemetry>,
    ) -> Result<Self, ConfigError> {
        let config = Config::from_env(env)?;
        let document = parse_json(&config.source.read(secrets).await?)?;
        let surroundings = Surrounded::gather(&document, env, secrets).await;
        let table = RouteTable::read(&document, &surroundings)?;
        let credentials = Arc::new(Provider::of_function(env, clock.clone()));
        let targets = target::prepare(&table, &credentials, config.lambda_endpoint.as_deref());
        Ok(Self(Arc::new(Parts {
            table,
            targets,
            mark: Mark::new(&config.function_name),
            clock,
            telemetry,
        })))
    }

    /// Answers one invocation: reads the event, finds the route, makes what goes out, asks the target, and tells in one
    /// line what happened.
    pub async fn handle(&self, event: RawEvent) -> FrontAnswer {
        let RawEvent { payload, context, .. } = event;
        let invocation = self.0.telemetry.invocation(&context);
        let mut account = Account::default();
        let read = read(payload.get());
        drop(payload);
        let caller = Caller::of(&read, &context.request_id);
        let result = match read {
            Ok(inbound) => self.forward(inbound, &context, &mut account).await,
            Err(unreadable) => Err(Failure::Unreadable(unreadable.reason)),
        };
        let (answer, failure) = caller.answer(result);
        account.tell(
            &self.0.telemetry,
            &invocation,
            caller.front(),
            failure.as_ref(),
            answer.status(),
        );
        answer
    }

    async fn forward(
        &self,
        inbound: Inbound,
        context: &lambda_runtime::Context,
        account: &mut Account,
    ) -> Result<Response<Bytes>, Failure> {
        request::check(&inbound.request)?;
        let path = request::path::upper_escapes(inbound.request.uri().path()).into_owned();
        let (route, target) = self.way(&inbound, &path)?;
        account.took(route);
        let clock = self.0.clock.as_ref();
        let deadline = Deadline::from_context(context, clock, route.deadline_margin).capped(route.timeout);
        let Inbound {
            request,
            context: front,
        } = inbound;
        let client_host = request.headers().get(HOST).cloned();
        let passage = Passage {
            front: &front,
            authorization: &route.authorization,
            request_id: &context.request_id,
            trace_id: context.xray_trace_id.as_deref(),
            mark: &self.0.mark,
        };
        let outgoing = request::prepare(request, &path, route, &passage)?;
        if deadline.remaining() < LEAST_TIME {
            return Err(Failure::DeadlineTooClose);
        }
        let limit = route
            .max_response_bytes
            .unwrap_or_else(|| front.front.max_answer_bytes());
        match target {
            Target::Endpoint(endpoint) => endpoint.call(outgoing, limit, deadline, clock, account).await,
            Target::Function(function) => {
                let surroundings = Surroundings {
                    front: &front,
                    host: client_host.as_ref(),
                    request_id: &context.request_id,
                    own_arn: &context.invoked_function_arn,
                    now_ms: clock.now_ms(),
                };
                // Boxed, so that requests to endpoints do not carry the size of an SDK call.
                Box::pin(function.call(outgoing, &surroundings, limit, deadline, account)).await
            }
        }
    }

    /// The route of a request and its live target.
    fn way(&self, inbound: &Inbound, path: &str) -> Result<(&Route, &Target), Failure> {
        let host = request::host(inbound.request.headers());
        let at = match self.0.table.find(inbound.request.method(), &host, path) {
            Found::Route(at) => at,
            Found::OtherMethods(methods) => return Err(Failure::MethodNotAllowed(methods)),
            Found::Nothing => return Err(Failure::RouteNotFound),
        };
        let way = self.0.table.routes().get(at).zip(self.0.targets.get(at));
        way.ok_or(Failure::RouteNotFound)
    }
}
