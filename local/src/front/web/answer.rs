//! A function's reply, whole or streamed, as the client gets it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use serde_json::{Map, Value, json};

use super::body::Body;
use super::{Kind, prelude};
use crate::front::OF_THE_CONNECTION;
use crate::function::{Answered, Invoked};

/// Why the front answers itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The path does not begin with the stage.
    NoStage,
    /// The body has more than 6 MB.
    TooLarge,
    /// The request could not be read.
    BadRequest,
    /// All environments are busy.
    Throttled,
    /// The function failed.
    Failed,
    /// The reply cannot be understood.
    Malformed(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(problem) => write!(f, "502, malformed reply: {problem}"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Refusal {
    pub(super) fn response(&self, kind: Kind) -> Response<Body> {
        let (status, message) = match (self, kind) {
            (Self::NoStage, _) => (StatusCode::FORBIDDEN, "Forbidden"),
            (Self::TooLarge, _) => (StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long"),
            (Self::BadRequest, _) => (StatusCode::BAD_REQUEST, "Bad Request"),
            (Self::Throttled, Kind::FunctionUrl) => (StatusCode::TOO_MANY_REQUESTS, "Rate Exceeded."),
            (Self::Throttled, Kind::RestApi) => (StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"),
            (Self::Failed | Self::Malformed(_), Kind::RestApi) => (StatusCode::BAD_GATEWAY, "Internal server error"),
            (Self::Failed | Self::Malformed(_), Kind::FunctionUrl) => {
                let mut response = Response::new(Body::whole("Internal Server Error".into()));
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                return response;
            }
        };
        let mut response = Response::new(Body::whole(json!({ "message": message }).to_string().into()));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// The answer to a whole reply.
pub(super) fn whole(kind: Kind, outcome: Invoked) -> Result<Response<Body>, Refusal> {
    let payload = payload(outcome)?;
    let reply: Value = serde_json::from_slice(&payload).map_err(|error| Refusal::Malformed(error.to_string()))?;
    match reply {
        Value::Object(members) if members.contains_key("statusCode") => {
            let body = members.get("body").and_then(Value::as_str).unwrap_or_default();
            let body = match members.get("isBase64Encoded") {
                Some(Value::Bool(true)) => STANDARD
                    .decode(body)
                    .map_err(|_| Refusal::Malformed("body is not Base64".to_owned()))?
                    .into(),
                _ => Bytes::copy_from_slice(body.as_bytes()),
            };
            response(&members, "application/json", Body::whole(body))
        }
        _ if kind == Kind::FunctionUrl => Ok(raw("application/json", Body::whole(payload))),
        _ => Err(Refusal::Malformed("no statusCode".to_owned())),
    }
}

/// The answer to a reply of a front that passes streams on.
pub(super) async fn streamed(kind: Kind, answered: Answered) -> Result<Response<Body>, Refusal> {
    let mut stream = match answered {
        Answered::Stream(stream) => stream,
        // Not looked into: what is not streamed is a body without status and headers.
        Answered::Whole(outcome) => {
            let payload = payload(outcome)?;
            return match kind {
                Kind::FunctionUrl => Ok(raw("application/octet-stream", Body::whole(payload))),
                Kind::RestApi => Err(Refusal::Malformed("no prelude".to_owned())),
            };
        }
    };
    let media_type = stream.content_type().to_owned();
    if media_type != prelude::MEDIA_TYPE {
        return match kind {
            Kind::FunctionUrl => Ok(raw(&media_type, Body::streamed(Bytes::new(), stream))),
            Kind::RestApi => Err(Refusal::Malformed("no prelude".to_owned())),
        };
    }
    let (members, start) = prelude::read(&mut stream).await.map_err(Refusal::Malformed)?;
    response(&members, "application/octet-stream", Body::streamed(start, stream))
}

fn payload(outcome: Invoked) -> Result<Bytes, Refusal> {
    match outcome {
        Invoked::Response(payload) => Ok(payload),
        Invoked::Throttled => Err(Refusal::Throttled),
        _ => Err(Refusal::Failed),
    }
}

fn raw(content_type: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let content_type = HeaderValue::from_str(content_type)
        .ok()
        .filter(|value| !value.is_empty());
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn response(members: &Map<String, Value>, media_type: &'static str, body: Body) -> Result<Response<Body>, Refusal> {
    let malformed = |problem: &str| Refusal::Malformed(problem.to_owned());
    let status = members
        .get("statusCode")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        .filter(|status| !status.is_informational())
        .ok_or_else(|| malformed("statusCode is no final status"))?;
    let mut headers = HeaderMap::new();
    let mut append = |name: &str, value: &Value| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if !OF_THE_CONNECTION.contains(&name.to_ascii_lowercase().as_str())
            && let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.append(name, value);
        }
    };
    for (name, value) in members.get("headers").and_then(Value::as_object).into_iter().flatten() {
        append(name, value);
    }
    for (name, values) in members
        .get("multiValueHeaders")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        for value in values.as_array().into_iter().flatten() {
            append(name, value);
        }
    }
    for cookie in members.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        append(SET_COOKIE.as_str(), cookie);
    }
    let empty = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    if !empty {
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(media_type));
    }
    let mut response = Response::new(if empty { Body::whole(Bytes::new()) } else { body });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
