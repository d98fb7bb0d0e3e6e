//! lambda-invoker: takes HTTP requests of any front of Lambda and hands them to functions, by a table of routes: to
//! HTTP endpoints with an API key or a signature, or through the Lambda Invoke API.
//!
//! - [`config`]: the variables
//! - [`live`]: the table in force and its reading anew
//! - [`routes`]: the table, its validation and matching; pure
//! - [`request`]: what goes out; pure
//! - [`credentials`]: what signs; asks for it where need be
//! - [`target`]: endpoints and functions, and the one client that sends anything
//! - [`response`]: what comes back; pure
//! - [`stream`]: what comes back bit by bit
//! - [`account`]: what an invocation showed, and its one line in the log
//! - [`mask`]: hides secrets in what is logged of a target's error; pure
//! - [`error`]: the one ladder from what went wrong to the answer

pub mod account;
pub mod config;
pub mod credentials;
pub mod error;
pub mod live;
pub mod mask;
pub mod request;
pub mod response;
pub mod routes;
pub mod stream;
pub mod target;

use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use shared::http::{Front, FrontAnswer, Inbound, read};
use shared::start::{Context, RawEvent, Reply, STREAM_GRACE};
use shared::telemetry::Telemetry;
use shared::{Clock, ConfigError, Deadline, Env, Secrets};

use account::Account;
use config::Config;
use error::Failure;
use live::{Live, Tables};
use request::headers::{Mark, Passage};
use response::Caller;
use routes::{Found, Route};
use stream::{MAX_STREAM_BYTES, Streaming, Telling};
use target::function::Surroundings;
use target::{Answered, Reading, Rest, Target};

/// Less time than this is not worth asking anybody.
const LEAST_TIME: Duration = Duration::from_millis(50);

/// Before Lambda's own deadline a streamed answer has come to its end, whatever the route's `deadline_margin`: Lambda would
/// end the process, and take its log with it.
const STREAM_MARGIN: Duration = STREAM_GRACE.saturating_add(Duration::from_millis(50));

/// The function, built once and shared by all invocations.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    tables: Tables,
    streaming: Vec<Front>,
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
        env: Arc<dyn Env + Send + Sync>,
        secrets: Arc<Secrets>,
        clock: Arc<dyn Clock>,
        telemetry: Arc<Telemetry>,
    ) -> Result<Self, ConfigError> {
        let config = Config::from_env(env.as_ref())?;
        let mark = Mark::new(&config.function_name);
        let streaming = config.streaming.clone();
        let tables = Tables::start(config, env, secrets, clock.clone(), telemetry.clone()).await?;
        Ok(Self(Arc::new(Parts {
            tables,
            streaming,
            mark,
            clock,
            telemetry,
        })))
    }

    /// Answers one invocation: reads the event, finds the route, makes what goes out, asks the target, and tells in one
    /// line what happened; where the front takes a stream, at the stream's end.
    pub async fn handle(&self, event: RawEvent) -> Reply<FrontAnswer, Streaming> {
        let RawEvent { payload, context } = event;
        let invocation = self.0.telemetry.invocation(&context);
        let mut account = Account::default();
        let read = read(&payload);
        drop(payload);
        let whole = Deadline::from_context(&context, self.0.clock.as_ref(), Duration::ZERO);
        let live = self.0.tables.current(whole).await;
        let mut caller = Caller::of(&read, &context.request_id);
        let result = match read {
            Ok(inbound) => self.forward(inbound, &live, &context, &mut caller, &mut account).await,
            Err(unreadable) => Err(Failure::Unreadable(unreadable.reason)),
        };
        if let Ok(answered) = &result {
            account.complained(&answered.answer, &live.mask, caller.brought());
        }
        account.hide(&live.mask, caller.brought());
        let front = caller.front();
        if self.streams_to(front) {
            let begun = caller.begin(result);
            let margin = caller.margin().max(STREAM_MARGIN);
            let last = Deadline::from_context(&context, self.0.clock.as_ref(), margin);
            let deadline = caller.deadline().unwrap_or(last);
            let logs_later = matches!(begun.rest, Some(Rest::Function(_)));
            let brought = caller.into_brought();
            let telling = Telling {
                account,
                telemetry: self.0.telemetry.clone(),
                invocation,
                front,
                status: begun.status,
                failure: begun.failure,
                hiding: logs_later.then_some((live, brought)),
            };
            let body = Streaming::new(begun.start, self.0.clock.clone(), last, telling);
            return Reply::Stream {
                prelude: begun.prelude,
                body: body.and(begun.rest, begun.circuit, deadline),
            };
        }
        let (answer, failure) = caller.answer(result.map(|answered| answered.answer));
        account.tell(&self.0.telemetry, &invocation, front, failure.as_ref(), answer.status());
        Reply::Whole(answer)
    }

    fn streams_to(&self, front: Front) -> bool {
        self.0.streaming.contains(&front)
    }

    async fn forward<'a>(
        &self,
        inbound: Inbound,
        live: &'a Live,
        context: &Context,
        caller: &mut Caller<'a>,
        account: &mut Account,
    ) -> Result<Answered, Failure> {
        request::check(&inbound.request)?;
        let path = request::path::upper_escapes(inbound.request.uri().path()).into_owned();
        let (route, target) = way(live, &inbound, &path)?;
        account.took(route);
        caller.took(route);
        let clock = self.0.clock.as_ref();
        let Inbound {
            request,
            context: front,
        } = inbound;
        let streamed = self.streams_to(front.front);
        let least_margin = if streamed { STREAM_MARGIN } else { Duration::ZERO };
        let margin = route.deadline_margin.max(least_margin);
        let deadline = Deadline::from_context(context, clock, margin).capped(route.timeout);
        caller.has_until(deadline);
        let client_host = request.headers().get(HOST).cloned();
        let passage = Passage {
            front: &front,
            route,
            request_id: &context.request_id,
            trace_id: context.xray_trace_id.as_deref(),
            mark: &self.0.mark,
        };
        let outgoing = request::prepare(request, &path, route, &passage)?;
        if deadline.remaining() < LEAST_TIME {
            return Err(Failure::DeadlineTooClose);
        }
        let most = front.front.max_answer_bytes();
        let limit = route.max_response_bytes;
        // What the front would not take need not be read.
        let limit = match streamed {
            true => limit.unwrap_or(MAX_STREAM_BYTES),
            false => limit.unwrap_or(most).min(most),
        };
        let reading = Reading { limit, streamed };
        match target {
            Target::Endpoint(endpoint) => endpoint.call(outgoing, reading, deadline, clock, account).await,
            Target::Function(function) => {
                let surroundings = Surroundings {
                    front: &front,
                    host: client_host.as_ref(),
                    request_id: &context.request_id,
                    own_arn: &context.invoked_function_arn,
                    resource: function.resource(),
                    now_ms: clock.now_ms(),
                };
                // Boxed, so that requests to endpoints do not carry what an event takes.
                Box::pin(function.call(outgoing, &surroundings, reading, deadline, clock, account)).await
            }
        }
    }
}

/// The route of a request and its live target.
fn way<'a>(live: &'a Live, inbound: &Inbound, path: &str) -> Result<(&'a Route, &'a Target), Failure> {
    let host = request::host(inbound.request.headers());
    let method = inbound.request.method();
    let at = match live.table.find(method, &host, path) {
        Found::Route(at) => at,
        Found::OtherMethods(methods) => return Err(Failure::MethodNotAllowed(methods)),
        Found::Nothing => return Err(Failure::RouteNotFound),
    };
    // A spelling that hides a path from its own route, and that the target may see through, gets no other route.
    let read = request::path::as_read(path);
    if read != path && live.table.find(method, &host, &read) != Found::Route(at) {
        return Err(Failure::BadPath);
    }
    let way = live.table.routes().get(at).zip(live.targets.get(at));
    way.ok_or(Failure::RouteNotFound)
}
