//! Finds the route of a request.

use std::cmp::Reverse;

use http::Method;

use super::pattern::HostPattern;
use super::route::{Compat, Route};

/// What a request found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The route at this position of the table.
    Route(usize),
    /// Routes for the host and the path, but none for the method; the methods that they take.
    OtherMethods(Vec<Method>),
    /// No route.
    Nothing,
}

/// Routes in the order in which they are looked at: priority, then host, then path, then the table's own order.
///
/// What the narrowest route for a host and a path refuses, because it is off or takes other methods, is refused: no broader
/// route that comes after it gets a request that somebody meant to keep away. A route of APISIX's habits lets it go on.
#[derive(Debug)]
pub struct Order {
    entries: Vec<Entry>,
}

/// A route with one of its hosts.
#[derive(Debug)]
struct Entry {
    host: HostPattern,
    breadth: Breadth,
    at: usize,
}

/// How narrow an entry is. Of two that match the same request, the one with the greater weights takes nothing that the
/// other would not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Breadth {
    host: usize,
    path: usize,
}

impl Breadth {
    fn is_narrower_than(self, other: Self) -> bool {
        self.host >= other.host && self.path >= other.path && self != other
    }
}

impl Order {
    /// The order of the routes of a table.
    pub fn new(routes: &[Route]) -> Self {
        let mut entries: Vec<_> = routes
            .iter()
            .enumerate()
            .flat_map(|(at, route)| {
                route.hosts.iter().map(move |host| Entry {
                    host: host.clone(),
                    breadth: Breadth {
                        host: host.weight(),
                        path: route.path.weight(),
                    },
                    at,
                })
            })
            .collect();
        // A stable sort keeps the table's own order among equals.
        entries.sort_by_key(|Entry { breadth, at, .. }| {
            let priority = routes.get(*at).map(|route| route.priority);
            Reverse((priority, breadth.host, breadth.path))
        });
        Self { entries }
    }

    /// Finds the route for a method, a host (lower case, without port; empty when the request has none) and an
    /// encoded path.
    pub fn find(&self, routes: &[Route], method: &Method, host: &str, path: &str) -> Found {
        let mut others: Vec<Method> = Vec::new();
        let mut refused: Vec<Breadth> = Vec::new();
        for Entry {
            host: pattern,
            breadth,
            at,
        } in &self.entries
        {
            let Some(route) = routes.get(*at) else { continue };
            if !pattern.matches(host)
                || route.path.tail(path).is_none()
                || refused.iter().any(|refused| refused.is_narrower_than(*breadth))
            {
                continue;
            }
            match &route.methods {
                _ if !route.enabled => {}
                None => return Found::Route(*at),
                Some(methods) if methods.contains(method) => return Found::Route(*at),
                Some(methods) => {
                    for other in methods {
                        if !others.contains(other) {
                            others.push(other.clone());
                        }
                    }
                }
            }
            if route.compat != Some(Compat::Apisix) {
                refused.push(*breadth);
            }
        }
        if others.is_empty() {
            Found::Nothing
        } else {
            Found::OtherMethods(others)
        }
    }
}

/// One line for each route that keeps requests from a broader one: whoever does not expect that should know.
pub(super) fn remarks(routes: &[Route]) -> Vec<String> {
    let numbered = || routes.iter().enumerate();
    let same = |one: &Route, other: &Route| one.path == other.path && one.hosts == other.hosts;
    let broader = |route: &Route| {
        numbered().find(|(_, other)| {
            let hosts = |host: &HostPattern| other.hosts.iter().any(|other| other.covers(host));
            other.enabled
                && other.priority <= route.priority
                && !same(other, route)
                && other.path.covers(&route.path)
                && route.hosts.iter().all(hosts)
        })
    };
    let mut lines = Vec::new();
    for (at, route) in numbered().filter(|(_, route)| route.compat != Some(Compat::Apisix)) {
        let Some((by, _)) = broader(route) else { continue };
        let siblings = || routes.iter().filter(|other| other.enabled && same(other, route));
        if siblings().any(|sibling| sibling.methods.is_none()) {
            continue;
        }
        lines.push(match siblings().next() {
            None => format!("routes[{at}]: is off, so what it matches is a 404 and does not go to routes[{by}]"),
            Some(_) => format!("routes[{at}].methods: other methods are a 405 and do not go to routes[{by}]"),
        });
    }
    lines
}

/// The position of an enabled route that takes everything that the route at `at` could, and before it.
pub(super) fn shadowed_by(routes: &[Route], at: usize) -> Option<usize> {
    let route = routes.get(at).filter(|route| route.enabled)?;
    routes.iter().enumerate().position(|(other_at, other)| {
        let first = other.priority > route.priority || other.priority == route.priority && other_at < at;
        let methods = match (&other.methods, &route.methods) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(taken), Some(wanted)) => wanted.iter().all(|method| taken.contains(method)),
        };
        other_at != at
            && other.enabled
            && first
            && other.path == route.path
            && route.hosts.iter().all(|host| other.hosts.contains(host))
            && methods
    })
}
