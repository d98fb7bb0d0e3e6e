//! The headers that go out: what belongs to one connection is left behind, what the route sets is set, and the way
//! that the request has taken is told.

mod way;

use http::header::{AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, VIA};
use shared::http::FrontContext;

use crate::error::Failure;
use crate::routes::{Authorization, Destination, HeaderRules, Route, is_hop_by_hop};

pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A longer id of a request is no id: what is told with every answer has to find room in it.
const LONGEST_REQUEST_ID: usize = 1024;

/// The id that a client gave its request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(X_REQUEST_ID).filter(|id| id.len() <= LONGEST_REQUEST_ID)
}

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
            | "x-amz-durable-execution-name"
            | "x-amz-region-set"
    )
}

/// CloudFront's own headers, such as `x-amz-cf-id`. It writes them anew on the way to a target behind it, and a signature
/// covers every `x-amz-…`.
const CLOUDFRONT: &str = "x-amz-cf-";

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
            .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
            .filter_map(|entry| {
                entry
                    .split(u8::is_ascii_whitespace)
                    .filter(|word| !word.is_empty())
                    .nth(1)
            })
            .any(|token| token == self.token.as_bytes())
    }
}

/// What the headers are made from beside the client's own.
#[derive(Debug)]
pub struct Passage<'a> {
    /// Where the request came from.
    pub front: &'a FrontContext,
    /// The route that it took.
    pub route: &'a Route,
    /// Lambda's id of the invocation.
    pub request_id: &'a str,
    /// The X-Ray trace header of the invocation.
    pub trace_id: Option<&'a str>,
    /// This function's mark.
    pub mark: &'a Mark,
}

/// Whether this function will sign: it is told to, no `authorization` of the client's goes out, and the request does
/// not get our key in place of a signature.
pub fn will_sign(headers: &HeaderMap, route: &Route) -> bool {
    let authorization = &route.authorization;
    // One that is dropped on the way must not keep us from signing: the request would go out with none.
    let stands = headers.contains_key(AUTHORIZATION)
        && !authorization.replace_client
        && !route.request_headers.remove.contains(&AUTHORIZATION)
        && !named_by_connection(headers).any(|name| name == AUTHORIZATION);
    authorization.iam.is_some() && !stands && !(authorization.api_key_instead && gets_our_key(headers, authorization))
}

fn gets_our_key(headers: &HeaderMap, authorization: &Authorization) -> bool {
    authorization.api_key.is_some() && (authorization.api_key_override || !headers.contains_key(X_API_KEY))
}

/// Turns the client's headers into those that go out, all but `host`, `content-length` and the signature, which the
/// request gets if it is to be `signed`.
///
/// # Errors
/// [`Failure::Loop`] when the request came through this function before.
pub fn outgoing(mut headers: HeaderMap, signed: bool, passage: &Passage<'_>) -> Result<HeaderMap, Failure> {
    if passage.mark.is_in(&headers) {
        return Err(Failure::Loop);
    }
    let authorization = &passage.route.authorization;
    let rules = &passage.route.request_headers;
    // What a function is given is no header of a signed request.
    let anew = signed && matches!(passage.route.destination, Destination::Endpoint(_));
    let host = headers.remove(HOST);
    // As the client sent them, even those that are dropped below.
    let copies = copies(rules, &headers);
    remove(&mut headers, |name| {
        name == "content-length"
            || name == "expect"
            || signed && is_replaced_by_signing(name)
            || anew && name.starts_with(CLOUDFRONT)
            || (signed || authorization.replace_client) && name == "authorization"
    });
    way::tell(&mut headers, host, passage);
    paste(rules, copies, &mut headers);
    for name in &rules.remove {
        headers.remove(name);
    }
    if let Some(key) = authorization
        .api_key
        .as_ref()
        .filter(|_| gets_our_key(&headers, authorization))
    {
        headers.insert(X_API_KEY, key.clone());
    }
    put(rules, &mut headers);
    headers.append(VIA, passage.mark.via.clone());
    Ok(headers)
}

/// Applies a route's rules to the headers of an answer.
pub fn apply(rules: &HeaderRules, headers: &mut HeaderMap) {
    paste(rules, copies(rules, headers), headers);
    for name in &rules.remove {
        headers.remove(name);
    }
    put(rules, headers);
}

/// The values that `duplicate` keeps, each with the name that it is kept under.
fn copies(rules: &HeaderRules, headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let named = rules.duplicate.iter();
    named
        .flat_map(|(name, kept)| headers.get_all(name).iter().map(|value| (kept.clone(), value.clone())))
        .collect()
}

/// Puts the copies in; nobody but us says what was original.
fn paste(rules: &HeaderRules, copies: Vec<(HeaderName, HeaderValue)>, headers: &mut HeaderMap) {
    for (_, kept) in &rules.duplicate {
        headers.remove(kept);
    }
    for (name, value) in copies {
        headers.append(name, value);
    }
}

fn put(rules: &HeaderRules, headers: &mut HeaderMap) {
    for (name, value) in &rules.set {
        headers.insert(name, value.clone());
    }
    for (name, value) in &rules.add {
        headers.append(name, value.clone());
    }
}

/// Drops the headers of one connection, those that `connection` names, and those that `unwanted` picks.
pub fn remove(headers: &mut HeaderMap, unwanted: impl Fn(&str) -> bool) {
    let mut names: Vec<HeaderName> = named_by_connection(headers)
        // A client must not be able to hide where it comes from, or that the request went in circles.
        .filter(|name| *name != VIA && !name.as_str().starts_with("x-forwarded-"))
        .collect();
    // Names are compared first and removed after, since most requests have none of them.
    let known = headers
        .keys()
        .filter(|name| is_hop_by_hop(name.as_str()) || unwanted(name.as_str()));
    names.extend(known.cloned());
    for name in names {
        headers.remove(name);
    }
}

/// The headers that `connection` says are for this one connection (RFC 9110, section 7.6.1).
fn named_by_connection(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
}
