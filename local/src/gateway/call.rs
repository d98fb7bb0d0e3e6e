//! One request on its way through an API: everything that the events and the answers need to know of it.

use std::{collections::BTreeMap, net::SocketAddr};

use http::{HeaderMap, HeaderValue, header::HOST, request::Parts};
use percent_encoding::percent_decode_str;

use super::{Api, ArnTail, GatewayOptions, arn::MethodArn, route};

/// A request that fits a route.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) options: &'a GatewayOptions,
    pub(super) method: &'a str,
    /// The path without the stage: as it was sent for a REST API, decoded for an HTTP API.
    pub(super) path: String,
    /// As it was sent.
    pub(super) query: &'a str,
    pub(super) headers: HeaderMap,
    pub(super) peer: SocketAddr,
    pub(super) host: String,
    pub(super) resource: &'a str,
    pub(super) route_key: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) request_id: &'a str,
    pub(super) epoch_millis: u64,
}

/// Why a request has no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoute {
    /// The path does not begin with the stage.
    Stage,
    /// No route has this method and path.
    Route,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        options: &'a GatewayOptions,
        head: &'a Parts,
        peer: SocketAddr,
        request_id: &'a str,
    ) -> Result<Self, NoRoute> {
        let sent = head.uri.path();
        let path = match options.stage_prefix() {
            None => sent,
            Some(prefix) => match sent.strip_prefix(&prefix) {
                Some("") => "/",
                Some(rest) if rest.starts_with('/') => rest,
                _ => return Err(NoRoute::Stage),
            },
        };
        let path = match options.api {
            Api::RestToken | Api::RestRequest => path.to_owned(),
            // Decoded once, and cut where a question mark comes to light.
            Api::HttpSimple | Api::HttpPolicy => {
                let decoded = percent_decode_str(path).decode_utf8_lossy();
                decoded.split('?').next().unwrap_or_default().to_owned()
            }
        };
        let matched = route::find(&options.routes, head.method.as_str(), &path).ok_or(NoRoute::Route)?;
        let mut headers = head.headers.clone();
        let host = headers.get(HOST).map(text).unwrap_or_default();
        add_forwarded(&mut headers, peer);
        Ok(Self {
            options,
            method: head.method.as_str(),
            query: head.uri.query().unwrap_or_default(),
            headers,
            peer,
            host,
            resource: matched.route.path(),
            route_key: matched.route.key(),
            parameters: matched.parameters,
            request_id,
            epoch_millis: crate::clock::epoch_millis(),
            path,
        })
    }

    /// The ARN that the authorizer gets and that its policy is evaluated against.
    pub(super) fn arn(&self) -> MethodArn {
        let path = match (self.options.api, self.options.http_arn_tail) {
            (Api::HttpSimple | Api::HttpPolicy, ArnTail::Route) => self.resource,
            _ => self.path.as_str(),
        };
        MethodArn {
            region: self.options.region.clone(),
            api: self.options.api_id.clone(),
            stage: self.options.stage.clone(),
            method: self.method.to_owned(),
            path: path.strip_prefix('/').unwrap_or(path).to_owned(),
        }
    }

    /// All identity sources: the header's value, and the route's key, method and path where they are some.
    pub(super) fn identity_sources<'s>(&'s self, identity: &'s str) -> Vec<&'s str> {
        let is_http = !self.options.api.is_rest();
        let route = (is_http && self.options.route_key_is_identity).then_some(self.route_key.as_str());
        let by_request = self.options.request_is_identity && self.options.api != Api::RestToken;
        let request = by_request.then_some([self.method, self.path.as_str()]);
        [identity]
            .into_iter()
            .chain(route)
            .chain(request.into_iter().flatten())
            .collect()
    }

    /// What a reply is kept under: all identity sources, and nothing else of the request.
    pub(super) fn cache_key(&self, identity: &str) -> String {
        // A header's value holds no line break.
        self.identity_sources(identity).join("\n")
    }

    /// The first identity source: the value of the `Authorization` header, unless it is missing or empty.
    pub(super) fn identity(&self) -> Option<String> {
        let values: Vec<String> = self
            .headers
            .get_all(http::header::AUTHORIZATION)
            .iter()
            .map(text)
            .collect();
        let value = match self.options.api {
            Api::RestToken | Api::RestRequest => values.last()?.clone(),
            Api::HttpSimple | Api::HttpPolicy => values.join(","),
        };
        (!value.is_empty()).then_some(value)
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(text)
    }

    /// Every header with all its values, in the order of names.
    pub(super) fn header_values(&self) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in &self.headers {
            all.entry(name.as_str().to_owned()).or_default().push(text(value));
        }
        all
    }

    /// Every query parameter with all its values, decoded, in the order of names.
    pub(super) fn query_values(&self) -> BTreeMap<String, Vec<String>> {
        let mut all = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in url::form_urlencoded::parse(self.query.as_bytes()) {
            all.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        all
    }

    /// Path parameters as API Gateway hands them on: decoded.
    pub(super) fn decoded_parameters(&self) -> BTreeMap<String, String> {
        let decode = |value: &String| percent_decode_str(value).decode_utf8_lossy().into_owned();
        self.parameters
            .iter()
            .map(|(name, value)| (name.clone(), decode(value)))
            .collect()
    }
}

/// Bytes that are not UTF-8 are replaced: an event is JSON.
pub(super) fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn add_forwarded(headers: &mut HeaderMap, peer: SocketAddr) {
    let before = headers.get("x-forwarded-for").map(text);
    let chain = before
        .into_iter()
        .chain([peer.ip().to_string()])
        .collect::<Vec<_>>()
        .join(", ");
    let trace = format!("Root={}", crate::random::trace_root());
    if let (Ok(chain), Ok(trace)) = (HeaderValue::from_str(&chain), HeaderValue::from_str(&trace)) {
        headers.insert("x-forwarded-for", chain);
        headers.entry("x-amzn-trace-id").or_insert(trace);
    }
    headers.insert("x-forwarded-port", HeaderValue::from_static("443"));
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
}
