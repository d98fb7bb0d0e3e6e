//! Events of all fronts -> one request. Members are looked at one by one, so that a malformed member still tells
//! which front has to be answered.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Front, FrontContext, Inbound, Unreadable, encode_pairs, encode_path, encode_query};

const MALFORMED: &str = "malformed_event";

/// The members of all event shapes that carry a request, each still unread.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Members<'a> {
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    http_method: Option<&'a RawValue>,
    #[serde(borrow)]
    path: Option<&'a RawValue>,
    #[serde(borrow)]
    raw_path: Option<&'a RawValue>,
    #[serde(borrow)]
    raw_query_string: Option<&'a RawValue>,
    #[serde(borrow)]
    query_string_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    multi_value_query_string_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    #[serde(borrow)]
    multi_value_headers: Option<&'a RawValue>,
    #[serde(borrow)]
    cookies: Option<&'a RawValue>,
    #[serde(borrow)]
    request_context: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    is_base64_encoded: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext<'a> {
    #[serde(borrow)]
    elb: Option<&'a RawValue>,
    #[serde(borrow)]
    http: Option<HttpContext<'a>>,
    #[serde(borrow)]
    identity: Option<Identity<'a>>,
    #[serde(borrow)]
    domain_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    request_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stage: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct HttpContext<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source_ip: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Identity<'a> {
    #[serde(borrow)]
    source_ip: Option<Cow<'a, str>>,
}

/// Reads an event of any front.
///
/// # Errors
/// [`Unreadable`] when the event holds no request that could be served; its reason is a stable word.
pub fn read(event: &str) -> Result<Inbound, Unreadable> {
    let unknown = |reason| Unreadable {
        front: Front::Unknown,
        reason,
    };
    let members: Members<'_> = serde_json::from_str(event).map_err(|_| unknown(MALFORMED))?;
    let context: RequestContext<'_> = member(members.request_context).map_err(unknown)?.unwrap_or_default();
    let front = front_of(&members, &context);
    read_from(front, &members, &context).map_err(|reason| Unreadable { front, reason })
}

fn front_of(members: &Members<'_>, context: &RequestContext<'_>) -> Front {
    if context.elb.is_some() {
        // The two modes never mix: with multi-value headers on, the single-value members are absent.
        if present(members.multi_value_headers) || present(members.multi_value_query_string_parameters) {
            return Front::AlbMultiValue;
        }
        return Front::AlbSingleValue;
    }
    if context.http.is_some() || present(members.raw_path) {
        return if context.domain_name.as_deref().is_some_and(is_function_url) {
            Front::FunctionUrl
        } else {
            Front::ApiGatewayV2
        };
    }
    if present(members.http_method) || members.version.is_some_and(|version| version.get() == "\"1.0\"") {
        return Front::ApiGatewayV1;
    }
    Front::Unknown
}

/// Whether a host is a Function URL's: `<id>.lambda-url.<region>.on.aws`, with another end in other partitions
/// (<https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>). An HTTP API may have a domain of its own with
/// any name that its owner has.
fn is_function_url(host: &str) -> bool {
    let mut labels = host.split('.');
    let mut next = || labels.next().unwrap_or_default();
    let (_, service, region, on, end) = (next(), next(), next(), next(), next());
    let own_partition = ["cn-", "eusc-", "us-iso", "eu-iso"];
    let is_aws = end == "aws" && labels.next().is_none();
    service == "lambda-url" && on == "on" && (is_aws || own_partition.iter().any(|start| region.starts_with(start)))
}

fn read_from(front: Front, members: &Members<'_>, context: &RequestContext<'_>) -> Result<Inbound, &'static str> {
    let v2 = matches!(front, Front::ApiGatewayV2 | Front::FunctionUrl);
    if front == Front::Unknown {
        return Err(MALFORMED);
    }
    let method = if v2 {
        context.http.as_ref().and_then(|http| http.method.clone())
    } else {
        text(members.http_method)?
    };
    let method = method.ok_or("bad_method")?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| "bad_method")?;

    let raw_path = text(if v2 { members.raw_path } else { members.path })?.ok_or("bad_path")?;
    if !raw_path.starts_with('/') {
        return Err("bad_path");
    }
    let stage = context.stage.as_deref();
    let path = if v2 { without_stage(&raw_path, stage) } else { &raw_path };
    let mut target = encode_path(path);
    let query = read_query(front, members)?;
    if !query.is_empty() {
        target.push('?');
        target.push_str(&query);
    }
    let uri: Uri = target.parse().map_err(|_| "bad_path")?;

    let mut request = Request::new(read_body(members)?);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = read_headers(members, v2)?;

    let identity_ip = || {
        context
            .identity
            .as_ref()
            .and_then(|identity| identity.source_ip.as_deref())
    };
    let source_ip = context
        .http
        .as_ref()
        .and_then(|http| http.source_ip.as_deref())
        .or_else(identity_ip);
    let context = FrontContext {
        front,
        raw_path: raw_path.into_owned(),
        stage: stage.map(str::to_owned),
        source_ip: source_ip.map(str::to_owned),
        request_id: context.request_id.as_deref().map(str::to_owned),
    };
    Ok(Inbound { request, context })
}

/// Payload format 2.0 puts a named stage before the path; `$default` it does not.
fn without_stage<'a>(raw_path: &'a str, stage: Option<&str>) -> &'a str {
    let rest = stage
        .filter(|stage| !stage.is_empty() && *stage != "$default")
        .and_then(|stage| raw_path.strip_prefix('/')?.strip_prefix(stage));
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => raw_path,
    }
}

fn read_query(front: Front, members: &Members<'_>) -> Result<String, &'static str> {
    if matches!(front, Front::ApiGatewayV2 | Front::FunctionUrl) {
        return Ok(encode_query(&text(members.raw_query_string)?.unwrap_or_default()));
    }
    let several: Option<Pairs<'_>> = member(members.multi_value_query_string_parameters)?;
    let single: Option<Pairs<'_>> = member(members.query_string_parameters)?;
    let pairs = several.or(single).unwrap_or_default().0;
    if front == Front::ApiGatewayV1 {
        // API Gateway hands names and values over decoded.
        return Ok(encode_pairs(
            pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())),
        ));
    }
    // A load balancer hands them over as they were sent.
    let mut query = String::new();
    for (name, value) in &pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&encode_query(name));
        query.push('=');
        query.push_str(&encode_query(value));
    }
    Ok(query)
}

fn read_headers(members: &Members<'_>, v2: bool) -> Result<HeaderMap, &'static str> {
    let several: Pairs<'_> = member(members.multi_value_headers)?.unwrap_or_default();
    let single: Pairs<'_> = member(members.headers)?.unwrap_or_default();
    // A map of headers has a largest size, and the event of a hostile client may have more.
    let too_many = |_| "bad_header";
    let mut headers = HeaderMap::try_with_capacity(several.0.len() + single.0.len() + 1).map_err(too_many)?;
    let mut values = HeaderValues::with_room_for(several.0.iter().chain(&single.0));
    for (name, value) in &several.0 {
        headers
            .try_append(header_name(name)?, values.take(value)?)
            .map_err(too_many)?;
    }
    // Where both members stand, the single-value one repeats the last of several values.
    let listed = headers.len();
    let mut others = Vec::with_capacity(if listed == 0 { 0 } else { single.0.len() });
    for (name, value) in &single.0 {
        let name = header_name(name)?;
        if listed == 0 {
            headers.try_append(name, values.take(value)?).map_err(too_many)?;
        } else if !headers.contains_key(&name) {
            others.push((name, values.take(value)?));
        }
    }
    for (name, value) in others {
        headers.try_append(name, value).map_err(too_many)?;
    }
    if v2 {
        let cookies: Vec<Text<'_>> = member(members.cookies)?.unwrap_or_default();
        if !cookies.is_empty() {
            let cookies: Vec<_> = cookies.into_iter().map(|cookie| cookie.0).collect();
            let cookies = header_value(&cookies.join("; "))?;
            headers.try_insert(COOKIE, cookies).map_err(too_many)?;
        }
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, &'static str> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| "bad_header")
}

/// Makes header values that share one piece of memory: a request's headers are copied more than once on their way out,
/// and such a copy costs nothing.
struct HeaderValues(BytesMut);

impl HeaderValues {
    fn with_room_for<'a>(pairs: impl Iterator<Item = &'a (Cow<'a, str>, Cow<'a, str>)>) -> Self {
        Self(BytesMut::with_capacity(pairs.map(|(_, value)| value.len()).sum()))
    }

    fn take(&mut self, value: &str) -> Result<HeaderValue, &'static str> {
        self.0.extend_from_slice(value.as_bytes());
        HeaderValue::from_maybe_shared(self.0.split().freeze()).map_err(|_| "bad_header")
    }
}

fn header_value(value: &str) -> Result<HeaderValue, &'static str> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| "bad_header")
}

fn read_body(members: &Members<'_>) -> Result<Bytes, &'static str> {
    let body = text(members.body).map_err(|_| "bad_body")?;
    let encoded: Option<bool> = member(members.is_base64_encoded).map_err(|_| "bad_body")?;
    match body {
        None => Ok(Bytes::new()),
        Some(text) if encoded == Some(true) => STANDARD
            .decode(text.as_bytes())
            .map(Bytes::from)
            .map_err(|_| "bad_body"),
        Some(text) => Ok(Bytes::from(text.into_owned())),
    }
}

/// Whether a member stands in the event with a value other than `null`.
fn present(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| raw.get() != "null")
}

/// Reads one member; absent and `null` are the same.
fn member<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<Option<T>, &'static str> {
    match raw {
        Some(raw) if raw.get() != "null" => serde_json::from_str(raw.get()).map(Some).map_err(|_| MALFORMED),
        _ => Ok(None),
    }
}

/// Reads one member that is a text, without copying it where it has no escapes.
fn text<'a>(raw: Option<&'a RawValue>) -> Result<Option<Cow<'a, str>>, &'static str> {
    Ok(member::<Text<'_>>(raw)?.map(|text| text.0))
}

/// A JSON object of strings, or of lists of strings, as pairs in the order of the document.
#[derive(Default)]
struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings or lists of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                // As many as most requests have headers.
                let mut pairs = Vec::with_capacity(16);
                while let Some(Text(name)) = map.next_key()? {
                    match map.next_value()? {
                        Values::One(Some(value)) => pairs.push((name, value.0)),
                        Values::One(None) => {}
                        Values::Many(values) => {
                            pairs.extend(values.into_iter().map(|value| (name.clone(), value.0)));
                        }
                    }
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What stands behind a name. Told apart by its first character: a derived reader would copy it to try both.
enum Values<'a> {
    One(Option<Text<'a>>),
    Many(Vec<Text<'a>>),
}

impl<'de> Deserialize<'de> for Values<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;

        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = Values<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Values::One(Some(Text(Cow::Borrowed(value)))))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Values::One(Some(Text(Cow::Owned(value.to_owned())))))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Values::One(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Values::Many(values))
            }
        }

        deserializer.deserialize_any(ValuesVisitor)
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
