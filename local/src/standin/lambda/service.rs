//! The service: who may call, which functions there are, what runs, and the way of one request.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

use super::super::sigv4::{self, PathRule, Rules, SignedRequest};
use super::super::wire::empty_answer;
use super::deployment::{Deployed, Deployment, Target, not_found};
use super::error::{ApiError, unsigned};
use super::request::{Invocation, Kind, Operation};
use super::{AccessKey, LambdaOptions, answer, events, stream};
use crate::clock;
use crate::function::{Attributes, Run};

/// The clock difference that Lambda allows, in seconds.
const SKEW_SECS: u64 = 300;

/// Everything that the requests share.
pub(super) struct Service {
    pub(super) options: LambdaOptions,
    keys: Mutex<Vec<AccessKey>>,
    functions: Mutex<BTreeMap<String, Arc<Deployed>>>,
    account: Arc<Semaphore>,
    /// What runs, whether or not its caller still waits; it ends with the service.
    running: Mutex<JoinSet<()>>,
    dropped: Arc<Mutex<Vec<Value>>>,
}

impl Service {
    pub(super) fn new(options: LambdaOptions) -> Self {
        Self {
            keys: Mutex::new(options.keys.clone()),
            functions: Mutex::default(),
            account: Arc::new(Semaphore::new(options.concurrency)),
            running: Mutex::new(JoinSet::new()),
            dropped: Arc::default(),
            options,
        }
    }

    pub(super) fn deploy(&self, deployment: Deployment) {
        let deployed = Arc::new(Deployed::new(deployment));
        lock(&self.functions).insert(deployed.name().to_owned(), deployed);
    }

    pub(super) fn deployed(&self, name: &str) -> Option<Arc<Deployed>> {
        lock(&self.functions).get(name).cloned()
    }

    pub(super) fn set_keys(&self, keys: Vec<AccessKey>) {
        *lock(&self.keys) = keys;
    }

    pub(super) fn dropped(&self) -> Vec<Value> {
        lock(&self.dropped).clone()
    }

    pub(super) fn dropped_list(&self) -> Arc<Mutex<Vec<Value>>> {
        self.dropped.clone()
    }

    pub(super) fn account(&self) -> Arc<Semaphore> {
        self.account.clone()
    }

    /// Runs something to its end, whoever leaves.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = lock(&self.running);
        while running.try_join_next().is_some() {}
        running.spawn(work);
    }

    /// Checks the signature with the key that it names.
    fn check(&self, parts: &Parts, body: &Bytes) -> Result<(), Box<Response<Body>>> {
        let header = parts.headers.get(http::header::AUTHORIZATION);
        let text = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let named = text
            .split_once("Credential=")
            .and_then(|(_, rest)| rest.split_once('/'));
        let keys = lock(&self.keys).clone();
        let key = keys.iter().find(|key| named.is_some_and(|(id, _)| id == key.id));
        // Without a key that fits, any will do to find what else is wrong; there is always one that fits nothing.
        let unknown = AccessKey {
            id: String::new(),
            secret: String::new(),
            session_token: None,
            expired: false,
        };
        let key = key.unwrap_or(&unknown);
        let rules = Rules {
            access_key_id: key.id.clone(),
            secret_access_key: key.secret.clone(),
            session_token: key.session_token.clone(),
            session_token_signed: true,
            region: self.options.region.clone(),
            service: "lambda",
            path: PathRule {
                encode: true,
                normalize: true,
            },
            skew_secs: SKEW_SECS,
        };
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let request = SignedRequest {
            method: parts.method.as_str(),
            target,
            headers: &parts.headers,
            body,
        };
        sigv4::verify(request, &rules, clock::unix_now())
            .map_err(|refusal| Box::new(unsigned(refusal.code, &refusal.message)))?;
        if key.expired {
            let message = "The security token included in the request is expired";
            return Err(ApiError::new("ExpiredTokenException", message).answer().into());
        }
        Ok(())
    }
}

/// Answers every request that is not the tools'.
pub(super) async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response<Body> {
    let request_id = crate::random::uuid();
    let (parts, body) = request.into_parts();
    let mut response = match body.collect().await {
        Ok(body) => match invoke(&service, &request_id, &parts, body.to_bytes()).await {
            Ok(response) => response,
            Err(error) => error.answer(),
        },
        Err(_) => ApiError::new("InvalidRequestContentException", "The body ended early.").answer(),
    };
    answer::stamp(response.headers_mut(), &request_id);
    response
}

async fn invoke(service: &Service, request_id: &str, parts: &Parts, body: Bytes) -> Result<Response<Body>, ApiError> {
    if let Err(refused) = service.check(parts, &body) {
        return Ok(*refused);
    }
    let Some((operation, name)) = Operation::of(&parts.method, parts.uri.path()) else {
        return Err(ApiError::new(
            "UnknownOperationException",
            "The operation is not known.",
        ));
    };
    let region = &service.options.region;
    let invocation = Invocation::read(operation, &name, parts, body, region)?;
    let named = &invocation.function;
    let Some(deployed) = service.deployed(&named.name) else {
        let suffix = named
            .qualifier
            .as_ref()
            .map(|qualifier| format!(":{qualifier}"))
            .unwrap_or_default();
        let arn = format!(
            "arn:aws:lambda:{region}:{}:function:{}{suffix}",
            crate::ACCOUNT_ID,
            named.name
        );
        return Err(not_found(&arn));
    };
    let target = deployed.target(named)?;
    deployed.check_tenant(invocation.tenant_id.as_deref())?;
    match (invocation.kind, invocation.operation) {
        (Kind::DryRun, _) => Ok(empty_answer(StatusCode::NO_CONTENT)),
        (Kind::Event, _) => {
            events::queue(service, deployed, target, invocation, request_id.to_owned());
            Ok(empty_answer(StatusCode::ACCEPTED))
        }
        (Kind::RequestResponse, Operation::Stream) => {
            let place = deployed.admit(&service.account)?;
            Ok(stream::answer(service, deployed, target, invocation, request_id, place))
        }
        (Kind::RequestResponse, Operation::Invoke) => {
            let place = deployed.admit(&service.account)?;
            let tail = invocation.tail;
            let run = run(service, &deployed, &target, invocation, request_id, place).await?;
            Ok(answer::synchronous(&run, &deployed, &target.version, request_id, tail).await)
        }
    }
}

/// Runs the function once. It goes on when the caller leaves.
async fn run(
    service: &Service,
    deployed: &Deployed,
    target: &Target,
    invocation: Invocation,
    request_id: &str,
    place: OwnedSemaphorePermit,
) -> Result<Run, ApiError> {
    let function = deployed.function(&target.version, invocation.tenant_id.as_deref());
    let (payload, attributes) = attributes(invocation, target, request_id);
    let (done, outcome) = oneshot::channel();
    service.spawn(async move {
        let run = function.run(payload, attributes).await;
        drop(place);
        // The caller may have left.
        let _ = done.send(run);
    });
    outcome
        .await
        .map_err(|_| ApiError::new("ServiceException", "The Lambda service encountered an internal error."))
}

/// What the Runtime API tells the function of a synchronous request.
pub(super) fn attributes(invocation: Invocation, target: &Target, request_id: &str) -> (Bytes, Attributes) {
    let attributes = Attributes {
        request_id: Some(request_id.to_owned()),
        trace_root: invocation.trace_root,
        client_context: invocation.client_context,
        tenant_id: invocation.tenant_id,
        invoked_arn: Some(target.arn.clone()),
    };
    (invocation.payload, attributes)
}

/// Nothing here stops half-way, so a panic elsewhere leaves whole values behind.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
