//! The errors of OAuth 2.0 as each version writes them, other refusals, and the headers of answers that concern tokens.

use axum::body::Body;
use http::header::{ALLOW, CACHE_CONTROL, PRAGMA};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::super::wire::{json_answer, typed_answer};
use super::HydraVersion;

/// An OAuth 2.0 error (RFC 6749, section 5.2): its code, the status, what it means and what is wrong this time.
#[derive(Clone, Copy, Debug)]
pub(super) struct OauthError {
    status: StatusCode,
    code: &'static str,
    meaning: &'static str,
    hint: Option<&'static str>,
}

impl OauthError {
    pub(super) const fn invalid_request(hint: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_request",
            meaning: "The request is missing a required parameter, includes an invalid parameter value, includes a \
                      parameter more than once, or is otherwise malformed",
            hint: Some(hint),
        }
    }

    pub(super) const fn invalid_client(hint: Option<&'static str>) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "invalid_client",
            meaning: "Client authentication failed (e.g., unknown client, no client authentication included, or \
                      unsupported authentication method)",
            hint,
        }
    }

    pub(super) const fn invalid_scope() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_scope",
            meaning: "The requested scope is invalid, unknown, or malformed",
            hint: Some("The OAuth 2.0 Client is not allowed to request this scope."),
        }
    }

    pub(super) const fn unauthorized_client() -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "unauthorized_client",
            meaning: "The client is not authorized to request a token using this method",
            hint: Some("The OAuth 2.0 Client is not allowed to use this authorization grant."),
        }
    }

    /// Who introspects at 0.x is not known.
    pub(super) const fn unauthorized(hint: &'static str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "request_unauthorized",
            meaning: "The request could not be authorized",
            hint: Some(hint),
        }
    }

    /// Who introspects at 0.11 may not.
    pub(super) const fn scope_not_granted() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: "scope_not_granted",
            meaning: "The token was not granted the requested scope",
            hint: Some("The resource owner did not grant the requested scope."),
        }
    }

    /// For what the stand-in itself cannot do.
    pub(super) const fn internal(hint: &'static str) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "server_error",
            meaning: "The stand-in failed",
            hint: Some(hint),
        }
    }

    pub(super) fn answer(self, version: HydraVersion) -> Response<Body> {
        let (status, text) = (self.status.as_u16(), self.text(version));
        let mut body = match version {
            HydraVersion::V0_6 => json!({"name": self.code, "description": self.meaning, "statusCode": status}),
            HydraVersion::V0_11 => {
                json!({"error": self.code, "error_description": self.meaning, "status_code": status})
            }
            HydraVersion::V1_8 => json!({
                "error": self.code,
                "error_verbose": self.meaning,
                "error_description": text,
                "status_code": status,
            }),
            HydraVersion::V1_11 | HydraVersion::V2_3 | HydraVersion::V2 => {
                json!({"error": self.code, "error_description": text})
            }
        };
        let tells_hint = matches!(version, HydraVersion::V0_11 | HydraVersion::V1_8);
        if let (true, Some(hint), Value::Object(members)) = (tells_hint, self.hint, &mut body) {
            members.insert("error_hint".to_owned(), json!(hint));
        }
        uncached(json_answer(self.status, &body))
    }

    fn text(self, version: HydraVersion) -> String {
        let Self { meaning, hint, .. } = self;
        match (version, hint) {
            (HydraVersion::V1_8, Some(hint)) => format!("{meaning}\n\n{hint}"),
            (HydraVersion::V1_8, None) => meaning.to_owned(),
            (_, Some(hint)) => format!("{meaning}. {hint}"),
            (_, None) => format!("{meaning}."),
        }
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

/// A path that takes POST alone got another method.
pub(super) fn method_not_allowed(version: HydraVersion) -> Response<Body> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
    let methods = match version {
        HydraVersion::V1_8 | HydraVersion::V1_11 | HydraVersion::V2_3 => "OPTIONS, POST",
        HydraVersion::V0_6 | HydraVersion::V0_11 | HydraVersion::V2 => "POST",
    };
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// A path that is not there: text, JSON that is called text, or a page, by version and port.
pub(super) fn not_found(version: HydraVersion, administrative: bool) -> Response<Body> {
    const TEXT: &str = "404 page not found\n";
    const PAGE: &str = "<!DOCTYPE html><title>404 - Route not found</title><h1>Error 404</h1>";
    match (version, administrative) {
        (HydraVersion::V1_8, _) => plain(
            StatusCode::NOT_FOUND,
            "{\"error\": \"Error 404 - The requested route does not exist. Make sure you are using the right path, \
             domain, and port.\"}",
        ),
        (HydraVersion::V1_11, _) | (HydraVersion::V2_3, true) | (HydraVersion::V2, false) => {
            typed_answer(StatusCode::NOT_FOUND, "text/html; charset=utf-8", PAGE)
        }
        _ => plain(StatusCode::NOT_FOUND, TEXT),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    typed_answer(status, "text/plain; charset=utf-8", text)
}
