//! The errors of the Invoke API: their status, their members, how they are written.
//!
//! The table is the model's: `lambda/2015-03-31` of the AWS SDKs. A test with another SDK holds every row against its own copy.

mod model;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::super::fault::Named as NamedAnswer;
use super::super::wire::json_answer;
use model::{SHAPES, Shape, THROTTLED, UNKNOWN};

/// An error that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    shape: Shape,
    message: String,
    /// Of `TooManyRequestsException` alone.
    reason: Option<&'static str>,
}

/// The function's own concurrency is used up.
pub(super) const RESERVED: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";
/// The account's concurrency is used up.
pub(super) const ACCOUNT: &str = "ConcurrentInvocationLimitExceeded";

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
            assert!(
                SHAPES.iter().skip(at + 1).all(|other| other.name != shape.name),
                "{}",
                shape.name
            );
        }
        assert!(by_name("NoSuchException").is_none());
    }
}
