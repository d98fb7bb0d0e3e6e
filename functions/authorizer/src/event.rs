//! Every event shape of API Gateway becomes one [`AuthorizationRequest`]. Nobody else knows payload versions.
//!
//! Architecture invariant: reading an event never panics, whatever it holds. A member of the wrong type counts as
//! absent, which leads to a refusal and never to an answer that grants something.

mod arn;
mod json;
mod preflight;
mod target;

use serde::Deserialize;

pub use arn::MethodArn;
use json::{Object, Pairs, Sources, Text, Texts};

use crate::error::Problem;

/// Which gateway product asks, with which payload
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A REST API with a TOKEN authorizer.
    RestToken,
    /// A REST API with a REQUEST authorizer.
    RestRequest,
    /// An HTTP API, payload format 1.0.
    HttpV1,
    /// An HTTP API, payload format 2.0.
    HttpV2,
    /// The `$connect` route of a WebSocket API.
    WsConnect,
}

impl Kind {
    /// A stable word for logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::RestToken => "rest_token",
            Self::RestRequest => "rest_request",
            Self::HttpV1 => "http_v1",
            Self::HttpV2 => "http_v2",
            Self::WsConnect => "ws_connect",
        }
    }

    /// Whether an HTTP API asks, which has no documented way to answer 401.
    pub fn is_http_api(self) -> bool {
        matches!(self, Self::HttpV1 | Self::HttpV2)
    }
}

/// What stands at one place of a request where a token may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence<'r> {
    /// Nothing, or an empty value.
    Absent,
    /// One value, without the white space around it.
    One(&'r str),
    /// More than one value.
    Many,
}

/// One request that waits for a decision.
#[derive(Debug)]
pub struct AuthorizationRequest<'a> {
    /// Which gateway product asks.
    pub kind: Kind,
    /// The method, route or connection that is asked for.
    pub arn: MethodArn<'a>,
    event: Event<'a>,
}

/// The members that matter. API Gateway adds others at any time.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    method_arn: Text<'a>,
    #[serde(borrow)]
    route_arn: Text<'a>,
    #[serde(borrow)]
    authorization_token: Text<'a>,
    #[serde(borrow)]
    resource: Text<'a>,
    #[serde(borrow)]
    route_key: Text<'a>,
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    raw_path: Text<'a>,
    #[serde(borrow)]
    headers: Pairs<'a>,
    #[serde(borrow)]
    multi_value_headers: Pairs<'a>,
    #[serde(borrow)]
    query_string_parameters: Pairs<'a>,
    #[serde(borrow)]
    multi_value_query_string_parameters: Pairs<'a>,
    #[serde(borrow)]
    cookies: Texts<'a>,
    #[serde(borrow)]
    identity_source: Sources<'a>,
    #[serde(borrow)]
    request_context: Object<RequestContext<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RequestContext<'a> {
    #[serde(borrow)]
    event_type: Text<'a>,
    #[serde(borrow)]
    route_key: Text<'a>,
    #[serde(borrow)]
    api_id: Text<'a>,
    #[serde(borrow)]
    domain_prefix: Text<'a>,
    #[serde(borrow)]
    http: Object<Http<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http<'a> {
    #[serde(borrow)]
    method: Text<'a>,
}

impl<'a> AuthorizationRequest<'a> {
    /// Reads an event's JSON text.
    ///
    /// # Errors
    /// [`Problem::MalformedEvent`] with the member that is wrong.
    pub fn read(json: &'a str) -> Result<Self, Problem> {
        let event: Object<Event<'a>> = serde_json::from_str(json).map_err(|_| Problem::MalformedEvent("event"))?;
        let mut event = event.0.ok_or(Problem::MalformedEvent("event"))?;
        let is_v2 = event.route_arn.get().is_some() || event.version.is("2.0");
        let (member, text) = if is_v2 {
            ("routeArn", event.route_arn.0.take())
        } else {
            ("methodArn", event.method_arn.0.take())
        };
        if !is_v2 && !event.kind.is("TOKEN") && !event.kind.is("REQUEST") {
            return Err(Problem::MalformedEvent("type"));
        }
        let arn = text.and_then(MethodArn::parse).ok_or(Problem::MalformedEvent(member))?;
        let kind = if is_v2 {
            Kind::HttpV2
        } else if event.kind.is("TOKEN") {
            Kind::RestToken
        } else if event.is_connect(&arn) {
            Kind::WsConnect
        } else if event.version.is("1.0") {
            Kind::HttpV1
        } else {
            Kind::RestRequest
        };
        // A route without a verb exists in HTTP APIs (`$default`) and WebSocket APIs alone.
        if arn.verb().is_none() && !matches!(kind, Kind::HttpV2 | Kind::WsConnect) {
            return Err(Problem::MalformedEvent(member));
        }
        Ok(Self { kind, arn, event })
    }

    /// The HTTP verb. A WebSocket connection has none.
    pub fn verb(&self) -> Option<&str> {
        // The member is one of HTTP APIs with payloads of version 2.0 alone.
        let context = self.event.request_context.0.as_ref();
        let told = context
            .filter(|_| self.kind == Kind::HttpV2)
            .and_then(|context| context.http.0.as_ref())
            .and_then(|http| http.method.get());
        told.or_else(|| self.arn.verb())
    }

    /// The template of the route, such as `/orders/{id}` or `GET /orders/{id}`: never the concrete path.
    pub fn route(&self) -> Option<&str> {
        match self.kind {
            Kind::RestToken => None,
            Kind::RestRequest | Kind::HttpV1 => self.event.resource.get(),
            Kind::HttpV2 => self.event.route_key.get(),
            Kind::WsConnect => Some("$connect"),
        }
    }

    /// What the gateway itself took as the token: TOKEN events alone have it.
    pub fn authorization_token(&self) -> Presence<'_> {
        Presence::of(self.event.authorization_token.get().into_iter())
    }

    /// A header, by its name in any case. Names that differ in case alone are the same header.
    pub fn header(&self, name: &str) -> Presence<'_> {
        let plain = self.event.headers.values(|known| known.eq_ignore_ascii_case(name));
        let multi = self
            .event
            .multi_value_headers
            .values(|known| known.eq_ignore_ascii_case(name));
        Presence::of(plain).merged(Presence::of(multi))
    }

    /// A query parameter, by its exact name.
    pub fn query(&self, name: &str) -> Presence<'_> {
        let plain = self.event.query_string_parameters.values(|known| known == name);
        let multi = self
            .event
            .multi_value_query_string_parameters
            .values(|known| known == name);
        Presence::of(plain).merged(Presence::of(multi))
    }

    /// A cookie, by its exact name (RFC 6265, section 5.4).
    pub fn cookie(&self, name: &str) -> Presence<'_> {
        let is_cookie = |known: &str| known.eq_ignore_ascii_case("cookie");
        let plain = Presence::of(self.event.headers.values(is_cookie));
        // Names that differ in case alone: one map has both, and nobody knows which of them counts.
        if plain == Presence::Many {
            return Presence::Many;
        }
        let mut lines = Presence::of(self.event.multi_value_headers.values(is_cookie));
        if lines == Presence::Absent {
            lines = plain;
        }
        let from_headers: Box<dyn Iterator<Item = &str>> = match lines {
            Presence::Absent => Box::new(std::iter::empty()),
            Presence::One(line) => Box::new(std::iter::once(line)),
            Presence::Many => Box::new(self.event.multi_value_headers.values(is_cookie)),
        };
        let pairs = from_headers
            .flat_map(|line| line.split(';'))
            .chain(self.event.cookies.iter());
        Presence::of(pairs.filter_map(|pair| {
            let (known, value) = pair.trim().split_once('=')?;
            (known == name).then_some(value)
        }))
    }
}

impl Event<'_> {
    fn is_connect(&self, arn: &MethodArn<'_>) -> bool {
        let context = self.request_context.0.as_ref();
        context.is_some_and(|context| context.event_type.is("CONNECT") || context.route_key.is("$connect"))
            || arn.is_connect()
    }
}

impl<'r> Presence<'r> {
    fn of(mut values: impl Iterator<Item = &'r str>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => match value.trim_matches([' ', '\t']) {
                "" => Self::Absent,
                value => Self::One(value),
            },
            (Some(_), Some(_)) => Self::Many,
        }
    }

    /// The plain map shows one value of a repeated member, the multi-value map all of them.
    fn merged(self, multi: Self) -> Self {
        match (self, multi) {
            (Self::Many, _) | (_, Self::Many) => Self::Many,
            (Self::Absent, multi) => multi,
            (plain, _) => plain,
        }
    }
}

#[cfg(test)]
mod tests;
