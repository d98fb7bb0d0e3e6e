//! What a request asks for in the words of a permission: an action and a resource. Pure.

use super::PermissionRules;
use crate::error::Problem;
use crate::event::{AuthorizationRequest, Kind};
use crate::rules::{Path, VERBS};

/// What the opening of a WebSocket connection counts as, which has no verb.
const CONNECT: &str = "CONNECT";
/// The route and the path of such an opening.
const CONNECTION: &str = "$connect";
/// The route of an HTTP API for whatever has no other.
const DEFAULT_ROUTE: &str = "$default";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted<'r> {
    /// What is to be done.
    pub action: &'r str,
    /// What it is to be done with.
    pub resource: String,
}

/// The action of each verb; a verb without one is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actions(Vec<(&'static str, String)>);

impl Default for Actions {
    /// Reading and writing, and deleting apart.
    fn default() -> Self {
        let of = |verb: &'static str| match verb {
            "GET" | "HEAD" | "OPTIONS" => (verb, "read".to_owned()),
            "DELETE" => (verb, "delete".to_owned()),
            _ => (verb, "write".to_owned()),
        };
        Self(VERBS.map(of).to_vec())
    }
}

impl Actions {
    /// Reads a list of verbs and their actions. `CONNECT` stands for the opening of a WebSocket connection.
    ///
    /// # Errors
    /// A sentence for the first that is wrong.
    pub fn new(list: Vec<(String, String)>) -> Result<Self, &'static str> {
        let mut actions: Vec<(&'static str, String)> = Vec::new();
        for (verb, action) in list {
            let known = VERBS.into_iter().chain([CONNECT]).find(|known| *known == verb);
            let verb = known.ok_or("must name GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE or CONNECT")?;
            if actions.iter().any(|(known, _)| *known == verb) {
                return Err("must name each verb once");
            }
            if action.is_empty()
                || action
                    .chars()
                    .any(|letter| letter.is_whitespace() || letter.is_control())
            {
                return Err("must give each verb an action without white space");
            }
            actions.push((verb, action));
        }
        if actions.is_empty() {
            return Err("must name a verb");
        }
        Ok(Self(actions))
    }

    /// Whether WebSocket connections have an action.
    pub fn let_connect(&self) -> bool {
        self.of(CONNECT).is_some()
    }

    fn of(&self, verb: &str) -> Option<&(&'static str, String)> {
        self.0.iter().find(|(known, _)| *known == verb)
    }
}

/// How resources are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The segments of the path.
    Segments,
    Verb,
    /// The path of API Gateway's route, with its parameters as such.
    Route,
}

impl Template {
    /// Reads a text with `{segments}`, `{verb}` and `{route}` in it.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must have no other braces than those of {segments}, {verb} and {route}";
        if text.chars().any(char::is_control) {
            return Err("must hold no control characters");
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(WRONG)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match name {
                "segments" => Part::Segments,
                "verb" => Part::Verb,
                "route" => Part::Route,
                _ => return Err(WRONG),
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let has_brace = |part: &Part| matches!(part, Part::Text(text) if text.contains('}'));
        if parts.iter().any(has_brace) {
            return Err(WRONG);
        }
        Ok(Self(parts))
    }

    fn fill(&self, verb: &str, request: &AuthorizationRequest<'_>) -> Option<String> {
        let mut resource = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => resource.push_str(text),
                Part::Segments => resource.push_str(&segments(request)?),
                Part::Verb => resource.push_str(verb),
                Part::Route => resource.push_str(route(request)?),
            }
        }
        Some(resource)
    }
}

impl PermissionRules {
    /// What a request asks for.
    ///
    /// # Errors
    /// [`Problem::PermissionAction`] for a verb without an action, [`Problem::PermissionResource`] for a path that stands
    /// for more than one resource, and for a route that the event does not tell.
    pub fn wanted(&self, request: &AuthorizationRequest<'_>) -> Result<Wanted<'_>, Problem> {
        let verb = match request.kind {
            Kind::WsConnect => Some(CONNECT),
            _ => request.verb(),
        };
        let (verb, action) = verb
            .and_then(|verb| self.actions.of(verb))
            .ok_or(Problem::PermissionAction)?;
        let resource = self.resource.fill(verb, request).ok_or(Problem::PermissionResource)?;
        Ok(Wanted { action, resource })
    }
}

/// The path's segments with their escapes resolved, joined by `:`, a `:` inside one as `%3A`. `None` where the same text
/// could stand for another path too: for what servers read in different ways, parameters of a segment (RFC 3986, section 3.3)
/// among it; where an escape comes to light under an escape; for an escape from an HTTP API, which resolves them itself; and
/// where a REST API tells two paths.
fn segments(request: &AuthorizationRequest<'_>) -> Option<String> {
    if request.kind == Kind::WsConnect {
        return Some(CONNECTION.to_owned());
    }
    let (path, otherwise) = request.paths();
    if otherwise.is_some() {
        return None;
    }
    let path = Path::read(&path)?;
    if path.has_escapes() && request.kind.is_http_api() {
        return None;
    }
    if is_told_otherwise(request, &path) {
        return None;
    }
    let mut joined = String::new();
    for (at, segment) in path.resolved().enumerate() {
        if segment.contains(['%', ';']) {
            return None;
        }
        if at > 0 {
            joined.push(':');
        }
        joined.push_str(&segment.replace(':', "%3A"));
    }
    Some(joined)
}

/// Whether an event has another path beside that of its ARN. A domain name of one's own may stand for a part of the path,
/// which the event then has in front.
fn is_told_otherwise(request: &AuthorizationRequest<'_>, path: &Path<'_>) -> bool {
    let Some(told) = request.rest_path() else {
        return false;
    };
    let Some(told) = Path::read(told) else {
        return true;
    };
    let (told, path): (Vec<&str>, Vec<&str>) = (told.resolved().collect(), path.resolved().collect());
    if request.has_default_domain() {
        told != path
    } else {
        !told.ends_with(&path)
    }
}

/// The path of API Gateway's own route.
fn route<'r>(request: &'r AuthorizationRequest<'_>) -> Option<&'r str> {
    match request.kind {
        Kind::WsConnect => Some(CONNECTION),
        _ => {
            let default = request.route().filter(|route| *route == DEFAULT_ROUTE);
            request.route_key_path().or(default)
        }
    }
}

#[cfg(test)]
mod tests;
