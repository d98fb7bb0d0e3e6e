//! What an invoked function is given.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, USER_AGENT};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::clock::Utc;

use super::Surroundings;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::request::query::{Pair, write_pairs};

/// API Gateway's payload format 2.0
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventV2<'a> {
    version: &'static str,
    route_key: &'static str,
    raw_path: &'a str,
    raw_query_string: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_parameters: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'a str,
    api_id: &'a str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: HttpContext<'a>,
    request_id: &'a str,
    route_key: &'static str,
    stage: &'static str,
    time: String,
    time_epoch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: &'a str,
    user_agent: &'a str,
}

/// The event of payload format 2.0, as JSON.
pub(super) fn v2(outgoing: &Outgoing, surroundings: &Surroundings<'_>) -> Result<Bytes, Failure> {
    let text = |value: Option<&'_ HeaderValue>| {
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let host = text(surroundings.host);
    let domain_name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host.as_str(),
    };
    let domain_prefix = domain_name.split('.').next().unwrap_or_default();
    // The last line, since what comes before it may be the client's own.
    let forwarded = text(outgoing.headers.get_all("x-forwarded-for").iter().next_back());
    let last_hop = forwarded.rsplit(',').next().unwrap_or_default().trim();
    let user_agent = text(outgoing.headers.get(USER_AGENT));
    let (body, is_base64_encoded) = encode_body(&outgoing.headers, &outgoing.body);
    let event = EventV2 {
        version: "2.0",
        route_key: "$default",
        raw_path: &outgoing.path,
        raw_query_string: write_pairs(&outgoing.query),
        cookies: cookies(&outgoing.headers),
        headers: headers(outgoing, surroundings.host),
        query_string_parameters: parameters(&outgoing.query),
        request_context: Context {
            account_id: surroundings.own_arn.split(':').nth(4).unwrap_or("anonymous"),
            api_id: domain_prefix,
            domain_name,
            domain_prefix,
            http: HttpContext {
                method: outgoing.method.as_str(),
                path: &outgoing.path,
                protocol: "HTTP/1.1",
                // A load balancer appends the caller's address to the header; other fronts tell it in the event.
                source_ip: surroundings.front.source_ip.as_deref().unwrap_or(last_hop),
                user_agent: &user_agent,
            },
            request_id: surroundings.request_id,
            route_key: "$default",
            stage: "$default",
            time: common_log_time(surroundings.now_ms),
            time_epoch: surroundings.now_ms,
        },
        path_parameters: outgoing.tail.as_deref().map(|tail| {
            let decoded = percent_decode_str(tail).decode_utf8_lossy().into_owned();
            BTreeMap::from([("proxy", decoded)])
        }),
        body,
        is_base64_encoded,
    };
    let event = serde_json::to_vec(&event).map_err(|_| Failure::BadBody)?;
    Ok(event.into())
}

/// The request's own body as the payload, which must be JSON; nothing becomes `{}`.
pub(super) fn raw(body: Bytes) -> Result<Bytes, Failure> {
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    serde_json::from_slice::<&RawValue>(&body).map_err(|_| Failure::BadBody)?;
    Ok(body)
}

/// Lower-case names, repeats joined by a comma, cookies apart.
fn headers<'a>(outgoing: &'a Outgoing, host: Option<&HeaderValue>) -> BTreeMap<&'a str, String> {
    let mut out: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in &outgoing.headers {
        if name == COOKIE {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        out.entry(name.as_str())
            .and_modify(|known| {
                known.push(',');
                known.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    if let Some(host) = host {
        out.insert(HOST_NAME, String::from_utf8_lossy(host.as_bytes()).into_owned());
    }
    if !outgoing.body.is_empty() {
        out.insert(LENGTH_NAME, outgoing.body.len().to_string());
    }
    out
}

const HOST_NAME: &str = "host";
const LENGTH_NAME: &str = "content-length";

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            value
                .split(';')
                .map(|piece| piece.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded names and values, repeats joined by a comma.
fn parameters(query: &[Pair]) -> BTreeMap<String, String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    for pair in query {
        let value = decode(&pair.value);
        out.entry(decode(&pair.name))
            .and_modify(|known| {
                known.push(',');
                known.push_str(&value);
            })
            .or_insert(value);
    }
    out
}

/// Text if it is declared as text, is UTF-8 and is not compressed; Base64 otherwise.
fn encode_body(headers: &HeaderMap, body: &Bytes) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    if is_text(headers)
        && let Ok(text) = std::str::from_utf8(body)
    {
        return (Some(text.to_owned()), false);
    }
    (Some(STANDARD.encode(body)), true)
}

fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence.as_str(),
            "application/json" | "application/xml" | "application/javascript" | "application/x-www-form-urlencoded"
        )
}

/// `12/Mar/2026:19:03:58 +0000`.
fn common_log_time(now_ms: u64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let at = Utc::from_epoch_ms(now_ms);
    let month = usize::try_from(at.month)
        .ok()
        .and_then(|month| MONTHS.get(month.checked_sub(1)?))
        .copied()
        .unwrap_or_default();
    format!(
        "{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000",
        at.day, at.year, at.hour, at.minute, at.second
    )
}
