//! The answers that API Gateway gives itself, and the backend behind the routes.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Api, call::Call, reply::Reply, rest};

/// Why API Gateway answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A REST API has no such stage.
    NoStage,
    /// No route has this method and path.
    NoRoute,
    /// The identity source is missing, or the authorizer said `Unauthorized`.
    Unauthorized,
    /// A statement of the policy, or a simple response, denies it.
    ExplicitDeny,
    /// No statement of the policy speaks of it.
    ImplicitDeny,
    /// The authorizer failed, or answered what cannot be read.
    AuthorizerFailed,
    /// The method's ARN has more than 1600 bytes.
    ArnTooLong,
    /// The body has more than 10 MB.
    BodyTooLarge,
    /// The request could not be read.
    BadRequest,
}

impl Refusal {
    /// Status, body and `x-amzn-ErrorType` of a REST API. The two denials spell their member with a capital, as the
    /// real ones do.
    fn rest(self) -> (u16, Value, &'static str) {
        let deny = "User is not authorized to access this resource";
        match self {
            Self::NoStage => (403, json!({ "message": "Forbidden" }), "ForbiddenException"),
            Self::NoRoute => (
                403,
                json!({ "message": "Missing Authentication Token" }),
                "MissingAuthenticationTokenException",
            ),
            Self::Unauthorized => (401, json!({ "message": "Unauthorized" }), "UnauthorizedException"),
            Self::ExplicitDeny => (
                403,
                json!({ "Message": format!("{deny} with an explicit deny") }),
                "AccessDeniedException",
            ),
            Self::ImplicitDeny => (403, json!({ "Message": deny }), "AccessDeniedException"),
            Self::AuthorizerFailed => (500, json!({ "message": null }), "AuthorizerConfigurationException"),
            Self::ArnTooLong => (
                414,
                json!({ "message": "Request URI too long" }),
                "RequestUriTooLongException",
            ),
            Self::BodyTooLarge => (
                413,
                json!({ "message": "Request Too Long" }),
                "RequestTooLargeException",
            ),
            Self::BadRequest => (400, json!({ "message": "Bad Request" }), "BadRequestException"),
        }
    }

    /// Status and message of an HTTP API.
    fn http(self) -> (u16, &'static str) {
        match self {
            Self::NoStage | Self::NoRoute => (404, "Not Found"),
            Self::Unauthorized => (401, "Unauthorized"),
            Self::ExplicitDeny | Self::ImplicitDeny => (403, "Forbidden"),
            Self::AuthorizerFailed => (500, "Internal Server Error"),
            Self::ArnTooLong => (414, "URI Too Long"),
            Self::BodyTooLarge => (413, "Request Entity Too Large"),
            Self::BadRequest => (400, "Bad Request"),
        }
    }

    /// The whole response.
    pub(super) fn response(self, api: Api, request_id: &str) -> Response<Full<Bytes>> {
        if api.is_rest() {
            let (status, body, error_type) = self.rest();
            let mut response = json_response(api, request_id, status, &body);
            response.headers_mut().insert(
                HeaderName::from_static("x-amzn-errortype"),
                HeaderValue::from_static(error_type),
            );
            response
        } else {
            let (status, message) = self.http();
            json_response(api, request_id, status, &json!({ "message": message }))
        }
    }
}

/// The backend of every route: it tells what it was told.
pub(super) fn hello(call: &Call<'_>, reply: &Reply) -> Response<Full<Bytes>> {
    let body = json!({
        "message": "hello",
        "method": call.method,
        "path": call.path,
        "principalId": reply.principal,
        "context": reply.context,
    });
    json_response(call.options.api, call.request_id, 200, &body)
}

fn json_response(api: Api, request_id: &str, status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if api.is_rest() {
        set("x-amzn-requestid", request_id);
        set("x-amz-apigw-id", &rest::extended_id(request_id));
    } else {
        set("apigw-requestid", &rest::extended_id(request_id));
    }
    response
}
