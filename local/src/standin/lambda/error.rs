//! The errors of the Invoke API: their status, their members, how they are written.
//!
//! The table is the model's: `lambda/2015-03-31` of the AWS SDKs. A test with another SDK holds every row against its own copy.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::super::fault::Named as NamedAnswer;
use super::super::wire::json_answer;

/// An error that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    shape: Shape,
    message: String,
    /// Of `TooManyRequestsException` alone.
    reason: Option<&'static str>,
}

/// One error of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    name: &'static str,
    status: u16,
    /// The member with the text: the model writes it in two ways.
    text: &'static str,
    message: &'static str,
}

const UPPER: &str = "Message";
const LOWER: &str = "message";

const fn shape(name: &'static str, status: u16, text: &'static str, message: &'static str) -> Shape {
    Shape {
        name,
        status,
        text,
        message,
    }
}

/// What a caller may do at once is used up.
const THROTTLED: &str = "TooManyRequestsException";
/// The function's own concurrency is used up.
pub(super) const RESERVED: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";
/// The account's concurrency is used up.
pub(super) const ACCOUNT: &str = "ConcurrentInvocationLimitExceeded";

const SHAPES: [Shape; 41] = [
    // Not of the model: what stands before every AWS API.
    shape("AccessDeniedException", 403, UPPER, "Access denied."),
    shape("ExpiredTokenException", 403, LOWER, "The security token included in the request is expired"),
    shape("UnknownOperationException", 404, LOWER, "The operation is not known."),
    shape("ValidationException", 400, LOWER, "1 validation error detected."),
    // Of the model.
    shape("DurableExecutionAlreadyStartedException", 409, UPPER, "The durable execution has already been started."),
    shape("EC2AccessDeniedException", 502, UPPER, "Need additional permissions to configure VPC settings."),
    shape("EC2ThrottledException", 502, UPPER, "Amazon EC2 throttled Lambda during function initialization."),
    shape("EC2UnexpectedException", 502, UPPER, "Lambda received an unexpected Amazon EC2 client exception."),
    shape("EFSIOException", 410, UPPER, "An error occurred when reading from or writing to a file system."),
    shape("EFSMountConnectivityException", 408, UPPER, "The function couldn't connect to the file system."),
    shape("EFSMountFailureException", 403, UPPER, "The function couldn't mount the file system."),
    shape("EFSMountTimeoutException", 408, UPPER, "The mount operation timed out."),
    shape("ENILimitReachedException", 502, UPPER, "The limit for network interfaces has been reached."),
    shape("InvalidParameterValueException", 400, LOWER, "One of the parameters in the request is not valid."),
    shape("InvalidRequestContentException", 400, LOWER, "Could not parse request body into json."),
    shape("InvalidRuntimeException", 502, UPPER, "The runtime specified is not supported."),
    shape("InvalidSecurityGroupIDException", 502, UPPER, "The security group ID is not valid."),
    shape("InvalidSubnetIDException", 502, UPPER, "The subnet ID is not valid."),
    shape("InvalidZipFileException", 502, UPPER, "Lambda could not unzip the deployment package."),
    shape("KMSAccessDeniedException", 502, UPPER, "Lambda was unable to decrypt the environment variables."),
    shape("KMSDisabledException", 502, UPPER, "The KMS key used is disabled."),
    shape("KMSInvalidStateException", 502, UPPER, "The state of the KMS key used is not valid for Decrypt."),
    shape("KMSNotFoundException", 502, UPPER, "The KMS key was not found."),
    shape("NoPublishedVersionException", 400, UPPER, "The function has no published versions available."),
    shape("RecursiveInvocationException", 400, UPPER, "Lambda has detected a recursive loop."),
    shape("RequestTooLargeException", 413, LOWER, "The request payload exceeded the quota."),
    shape("ResourceConflictException", 409, LOWER, "Another operation is in progress."),
    shape("ResourceNotFoundException", 404, UPPER, "The resource specified in the request does not exist."),
    shape("ResourceNotReadyException", 502, LOWER, "The function is inactive."),
    shape("S3FilesMountConnectivityException", 408, UPPER, "The function couldn't connect to the access point."),
    shape("S3FilesMountFailureException", 403, UPPER, "The function couldn't mount the access point."),
    shape("S3FilesMountTimeoutException", 408, UPPER, "The mount operation timed out."),
    shape("SerializedRequestEntityTooLargeException", 413, LOWER, "The serialized request is too large."),
    shape("ServiceException", 500, UPPER, "The Lambda service encountered an internal error."),
    shape("SnapStartException", 400, UPPER, "The runtime hook encountered an error."),
    shape("SnapStartNotReadyException", 409, UPPER, "Lambda is initializing your function."),
    shape("SnapStartTimeoutException", 408, UPPER, "Lambda couldn't restore the snapshot within the timeout limit."),
    shape("SubnetIPAddressLimitReachedException", 502, UPPER, "A subnet has no available IP addresses."),
    shape(THROTTLED, 429, LOWER, "Rate Exceeded."),
    shape("UnrecognizedClientException", 403, LOWER, "The security token included in the request is invalid."),
    shape("UnsupportedMediaTypeException", 415, LOWER, "The content type of the request body is not JSON."),
];

/// What stands in for a name that the table does not have: our own mistake, and Lambda's word for its own.
const UNKNOWN: Shape = shape("ServiceException", 500, UPPER, "The Lambda service encountered an internal error.");

impl ApiError {
    /// An error of the table with a message of its own.
    pub(super) fn new(name: &str, message: impl Into<String>) -> Self {
        let shape = SHAPES.into_iter().find(|shape| shape.name == name).unwrap_or(UNKNOWN);
        Self {
            shape,
            message: message.into(),
            reason: None,
        }
    }

    /// 429 with the limit that was reached.
    pub(super) fn throttled(reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..Self::new(THROTTLED, "Rate Exceeded.")
        }
    }

    /// A member that breaks the model's constraints.
    pub(super) fn validation(value: &str, member: &str, rule: &str) -> Self {
        let message =
            format!("1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}");
        Self::new("ValidationException", message)
    }

    /// The error's name.
    #[cfg(test)]
    pub(super) fn name(&self) -> &'static str {
        self.shape.name
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.shape.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn body(&self) -> Value {
        let fault = if self.shape.status < 500 { "User" } else { "Service" };
        let mut body = json!({"Type": fault, self.shape.text: self.message});
        if let Some(members) = body.as_object_mut() {
            if let Some(reason) = self.reason {
                members.insert("Reason".to_owned(), reason.into());
            }
            if self.shape.name == "EC2UnexpectedException" {
                members.insert("EC2ErrorCode".to_owned(), "InternalError".into());
            }
        }
        body
    }

    /// The answer, without the request's id.
    pub(super) fn answer(&self) -> Response<Body> {
        let mut response = json_answer(self.status(), &self.body());
        let headers = response.headers_mut();
        headers.insert("x-amzn-errortype", HeaderValue::from_static(self.shape.name));
        if self.shape.name == THROTTLED {
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Refusals of a signature, which have names and words of their own.
pub(super) fn unsigned(code: &'static str, message: &str) -> Response<Body> {
    let mut response = json_answer(StatusCode::FORBIDDEN, &json!({"message": message}));
    let name = HeaderName::from_static("x-amzn-errortype");
    response.headers_mut().insert(name, HeaderValue::from_static(code));
    response
}

/// The error that a fault asks for by its name.
pub(super) fn by_name(name: &str) -> Option<NamedAnswer> {
    let shape = SHAPES.into_iter().find(|shape| shape.name == name)?;
    let error = match name {
        THROTTLED => ApiError::throttled(RESERVED),
        _ => ApiError::new(shape.name, shape.message),
    };
    let mut response = error.answer();
    super::answer::stamp(response.headers_mut(), &crate::random::uuid());
    let (head, _) = response.into_parts();
    Some(NamedAnswer {
        status: head.status,
        headers: head.headers,
        body: error.body().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_it_is() {
        let response = ApiError::throttled(RESERVED).answer();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["x-amzn-errortype"], "TooManyRequestsException");
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(
            ApiError::throttled(RESERVED).body(),
            json!({"Type": "User", "message": "Rate Exceeded.", "Reason": RESERVED})
        );
        assert_eq!(
            ApiError::new("ServiceException", "x").body(),
            json!({"Type": "Service", "Message": "x"})
        );
    }

    #[test]
    fn names_are_unique_and_known() {
        for (at, shape) in SHAPES.iter().enumerate() {
            assert!(by_name(shape.name).is_some());
            assert!(SHAPES.iter().skip(at + 1).all(|other| other.name != shape.name), "{}", shape.name);
        }
        assert!(by_name("NoSuchException").is_none());
    }
}
