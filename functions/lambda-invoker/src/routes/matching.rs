//! Finds the route of a request.

use http::Method;

use super::pattern::HostPattern;
use super::route::Route;

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
#[derive(Debug)]
pub struct Order {
    entries: Vec<(HostPattern, usize)>,
}

impl Order {
    /// The order of the enabled routes of a table.
    pub fn new(routes: &[Route]) -> Self {
        let mut ranked: Vec<_> = routes
            .iter()
            .enumerate()
            .filter(|(_, route)| route.enabled)
            .flat_map(|(at, route)| {
                route
                    .hosts
                    .iter()
                    .map(move |host| ((route.priority, host.weight(), route.path.weight()), host.clone(), at))
            })
            .collect();
        // A stable sort keeps the table's own order among equals.
        ranked.sort_by(|(left, ..), (right, ..)| right.cmp(left));
        Self {
            entries: ranked.into_iter().map(|(_, host, at)| (host, at)).collect(),
        }
    }

    /// Finds the route for a method, a host (lower case, without port; empty when the request has none) and an
    /// encoded path.
    pub fn find(&self, routes: &[Route], method: &Method, host: &str, path: &str) -> Found {
        let mut others: Vec<Method> = Vec::new();
        for (pattern, at) in &self.entries {
            let Some(route) = routes.get(*at) else { continue };
            if !pattern.matches(host) || route.path.tail(path).is_none() {
                continue;
            }
            match &route.methods {
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
        }
        if others.is_empty() {
            Found::Nothing
        } else {
            Found::OtherMethods(others)
        }
    }
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
