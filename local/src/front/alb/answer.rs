//! A function's reply, as the load balancer reads it: any fault in it is a 502.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, SERVER},
};
use http_body_util::Full;
use hyper::ext::ReasonPhrase;
use serde_json::{Map, Value};

use super::{HeaderMode, MAX_BYTES, page};
use crate::front::OF_THE_CONNECTION;

/// The response that a reply describes, or what is wrong with it.
pub(super) fn read(mode: HeaderMode, payload: &[u8]) -> Result<Response<Full<Bytes>>, String> {
    if payload.len() > MAX_BYTES {
        return Err(format!("{} bytes are more than 1 MB", payload.len()));
    }
    let reply: Map<String, Value> =
        serde_json::from_slice(payload).map_err(|error| format!("no JSON object: {error}"))?;
    let status = status(&reply)?;
    let body = body(&reply)?;
    let mut headers = headers(mode, &reply)?;
    headers.entry(SERVER).or_insert(page::SERVER_NAME);
    if !body.is_empty() {
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/octet-stream"));
    }
    let empty = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let mut response = Response::new(Full::new(if empty { Bytes::new() } else { body }));
    if let Some(phrase) = phrase(&reply, status)? {
        response.extensions_mut().insert(phrase);
    }
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn status(reply: &Map<String, Value>) -> Result<StatusCode, String> {
    let value = reply.get("statusCode").ok_or("statusCode is missing")?;
    let code = value.as_u64().ok_or("statusCode is not an integer")?;
    u16::try_from(code)
        .ok()
        .filter(|code| (200..600).contains(code))
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| format!("statusCode {code} is no final status"))
}

/// The words after the code in `statusDescription`, when it is about this code.
fn phrase(reply: &Map<String, Value>, status: StatusCode) -> Result<Option<ReasonPhrase>, String> {
    let Some(description) = text(reply, "statusDescription")? else {
        return Ok(None);
    };
    let words = description
        .strip_prefix(status.as_str())
        .and_then(|rest| rest.strip_prefix(' '));
    words
        .map(|words| ReasonPhrase::try_from(words.as_bytes()))
        .transpose()
        .map_err(|_| "statusDescription has bad characters".into())
}

fn body(reply: &Map<String, Value>) -> Result<Bytes, String> {
    let encoded = match reply.get("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(encoded)) => *encoded,
        Some(_) => return Err("isBase64Encoded is not a boolean".into()),
    };
    let body = text(reply, "body")?.unwrap_or_default();
    if encoded {
        STANDARD
            .decode(body)
            .map(Bytes::from)
            .map_err(|_| "body is not Base64".into())
    } else {
        Ok(Bytes::copy_from_slice(body.as_bytes()))
    }
}

fn text<'a>(reply: &'a Map<String, Value>, member: &str) -> Result<Option<&'a str>, String> {
    match reply.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{member} is not a string")),
    }
}

/// The headers of the member that goes with the mode; the other member is not looked at.
fn headers(mode: HeaderMode, reply: &Map<String, Value>) -> Result<HeaderMap, String> {
    let member = match mode {
        HeaderMode::Single => "headers",
        HeaderMode::Multi => "multiValueHeaders",
    };
    let mut headers = HeaderMap::new();
    let map = match reply.get(member) {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(format!("{member} is not an object")),
    };
    for (name, value) in map {
        let values = match (mode, value) {
            (HeaderMode::Single, Value::String(_)) => std::slice::from_ref(value),
            (HeaderMode::Multi, Value::Array(values)) => values.as_slice(),
            _ => return Err(format!("{member}.{name} has the wrong type")),
        };
        let parsed =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{member}.{name} is no header name"))?;
        for value in values {
            let value = value
                .as_str()
                .ok_or_else(|| format!("{member}.{name} holds no strings"))?;
            let value =
                HeaderValue::from_bytes(value.as_bytes()).map_err(|_| format!("{member}.{name} has bad characters"))?;
            // The load balancer tells the length itself.
            if parsed != CONTENT_LENGTH && !OF_THE_CONNECTION.contains(&parsed.as_str()) {
                headers.append(parsed.clone(), value);
            }
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
