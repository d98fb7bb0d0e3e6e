//! A function, through the Lambda Invoke API.

mod event;
mod refusal;
mod reply;
mod service;
mod transport;

use std::pin::pin;
use std::sync::Arc;

use aws_sdk_lambda::primitives::Blob;
use http::HeaderValue;
use shared::http::FrontContext;
use shared::{Clock, Deadline};

use super::breaker::Breaker;
use super::retry::Attempts;
use super::{Admission, Answer};
use crate::account::Account;
use crate::credentials::is_stale_word;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::routes::{FunctionSettings, PayloadFormat, RetryCause, RetryRules};
use refusal::Refusal;
use service::Service;
pub use service::Services;

/// The largest payload of a synchronous invocation, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_PAYLOAD_BYTES: usize = 6_291_456;

/// A live function.
#[derive(Debug)]
pub struct Function {
    settings: FunctionSettings,
    service: Arc<Service>,
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
        let payload = match self.settings.payload_format {
            PayloadFormat::V2 => event::v2(&outgoing, surroundings)?,
            PayloadFormat::Raw => event::raw(outgoing.body)?,
        };
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Failure::RequestTooLarge);
        }
        let admission = Admission::of(self.breaker.as_deref(), self.service.http(), &deadline, clock, account)?;
        let result = {
            let invoking = pin!(self.invoke(payload, deadline, account));
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
        mut payload: Vec<u8>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Vec<u8>, Failure> {
        let mut attempts = Attempts::new(&self.retry);
        let mut renewed = false;
        loop {
            // Asked for here, so that their absence has its own name; the SDK asks the same provider.
            let credentials = self.service.credentials.credentials(deadline.remaining()).await;
            let credentials = credentials.map_err(|unavailable| {
                account.error(Some(unavailable.0));
                Failure::Credentials
            })?;
            let renewable = !renewed && self.service.credentials.is_renewable();
            // Copied only where it may be needed once more.
            let sent = if attempts.may_go_on() || renewable {
                payload.clone()
            } else {
                std::mem::take(&mut payload)
            };
            let refusal = match self.attempt(sent, account).await {
                Ok(reply) => return Ok(reply),
                Err(refusal) => refusal,
            };
            account.ended();
            if renewable
                && refusal.code.as_deref().is_some_and(is_stale_word)
                && self.service.credentials.forget(&credentials)
            {
                renewed = true;
                continue;
            }
            // A throttled function did not run, whatever the method.
            let next = match &refusal.failure {
                Failure::Throttled(seconds) => {
                    let asked = seconds.map(std::time::Duration::from_secs);
                    attempts.next(RetryCause::Status(429), true, asked, &deadline)
                }
                _ if refusal.unsent => attempts.next(RetryCause::Connect, true, None, &deadline),
                _ => None,
            };
            match next {
                Some(delay) => tokio::time::sleep(delay).await,
                None => return Err(refusal.failure),
            }
        }
    }

    async fn attempt(&self, payload: Vec<u8>, account: &mut Account) -> Result<Vec<u8>, Refusal> {
        account.asked();
        let sent = self
            .service
            .client()
            .invoke()
            .function_name(&self.settings.name)
            .set_qualifier(self.settings.qualifier.clone())
            .payload(Blob::new(payload))
            .send()
            .await;
        let output = sent.map_err(|error| Refusal::of(&error, account))?;
        account.status(u16::try_from(output.status_code).unwrap_or_default());
        let reply = output.payload.map(Blob::into_inner).unwrap_or_default();
        if output.function_error.is_some() {
            return Err(reply::function_error(&reply, account).into());
        }
        Ok(reply)
    }
}
