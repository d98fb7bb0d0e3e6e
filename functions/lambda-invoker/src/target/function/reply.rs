//! What an invoked function's reply means.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::Answer;
use crate::account::Account;
use crate::error::Failure;
use crate::response;

/// No front takes as many headers, and a map of headers has an end.
const MOST_HEADERS: usize = 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Reads a reply in payload format 2.0. An object with `statusCode` is a response; any other JSON is a body of its own,
/// as API Gateway and Function URLs take it.
pub(super) fn v2(reply: Bytes, method: &Method) -> Result<Answer, Failure> {
    let members = match serde_json::from_slice::<Value>(&reply) {
        Ok(Value::Object(members)) if members.contains_key("statusCode") => members,
        Ok(_) => return whole(reply, method),
        Err(_) => return Err(Failure::BadResponse),
    };
    let status = members
        .get("statusCode")
        .and_then(Value::as_u64)
        .filter(|status| (100..=599).contains(status))
        .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok())
        .ok_or(Failure::BadResponse)?;
    let mut headers = HeaderMap::new();
    if let Some(Value::Object(given)) = members.get("headers") {
        for (name, value) in given {
            if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), header_value(value)) {
                append(&mut headers, name, value)?;
            }
        }
    }
    if let Some(Value::Array(cookies)) = members.get("cookies") {
        for cookie in cookies.iter().filter_map(header_value) {
            append(&mut headers, SET_COOKIE, cookie)?;
        }
    }
    if response::has_body(status, &Method::GET) {
        headers.entry(CONTENT_TYPE).or_insert(JSON);
    }
    let encoded = members.get("isBase64Encoded") == Some(&Value::Bool(true));
    let body = match members.get("body") {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) if encoded => STANDARD.decode(text).map_err(|_| Failure::BadResponse)?.into(),
        Some(Value::String(text)) => text.clone().into(),
        Some(value) => value.to_string().into(),
    };
    response::answer(status, headers, body, method)
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), Failure> {
    // What is added on the way to the client finds room, too.
    if headers.len() >= MOST_HEADERS {
        return Err(Failure::BadResponse);
    }
    headers.try_append(name, value).map_err(|_| Failure::BadResponse)?;
    Ok(())
}

/// Takes the reply's bytes as the body, whatever JSON they are.
pub(super) fn raw(reply: Bytes, method: &Method) -> Result<Answer, Failure> {
    serde_json::from_slice::<&RawValue>(&reply).map_err(|_| Failure::BadResponse)?;
    whole(reply, method)
}

fn whole(reply: Bytes, method: &Method) -> Result<Answer, Failure> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
    response::answer(StatusCode::OK, headers, reply, method)
}

/// A header's value; `None` for what cannot be one, which is left out.
fn header_value(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => HeaderValue::from_str(text).ok(),
        Value::Number(number) => HeaderValue::from_str(&number.to_string()).ok(),
        Value::Bool(flag) => Some(HeaderValue::from_static(if *flag { "true" } else { "false" })),
        _ => None,
    }
}

/// The failure of a function that ended in an error. Its type goes to the log; its message goes nowhere, since it may
/// hold anything.
pub(super) fn function_error(reply: &[u8], account: &mut Account) -> Failure {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Thrown {
        error_type: Option<String>,
        error_message: Option<String>,
    }
    let thrown: Thrown = serde_json::from_slice(reply).unwrap_or_default();
    let timed_out = thrown
        .error_message
        .is_some_and(|message| message.contains("Task timed out after"))
        || thrown.error_type.as_deref() == Some("Sandbox.Timedout");
    account.error(thrown.error_type);
    if timed_out {
        Failure::FunctionTimeout
    } else {
        Failure::FunctionError
    }
}
