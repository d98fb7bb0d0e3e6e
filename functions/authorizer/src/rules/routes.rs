//! Which scopes single routes need, and what a token with some scopes may do among them. Pure.

use std::sync::Arc;

use super::ScopeRules;
use super::ambiguity;
use super::path::{Path, Readings, is_respelled};
use super::pattern::Pattern;
use super::route::{Key, Route, VERBS, iam_matches};
use crate::error::Problem;
use crate::event::{AuthorizationRequest, Kind};

/// What becomes of routes that are not listed, if any are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteDefault {
    /// Nobody is let in.
    Deny,
    /// The scopes that are required everywhere suffice.
    RequiredOnly,
}

/// The listed routes.
#[derive(Debug, Clone)]
pub struct RouteRules {
    routes: Vec<Route>,
    /// The scopes of each entry of the list.
    entries: Vec<Vec<String>>,
    default: RouteDefault,
    /// Why these rules cannot be written as a policy for the whole API, once that was looked for: each reason a sentence
    /// with the two routes.
    ambiguities: Option<Vec<String>>,
}

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// What was asked for; all else too, if there are no rules for routes.
    Asked,
    /// These resources, each named by what follows the stage, and whether they include what was asked for.
    Listed {
        /// At least one.
        resources: Vec<Arc<str>>,
        /// Whether they include what was asked for.
        asked: bool,
    },
}

impl RouteRules {
    /// No rules: every route is open to whoever has what is required everywhere.
    pub fn none() -> Self {
        Self {
            routes: Vec::new(),
            entries: Vec::new(),
            default: RouteDefault::Deny,
            ambiguities: None,
        }
    }

    /// Reads a list of keys, such as `GET /orders/{id}`, and the scopes that each needs beyond those of all routes.
    ///
    /// # Errors
    /// A sentence for each bad key.
    pub fn new(list: Vec<(String, Vec<String>)>, default: RouteDefault) -> Result<Self, Vec<String>> {
        let (mut exact, mut any_verb, mut entries, mut problems) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (key, scopes) in list {
            let entry = entries.len();
            entries.push(scopes);
            match Key::read(&key) {
                Ok(Key::Connect) => exact.push(Route::connect(entry)),
                Ok(Key::Verb(verb, pattern)) => exact.push(Route::new(verb, pattern, entry, &key)),
                Ok(Key::AnyVerb(pattern)) => {
                    any_verb.extend(VERBS.map(|verb| Route::new(verb, pattern.clone(), entry, &key)));
                }
                Err(what) => problems.push(format!("{key:?} {what}")),
            }
        }
        for routes in [&exact, &any_verb] {
            for (at, route) in routes.iter().enumerate() {
                if let Some(twin) = routes.iter().take(at).find(|twin| twin.is_same_as(route)) {
                    let problem = format!("{:?} and {:?} are the same route", twin.key, route.key);
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // A verb by its name goes before `*`.
        let named = exact.len();
        let mut routes = exact;
        for route in any_verb {
            if !routes.iter().take(named).any(|exact| exact.is_same_as(&route)) {
                routes.push(route);
            }
        }
        // The first that covers a path governs it.
        routes.sort_by(|one, other| other.precedence(one));
        Ok(Self {
            routes,
            entries,
            default,
            ambiguities: None,
        })
    }

    /// Whether any route is listed.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// The same rules, made ready for policies for the whole API, which they refuse otherwise: it is looked for routes that
    /// cannot stand in one policy. `everywhere` are the scopes that all routes need.
    #[must_use]
    pub fn for_policies(mut self, everywhere: &ScopeRules) -> Self {
        self.ambiguities = Some(ambiguity::find(&self.routes, &self.entries, everywhere));
        self
    }

    /// Why no policy for the whole API can say what these rules say: a sentence for each pair of routes, of the first few.
    pub fn ambiguities(&self) -> &[String] {
        self.ambiguities.as_deref().unwrap_or_default()
    }

    /// Whether a policy for some route lets in deeper paths that no listed route covers: IAM's `*` spans slashes, so
    /// `/orders/{id}` also lets in `/orders/42/lines`.
    pub fn reaches_unlisted(&self) -> bool {
        self.routes.iter().any(|route| {
            let Some(pattern) = &route.pattern else { return false };
            let covers_deeper = |other: &&Route| {
                let of_verb = other.pattern.as_ref().filter(|_| other.verb == route.verb);
                of_verb.is_some_and(|other| other.covers_below(pattern))
            };
            pattern.has_single_parameter() && !self.routes.iter().any(|other| covers_deeper(&other))
        })
    }

    /// A policy that grants everything is at least so long, in bytes, apart from the ARN before each resource. The first
    /// number is that of resources.
    pub fn largest_policy(&self) -> (usize, usize) {
        let http = self.routes.iter().filter(|route| route.pattern.is_some());
        http.fold((0, 0), |(count, bytes), route| {
            (count + 1, bytes + route.resource.len())
        })
    }

    /// What a token with the scopes `scope` may do: see [`super::Rules::decide`].
    pub(super) fn grant(
        &self,
        rules: &ScopeRules,
        scope: &str,
        request: &AuthorizationRequest<'_>,
        single: bool,
    ) -> Result<Granted, Problem> {
        if self.is_empty() {
            return Ok(Granted::Asked);
        }
        if single {
            return if self.permits(rules, scope, request) {
                Ok(Granted::Asked)
            } else {
                Err(Problem::RouteScope)
            };
        }
        let is_sayable = self.ambiguities.as_ref().is_some_and(Vec::is_empty);
        if self.default == RouteDefault::RequiredOnly || !is_sayable {
            return Err(Problem::RoutePolicy);
        }
        let satisfied = self.satisfied(rules, scope);
        let is_connect = request.kind == Kind::WsConnect;
        let resources: Vec<Arc<str>> = self
            .routes
            .iter()
            .filter(|route| route.pattern.is_none() == is_connect && satisfied.get(route.entry) == Some(&true))
            .map(|route| route.resource.clone())
            .collect();
        if resources.is_empty() {
            return Err(Problem::RouteScope);
        }
        let wanted = request.resource();
        let asked = resources.iter().any(|resource| iam_matches(resource, &wanted));
        Ok(Granted::Listed { resources, asked })
    }

    /// The key and the scopes of the listed route that governs a request.
    pub fn listed(&self, request: &AuthorizationRequest<'_>) -> Option<(&str, &[String])> {
        let route = if request.kind == Kind::WsConnect {
            self.connection()
        } else {
            self.governing(request.verb()?, &request.paths().0)?
        }?;
        Some((&route.key, self.entries.get(route.entry)?))
    }

    /// Whether the one request is permitted, in every way in which its path can be read.
    fn permits(&self, rules: &ScopeRules, scope: &str, request: &AuthorizationRequest<'_>) -> bool {
        if request.kind == Kind::WsConnect {
            return self.is_open(self.connection(), rules, scope);
        }
        let Some(verb) = request.verb() else { return false };
        let (path, otherwise) = request.paths();
        let permits = |path: &str| self.permits_path(rules, scope, verb, path, request.route_key_path());
        permits(&path) && otherwise.is_none_or(permits)
    }

    /// Whether a path is permitted, in both ways of reading its escapes. `key` is the path of the gateway's own route, if
    /// it is known.
    fn permits_path(&self, rules: &ScopeRules, scope: &str, verb: &str, path: &str, key: Option<&str>) -> bool {
        let is_open = |route| self.is_open(route, rules, scope);
        let Some(found) = self.look_up(verb, path) else {
            return false;
        };
        let (written, resolved) = (self.routes.get(found.written), self.routes.get(found.resolved));
        let one_reading = found.written == found.resolved;
        match key {
            _ if one_reading && !is_respelled(path) => is_open(written),
            None => one_reading && is_open(written),
            // The gateway itself may have taken the path for another route. Whichever it is, all must be open.
            Some(key) => {
                let pattern = Pattern::parse(key).ok();
                let taken = |route: &&Route| route.verb == verb && route.pattern.is_some() && route.pattern == pattern;
                is_open(self.routes.iter().find(taken)) && is_open(written) && is_open(resolved)
            }
        }
    }

    fn connection(&self) -> Option<&Route> {
        self.routes.iter().find(|route| route.pattern.is_none())
    }

    /// The listed route that governs a path, if any does; `None` for a path that is not to be looked up at all, or where
    /// its escapes decide.
    fn governing(&self, verb: &str, path: &str) -> Option<Option<&Route>> {
        let found = self.look_up(verb, path)?;
        (found.written == found.resolved).then(|| self.routes.get(found.written))
    }

    /// The places of the listed routes that govern a path, past the end where none does.
    fn look_up(&self, verb: &str, path: &str) -> Option<Readings<usize>> {
        let find = |segments: &[&str]| {
            let covers = |pattern: &Pattern| pattern.covers(segments);
            let governs = |route: &Route| route.verb == verb && route.pattern.as_ref().is_some_and(covers);
            self.routes.iter().position(governs).unwrap_or(self.routes.len())
        };
        Some(Path::read(path)?.look_up(find))
    }

    fn is_open(&self, route: Option<&Route>, rules: &ScopeRules, scope: &str) -> bool {
        match route {
            Some(route) => self
                .entries
                .get(route.entry)
                .is_some_and(|needed| rules.covers(needed, scope)),
            None => self.default == RouteDefault::RequiredOnly,
        }
    }

    fn satisfied(&self, rules: &ScopeRules, scope: &str) -> Vec<bool> {
        self.entries.iter().map(|needed| rules.covers(needed, scope)).collect()
    }
}

#[cfg(test)]
mod tests;
