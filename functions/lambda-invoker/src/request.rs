//! What goes out: the checked request of a client, changed as its route says, before any target has seen it.

pub mod headers;
pub mod path;
pub mod query;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderMap};
use http::{Method, Request};
use shared::http::FrontContext;

use crate::error::Failure;
use crate::routes::{Destination, Route};
use headers::Passage;
use query::Pair;

/// No method that anybody registered is half as long.
const MAX_METHOD_BYTES: usize = 64;
const MAX_TARGET_BYTES: usize = 8 * 1024;
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// A request on its way to a target.
#[derive(Debug)]
pub struct Outgoing {
    /// The client's method.
    pub method: Method,
    /// The path, encoded: for an endpoint behind the endpoint's own path.
    pub path: String,
    /// What the route's `*` took, encoded; `None` for a route without one.
    pub tail: Option<String>,
    /// The query in its canonical encoding.
    pub query: Vec<Pair>,
    /// Headers, all but `host`, `content-length` and the signature.
    pub headers: HeaderMap,
    /// Whether the target has to sign it.
    pub signed: bool,
    /// The client's body.
    pub body: Bytes,
}

impl Outgoing {
    /// Path and query as they stand in the request line.
    pub fn target(&self) -> String {
        let query = query::write_pairs(&self.query);
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }
}

/// Checks what holds for every route.
///
/// # Errors
/// 400, 414, 431 or 501.
pub fn check(request: &Request<Bytes>) -> Result<(), Failure> {
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Failure::MethodNotImplemented);
    }
    if request.method().as_str().len() > MAX_METHOD_BYTES {
        return Err(Failure::Unreadable("bad_method"));
    }
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > MAX_TARGET_BYTES {
        return Err(Failure::UriTooLong);
    }
    let size: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if size > MAX_HEADER_BYTES {
        return Err(Failure::HeadersTooLarge);
    }
    if !path::is_allowed(request.uri().path()) {
        return Err(Failure::BadPath);
    }
    Ok(())
}

/// The host that the client asked for, in lower case and without port; empty when there is none.
pub fn host(headers: &HeaderMap) -> String {
    let host = headers
        .get(HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Makes what goes out on `route`; `path` is the request's path with its escapes in upper case.
///
/// # Errors
/// 400, 413 or 508.
pub fn prepare(request: Request<Bytes>, path: &str, route: &Route, passage: &Passage<'_>) -> Result<Outgoing, Failure> {
    let context = passage.front;
    let (parts, body) = request.into_parts();
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or_default();
    if body.len() > route.max_request_bytes || announced > route.max_request_bytes as u64 {
        return Err(Failure::RequestTooLarge);
    }
    let signed = headers::will_sign(&parts.headers, route);
    let (path, tail) = outgoing_path(path, route, context)?;
    let base_query: &[Pair] = match &route.destination {
        Destination::Endpoint(endpoint) => &endpoint.base_query,
        Destination::Function(_) => &[],
    };
    let client_query = parts.uri.query().unwrap_or_default();
    let ordered = context.front.keeps_query_order();
    let query = query::outgoing(base_query, client_query, &route.query_rules, ordered, signed);
    if signed && query.iter().any(|pair| !pair.utf8) {
        return Err(Failure::BadQuery);
    }
    Ok(Outgoing {
        method: parts.method,
        path,
        tail,
        query,
        headers: headers::outgoing(parts.headers, signed, passage)?,
        signed,
        body,
    })
}

fn outgoing_path(path: &str, route: &Route, context: &FrontContext) -> Result<(String, Option<String>), Failure> {
    let rules = &route.path_rules;
    let spelt;
    let path = if rules.decoded {
        spelt = path::from_decoded(context);
        spelt.as_str()
    } else {
        path
    };
    let tail = route.path.tail(path).ok_or(Failure::BadPath)?;
    let tail = matches!(route.path, crate::routes::PathPattern::Prefix(_)).then(|| tail.to_owned());
    let out = match &route.destination {
        Destination::Endpoint(endpoint) if rules.append_tail => {
            path::join(&endpoint.base_path, &path::forwarded(&route.path, rules, path, context))
        }
        Destination::Endpoint(endpoint) => endpoint.base_path.clone(),
        Destination::Function(_) => {
            let kept = rules
                .strip_prefix
                .as_deref()
                .map_or(path, |prefix| path::strip(path, prefix));
            let kept = if kept.starts_with('/') {
                kept.to_owned()
            } else {
                format!("/{kept}")
            };
            match context
                .stage
                .as_deref()
                .filter(|stage| rules.include_stage && *stage != "$default")
            {
                Some(stage) => path::join(&format!("/{}", shared::http::encode_path(stage)), &kept),
                None => kept,
            }
        }
    };
    Ok((out, tail))
}
