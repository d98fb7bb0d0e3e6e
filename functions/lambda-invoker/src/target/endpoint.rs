//! An HTTP endpoint: signs what is sent, sends what is signed.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body_util::Full;
use serde::Deserialize;
use shared::aws::{Provider, is_stale_word};
use shared::{Clock, Deadline};

use super::breaker::Breaker;
use super::retry::Attempts;
use super::signer::Signer;
use super::{Admission, Answered, Reading, Rest, answered};
use crate::account::Account;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::response;
use crate::routes::{RetryCause, RetryRules, Signing};
use shared::http::outbound::Client;

/// A live endpoint.
#[derive(Debug)]
pub struct Endpoint {
    host: HeaderValue,
    client: Arc<Client>,
    signer: Option<Signer>,
    retry: RetryRules,
    breaker: Option<Arc<Breaker>>,
}

/// What one attempt brought.
enum Outcome {
    /// An answer: whole, or the start of it and the rest.
    Answered(Parts, Bytes, Option<Rest>),
    /// No answer, or none that can be used.
    Failed(Failure),
    /// Nothing was sent.
    Unsent(Failure),
}

impl Endpoint {
    /// An endpoint that is asked for by `host`, and signs, if it does, with what `credentials` give.
    pub fn new(
        host: HeaderValue,
        client: Arc<Client>,
        signing: Option<(Signing, Arc<Provider>)>,
        retry: RetryRules,
        breaker: Option<Arc<Breaker>>,
    ) -> Self {
        Self {
            host,
            client,
            signer: signing.map(|(signing, credentials)| Signer::new(signing, credentials)),
            retry,
            breaker,
        }
    }

    /// Sends a request, again if the route has it so, and waits for the whole answer, or for its head if it may be
    /// streamed.
    ///
    /// # Errors
    /// Every upstream failure of the ladder.
    pub async fn call(
        &self,
        outgoing: Outgoing,
        reading: Reading,
        deadline: Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Answered, Failure> {
        let admission = Admission::of(self.breaker.as_deref(), &self.client, &deadline, clock, account)?;
        let result = {
            // Pinned here, so that the time-out holds a reference: the exchange itself is large, and moving it costs.
            let exchange = pin!(self.exchange(outgoing, reading, deadline, clock, account));
            tokio::time::timeout(deadline.remaining(), exchange).await
        };
        account.ended();
        let mut result = result.unwrap_or(Err(Failure::UpstreamTimeout));
        admission.tell(&mut result, self.breaker.as_ref(), clock, account);
        result
    }

    async fn exchange(
        &self,
        outgoing: Outgoing,
        reading: Reading,
        deadline: Deadline,
        clock: &dyn Clock,
        account: &mut Account,
    ) -> Result<Answered, Failure> {
        let uri = uri(outgoing.target())?;
        let Outgoing {
            method,
            mut headers,
            signed,
            body,
            ..
        } = outgoing;
        headers.insert(HOST, self.host.clone());
        if body.is_empty() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let signer = self.signer.as_ref().filter(|_| signed);
        let mut attempts = Attempts::new(&self.retry);
        let mut renewed = false;
        loop {
            let renewable = signer.is_some_and(|signer| !renewed && signer.is_renewable());
            let mut request = Request::new(Full::new(body.clone()));
            *request.method_mut() = method.clone();
            *request.uri_mut() = uri.clone();
            // Copied only where they may be needed once more.
            *request.headers_mut() = if attempts.may_go_on() || renewable {
                headers.clone()
            } else {
                std::mem::take(&mut headers)
            };
            let used = match signer {
                Some(signer) => Some(
                    signer
                        .apply(&mut request, &self.host, &body, &deadline, clock, account)
                        .await?,
                ),
                None => None,
            };
            account.asked();
            let outcome = self
                .attempt(request, attempts.may_repeat(&method), reading, account)
                .await;
            account.ended();
            if let (Outcome::Answered(head, body, _), Some(signer), Some(used)) = (&outcome, signer, &used)
                && renewable
                && calls_credentials_stale(head, body, &method)
                && signer.forget(used)
            {
                renewed = true;
                continue;
            }
            let next = match &outcome {
                Outcome::Answered(head, ..) => {
                    let cause = RetryCause::Status(head.status.as_u16());
                    let safe = attempts.is_safe(&method);
                    attempts.next(cause, safe, retry_after(&head.headers), &deadline)
                }
                Outcome::Unsent(_) => attempts.next(RetryCause::Connect, true, None, &deadline),
                Outcome::Failed(_) => None,
            };
            let Some(delay) = next else {
                return match outcome {
                    Outcome::Answered(head, body, rest) => {
                        let answer = response::answer(head.status, head.headers, body, &method)?;
                        let rest = rest.filter(|_| response::has_body(answer.status(), &method));
                        Ok(Answered {
                            rest,
                            ..Answered::from(answer)
                        })
                    }
                    Outcome::Failed(failure) | Outcome::Unsent(failure) => Err(failure),
                };
            };
            tokio::time::sleep(delay).await;
        }
    }

    async fn attempt(
        &self,
        request: Request<Full<Bytes>>,
        repeat: bool,
        reading: Reading,
        account: &mut Account,
    ) -> Outcome {
        let received = match self.client.send(request, repeat).await {
            Ok(received) => received,
            Err(error) => {
                if let Some(word) = error.word() {
                    account.error(Some(word.to_owned()));
                }
                let failure = Failure::from(error);
                return if error.is_unsent() {
                    Outcome::Unsent(failure)
                } else {
                    Outcome::Failed(failure)
                };
            }
        };
        account.status(received.head().status().as_u16());
        match answered::read(received, &self.client, reading).await {
            Ok((head, body, rest)) => Outcome::Answered(head, body, rest),
            Err(error) => Outcome::Failed(error.into()),
        }
    }
}

/// The URI of a request target. What the HTTP client will write into the request line is compared with what is signed:
/// a parser may not have an opinion of its own.
fn uri(target: String) -> Result<Uri, Failure> {
    let target = Bytes::from(target);
    let uri = Uri::from_maybe_shared(target.clone()).map_err(|_| Failure::BadPath)?;
    if uri.authority().is_none() && path_and_query(&uri) == target {
        Ok(uri)
    } else {
        Err(Failure::BadPath)
    }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", PathAndQuery::as_str)
}

/// How long the target wants to be left alone; its form as a date is not looked at.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Whether AWS refused a request for credentials that it does not know any more. API Gateway and Function URLs say so in
/// a header. A body alone may be that of the application behind them, which has run and answers for what it asked
/// itself: it is believed only where it does no harm to send the request again.
fn calls_credentials_stale(head: &Parts, body: &Bytes, method: &Method) -> bool {
    #[derive(Deserialize)]
    struct Refusal<'a> {
        #[serde(rename = "__type", borrow)]
        kind: std::borrow::Cow<'a, str>,
    }
    if head.status != http::StatusCode::FORBIDDEN {
        return false;
    }
    // `Name`, `Name:http://…` in the header, `namespace#Name` in the body.
    if let Some(kind) = head.headers.get("x-amzn-errortype") {
        let kind = kind.to_str().unwrap_or_default();
        return is_stale_word(kind.split(':').next().unwrap_or_default().trim());
    }
    if !method.is_idempotent() {
        return false;
    }
    let refusal: Option<Refusal<'_>> = serde_json::from_slice(body).ok();
    refusal.is_some_and(|refusal| is_stale_word(refusal.kind.rsplit('#').next().unwrap_or_default()))
}
