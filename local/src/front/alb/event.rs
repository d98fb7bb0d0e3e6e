//! A request, as the load balancer writes it into an event.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
    request::Parts,
};
use serde::Serialize;

use super::HeaderMode;
use crate::function::Function;

/// What the load balancer knows of the connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    pub(super) peer: IpAddr,
    pub(super) port: u16,
    pub(super) tls: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    request_context: Context,
    http_method: &'a str,
    path: &'a str,
    #[serde(flatten)]
    maps: Maps,
    body: Cow<'a, str>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
struct Context {
    elb: Elb,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Elb {
    target_group_arn: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Maps {
    #[serde(rename_all = "camelCase")]
    Single {
        query_string_parameters: BTreeMap<String, String>,
        headers: BTreeMap<String, String>,
    },
    #[serde(rename_all = "camelCase")]
    Multi {
        multi_value_query_string_parameters: BTreeMap<String, Vec<String>>,
        multi_value_headers: BTreeMap<String, Vec<String>>,
    },
}

/// The event of a request, and the root of its trace.
pub(super) fn build(
    mode: HeaderMode,
    function: &Function,
    head: &Parts,
    body: &Bytes,
    hop: &Hop,
) -> (Bytes, Option<String>) {
    let mut headers = head.headers.clone();
    let root = forwarded(&mut headers, hop);
    // The body arrives whole, so that its transfer coding is gone and its length is known.
    if headers.remove(TRANSFER_ENCODING).is_some() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let is_base64_encoded = !body.is_empty() && !is_text(&headers);
    let event = Event {
        request_context: context(function),
        http_method: head.method.as_str(),
        path: head.uri.path(),
        maps: maps(mode, &headers, head.uri.query().unwrap_or_default()),
        // A text body that is not UTF-8 cannot stand in JSON; what a real load balancer does with it is not documented.
        body: if is_base64_encoded {
            STANDARD.encode(body).into()
        } else {
            String::from_utf8_lossy(body)
        },
        is_base64_encoded,
    };
    (encode(&event), root)
}

/// The event of a target group's health check: one header, no host.
pub(super) fn health_check(mode: HeaderMode, function: &Function, path: &str) -> Bytes {
    let headers = HeaderMap::from_iter([(
        http::header::USER_AGENT,
        HeaderValue::from_static("ELB-HealthChecker/2.0"),
    )]);
    encode(&Event {
        request_context: context(function),
        http_method: "GET",
        path,
        maps: maps(mode, &headers, ""),
        body: "".into(),
        is_base64_encoded: false,
    })
}

fn encode(event: &Event<'_>) -> Bytes {
    // Strings, maps with string keys and a flag: nothing of it can fail to be JSON.
    serde_json::to_vec(event).unwrap_or_default().into()
}

fn context(function: &Function) -> Context {
    let target_group_arn = format!(
        "arn:aws:elasticloadbalancing:eu-west-1:{}:targetgroup/{}/6d0ecf831eec9f09",
        crate::ACCOUNT_ID,
        function.name()
    );
    Context {
        elb: Elb { target_group_arn },
    }
}

fn maps(mode: HeaderMode, headers: &HeaderMap, query: &str) -> Maps {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)));
    // Neither names nor values are decoded.
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    });
    match mode {
        // Collecting keeps the last value of a name.
        HeaderMode::Single => Maps::Single {
            query_string_parameters: query.collect(),
            headers: headers.collect(),
        },
        HeaderMode::Multi => Maps::Multi {
            multi_value_query_string_parameters: grouped(query),
            multi_value_headers: grouped(headers),
        },
    }
}

fn grouped(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut map = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in pairs {
        map.entry(name).or_default().push(value);
    }
    map
}

/// Bytes that are not UTF-8 are read as ISO 8859-1, as HTTP once said.
fn text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Whether the body goes into the event as it is: some content types, and only without a content coding.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .map(text)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let known = matches!(
        media_type,
        "application/json" | "application/javascript" | "application/xml"
    );
    (known || media_type.starts_with("text/")) && !headers.contains_key(CONTENT_ENCODING)
}

/// Adds the load balancer's own headers and gives the root of the trace.
fn forwarded(headers: &mut HeaderMap, hop: &Hop) -> Option<String> {
    let peer = hop.peer.to_string();
    let before: Vec<String> = headers.get_all("x-forwarded-for").iter().map(text).collect();
    set(
        headers,
        "x-forwarded-for",
        &before.into_iter().chain([peer]).collect::<Vec<_>>().join(", "),
    );
    set(headers, "x-forwarded-proto", if hop.tls { "https" } else { "http" });
    set(headers, "x-forwarded-port", &hop.port.to_string());
    let trace = trace(headers.get("x-amzn-trace-id").map(text).as_deref());
    set(headers, "x-amzn-trace-id", &trace);
    field(&trace, "Root").map(str::to_owned)
}

/// A fresh root where there is none; otherwise the load balancer names itself before what came.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html>
fn trace(before: Option<&str>) -> String {
    let Some(before) = before else {
        return format!("Root={}", crate::random::trace_root());
    };
    let others = before
        .split(';')
        .filter(|part| !part.trim_start().starts_with("Self="))
        .collect::<Vec<_>>()
        .join(";");
    let own = crate::random::trace_root();
    if field(before, "Root").is_some() {
        format!("Self={own};{others}")
    } else {
        format!("Root={own};{others}")
    }
}

fn field<'a>(trace: &'a str, name: &str) -> Option<&'a str> {
    trace
        .split(';')
        .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // What came in a header fits into one again, except for text that was read from other bytes.
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
