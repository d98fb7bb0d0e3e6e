//! The errors of OAuth 2.0, and the headers of answers that concern tokens.

use axum::body::Body;
use http::header::{CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use super::super::wire::json_answer;

/// An OAuth 2.0 error (RFC 6749, section 5.2): its code, the status and a sentence for people.
#[derive(Clone, Copy, Debug)]
pub(super) struct OauthError {
    status: StatusCode,
    code: &'static str,
    description: &'static str,
}

impl OauthError {
    pub(super) const fn bad(code: &'static str, description: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            description,
        }
    }

    pub(super) const fn unauthorized(code: &'static str, description: &'static str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code,
            description,
        }
    }

    /// For what the stand-in itself cannot do.
    pub(super) const fn internal(description: &'static str) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "server_error",
            description,
        }
    }

    pub(super) fn answer(self) -> Response<Body> {
        let body = json!({"error": self.code, "error_description": self.description});
        let mut response = json_answer(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"hydra\""));
        }
        uncached(response)
    }
}

/// Answers that hold or concern tokens are not to be cached (RFC 6749, section 5.1).
pub(super) fn uncached(mut response: Response<Body>) -> Response<Body> {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
