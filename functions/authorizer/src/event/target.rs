//! What a request asks for: its concrete path, without the stage.

use std::borrow::Cow;

use super::{AuthorizationRequest, Kind};

impl AuthorizationRequest<'_> {
    /// The concrete path, beginning with a slash, as the client wrote it; and a second reading of it, if there is one.
    ///
    /// An HTTP API puts its stage before the path, except when it is asked by a domain name of its own. Where the event
    /// does not settle which it was, the path without the stage is the first reading and the whole is the second.
    pub fn paths(&self) -> (Cow<'_, str>, Option<&str>) {
        if self.kind != Kind::HttpV2 {
            let path = self.arn.after_stage().split_once('/').map_or("", |(_, path)| path);
            return (Cow::Owned(format!("/{path}")), None);
        }
        let raw = self.event.raw_path.get().unwrap_or_default();
        let Some(inside) = without_stage(raw, self.arn.stage()) else {
            return (Cow::Borrowed(raw), None);
        };
        let short = if inside.is_empty() { "/" } else { inside };
        let begins_with = |path: &str, segment: &str| first_segment(path) == Some(segment);
        match self.route_key_path().and_then(first_literal) {
            Some(first) if begins_with(short, first) => (Cow::Borrowed(short), None),
            Some(first) if begins_with(raw, first) => (Cow::Borrowed(raw), None),
            _ if self.has_default_domain() => (Cow::Borrowed(short), None),
            _ => (Cow::Borrowed(short), Some(raw)),
        }
    }

    /// The path of the route that an HTTP API has chosen, such as `/orders/{id}`; its `$default` route has none.
    pub fn route_key_path(&self) -> Option<&str> {
        let key = self.event.route_key.get().filter(|_| self.kind == Kind::HttpV2)?;
        Some(key.split_once(' ')?.1)
    }

    /// What a policy would have to match: `{VERB}/{path}`, or `$connect`.
    pub fn resource(&self) -> Cow<'_, str> {
        match (self.kind, self.verb()) {
            (Kind::HttpV2, Some(verb)) => Cow::Owned(format!("{verb}{}", self.paths().0)),
            _ => Cow::Borrowed(self.arn.after_stage()),
        }
    }

    /// Whether the client used the domain name that API Gateway gives each API, which begins with the API's id.
    fn has_default_domain(&self) -> bool {
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
