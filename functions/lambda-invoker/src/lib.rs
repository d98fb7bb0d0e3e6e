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
//! - [`error`]: the one ladder from what went wrong to the answer

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
use http::header::HOST;
use http::{HeaderValue, Method, Response};
use shared::http::{Front, FrontAnswer, Inbound, read};
use shared::start::RawEvent;
use shared::telemetry::{Level, Line, Telemetry, Unit};
use shared::{Clock, ConfigError, Deadline, Env, Secrets};

use config::{Config, Source};
use credentials::Provider;
use error::Failure;
use request::headers::{Mark, Passage, X_REQUEST_ID};
use routes::{Destination, Found, Route, RouteTable, Surrounded, parse_json};
use target::{Account, Target};

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

/// What an invocation is about, as far as it is known.
#[derive(Debug, Default)]
struct Story {
    front: Option<Front>,
    route: Option<usize>,
    account: Account,
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
        let document = parse_json(&read_source(&config.source, secrets).await?)?;
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
        let mut story = Story::default();
        let mut method = Method::GET;
        let (front, request_id, result) = match read(payload.get()) {
            Ok(inbound) => {
                drop(payload);
                method.clone_from(inbound.request.method());
                let front = inbound.context.front;
                let given = inbound.request.headers().get(X_REQUEST_ID).cloned();
                let request_id = given.or_else(|| HeaderValue::from_str(&context.request_id).ok());
                (front, request_id, self.forward(inbound, &context, &mut story).await)
            }
            Err(unreadable) => {
                let request_id = HeaderValue::from_str(&context.request_id).ok();
                (
                    unreadable.front,
                    request_id,
                    Err(Failure::Unreadable(unreadable.reason)),
                )
            }
        };
        story.front = Some(front);
        let result = result.and_then(|response| fit(front, response, request_id.as_ref()));
        let failure = result.as_ref().err().cloned();
        let answer = result.unwrap_or_else(|failure| {
            let answer = failure.answer(&context.request_id, &method);
            FrontAnswer::new(front, echo(answer, request_id.as_ref()))
        });
        self.tell(&invocation, &story, failure.as_ref(), answer.status());
        answer
    }

    async fn forward(
        &self,
        inbound: Inbound,
        context: &lambda_runtime::Context,
        story: &mut Story,
    ) -> Result<Response<Bytes>, Failure> {
        let parts = &self.0;
        request::check(&inbound.request)?;
        let path = request::path::upper_escapes(inbound.request.uri().path()).into_owned();
        let host = request::host(inbound.request.headers());
        let at = match parts.table.find(inbound.request.method(), &host, &path) {
            Found::Route(at) => at,
            Found::OtherMethods(methods) => return Err(Failure::MethodNotAllowed(methods)),
            Found::Nothing => return Err(Failure::RouteNotFound),
        };
        story.route = Some(at);
        let (Some(route), Some(target)) = (parts.table.routes().get(at), parts.targets.get(at)) else {
            return Err(Failure::RouteNotFound);
        };
        let deadline =
            Deadline::from_context(context, parts.clock.as_ref(), route.deadline_margin).capped(route.timeout);
        let front = inbound.context.clone();
        let client_host = inbound.request.headers().get(HOST).cloned();
        let passage = Passage {
            front: &front,
            authorization: &route.authorization,
            request_id: &context.request_id,
            trace_id: context.xray_trace_id.as_deref(),
            mark: &parts.mark,
        };
        let outgoing = request::prepare(inbound, &path, route, &passage)?;
        if deadline.remaining() < LEAST_TIME {
            return Err(Failure::DeadlineTooClose);
        }
        let limit = route
            .max_response_bytes
            .unwrap_or_else(|| front.front.max_answer_bytes());
        let clock = parts.clock.as_ref();
        let account = &mut story.account;
        match target {
            Target::Endpoint(endpoint) => endpoint.call(outgoing, limit, deadline, clock, account).await,
            Target::Function(function) => {
                let surroundings = target::function::Surroundings {
                    front: &front,
                    host: client_host.as_ref(),
                    request_id: &context.request_id,
                    own_arn: &context.invoked_function_arn,
                    now_ms: clock.now_ms(),
                };
                function.call(outgoing, &surroundings, limit, deadline, account).await
            }
        }
    }

    fn tell(&self, invocation: &shared::telemetry::Invocation, story: &Story, failure: Option<&Failure>, status: u16) {
        let (outcome, reason, level) = match failure.map(Failure::rung) {
            Some(rung) => (rung.outcome, rung.code, rung.level),
            None if status >= 500 => ("upstream_error", "upstream_5xx", Level::Warn),
            None if status >= 400 => ("ok", "upstream_4xx", Level::Info),
            None => ("ok", "forwarded", Level::Info),
        };
        let route = story.route.and_then(|at| self.0.table.routes().get(at));
        let fill = |line: &mut Line| fill_line(line, story, route, status);
        let message = if failure.is_none() {
            "forwarded"
        } else {
            "not forwarded"
        };
        self.0
            .telemetry
            .finish(invocation, level, message, (outcome, reason), fill);
    }
}

fn fill_line(line: &mut Line, story: &Story, route: Option<&Route>, status: u16) {
    if let Some(front) = story.front {
        line.text("front", front.word());
    }
    if let Some(route) = route {
        line.text("route", &route.name);
        line.text(
            "target",
            match route.destination {
                Destination::Endpoint(_) => "endpoint",
                Destination::Function(_) => "function",
            },
        );
    }
    line.number("status", status);
    let account = &story.account;
    if account.attempts > 0 {
        line.number("attempts", account.attempts);
    }
    if let Some(status) = account.upstream_status {
        line.number("upstream_status", status);
    }
    if let Some(error) = &account.upstream_error {
        line.text("upstream_error", error);
    }
    if let Some(sign_ms) = account.sign_ms {
        line.number("sign_ms", sign_ms);
        line.metric("Signed", Unit::Count, 1.0);
    }
    if let Some(upstream_ms) = account.upstream_ms {
        line.number("upstream_ms", upstream_ms);
        line.metric("UpstreamMs", Unit::Milliseconds, upstream_ms);
    }
}

async fn read_source(source: &Source, secrets: &Secrets) -> Result<String, ConfigError> {
    let bad = |name: &str, what: &dyn std::fmt::Display| ConfigError::new(vec![format!("{name}: {what}")]);
    match source {
        Source::Inline(text) => Ok(text.clone()),
        Source::File(path) => std::fs::read_to_string(path)
            .map_err(|error| bad("INVOKER_CONFIG_FILE", &format_args!("cannot be read: {}", error.kind()))),
        Source::Secret(secret) => secrets
            .read(secret)
            .await
            .map(|text| text.reveal().to_owned())
            .map_err(|error| bad("INVOKER_CONFIG_SECRET_ARN", &error)),
    }
}

/// Shapes an answer for its front, unless the front would not take it for its size.
fn fit(front: Front, response: Response<Bytes>, request_id: Option<&HeaderValue>) -> Result<FrontAnswer, Failure> {
    let answer = FrontAnswer::new(front, echo(response, request_id));
    if answer.encoded_len() > front.max_answer_bytes() {
        return Err(Failure::ResponseTooLarge);
    }
    Ok(answer)
}

/// Tells the client the request's id, unless the target told one of its own.
fn echo(mut response: Response<Bytes>, request_id: Option<&HeaderValue>) -> Response<Bytes> {
    if let Some(id) = request_id {
        response.headers_mut().entry(X_REQUEST_ID).or_insert_with(|| id.clone());
    }
    response
}
