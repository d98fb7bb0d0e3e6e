//! Errors of the Invoke API -> the ladder
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>).

use std::error::Error;

use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;

use crate::account::Account;
use crate::error::Failure;
use shared::http::outbound::SendError;

/// Why an invocation brought no reply.
#[derive(Debug)]
pub(super) struct Refusal {
    /// What it means.
    pub(super) failure: Failure,
    /// The service's own code.
    pub(super) code: Option<String>,
    /// Whether nothing was sent.
    pub(super) unsent: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            code: None,
            unsent: false,
        }
    }
}

impl Refusal {
    /// What a failed invocation means. The service's own code goes to the log.
    pub(super) fn of(error: &SdkError<InvokeError>, account: &mut Account) -> Self {
        match error {
            SdkError::ConstructionFailure(_) => Failure::Signing.into(),
            SdkError::TimeoutError(_) => Failure::UpstreamTimeout.into(),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error().and_then(|error| cause(error)) {
                Some(sent) => Self {
                    failure: sent.into(),
                    code: None,
                    unsent: sent.is_unsent(),
                },
                None => Failure::BadResponse.into(),
            },
            SdkError::ServiceError(context) => {
                let status = context.raw().status().as_u16();
                let code = context.err().code().filter(|code| !code.is_empty());
                account.status(status);
                account.error(code.map(str::to_owned));
                let retry_after = match context.err() {
                    InvokeError::TooManyRequestsException(throttled) => {
                        throttled.retry_after_seconds().and_then(|seconds| seconds.parse().ok())
                    }
                    _ => None,
                };
                Self {
                    failure: by_status(status, code.unwrap_or_default(), retry_after),
                    code: code.map(str::to_owned),
                    unsent: false,
                }
            }
            _ => Failure::BadResponse.into(),
        }
    }
}

/// What our own client said, somewhere below the SDK's errors.
fn cause(error: &(dyn Error + 'static)) -> Option<SendError> {
    std::iter::successors(Some(error), |error| (**error).source()).find_map(|cause| cause.downcast_ref().copied())
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
