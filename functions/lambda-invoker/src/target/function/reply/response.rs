//! A reply that is a response: `statusCode`, headers and body.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::account::Account;
use crate::error::Failure;
use crate::response;
use crate::routes::ReplyFormat;
use crate::target::Answer;

/// No front takes as many headers, and a map of headers has an end.
const MOST_HEADERS: usize = 1024;

/// The members of an object, each still unread.
pub(super) type Members<'a> = HashMap<String, &'a RawValue>;

/// The members of a reply that is an object.
pub(super) fn members(reply: &[u8]) -> Option<Members<'_>> {
    serde_json::from_slice(reply).ok()
}

/// Reads a response as `format` has it; one that names no content type is of `media_type`.
pub(super) fn read(
    format: ReplyFormat,
    members: &Members<'_>,
    media_type: HeaderValue,
    method: &Method,
    account: &mut Account,
) -> Result<Answer, Failure> {
    let status = status(value(members, "statusCode")?, format).ok_or(Failure::BadResponse)?;
    let mut headers = Headers::default();
    if format != ReplyFormat::V2
        && let Value::Object(lists) = value(members, "multiValueHeaders")?
    {
        headers.take_lists(lists)?;
    }
    if let Value::Object(singles) = value(members, "headers")? {
        headers.take(singles)?;
    }
    if format == ReplyFormat::V2
        && let Value::Array(cookies) = value(members, "cookies")?
    {
        for cookie in &cookies {
            headers.append(Some(SET_COOKIE), cookie)?;
        }
    }
    account.dropped_headers(headers.dropped);
    let mut headers = headers.map;
    // A load balancer has no content type of its own for what says none.
    if format != ReplyFormat::Alb && response::has_body(status, &Method::GET) {
        headers.entry(CONTENT_TYPE).or_insert(media_type);
    }
    response::answer(status, headers, body(members, format)?, method)
}

/// A member; absent and `null` are the same.
fn value(members: &Members<'_>, name: &str) -> Result<Value, Failure> {
    let Some(raw) = members.get(name) else {
        return Ok(Value::Null);
    };
    serde_json::from_str(raw.get()).map_err(|_| Failure::BadResponse)
}

/// A whole number; API Gateway's REST APIs also take its digits as text.
fn status(value: Value, format: ReplyFormat) -> Option<StatusCode> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(digits) if format == ReplyFormat::V1 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()?
        }
        _ => return None,
    };
    let number = u16::try_from(number)
        .ok()
        .filter(|number| (100..=599).contains(number))?;
    StatusCode::from_u16(number).ok()
}

/// Text, or the bytes of Base64. Format 2.0 takes any other JSON for its text.
fn body(members: &Members<'_>, format: ReplyFormat) -> Result<Bytes, Failure> {
    let Some(raw) = members.get("body") else {
        return Ok(Bytes::new());
    };
    let encoded = members
        .get("isBase64Encoded")
        .is_some_and(|encoded| encoded.get() == "true");
    match raw.get().as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(raw.get()).map_err(|_| Failure::BadResponse)?;
            if encoded {
                return STANDARD.decode(text).map(Bytes::from).map_err(|_| Failure::BadResponse);
            }
            Ok(text.into())
        }
        _ if raw.get() == "null" => Ok(Bytes::new()),
        _ if format == ReplyFormat::V2 => Ok(raw.get().to_owned().into()),
        _ => Err(Failure::BadResponse),
    }
}

/// Headers, and how many of them could not be any.
#[derive(Default)]
struct Headers {
    map: HeaderMap,
    dropped: u32,
}

impl Headers {
    /// Takes lists of values.
    fn take_lists(&mut self, lists: Map<String, Value>) -> Result<(), Failure> {
        for (name, values) in lists {
            let name = HeaderName::from_bytes(name.as_bytes()).ok();
            match values {
                Value::Array(values) => {
                    for value in &values {
                        self.append(name.clone(), value)?;
                    }
                }
                value => self.append(name, &value)?,
            }
        }
        Ok(())
    }

    /// Takes single values of names that are not there yet.
    fn take(&mut self, singles: Map<String, Value>) -> Result<(), Failure> {
        let mut taken = Vec::with_capacity(singles.len());
        for (name, value) in singles {
            let name = HeaderName::from_bytes(name.as_bytes()).ok();
            if name.as_ref().is_none_or(|name| !self.map.contains_key(name)) {
                taken.push((name, value));
            }
        }
        // Two spellings of one name are two of its values.
        for (name, value) in taken {
            self.append(name, &value)?;
        }
        Ok(())
    }

    /// Takes one value; what cannot be a header is left out.
    fn append(&mut self, name: Option<HeaderName>, value: &Value) -> Result<(), Failure> {
        let Some((name, value)) = name.zip(header_value(value)) else {
            self.dropped += 1;
            return Ok(());
        };
        // What is added on the way to the client finds room, too.
        if self.map.len() >= MOST_HEADERS {
            return Err(Failure::BadResponse);
        }
        let appended = self.map.try_append(name, value);
        appended.map(|_| ()).map_err(|_| Failure::BadResponse)
    }
}

/// A header's value; `None` for what cannot be one.
fn header_value(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => HeaderValue::from_str(text).ok(),
        Value::Number(number) => HeaderValue::from_str(&number.to_string()).ok(),
        Value::Bool(flag) => Some(HeaderValue::from_static(if *flag { "true" } else { "false" })),
        _ => None,
    }
}
