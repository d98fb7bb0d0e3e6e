//! One random case: rules, tokens, and requests in an order.

use std::fmt;

use local::gateway::Route;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::rules::{self, Rule, SCOPES, SEGMENTS, Scopes};

/// The scope that `AUTHZ_REQUIRED_SCOPES` may demand everywhere.
const EVERYWHERE: &str = "api";

/// A case.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) rules: Vec<Rule>,
    pub(super) tokens: Vec<Token>,
    pub(super) requests: Vec<Request>,
    required: Scopes,
    any_mode: bool,
}

/// What introspection says of a token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) active: bool,
    pub(super) scopes: Scopes,
}

/// A request with the token of this number.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) token: usize,
    pub(super) method: &'static str,
    /// As it is sent, without the slash before it.
    pub(super) path: String,
}

impl Token {
    pub(super) fn introspection(&self) -> Value {
        let scope: Vec<&str> = self.scopes.iter().copied().collect();
        json!({"active": self.active, "sub": "alice", "scope": scope.join(" "), "exp": 4_000_000_000_u64})
    }
}

impl Request {
    /// The path's segments, if it is written in the one usual way.
    pub(super) fn plain_segments(&self) -> Option<Vec<&str>> {
        if self.path.is_empty() {
            return Some(Vec::new());
        }
        let segments: Vec<&str> = self.path.split('/').collect();
        segments
            .iter()
            .all(|segment| SEGMENTS.contains(segment))
            .then_some(segments)
    }
}

impl Case {
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let rules: Map<String, Value> = self.rules.iter().map(|rule| (rule.key(), json!(rule.scopes))).collect();
        let required: Vec<&str> = self.required.iter().copied().collect();
        vec![
            ("AUTHZ_ROUTE_SCOPES", Value::Object(rules).to_string()),
            ("AUTHZ_REQUIRED_SCOPES", required.join(",")),
            ("AUTHZ_SCOPE_MODE", if self.any_mode { "any" } else { "all" }.to_owned()),
        ]
    }

    pub(super) fn required(&self) -> &Scopes {
        &self.required
    }

    pub(super) fn satisfied(&self, needed: &Scopes, granted: &Scopes) -> bool {
        match self.any_mode {
            _ if needed.is_empty() => true,
            true => !needed.is_disjoint(granted),
            false => needed.is_subset(granted),
        }
    }

    /// The API has a route for each rule and one for all else.
    pub(super) fn api_routes(&self) -> Vec<Route> {
        let ruled = self.rules.iter().map(|rule| {
            let method = if rule.verb == "*" { "ANY" } else { rule.verb };
            format!("{method} {}", rule.path())
        });
        let all = ["ANY /".to_owned(), "ANY /{proxy+}".to_owned()];
        ruled.chain(all).map(|route| route.parse().unwrap()).collect()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.variables() {
            writeln!(f, "{name}={value}")?;
        }
        for (number, token) in self.tokens.iter().enumerate() {
            writeln!(f, "token {number}: {}", token.introspection())?;
        }
        for Request { token, method, path } in &self.requests {
            writeln!(f, "{method} /{path} with token {token}")?;
        }
        Ok(())
    }
}

/// Random cases.
pub(super) fn cases() -> impl Strategy<Value = Case> {
    (
        rules::rule_sets(),
        proptest::collection::vec(token(), 2..5),
        proptest::collection::vec(request(), 30..50),
        prop::sample::subsequence(vec![EVERYWHERE], 0..=1),
    )
        .prop_map(|((rules, any_mode), tokens, mut requests, required)| {
            for request in &mut requests {
                request.token %= tokens.len();
            }
            Case {
                rules,
                tokens,
                requests,
                required: required.into_iter().collect(),
                any_mode,
            }
        })
}

fn token() -> impl Strategy<Value = Token> {
    let scopes = prop::sample::subsequence(SCOPES.to_vec(), 0..=3);
    (prop::bool::weighted(0.9), prop::bool::weighted(0.9), scopes).prop_map(|(active, api, scopes)| Token {
        active,
        scopes: scopes.into_iter().chain(api.then_some(EVERYWHERE)).collect(),
    })
}

fn request() -> impl Strategy<Value = Request> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT"]);
    let segment = prop_oneof![
        12 => prop::sample::select(SEGMENTS.to_vec()),
        // What patterns, escapes and slashes are made of.
        1 => prop::sample::select(vec!["", "*", "%61", "a:b", "%2F", "%3F", "$", "{p1}"]),
    ];
    let path = proptest::collection::vec(segment, 0..5);
    (any::<prop::sample::Index>(), method, path).prop_map(|(token, method, path)| Request {
        token: token.index(1000),
        method,
        path: path.join("/"),
    })
}
