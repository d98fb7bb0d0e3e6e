//! The Lambda Invoke API: `POST /2015-03-31/functions/{FunctionName}/invocations`.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::super::wire::{empty_answer, form_pairs, percent_decoded};
use super::api_error;
use super::functions::{self, Reply};

const MAX_SYNC: usize = 6 * 1024 * 1024;
const MAX_ASYNC: usize = 1024 * 1024;

/// The name of an API error, its status and its message.
struct ApiError(StatusCode, &'static str, String);

/// The function's name as it stands in the path, still percent-encoded; `None` for any other path.
pub(super) fn function_of(path: &str) -> Option<&str> {
    let name = path
        .strip_prefix("/2015-03-31/functions/")?
        .strip_suffix("/invocations")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// Runs the function and answers as the Invoke API does.
pub(super) async fn answer(name: &str, parts: &Parts, payload: Bytes) -> Response<Body> {
    match invoke(name, parts, payload).await {
        Ok(response) => response,
        Err(ApiError(status, code, message)) => {
            let kind = if status.is_server_error() { "Server" } else { "User" };
            api_error(status, code, &json!({"Type": kind, "message": message}))
        }
    }
}

async fn invoke(name: &str, parts: &Parts, payload: Bytes) -> Result<Response<Body>, ApiError> {
    if parts.method != Method::POST {
        return Err(ApiError(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowedException",
            "Use POST.".to_owned(),
        ));
    }
    let query = form_pairs(parts.uri.query().unwrap_or_default());
    let qualifier = query
        .into_iter()
        .find(|(name, _)| name == "Qualifier")
        .map(|(_, value)| value);
    let (function, version) = resolve(name, qualifier)?;
    let kind = header(&parts.headers, "x-amz-invocation-type").unwrap_or("RequestResponse");
    let max = match kind {
        "RequestResponse" | "DryRun" => MAX_SYNC,
        "Event" => MAX_ASYNC,
        _ => return Err(validation("invocationType", "[Event, RequestResponse, DryRun]")),
    };
    if payload.len() > max {
        let message = format!("Request must be smaller than {max} bytes for the InvokeFunction operation");
        return Err(ApiError(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            message,
        ));
    }
    check_client_context(&parts.headers)?;
    if kind == "DryRun" {
        return Ok(empty_answer(StatusCode::NO_CONTENT));
    }
    let payload = match payload.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(&payload).map_err(|error| {
            let message = format!(
                "Could not parse request body into json: line {}, column {}",
                error.line(),
                error.column()
            );
            ApiError(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
        })?,
    };
    if kind == "Event" {
        // The caller does not wait for the outcome, and Lambda keeps it to itself.
        tokio::spawn(async move { function.run(payload).await });
        return Ok(empty_answer(StatusCode::ACCEPTED));
    }
    let tail = header(&parts.headers, "x-amz-log-type") == Some("Tail");
    Ok(respond(function.run(payload).await, &version, tail))
}

/// The function that a name, a name with an alias, a partial or a full ARN stands for, and the version that is run.
fn resolve(name: &str, qualifier: Option<String>) -> Result<(functions::Function, String), ApiError> {
    let name = percent_decoded(name).ok_or_else(|| validation("functionName", "UTF-8"))?;
    let parts: Vec<&str> = name.split(':').collect();
    let (function, suffix) = match parts.as_slice() {
        [function] => (*function, None),
        [function, alias] => (*function, Some(*alias)),
        [_, "function", function] | ["arn", _, "lambda", _, _, "function", function] => (*function, None),
        [_, "function", function, alias] | ["arn", _, "lambda", _, _, "function", function, alias] => {
            (*function, Some(*alias))
        }
        _ => return Err(validation("functionName", "a name or an ARN of a function")),
    };
    let qualifier = match (suffix, qualifier) {
        (Some(suffix), Some(qualifier)) if suffix != qualifier => {
            let message = "The derived qualifier from the function name does not match the specified qualifier.";
            return Err(ApiError(
                StatusCode::BAD_REQUEST,
                "InvalidParameterValueException",
                message.to_owned(),
            ));
        }
        (suffix, qualifier) => qualifier
            .or(suffix.map(str::to_owned))
            .unwrap_or_else(|| "$LATEST".to_owned()),
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$_-".contains(&byte);
    if qualifier.is_empty() || qualifier.len() > 128 || !qualifier.bytes().all(allowed) {
        return Err(validation("qualifier", "[a-zA-Z0-9$_-]+"));
    }
    let Some(found) = functions::Function::named(function) else {
        let message = format!("Function not found: arn:aws:lambda:eu-west-1:123456789012:function:{function}");
        return Err(ApiError(StatusCode::NOT_FOUND, "ResourceNotFoundException", message));
    };
    // Every alias of the stand-in points to its one published version.
    let version = if qualifier == "$LATEST" {
        qualifier
    } else {
        "1".to_owned()
    };
    Ok((found, version))
}

fn respond(reply: Reply, version: &str, tail: bool) -> Response<Body> {
    let (failed, payload) = match reply {
        Reply::Value(value) => (false, value),
        Reply::Failure(value) => (true, value),
    };
    let mut response = Response::new(Body::from(payload.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(version) = HeaderValue::try_from(version) {
        headers.insert(HeaderName::from_static("x-amz-executed-version"), version);
    }
    if failed {
        headers.insert(
            HeaderName::from_static("x-amz-function-error"),
            HeaderValue::from_static("Unhandled"),
        );
    }
    let log = format!(
        "START Version: {version}\n{}END\n",
        if failed { "[ERROR]\n" } else { "" }
    );
    if let (true, Ok(log)) = (tail, HeaderValue::try_from(STANDARD.encode(log))) {
        headers.insert(HeaderName::from_static("x-amz-log-result"), log);
    }
    response
}

fn check_client_context(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(text) = header(headers, "x-amz-client-context") else {
        return Ok(());
    };
    let decoded = STANDARD.decode(text).unwrap_or_default();
    match serde_json::from_slice::<Value>(&decoded) {
        Ok(Value::Object(_)) => Ok(()),
        _ => {
            let message = "Client context must be a valid Base64-encoded JSON object.".to_owned();
            Err(ApiError(
                StatusCode::BAD_REQUEST,
                "InvalidRequestContentException",
                message,
            ))
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn validation(member: &str, rule: &str) -> ApiError {
    let message = format!("1 validation error detected: Value at '{member}' failed to satisfy constraint: {rule}");
    ApiError(StatusCode::BAD_REQUEST, "ValidationException", message)
}
