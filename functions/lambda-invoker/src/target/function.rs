//! A function, through the Lambda Invoke API.

mod event;
mod refusal;
mod reply;
mod service;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::header::{HeaderName, HeaderValue};
use shared::http::FrontContext;
use shared::http::outbound::Received;
use shared::{Clock, Deadline};

use super::breaker::Breaker;
use super::retry::Attempts;
use super::{Admission, Answer};
use crate::account::Account;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::request::headers::X_AMZN_TRACE_ID;
use crate::routes::{FunctionSettings, PayloadFormat, RetryCause, RetryRules};
pub use service::Services;
use service::{Invocation, Service};

/// The largest payload of a synchronous invocation, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_PAYLOAD_BYTES: usize = 6_291_456;

/// The largest reply of a function is 6,291,556 bytes.
const MAX_REPLY_BYTES: usize = 6_400_000;

/// Stands there when the function ended in an error: the status says nothing of it.
const X_AMZ_FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// A live function.
#[derive(Debug)]
pub struct Function {
    settings: FunctionSettings,
    service: Arc<Service>,
    /// Where it is invoked.
    target: Option<Uri>,
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
    /// Milliseconds since the Unix epoch.
    pub now_ms: u64,
}

impl Function {
    /// A function of a service.
    pub(super) fn new(
        settings: FunctionSettings,
        service: Arc<Service>,
        retry: RetryRules,
        breaker: Option<Arc<Breaker>>,
    ) -> Self {
        Self {
            target: service.invoke_target(&settings),
            settings,
            service,
            retry,
            breaker,
        }
    }

    /// Invokes the function and waits for its reply, of at most `limit` bytes. It is never run twice: only what it
    /// cannot have seen is sent again.
    ///
    /// # Errors
    /// Every upstream failure of the ladder, and 400 or 413 for a body that the function cannot be given.
    pub async fn call(
        &self,
        outgoing: Outgoing,
        surroundings: &Surroundings<'_>,
        limit: usize,
        deadline: Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Answer, Failure> {
        let method = outgoing.method.clone();
        let trace_id = outgoing.headers.get(X_AMZN_TRACE_ID).cloned();
        let payload = match self.settings.payload_format {
            PayloadFormat::V2 => event::v2(&outgoing, surroundings)?,
            PayloadFormat::Raw => event::raw(outgoing.body)?,
        };
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Failure::RequestTooLarge);
        }
        let invocation = Invocation {
            target: self.target.clone().ok_or(Failure::Signing)?,
            // The trace goes on, and with it Lambda's own count of functions that call each other in circles.
            headers: trace_id.map(|id| (X_AMZN_TRACE_ID, id)).into_iter().collect(),
            payload,
        };
        let admission = Admission::of(self.breaker.as_deref(), self.service.http(), &deadline, clock, account)?;
        let result = {
            let invoking = pin!(self.invoke(&invocation, deadline, clock, account));
            tokio::time::timeout(deadline.remaining(), invoking).await
        };
        account.ended();
        let reply = result.unwrap_or(Err(Failure::UpstreamTimeout));
        let result = reply.and_then(|reply| {
            if reply.len() > limit {
                return Err(Failure::ResponseTooLarge);
            }
            match self.settings.payload_format {
                PayloadFormat::V2 => reply::v2(reply, &method),
                PayloadFormat::Raw => reply::raw(reply, &method),
            }
        });
        admission.tell(&result, clock);
        result
    }

    async fn invoke(
        &self,
        invocation: &Invocation,
        deadline: Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Bytes, Failure> {
        let received = self.ask(invocation, &deadline, clock, account).await?;
        let (head, reply) = received.read(MAX_REPLY_BYTES).await?;
        if head.headers.contains_key(X_AMZ_FUNCTION_ERROR) {
            return Err(reply::function_error(&reply, account));
        }
        Ok(reply)
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
            let refusal = match self.service.send(request, account).await {
                Ok(received) => return Ok(received),
                Err(refusal) => refusal,
            };
            account.ended();
            if refusal.stale && !renewed && self.service.forget(&used) {
                renewed = true;
                continue;
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
