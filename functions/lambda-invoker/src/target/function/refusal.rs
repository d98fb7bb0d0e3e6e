//! Errors of the Invoke API -> the ladder
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>).

use std::borrow::Cow;
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde::Deserialize;
use shared::Deadline;
use shared::aws::is_stale_word;
use shared::http::outbound::{Received, SendError};

use crate::account::Account;
use crate::error::Failure;

/// An error of the API is small; what stands behind that is not looked at.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// No code of any service is half as long.
const LONGEST_WORD: usize = 128;

/// Nobody waits longer for the rest of an error whose status is there.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// What the API calls a payload that it cannot read.
const BAD_PAYLOAD: &str = "InvalidRequestContentException";

/// Why an invocation was not taken.
#[derive(Debug)]
pub(super) struct Refusal {
    /// What it means.
    pub(super) failure: Failure,
    /// Whether nothing was sent.
    pub(super) unsent: bool,
    /// Whether the service does not know the credentials any more.
    pub(super) stale: bool,
    /// Whether the signature was of another time, and the next one has the service's.
    pub(super) skewed: bool,
    /// Whether the service could not read the payload.
    pub(super) unreadable: bool,
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        Self {
            failure: error.into(),
            unsent: error.is_unsent(),
            stale: false,
            skewed: false,
            unreadable: false,
        }
    }
}

impl Refusal {
    /// Reads what the service says in place of an answer of the function's, as far as it comes soon. Its own code goes to
    /// the log. `skewed` looks at it and at the headers for a clock that is off.
    pub(super) async fn read(
        received: Received<'_>,
        skewed: impl FnOnce(Option<&str>, &HeaderMap) -> bool,
        deadline: &Deadline,
        account: &mut Account,
    ) -> Self {
        let head = received.head();
        let status = head.status().as_u16();
        let seconds = retry_after(head.headers());
        let named = head.headers().get("x-amzn-errortype");
        let named = named.and_then(|value| code(value.to_str().ok()?));
        let headers = head.headers().clone();
        // The status alone says enough where the body breaks off or does not come.
        let wait = LONGEST_WAIT.min(deadline.remaining() / 2);
        let body = tokio::time::timeout(wait, received.read(MAX_ERROR_BYTES)).await;
        let body = body.ok().and_then(|read| Some(read.ok()?.1));
        let code = named.or_else(|| code_in(&body.unwrap_or_default()));
        let failure = by_status(status, code.as_deref().unwrap_or_default(), seconds);
        // Whoever answers anything else may have run the function.
        let stale = status == 403 && code.as_deref().is_some_and(is_stale_word);
        let skewed = status == 403 && skewed(code.as_deref(), &headers);
        let unreadable = status == 400 && code.as_deref() == Some(BAD_PAYLOAD);
        account.error(code);
        Self {
            failure,
            unsent: false,
            stale,
            skewed,
            unreadable,
        }
    }
}

/// The code in a name like `ns#Code:http://...`; `None` for what is no word.
fn code(name: &str) -> Option<String> {
    let name = name.split(':').next().unwrap_or_default();
    word(name.rsplit('#').next().unwrap_or_default().trim())
}

/// The name of an error, of a service or of a function in whatever language; `None` for what is no word.
pub(super) fn word(name: &str) -> Option<String> {
    let in_word = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:$".contains(&byte);
    ((1..=LONGEST_WORD).contains(&name.len()) && name.bytes().all(in_word)).then(|| name.to_owned())
}

/// The code in the body of an error, where its header is missing: a proxy may have dropped it, and services that stand
/// in for Lambda may not send it.
fn code_in(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Told<'a> {
        #[serde(rename = "__type", borrow)]
        kind: Option<Cow<'a, str>>,
        #[serde(borrow)]
        code: Option<Cow<'a, str>>,
    }
    let told: Told<'_> = serde_json::from_slice(body).ok()?;
    told.code
        .as_deref()
        .and_then(code)
        .or_else(|| told.kind.as_deref().and_then(code))
}

/// How many seconds the service asks for.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// The ladder by the API's status; a code decides only where one status means two things.
fn by_status(status: u16, code: &str, retry_after: Option<u64>) -> Failure {
    match (status, code) {
        (429, _) => Failure::Throttled(retry_after),
        (413, _) => Failure::RequestTooLarge,
        (408, _) => Failure::UpstreamTimeout,
        (409 | 503, _) | (_, "ENINotReadyException" | "ResourceNotReadyException") => Failure::FunctionNotReady,
        // Not found, not allowed, wrongly signed: never the client's fault.
        (400..=499, _) => Failure::InvokeRefused,
        _ => Failure::InvokeFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_place() {
        for (status, code, expected) in [
            (404, "ResourceNotFoundException", Failure::InvokeRefused),
            (400, "InvalidParameterValueException", Failure::InvokeRefused),
            (400, "InvalidRequestContentException", Failure::InvokeRefused),
            (400, "RecursiveInvocationException", Failure::InvokeRefused),
            (403, "AccessDeniedException", Failure::InvokeRefused),
            (403, "InvalidSignatureException", Failure::InvokeRefused),
            (403, "EFSMountFailureException", Failure::InvokeRefused),
            (410, "EFSIOException", Failure::InvokeRefused),
            (415, "UnsupportedMediaTypeException", Failure::InvokeRefused),
            (413, "RequestTooLargeException", Failure::RequestTooLarge),
            (429, "TooManyRequestsException", Failure::Throttled(Some(7))),
            (409, "ResourceConflictException", Failure::FunctionNotReady),
            (409, "SnapStartNotReadyException", Failure::FunctionNotReady),
            (408, "EFSMountTimeoutException", Failure::UpstreamTimeout),
            (408, "SnapStartTimeoutException", Failure::UpstreamTimeout),
            (500, "ServiceException", Failure::InvokeFailed),
            (502, "EC2UnexpectedException", Failure::InvokeFailed),
            (502, "ENINotReadyException", Failure::FunctionNotReady),
            (502, "ResourceNotReadyException", Failure::FunctionNotReady),
            (503, "", Failure::FunctionNotReady),
        ] {
            assert_eq!(by_status(status, code, Some(7)), expected, "{status} {code}");
        }
    }
}
