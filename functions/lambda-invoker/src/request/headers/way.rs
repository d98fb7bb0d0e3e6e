//! What a target is told about the way of a request: addresses, the entry that the client used, trace and request id.

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};
use shared::http::{Front, FrontContext};

use super::{Passage, X_AMZN_TRACE_ID, X_REQUEST_ID, request_id};
use crate::routes::Forwarded;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Tells the target where a request came from, as the route says, and which request and trace it belongs to.
pub(super) fn tell(headers: &mut HeaderMap, host: Option<HeaderValue>, passage: &Passage<'_>) {
    match passage.route.forwarded {
        Forwarded::Append => {
            if passage.front.front == Front::FunctionUrl {
                append_source(headers, passage.front.source_ip.as_deref());
            }
            tell_entry(headers, host);
        }
        Forwarded::Replace => {
            let known = known_way(headers, passage.front);
            drop_forwarded(headers);
            headers.extend(known);
            tell_entry(headers, host);
        }
        Forwarded::Drop => drop_forwarded(headers),
    }
    // The invocation's own trace goes on; the client's stands only where there is none.
    if let Some(trace_id) = passage.trace_id.and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert(X_AMZN_TRACE_ID, trace_id);
    }
    if request_id(headers).is_none()
        && let Ok(id) = HeaderValue::from_str(passage.request_id)
    {
        headers.insert(X_REQUEST_ID, id);
    }
}

/// Tells what the client asked for, where nobody did before.
fn tell_entry(headers: &mut HeaderMap, host: Option<HeaderValue>) {
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
}

/// What the front itself knows of the way: the caller's address, and behind a load balancer its protocol and port. A
/// load balancer appends the address to what the client sent, and overwrites the two others.
fn known_way(headers: &HeaderMap, front: &FrontContext) -> Vec<(HeaderName, HeaderValue)> {
    let behind_alb = matches!(front.front, Front::AlbSingleValue | Front::AlbMultiValue);
    let last = headers.get_all(X_FORWARDED_FOR).iter().next_back();
    let appended = last
        .and_then(|value| value.to_str().ok()?.rsplit(',').next())
        .filter(|_| behind_alb);
    let source = front.source_ip.as_deref().or(appended).map(str::trim);
    let mut known: Vec<_> = source
        .filter(|source| !source.is_empty())
        .and_then(|source| HeaderValue::from_str(source).ok())
        .map(|source| (X_FORWARDED_FOR, source))
        .into_iter()
        .collect();
    if behind_alb {
        for name in [X_FORWARDED_PROTO, X_FORWARDED_PORT] {
            known.extend(headers.get(&name).map(|value| (name.clone(), value.clone())));
        }
    }
    known
}

fn drop_forwarded(headers: &mut HeaderMap) {
    let told = |name: &HeaderName| *name == FORWARDED || name.as_str().starts_with("x-forwarded-");
    let names: Vec<HeaderName> = headers.keys().filter(|name| told(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
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
