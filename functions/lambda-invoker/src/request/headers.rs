//! The headers that go out: what belongs to one connection is left behind, what the route sets is set, and the way
//! that the request has taken is told.

use http::header::{AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, VIA};
use shared::http::{Front, FrontContext};

use crate::error::Failure;
use crate::routes::{Authorization, is_hop_by_hop};

pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Headers that change what a signed request means to AWS; a client must not choose them.
fn is_replaced_by_signing(name: &str) -> bool {
    matches!(
        name,
        "x-amz-date"
            | "x-amz-security-token"
            | "x-amz-content-sha256"
            | "x-amz-invocation-type"
            | "x-amz-log-type"
            | "x-amz-client-context"
            | "x-amz-tenant-id"
            | "x-amz-region-set"
    )
}

/// This function's own mark in `via`.
#[derive(Debug, Clone)]
pub struct Mark {
    token: String,
    via: HeaderValue,
}

impl Mark {
    /// The mark of the function `name`: `1.1 lambda-invoker-<name>`.
    pub fn new(name: &str) -> Self {
        let token = format!("lambda-invoker-{name}");
        let via = HeaderValue::from_str(&format!("1.1 {token}"))
            .unwrap_or_else(|_| HeaderValue::from_static("1.1 lambda-invoker"));
        Self { token, via }
    }

    /// Whether the request came through this very function before. Another invoker on the way is fine.
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(VIA)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|entry| entry.split_whitespace().nth(1) == Some(self.token.as_str()))
    }
}

/// What the headers are made from beside the client's own.
#[derive(Debug)]
pub struct Passage<'a> {
    /// Where the request came from.
    pub front: &'a FrontContext,
    /// How the route authorizes.
    pub authorization: &'a Authorization,
    /// Lambda's id of the invocation.
    pub request_id: &'a str,
    /// The X-Ray trace header of the invocation.
    pub trace_id: Option<&'a str>,
    /// This function's mark.
    pub mark: &'a Mark,
}

/// Whether this function will sign: it is told to, and the client's own `authorization` does not stand.
pub fn will_sign(headers: &HeaderMap, authorization: &Authorization) -> bool {
    authorization.iam.is_some() && (authorization.replace_client || !headers.contains_key(AUTHORIZATION))
}

/// Turns the client's headers into those that go out, all but `host`, `content-length` and the signature.
///
/// # Errors
/// [`Failure::Loop`] when the request came through this function before.
pub fn outgoing(mut headers: HeaderMap, passage: &Passage<'_>) -> Result<HeaderMap, Failure> {
    if passage.mark.is_in(&headers) {
        return Err(Failure::Loop);
    }
    let authorization = passage.authorization;
    let signed = will_sign(&headers, authorization);
    let host = headers.remove(HOST);
    remove(&mut headers, |name| {
        name == "content-length"
            || name == "expect"
            || signed && is_replaced_by_signing(name)
            || authorization.replace_client && name == "authorization"
    });
    if let Some(key) = &authorization.api_key
        && (authorization.api_key_override || !headers.contains_key(X_API_KEY))
    {
        headers.insert(X_API_KEY, key.clone());
    }
    tell_way(&mut headers, host, passage);
    Ok(headers)
}

/// Drops the headers of one connection, those that `connection` names, and those that `unwanted` picks.
pub fn remove(headers: &mut HeaderMap, unwanted: impl Fn(&str) -> bool) {
    let mut names: Vec<HeaderName> = Vec::new();
    for value in headers.get_all(CONNECTION) {
        let named = value.as_bytes().split(|&byte| byte == b',');
        names.extend(
            named
                .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
                // A client must not be able to hide where it comes from, or that the request went in circles.
                .filter(|name| *name != VIA && !name.as_str().starts_with("x-forwarded-")),
        );
    }
    // Names are compared first and removed after, since most requests have none of them.
    let known = headers
        .keys()
        .filter(|name| is_hop_by_hop(name.as_str()) || unwanted(name.as_str()));
    names.extend(known.cloned());
    for name in names {
        headers.remove(name);
    }
}

fn tell_way(headers: &mut HeaderMap, host: Option<HeaderValue>, passage: &Passage<'_>) {
    if passage.front.front == Front::FunctionUrl {
        append_source(headers, passage.front.source_ip.as_deref());
    }
    if let Some(host) = host {
        headers.entry(X_FORWARDED_HOST).or_insert(host);
    }
    // Every front of Lambda but a plain load balancer listener speaks HTTPS only, and a load balancer tells it itself.
    headers
        .entry(X_FORWARDED_PROTO)
        .or_insert(HeaderValue::from_static("https"));
    let port = if headers.get(X_FORWARDED_PROTO).is_some_and(|value| value == "http") {
        "80"
    } else {
        "443"
    };
    headers
        .entry(X_FORWARDED_PORT)
        .or_insert(HeaderValue::from_static(port));
    // The invocation's own trace goes on; the client's stands only where there is none.
    if let Some(trace_id) = passage.trace_id.and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert(X_AMZN_TRACE_ID, trace_id);
    }
    if let (false, Ok(id)) = (
        headers.contains_key(X_REQUEST_ID),
        HeaderValue::from_str(passage.request_id),
    ) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.append(VIA, passage.mark.via.clone());
}

/// Appends the caller's address to `x-forwarded-for` unless it stands last already.
fn append_source(headers: &mut HeaderMap, source: Option<&str>) {
    let Some(source) = source.filter(|source| source.parse::<std::net::IpAddr>().is_ok()) else {
        return;
    };
    let known: Vec<&str> = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let known = known.join(", ");
    if known.rsplit(',').next().map(str::trim) == Some(source) {
        return;
    }
    let chain = if known.is_empty() {
        source.to_owned()
    } else {
        format!("{known}, {source}")
    };
    if let Ok(value) = HeaderValue::from_str(&chain) {
        headers.insert(X_FORWARDED_FOR, value);
    }
}
