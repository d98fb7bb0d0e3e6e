//! What an invoked function is given: the request, in one of several shapes.

mod alb;
mod envelope;
mod v1;
mod v2;

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::clock::Utc;
use shared::http::header_text;

use super::Surroundings;
use crate::error::Failure;
use crate::request::Outgoing;
use crate::request::query::Pair;
use crate::routes::PayloadFormat;

/// The payload of an invocation.
///
/// # Errors
/// [`Failure::BadBody`] for a body that is no payload by itself.
pub(super) fn payload(
    format: PayloadFormat,
    outgoing: &Outgoing,
    surroundings: &Surroundings<'_>,
) -> Result<Bytes, Failure> {
    match format {
        PayloadFormat::V2 => json(&v2::event(&Facts::of(outgoing, surroundings))),
        PayloadFormat::V1 => json(&v1::event(&Facts::of(outgoing, surroundings))),
        PayloadFormat::Alb { multi_value } => json(&alb::event(&Facts::of(outgoing, surroundings), multi_value)),
        PayloadFormat::Envelope(parts) => json(&envelope::envelope(&Facts::of(outgoing, surroundings), parts)),
        PayloadFormat::Raw => raw(outgoing.body.clone()),
    }
}

fn json(event: &impl Serialize) -> Result<Bytes, Failure> {
    let event = serde_json::to_vec(event).map_err(|_| Failure::BadBody)?;
    Ok(event.into())
}

/// The request's own body as the payload, which must be JSON; nothing becomes `{}`.
fn raw(body: Bytes) -> Result<Bytes, Failure> {
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    serde_json::from_slice::<&RawValue>(&body).map_err(|_| Failure::BadBody)?;
    Ok(body)
}

/// All values of each name, in their order.
type Lists<K, V> = BTreeMap<K, Vec<V>>;

/// What several shapes tell of a request.
struct Facts<'a> {
    outgoing: &'a Outgoing,
    surroundings: &'a Surroundings<'a>,
    domain_name: Cow<'a, str>,
    user_agent: Cow<'a, str>,
    source_ip: Cow<'a, str>,
}

impl<'a> Facts<'a> {
    fn of(outgoing: &'a Outgoing, surroundings: &'a Surroundings<'a>) -> Self {
        let host = text(surroundings.host);
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => name,
            _ => host,
        };
        // The last line, since what comes before it may be the client's own.
        let forwarded = text(outgoing.headers.get_all("x-forwarded-for").iter().next_back());
        let last_hop = forwarded.rsplit(',').next().unwrap_or_default().trim();
        Self {
            outgoing,
            surroundings,
            domain_name: name.into(),
            user_agent: text(outgoing.headers.get(USER_AGENT)).into(),
            // A load balancer appends the caller's address to the header; other fronts tell it in the event.
            source_ip: surroundings.front.source_ip.as_deref().unwrap_or(last_hop).into(),
        }
    }

    fn domain_prefix(&self) -> &str {
        self.domain_name.split('.').next().unwrap_or_default()
    }

    /// This function's own ARN, piece by piece.
    fn own_arn(&self, at: usize) -> Option<&'a str> {
        self.surroundings.own_arn.split(':').nth(at)
    }

    fn account_id(&self) -> &'a str {
        self.own_arn(4).unwrap_or("anonymous")
    }

    /// All headers, names in lower case, with those that belong to the connection that a function does not have.
    fn headers(&self) -> Lists<&'a str, Cow<'a, str>> {
        let mut out: Lists<&str, Cow<'_, str>> = Lists::new();
        for (name, value) in &self.outgoing.headers {
            let value = header_text(value.as_bytes());
            out.entry(name.as_str()).or_default().push(value);
        }
        if let Some(host) = self.surroundings.host {
            out.insert("host", vec![header_text(host.as_bytes())]);
        }
        if !self.outgoing.body.is_empty() {
            out.insert("content-length", vec![self.outgoing.body.len().to_string().into()]);
        }
        out
    }

    /// The query's parameters, decoded.
    fn parameters(&self) -> Lists<String, String> {
        let mut out: Lists<String, String> = Lists::new();
        for Pair { name, value, .. } in &self.outgoing.query {
            out.entry(decoded(name)).or_default().push(decoded(value));
        }
        out
    }

    /// What the route's `*` took.
    fn path_parameters(&self) -> Option<BTreeMap<&'static str, String>> {
        let tail = self.outgoing.tail.as_deref()?;
        Some(BTreeMap::from([("proxy", decoded(tail))]))
    }

    /// The body as text, if there is one, and whether that is Base64: it is text if it is declared as text, is UTF-8 and
    /// is not compressed.
    fn body(&self) -> (Option<Cow<'a, str>>, bool) {
        let body = &self.outgoing.body;
        if body.is_empty() {
            return (None, false);
        }
        if is_text(&self.outgoing.headers)
            && let Ok(text) = std::str::from_utf8(body)
        {
            return (Some(text.into()), false);
        }
        (Some(STANDARD.encode(body).into()), true)
    }

    /// `12/Mar/2026:19:03:58 +0000`.
    fn time(&self) -> String {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let at = Utc::from_epoch_ms(self.surroundings.now_ms);
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
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The last value of each name.
fn last<K: Clone + Ord, V: Clone>(lists: &Lists<K, V>) -> BTreeMap<K, V> {
    let last = |(name, values): (&K, &Vec<V>)| Some((name.clone(), values.last()?.clone()));
    lists.iter().filter_map(last).collect()
}

/// The same of headers. The lines of `cookie` are one header in several (RFC 9113, section 8.2.3).
fn last_headers<'a>(lists: &Lists<&'a str, Cow<'a, str>>) -> BTreeMap<&'a str, Cow<'a, str>> {
    let mut out = last(lists);
    if let Some(cookies) = lists.get("cookie").filter(|cookies| cookies.len() > 1) {
        out.insert("cookie", cookies.join("; ").into());
    }
    out
}

fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let essence = essence(headers);
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence.as_str(),
            "application/json" | "application/xml" | "application/javascript" | "application/x-www-form-urlencoded"
        )
}

/// The media type of a body without its parameters, in lower case.
fn essence(headers: &HeaderMap) -> String {
    let declared = text(headers.get(CONTENT_TYPE));
    declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
