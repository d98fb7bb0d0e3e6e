//! Routes of an API: which one a request takes, and what its path parameters are.

use std::{collections::BTreeMap, str::FromStr};

/// One route, such as `GET /orders/{id}` or `ANY /hello/{proxy+}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method; nothing for `ANY`.
    method: Option<String>,
    /// The path with its parameters, beginning with a slash.
    path: String,
}

impl FromStr for Route {
    type Err = String;

    /// Reads `METHOD /path`, with `ANY` for every method.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no route: write METHOD /path");
        let (method, path) = text.split_once(' ').ok_or_else(wrong)?;
        let greedy_inside = path.split('/').rev().skip(1).any(|segment| segment.ends_with("+}"));
        if method.is_empty() || !path.starts_with('/') || greedy_inside {
            return Err(wrong());
        }
        let method = (method != "ANY").then(|| method.to_owned());
        Ok(Self {
            method,
            path: path.to_owned(),
        })
    }
}

/// A route that fits, with the values of its parameters as they stand in the path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matched<'r> {
    pub(super) route: &'r Route,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Route {
    /// The path with its parameters: a REST API's resource.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// An HTTP API's route key: `GET /orders/{id}`.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.method.as_deref().unwrap_or("ANY"), self.path)
    }

    /// The path's parameters, and how exactly it fits: literal segments before `{p}` before `{p+}`.
    fn fit(&self, path: &str) -> Option<(Vec<u8>, BTreeMap<String, String>)> {
        let (mut exactness, mut parameters) = (Vec::new(), BTreeMap::new());
        let mut given = path.strip_prefix('/')?.split('/');
        for wanted in self.path.strip_prefix('/')?.split('/') {
            let parameter = wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            if let Some(name) = parameter.and_then(|name| name.strip_suffix('+')) {
                let rest = given.by_ref().collect::<Vec<_>>().join("/");
                if rest.is_empty() {
                    return None;
                }
                exactness.push(0);
                parameters.insert(name.to_owned(), rest);
                continue;
            }
            let segment = given.next()?;
            match parameter {
                Some(_) if segment.is_empty() => return None,
                Some(name) => {
                    exactness.push(1);
                    parameters.insert(name.to_owned(), segment.to_owned());
                }
                None if wanted == segment => exactness.push(2),
                None => return None,
            }
        }
        given.next().is_none().then_some((exactness, parameters))
    }
}

/// The most specific route for a request.
pub(super) fn find<'r>(routes: &'r [Route], method: &str, path: &str) -> Option<Matched<'r>> {
    routes
        .iter()
        .filter(|route| route.method.as_deref().is_none_or(|wanted| wanted == method))
        .filter_map(|route| {
            route
                .fit(path)
                .map(|(exactness, parameters)| (exactness, route, parameters))
        })
        .max_by(|(one, route, _), (other, rival, _)| {
            one.cmp(other)
                .then_with(|| route.method.is_some().cmp(&rival.method.is_some()))
        })
        .map(|(_, route, parameters)| Matched { route, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Vec<Route> {
        [
            "GET /hello",
            "POST /hello",
            "ANY /hello/{proxy+}",
            "GET /hello/{id}",
            "GET /hello/me",
            "ANY /hello/me",
            "ANY /",
        ]
        .iter()
        .map(|text| text.parse().expect("a route"))
        .collect()
    }

    #[track_caller]
    fn check(method: &str, path: &str, expected: &str) {
        let routes = routes();
        let found = find(&routes, method, path).map(|found| {
            let parameters: String = found
                .parameters
                .iter()
                .map(|(name, value)| format!(" {name}={value}"))
                .collect();
            found.route.key() + &parameters
        });
        assert_eq!(found.as_deref().unwrap_or("none"), expected);
    }

    #[test]
    fn the_most_specific_route_wins() {
        check("GET", "/hello", "GET /hello");
        check("POST", "/hello", "POST /hello");
        check("PUT", "/hello", "none");
        check("GET", "/hello/me", "GET /hello/me");
        check("PUT", "/hello/me", "ANY /hello/me");
        check("GET", "/hello/7", "GET /hello/{id} id=7");
        check("PUT", "/hello/7", "ANY /hello/{proxy+} proxy=7");
        check("GET", "/hello/a/b%2Fc", "ANY /hello/{proxy+} proxy=a/b%2Fc");
        check("GET", "/hello/", "none");
        check("GET", "/Hello", "none");
        check("GET", "/", "ANY /");
        check("GET", "/other", "none");
        check("GET", "hello", "none");
    }

    #[test]
    fn what_is_no_route() {
        for text in ["", "GET", "GET hello", " /x", "GET /{a+}/b"] {
            assert!(text.parse::<Route>().is_err(), "{text}");
        }
    }
}
