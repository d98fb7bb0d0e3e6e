//! A reply that is a response: `statusCode`, headers and body.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::halves;
use crate::account::Account;
use crate::error::Failure;
use crate::response;
use crate::routes::ReplyFormat;
use crate::target::Answer;

/// No front takes as many headers, and a map of headers has an end.
const MOST_HEADERS: usize = 1024;

/// How a response is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The whole of a reply.
    Reply(ReplyFormat),
    /// What stands before the body of a streamed reply. REST APIs tell repeats apart, Function URLs and most runtimes have
    /// cookies for that, and all of it may be there.
    Prelude,
}

impl From<ReplyFormat> for Shape {
    fn from(format: ReplyFormat) -> Self {
        Self::Reply(format)
    }
}

/// The members of a response, each still unread; what else an object has is passed over.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pub(super) status: Option<&'a RawValue>,
    headers: Option<&'a RawValue>,
    lists: Option<&'a RawValue>,
    cookies: Option<&'a RawValue>,
    body: Option<&'a RawValue>,
    encoded: Option<&'a RawValue>,
}

/// The members of a reply that is an object.
pub(super) fn members(reply: &[u8]) -> Option<Members<'_>> {
    serde_json::from_slice(reply).ok()
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

struct Reader<'a>(PhantomData<&'a ()>);

#[derive(Deserialize)]
enum Name {
    #[serde(rename = "statusCode")]
    Status,
    #[serde(rename = "headers")]
    Headers,
    #[serde(rename = "multiValueHeaders")]
    Lists,
    #[serde(rename = "cookies")]
    Cookies,
    #[serde(rename = "body")]
    Body,
    #[serde(rename = "isBase64Encoded")]
    Encoded,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Visitor<'de> for Reader<'a> {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'a>, M::Error> {
        let mut members = Members::default();
        // Of two members with one name the last one counts.
        while let Some(name) = map.next_key()? {
            let member = match name {
                Name::Status => &mut members.status,
                Name::Headers => &mut members.headers,
                Name::Lists => &mut members.lists,
                Name::Cookies => &mut members.cookies,
                Name::Body => &mut members.body,
                Name::Encoded => &mut members.encoded,
                Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *member = Some(map.next_value()?);
        }
        Ok(members)
    }
}

/// Reads a response of this shape; one that names no content type is of `media_type`.
pub(super) fn read(
    shape: Shape,
    members: &Members<'_>,
    media_type: HeaderValue,
    method: &Method,
    account: &mut Account,
) -> Result<Answer, Failure> {
    let is_v2 = shape == Shape::Reply(ReplyFormat::V2);
    let status = status(value(members.status)?, shape).ok_or(Failure::BadReply)?;
    let mut headers = Headers::default();
    if !is_v2 && let Value::Object(lists) = value(members.lists)? {
        headers.take_lists(lists)?;
    }
    if let Value::Object(singles) = value(members.headers)? {
        headers.take(singles)?;
    }
    if (is_v2 || shape == Shape::Prelude)
        && let Value::Array(cookies) = value(members.cookies)?
    {
        for cookie in &cookies {
            headers.append(Some(SET_COOKIE), cookie)?;
        }
    }
    account.dropped_headers(headers.dropped);
    let mut headers = headers.map;
    // A load balancer has no content type of its own for what says none.
    if shape != Shape::Reply(ReplyFormat::Alb) && response::has_body(status, &Method::GET) {
        headers.entry(CONTENT_TYPE).or_insert(media_type);
    }
    let body = match shape {
        Shape::Reply(format) => body(members, format)?,
        Shape::Prelude => Bytes::new(),
    };
    response::answer(status, headers, body, method).map_err(|_| Failure::BadReply)
}

/// A member; absent and `null` are the same.
fn value(member: Option<&RawValue>) -> Result<Value, Failure> {
    let Some(raw) = member else {
        return Ok(Value::Null);
    };
    let read = serde_json::from_str(raw.get()).ok();
    // What holds half a character is no header and no name of one, and is left out as such.
    let mended = || serde_json::from_str(&halves::replaced(raw.get(), halves::REFUSED)?).ok();
    read.or_else(mended).ok_or(Failure::BadReply)
}

/// A whole number; API Gateway's REST APIs also take its digits as text.
fn status(value: Value, shape: Shape) -> Option<StatusCode> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(digits)
            if shape == Shape::Reply(ReplyFormat::V1) && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
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
    let Some(raw) = members.body else {
        return Ok(Bytes::new());
    };
    let encoded = members.encoded.is_some_and(|encoded| encoded.get() == "true");
    match raw.get().as_bytes().first() {
        Some(b'"') => {
            let read: Option<String> = serde_json::from_str(raw.get()).ok();
            let mended = || serde_json::from_str(&halves::replaced(raw.get(), halves::SHOWN)?).ok();
            let text = read.or_else(mended).ok_or(Failure::BadReply)?;
            if encoded {
                return STANDARD.decode(text).map(Bytes::from).map_err(|_| Failure::BadReply);
            }
            Ok(text.into())
        }
        _ if raw.get() == "null" => Ok(Bytes::new()),
        _ if format == ReplyFormat::V2 => Ok(raw.get().to_owned().into()),
        _ => Err(Failure::BadReply),
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
            self.append_all(name, &values)?;
        }
        Ok(())
    }

    /// Takes one value, or each of a list.
    fn append_all(&mut self, name: Option<HeaderName>, values: &Value) -> Result<(), Failure> {
        let Value::Array(values) = values else {
            return self.append(name, values);
        };
        for value in values {
            self.append(name.clone(), value)?;
        }
        Ok(())
    }

    /// Takes values of names that are not there yet. Most are single ones, but some runtimes write repeats as a list.
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
            self.append_all(name, &value)?;
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
            return Err(Failure::BadReply);
        }
        let appended = self.map.try_append(name, value);
        appended.map(|_| ()).map_err(|_| Failure::BadReply)
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
