//! What a request asks for: its concrete path, without the stage.

use std::borrow::Cow;

use super::{AuthorizationRequest, Kind};

impl AuthorizationRequest<'_> {
    /// The concrete path, beginning with a slash, as the client wrote it; and a second reading of it, if there is one.
    ///
    /// An HTTP API puts its stage before the path, except when it is asked by a domain name of its own. Where the event
    /// does not settle which it was, the path without the stage is the first reading and the whole is the second.
    pub fn paths(&self) -> (Cow<'_, str>, Option<&str>) {
        let raw = match self.kind {
            Kind::HttpV2 => self.event.raw_path.get().unwrap_or_default(),
            Kind::HttpV1 if self.arn_has_template() => self.event.path.get().unwrap_or_default(),
            _ => return (Cow::Owned(self.arn_path()), None),
        };
        // The stage `$default` is the one that stands in no path.
        let stage = self.arn.stage();
        let Some(inside) = without_stage(raw, stage).filter(|_| stage != "$default") else {
            return (Cow::Borrowed(raw), None);
        };
        let short = if inside.is_empty() { "/" } else { inside };
        let first = self.route_key_path().and_then(first_literal);
        let begins = |path: &str| first.is_some() && first_segment(path) == first;
        match (begins(short), begins(raw)) {
            (true, false) => (Cow::Borrowed(short), None),
            (false, true) => (Cow::Borrowed(raw), None),
            _ if self.has_default_domain() => (Cow::Borrowed(short), None),
            _ => (Cow::Borrowed(short), Some(raw)),
        }
    }

    /// The path of the route that the gateway has chosen, such as `/orders/{id}`, as far as the event tells; the
    /// `$default` route of an HTTP API has none.
    pub fn route_key_path(&self) -> Option<&str> {
        match self.kind {
            Kind::HttpV2 => Some(self.event.route_key.get()?.split_once(' ')?.1),
            Kind::RestRequest | Kind::HttpV1 => self.event.resource.get().filter(|path| path.starts_with('/')),
            Kind::RestToken | Kind::WsConnect => None,
        }
    }

    /// What a policy would have to match: `{VERB}/{path}`, or `$connect`.
    pub fn resource(&self) -> Cow<'_, str> {
        match (self.kind, self.verb()) {
            (Kind::HttpV1 | Kind::HttpV2, Some(verb)) => Cow::Owned(format!("{verb}{}", self.paths().0)),
            _ => Cow::Borrowed(self.arn.after_stage()),
        }
    }

    /// The path that the ARN ends in.
    fn arn_path(&self) -> String {
        let path = self.arn.after_stage().split_once('/').map_or("", |(_, path)| path);
        format!("/{path}")
    }

    /// Whether the ARN of an HTTP API ends in the template of the route instead of the path that was asked for.
    fn arn_has_template(&self) -> bool {
        let template = self.route_key_path().filter(|path| path.contains('{'));
        template.is_some_and(|template| template == self.arn_path())
    }

    /// The path that a REST API tells beside its ARN, as far as the event has one.
    pub fn rest_path(&self) -> Option<&str> {
        self.event.path.get().filter(|_| self.kind == Kind::RestRequest)
    }

    /// Whether the client used the domain name that API Gateway gives each API, which begins with the API's id.
    pub fn has_default_domain(&self) -> bool {
        let context = self.event.request_context.0.as_ref();
        context.is_some_and(|context| {
            let prefix = context.domain_prefix.get();
            prefix.is_some() && prefix == context.api_id.get()
        })
    }
}

fn without_stage<'p>(path: &'p str, stage: &str) -> Option<&'p str> {
    let rest = path.strip_prefix('/')?.strip_prefix(stage)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

fn first_segment(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next()
}

/// The first segment of a route's path such as `/orders/{id}`, unless it is a parameter.
fn first_literal(path: &str) -> Option<&str> {
    first_segment(path).filter(|segment| !segment.starts_with('{'))
}
