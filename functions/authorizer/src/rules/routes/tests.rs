//! Route rules: keys, precedence, ambiguity.

mod ambiguity;
mod one_answer;
mod tables;

use super::*;
use crate::claims::Mode;
use crate::rules::ScopeStrategy;

fn everywhere(mode: Mode, required: &[&str]) -> ScopeRules {
    ScopeRules {
        required: required.iter().map(|&scope| scope.to_owned()).collect(),
        mode,
        strategy: ScopeStrategy::Exact,
    }
}

fn list(entries: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let scopes = |scopes: &[&str]| scopes.iter().map(|&scope| scope.to_owned()).collect();
    entries
        .iter()
        .map(|(key, needed)| ((*key).to_owned(), scopes(needed)))
        .collect()
}

fn rules(entries: &[(&str, &[&str])]) -> RouteRules {
    ready(list(entries), &everywhere(Mode::All, &[])).unwrap()
}

fn ready(list: Vec<(String, Vec<String>)>, everywhere: &ScopeRules) -> Result<RouteRules, Vec<String>> {
    Ok(RouteRules::new(list, RouteDefault::Deny)?.for_policies(everywhere))
}

fn problems(entries: &[(&str, &[&str])]) -> Vec<String> {
    RouteRules::new(list(entries), RouteDefault::Deny).unwrap_err()
}

/// The key that governs `GET` of a path.
fn governing<'r>(rules: &'r RouteRules, path: &str) -> Option<&'r str> {
    rules.governing("GET", path)?.map(|route| &*route.key)
}

#[test]
fn the_most_specific_route_governs() {
    let rules = rules(&[
        ("GET /{proxy+}", &[]),
        ("* /orders/{id}", &[]),
        ("GET /orders/export", &[]),
        ("* /orders/export", &[]),
        ("GET /", &[]),
    ]);
    for (path, key) in [
        ("/", Some("GET /")),
        ("/orders/42", Some("* /orders/{id}")),
        ("/orders/42/", Some("* /orders/{id}")),
        ("/orders//export", Some("GET /orders/export")),
        ("/orders/42/lines", Some("GET /{proxy+}")),
        ("/orders/%65xport", None),
        ("/orders/..", None),
        ("/orders/a%2fb", None),
    ] {
        assert_eq!(governing(&rules, path), key, "{path}");
    }
    assert!(rules.governing("TRACE", "/orders/42").unwrap().is_none());
    let of_post = rules.governing("POST", "/orders/export").flatten().unwrap();
    assert_eq!(&*of_post.key, "* /orders/export");
}

#[test]
fn bad_keys_are_named() {
    assert_eq!(
        problems(&[
            ("get /a", &[]),
            ("GET/a", &[]),
            ("ANY /a", &[]),
            ("GET /a/", &[]),
            ("* $connect", &[])
        ]),
        [
            r#""get /a" must begin with GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE or *, or be CONNECT $connect"#,
            r#""GET/a" must be written as VERB /path"#,
            r#""ANY /a" must begin with GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE or *, or be CONNECT $connect"#,
            r#""GET /a/" must have no empty segment and no / at its end"#,
            r#""* $connect" must have a path that begins with /"#,
        ]
    );
    assert_eq!(
        problems(&[("GET /a/{x}", &[]), ("GET /a/{y}", &[]), ("* /b", &[]), ("* /b", &[])]),
        [
            r#""GET /a/{x}" and "GET /a/{y}" are the same route"#,
            r#""* /b" and "* /b" are the same route"#
        ]
    );
}

#[test]
fn ambiguous_routes_are_told_with_the_ways_out() {
    let told = rules(&[
        ("GET /orders/{id}", &["read"]),
        ("GET /orders/{id}/lines", &["read", "lines"]),
    ]);
    assert_eq!(
        told.ambiguities(),
        [
            "\"GET /orders/{id}\" as a policy, where * spans slashes or is nothing, also lets in requests for \
             \"GET /orders/{id}/lines\", without the scopes that this one needs: give the first those scopes too, or set AUTHZ_POLICY_SCOPE=method \
             and switch API Gateway's cache off"
        ]
    );
    for entries in [
        list(&[("GET /orders/{id}", &["a", "b"]), ("GET /orders/export", &["a"])]),
        list(&[("GET /orders/{id}", &["a"]), ("GET /orders/{id}/lines", &["a"])]),
        list(&[("GET /orders/{id}", &["a"]), ("POST /orders/{id}/lines", &["b"])]),
        list(&[("GET /orders/{id}", &[]), ("GET /invoices/{id}/lines", &["b"])]),
        list(&[("GET /orders/{id}", &[]), ("CONNECT $connect", &["b"])]),
    ] {
        let rules = ready(entries, &everywhere(Mode::All, &[])).unwrap();
        assert_eq!(rules.ambiguities(), [""; 0]);
    }
    // What everybody has cannot be missing.
    let wide = list(&[("GET /orders/{id}", &[]), ("GET /orders/{id}/lines", &["a"])]);
    let with_a = ready(wide, &everywhere(Mode::All, &["a"])).unwrap();
    assert!(with_a.ambiguities().is_empty());
    // With any of several scopes, more scopes open a route wider.
    for (wide, export, ambiguous) in [
        (&["a"][..], &["a", "b"][..], false),
        (&["a", "b"], &["a"], true),
        (&[], &["a"], true),
        (&["a"], &[], false),
    ] {
        let entries = list(&[("* /orders/{id}", wide), ("* /orders/export", export)]);
        let rules = ready(entries, &everywhere(Mode::Any, &[])).unwrap();
        assert_eq!(!rules.ambiguities().is_empty(), ambiguous, "{wide:?} {export:?}");
    }
}

/// `/orders//lines` is an order's lines to IAM, and the order `lines` to whatever takes two slashes for one.
#[test]
fn a_route_reaches_another_through_two_slashes_in_a_row() {
    let both = |of_order: &[&str], of_lines: &[&str]| {
        rules(&[("GET /orders/{id}", of_order), ("GET /orders/{id}/lines", of_lines)])
            .ambiguities()
            .to_vec()
    };
    assert_eq!(both(&["a", "b"], &["a", "b"]), [""; 0]);
    let told = both(&["a", "b"], &["a"]);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("\"GET /orders/{id}/lines\" as a policy"),
        "{told:?}"
    );
    // The same slashes with one meaning: no listed route is left without them.
    let one = rules(&[("GET /orders/{id}/lines", &["a"]), ("GET /orders", &["b"])]);
    assert_eq!(one.ambiguities(), [""; 0]);
}

#[test]
fn wildcards_of_policies() {
    for (pattern, text, expected) in [
        ("GET/orders", "GET/orders", true),
        ("GET/orders", "GET/orders/", false),
        ("GET/orders/*", "GET/orders/", true),
        ("GET/orders/*", "GET/orders/42/lines", true),
        ("GET/*/lines", "GET/a/b/lines", true),
        ("GET/*/lines", "GET/lines", false),
        ("GET/*/b/*/c", "GET/x/b/b/y/c", true),
        ("GET/*/b/*", "GET/x/c/b", false),
        ("$connect", "$connect", true),
    ] {
        assert_eq!(iam_matches(pattern, text), expected, "{pattern} {text}");
    }
}
