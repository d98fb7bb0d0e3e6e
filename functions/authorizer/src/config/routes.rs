//! The scopes of single routes.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use shared::env::Reader;

use crate::policy::{HttpV2Response, LARGEST, PolicyRules, PolicyScope, SHORTEST_ARN};
use crate::rules::{RouteDefault, RouteRules, ScopeRules};

const SCOPES: &str = "AUTHZ_ROUTE_SCOPES";
const DEFAULT: &str = "AUTHZ_ROUTE_DEFAULT";

/// Members of a JSON object in their order, repeated ones included: a map would let the last win in silence.
struct Members(Vec<(String, Vec<String>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AllMembers)
    }
}

struct AllMembers;

impl<'de> Visitor<'de> for AllMembers {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of lists")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

pub(super) fn routes(
    reader: &mut Reader<'_>,
    everywhere: &ScopeRules,
    policy: &PolicyRules,
    warnings: &mut Vec<(String, &'static str)>,
) -> RouteRules {
    let default = reader.choice(
        DEFAULT,
        RouteDefault::Deny,
        &[
            ("deny", RouteDefault::Deny),
            ("required_only", RouteDefault::RequiredOnly),
        ],
    );
    let list = reader.json(SCOPES).map_or_else(Vec::new, |Members(members)| members);
    if list.is_empty() {
        return RouteRules::none();
    }
    let is_scope = |scope: &String| !scope.is_empty() && !scope.contains(|letter: char| letter.is_whitespace());
    if !list.iter().flat_map(|(_, scopes)| scopes).all(is_scope) {
        reader.problem(SCOPES, "must hold scopes without white space");
    }
    let mut rules = RouteRules::new(list, default).unwrap_or_else(|problems| {
        for problem in problems {
            reader.problem(SCOPES, problem);
        }
        RouteRules::none()
    });
    if policy.http_v2 == HttpV2Response::Simple {
        let what = "lets a simple answer to an HTTP API judge the current route alone: set the authorizer's TTL in API \
                    Gateway to 0, or add $context.routeKey to its identity sources and give the API a route for each listed \
                    one";
        warnings.push((SCOPES.to_owned(), what));
    }
    if policy.scope == PolicyScope::Api {
        rules = rules.for_policies(everywhere);
    }
    // Who sets it says that an HTTP API asks and is answered simply: then each answer is for one request.
    let said_simple = reader.text("AUTHZ_HTTP_V2_RESPONSE").as_deref() == Some("simple");
    if policy.scope == PolicyScope::Api && !said_simple {
        if default == RouteDefault::RequiredOnly {
            let what = "can be required_only with AUTHZ_POLICY_SCOPE=method or AUTHZ_HTTP_V2_RESPONSE=simple alone: \
                        a policy for the whole API cannot name the routes that are not listed";
            reader.problem(DEFAULT, what);
        }
        for ambiguity in rules.ambiguities() {
            reader.problem(SCOPES, ambiguity);
        }
        if rules.reaches_unlisted() {
            let what = "has a route with a parameter, such as /a/{id}, which as a policy also lets in deeper unlisted paths, \
                        such as /a/1/b: list those that the API has, or set AUTHZ_POLICY_SCOPE=method and switch API \
                        Gateway's cache off";
            warnings.push((SCOPES.to_owned(), what));
        }
        let (count, bytes) = rules.largest_policy();
        if bytes + count * SHORTEST_ARN > LARGEST {
            reader.problem(
                SCOPES,
                format_args!(
                    "lists {count} routes, * counted for each of its verbs: a policy for all of them is larger than \
                     the {LARGEST} bytes that API Gateway takes"
                ),
            );
        }
    }
    rules
}
