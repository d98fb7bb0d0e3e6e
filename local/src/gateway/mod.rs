//! API Gateway with a Lambda authorizer: a REST API or an HTTP API, its result cache, and a backend that says hello.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>

mod answer;
pub mod arn;
mod cache;
mod call;
mod http_api;
pub mod policy;
mod reply;
mod rest;
mod route;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;

pub use self::route::Route;
use self::{
    answer::Refusal,
    cache::Cache,
    call::{Call, NoRoute},
    policy::Verdict,
    reply::{Form, Reply},
};
use crate::{
    body::{self, Unreadable},
    function::{Function, Invoked},
    server::Server,
};

const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
const MAX_ARN_BYTES: usize = 1600;

/// The kind of API and of authorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// A REST API with a TOKEN authorizer on the header `Authorization`.
    RestToken,
    /// A REST API with a REQUEST authorizer whose identity source is the header `Authorization`.
    RestRequest,
    /// An HTTP API, payload format 2.0, simple responses.
    HttpSimple,
    /// An HTTP API, payload format 2.0, IAM policies.
    HttpPolicy,
}

impl Api {
    fn is_rest(self) -> bool {
        matches!(self, Self::RestToken | Self::RestRequest)
    }

    fn form(self) -> Form {
        match self {
            Self::RestToken | Self::RestRequest => Form::RestPolicy,
            Self::HttpSimple => Form::Simple,
            Self::HttpPolicy => Form::HttpPolicy,
        }
    }
}

/// What the ARN of an HTTP API's request ends with. AWS does not document it, so an authorizer must be right with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArnTail {
    /// The route's path: `orders/{id}`.
    Route,
    /// The request's own path: `orders/42`.
    Path,
}

/// The settings of an API.
#[derive(Debug, Clone)]
pub struct GatewayOptions {
    /// The kind of API.
    pub api: Api,
    /// The authorizer of every route.
    pub authorizer: Function,
    /// The routes; a REST API calls them resources and methods.
    pub routes: Vec<Route>,
    /// How long the authorizer's replies are kept; zero switches the cache off.
    pub ttl: Duration,
    /// Whether `$context.routeKey` is an identity source too, so that replies are kept for each route apart. HTTP APIs
    /// alone have it.
    pub route_key_is_identity: bool,
    /// Whether the request's method and path are identity sources too (`context.httpMethod` and `context.path` of a REST API's
    /// REQUEST authorizer, with a `$` of an HTTP API's), so that replies are kept for each request apart.
    pub request_is_identity: bool,
    /// What the ARN of an HTTP API's request ends with.
    pub http_arn_tail: ArnTail,
    /// How long the authorizer may take.
    pub authorizer_limit: Duration,
    /// The region in ARNs.
    pub region: String,
    /// The API's id in ARNs.
    pub api_id: String,
    /// The stage. Except for `$default` it is the first segment of every path.
    pub stage: String,
}

impl GatewayOptions {
    /// An API with the routes `GET /hello`, `POST /hello` and `ANY /hello/{proxy+}`, without a cache.
    #[must_use]
    pub fn new(api: Api, authorizer: Function) -> Self {
        let (api_id, stage) = if api.is_rest() {
            ("a1b2c3d4e5", "prod")
        } else {
            ("h7x9k2m4p6", "$default")
        };
        Self {
            api,
            authorizer,
            routes: ["GET /hello", "POST /hello", "ANY /hello/{proxy+}"]
                .iter()
                .flat_map(|route| route.parse())
                .collect(),
            ttl: Duration::ZERO,
            route_key_is_identity: false,
            request_is_identity: false,
            http_arn_tail: ArnTail::Route,
            authorizer_limit: Duration::from_secs(10),
            region: "eu-west-1".to_owned(),
            api_id: api_id.to_owned(),
            stage: stage.to_owned(),
        }
    }

    fn stage_prefix(&self) -> Option<String> {
        (self.stage != "$default").then(|| format!("/{}", self.stage))
    }
}

/// A running API. Dropping it stops it.
#[derive(Debug)]
pub struct Gateway {
    server: Server,
    core: Arc<Core>,
}

#[derive(Debug)]
struct Core {
    options: GatewayOptions,
    cache: Cache<Reply>,
}

impl Gateway {
    /// Serves on `listener`.
    ///
    /// # Errors
    /// The listener's own address cannot be read.
    pub fn start(listener: TcpListener, options: GatewayOptions) -> io::Result<Self> {
        let cache = Cache::new(options.ttl);
        let core = Arc::new(Core { options, cache });
        let serving = core.clone();
        let server = Server::start(listener, None, move |request, peer| {
            let core = serving.clone();
            async move { core.answer(request, peer).await }
        })?;
        Ok(Self { server, core })
    }

    /// The base URL with the stage, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "http://{}{}",
            self.server.address(),
            self.core.options.stage_prefix().unwrap_or_default()
        )
    }

    /// Forgets the authorizer's replies, as `FlushStageAuthorizersCache` does.
    pub fn flush_cache(&self) {
        self.core.cache.flush();
    }
}

impl Core {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let request_id = crate::random::uuid();
        let (head, body) = request.into_parts();
        let refuse = |refusal: Refusal| refusal.response(self.options.api, &request_id);
        match body::read(body, MAX_BODY_BYTES).await {
            Ok(_) => {}
            Err(Unreadable::TooLarge) => return refuse(Refusal::BodyTooLarge),
            Err(Unreadable::Broken) => return refuse(Refusal::BadRequest),
        }
        let call = match Call::new(&self.options, &head, peer, &request_id) {
            Ok(call) => call,
            Err(NoRoute::Stage) => return refuse(Refusal::NoStage),
            Err(NoRoute::Route) => return refuse(Refusal::NoRoute),
        };
        match self.authorize(&call).await {
            Ok(reply) => answer::hello(&call, &reply),
            Err(refusal) => refuse(refusal),
        }
    }

    async fn authorize(&self, call: &Call<'_>) -> Result<Reply, Refusal> {
        let arn = call.arn().to_string();
        if arn.len() > MAX_ARN_BYTES {
            return Err(Refusal::ArnTooLong);
        }
        let identity = call.identity().ok_or(Refusal::Unauthorized)?;
        let key = call.cache_key(&identity);
        let reply = match self.cache.get(&key) {
            Some(reply) => reply,
            None => {
                let reply = self.ask(call, &identity).await?;
                self.cache.put(key, reply.clone());
                reply
            }
        };
        match reply.evaluate(&arn) {
            Verdict::Allow => Ok(reply),
            Verdict::ExplicitDeny => Err(Refusal::ExplicitDeny),
            Verdict::ImplicitDeny => Err(Refusal::ImplicitDeny),
        }
    }

    /// Invokes the authorizer. Failures are never cached.
    async fn ask(&self, call: &Call<'_>, identity: &str) -> Result<Reply, Refusal> {
        let event = match self.options.api {
            Api::RestToken => rest::token_event(call, identity),
            Api::RestRequest => rest::request_event(call),
            Api::HttpSimple | Api::HttpPolicy => http_api::event(call, &call.identity_sources(identity)),
        };
        let function = self.options.authorizer.clone();
        // A task of its own: the function goes on when the caller leaves or the time is up.
        let invocation = {
            let (function, payload) = (function.clone(), Bytes::from(event.to_string()));
            tokio::spawn(async move { function.invoke(payload).await })
        };
        let problem = match tokio::time::timeout(self.options.authorizer_limit, invocation).await {
            Ok(Ok(Invoked::Response(payload))) => match Reply::parse(self.options.api.form(), &payload) {
                Ok(reply) => return Ok(reply),
                Err(problem) => format!("malformed reply: {problem}"),
            },
            // The one message that has a meaning, and only when it is the whole message.
            Ok(Ok(Invoked::FunctionError { error_message, .. })) if error_message == "Unauthorized" => {
                return Err(Refusal::Unauthorized);
            }
            Ok(Ok(Invoked::FunctionError { .. })) => "the authorizer reported an error".to_owned(),
            Ok(Ok(_)) => "the authorizer failed".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the authorizer took too long".to_owned(),
        };
        function.note(&format!("API Gateway: 500, {problem}"));
        Err(Refusal::AuthorizerFailed)
    }
}

#[cfg(test)]
mod tests;
