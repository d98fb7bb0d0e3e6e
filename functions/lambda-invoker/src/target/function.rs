//! A function, through the Lambda Invoke API.

mod event;
mod invocation;
mod refusal;
mod reply;
mod service;
pub mod stream;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use shared::http::FrontContext;
use shared::http::outbound::Received;
use shared::{Clock, Deadline};

use super::breaker::Breaker;
use super::retry::Attempts;
use super::{Admission, Answered, Reading};
use crate::account::Account;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::response::{self, X_AMZN_REQUESTID, X_UPSTREAM_REQUEST_ID};
use crate::routes::{FunctionSettings, Invocation as Way, PayloadFormat, RetryCause, RetryRules, Route};
use invocation::{Invocation, Invocations};
use service::Service;
pub use service::Services;
use stream::Payload;

/// The largest reply of a function is 6,291,556 bytes.
const MAX_REPLY_BYTES: usize = 6_400_000;

/// Stands there when the function ended in an error: the status says nothing of it.
const X_AMZ_FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// A live function.
#[derive(Debug)]
pub struct Function {
    settings: FunctionSettings,
    service: Arc<Service>,
    invocations: Invocations,
    resource: String,
    retry: RetryRules,
    breaker: Option<Arc<Breaker>>,
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
    /// What the route's `uri` is called in an event.
    pub resource: &'a str,
    /// Milliseconds since the Unix epoch.
    pub now_ms: u64,
}

impl Function {
    /// A function of a service.
    pub(super) fn new(
        route: &Route,
        settings: FunctionSettings,
        service: Arc<Service>,
        breaker: Option<Arc<Breaker>>,
    ) -> Self {
        Self {
            invocations: Invocations::new(&settings, service.invoke_target(&settings)),
            resource: route.path.as_resource(),
            settings,
            service,
            retry: route.retry.clone(),
            breaker,
        }
    }

    /// What the route's `uri` is called in an event.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Invokes the function and waits for its reply, or for the start of one that is streamed where that may be passed
    /// on so. It is never run twice: only what it cannot have seen is sent again.
    ///
    /// # Errors
    /// Every upstream failure of the ladder, 400 or 413 for a body or a header that the function cannot be given, and 508 if
    /// it is this very function.
    pub async fn call(
        &self,
        outgoing: Outgoing,
        surroundings: &Surroundings<'_>,
        reading: Reading,
        deadline: Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Answered, Failure> {
        // Not every payload carries the mark by which a circle is seen later.
        if self.settings.is_of(surroundings.own_arn) {
            return Err(Failure::Loop);
        }
        let invocation = self.invocations.of(&outgoing, surroundings)?;
        let admission = Admission::of(self.breaker.as_deref(), self.service.http(), &deadline, clock, account)?;
        let result = {
            let invoking = pin!(self.invoke(&invocation, &outgoing.method, reading, deadline, clock, account));
            tokio::time::timeout(deadline.remaining(), invoking).await
        };
        account.ended();
        let mut result = result.unwrap_or(Err(Failure::UpstreamTimeout)).and_then(|answered| {
            let fits = answered.answer.body().len() <= reading.limit;
            fits.then_some(answered).ok_or(Failure::ResponseTooLarge)
        });
        admission.tell(&mut result, self.breaker.as_ref(), clock, account);
        result
    }

    async fn invoke(
        &self,
        invocation: &Invocation,
        method: &Method,
        reading: Reading,
        deadline: Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Answered, Failure> {
        let received = self.ask(invocation, &deadline, clock, account).await?;
        if self.settings.invoke.invocation == Way::ResponseStream {
            // The events around a payload have no bound of their own.
            let (head, arriving) = received.arriving(self.service.http(), usize::MAX)?;
            account.invoked(&head.headers);
            let payload = Payload::new(arriving, reading.limit, self.settings.errors);
            let format = self.settings.reply_format;
            let begun = stream::begin(payload, &head.headers, format, method, reading.streamed, account);
            return Ok(with_id(begun.await?, &head.headers));
        }
        let (head, reply) = received.read(MAX_REPLY_BYTES).await?;
        account.invoked(&head.headers);
        if head.headers.contains_key(X_AMZ_FUNCTION_ERROR) {
            return Err(reply::function_error(reply, self.settings.errors, account));
        }
        let empty = |status| response::answer(status, HeaderMap::new(), Bytes::new(), method);
        let answer = match self.settings.invoke.invocation {
            Way::RequestResponse | Way::ResponseStream => {
                reply::read(self.settings.reply_format, reply, method, account)?
            }
            Way::Event => empty(StatusCode::ACCEPTED)?,
            Way::DryRun => empty(StatusCode::NO_CONTENT)?,
        };
        Ok(with_id(answer.into(), &head.headers))
    }

    /// Asks until the function has taken an invocation: again only where it cannot have run. Its answer is still to be
    /// read.
    async fn ask(
        &self,
        invocation: &Invocation,
        deadline: &Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Received<'_>, Failure> {
        let mut attempts = Attempts::new(&self.retry);
        let mut renewed = false;
        loop {
            let (request, used) = self.service.signed(invocation, deadline, clock, account).await?;
            account.asked();
            let refusal = match self.service.send(request, &used, deadline, clock, account).await {
                Ok(received) => return Ok(received),
                Err(refusal) => refusal,
            };
            account.ended();
            if !renewed && (refusal.skewed || (refusal.stale && self.service.forget(&used))) {
                renewed = true;
                continue;
            }
            if refusal.unreadable && self.settings.payload_format == PayloadFormat::Raw {
                return Err(Failure::PayloadRefused);
            }
            // A throttled function did not run, whatever the method.
            let next = match &refusal.failure {
                Failure::Throttled(seconds) => {
                    let asked = seconds.map(Duration::from_secs);
                    attempts.next(RetryCause::Status(429), true, asked, deadline)
                }
                _ if refusal.unsent => attempts.next(RetryCause::Connect, true, None, deadline),
                _ => None,
            };
            match next {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(refusal.failure),
            }
        }
    }
}

/// The service's id of the invocation goes with an answer that has none of its own.
fn with_id(mut answered: Answered, headers: &HeaderMap) -> Answered {
    if let Some(id) = headers.get(X_AMZN_REQUESTID) {
        let own = answered.answer.headers_mut().entry(X_UPSTREAM_REQUEST_ID);
        own.or_insert_with(|| id.clone());
    }
    answered
}
