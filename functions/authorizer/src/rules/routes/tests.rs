//! Route rules: keys, precedence, ambiguity against a search of all short paths, and the property that they exist for:
//! one answer for a token is right for every request, whichever was asked first.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::*;
use crate::claims::{ClaimRules, Claims, ContextRules, IssuerMatch, Mode, PrincipalRules, Reply};
use crate::policy::{Decision, HttpV2Response, PolicyRules, PolicyScope, Unauthenticated};
use crate::rules::{Rules, ScopeStrategy};

const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod";

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

fn a_segment() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("a"), 3 => Just("b"), 4 => Just("{p}")]
}

fn a_key() -> impl Strategy<Value = String> {
    let verb = prop_oneof![Just("GET"), Just("POST"), Just("*")];
    let segments = prop::collection::vec(a_segment(), 0..4);
    (verb, segments, prop::bool::weighted(0.2)).prop_map(|(verb, mut segments, greedy)| {
        if greedy {
            segments.push("{rest+}");
        }
        format!("{verb} /{}", segments.join("/"))
    })
}

fn scopes() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        3 => Just(vec!["r".to_owned()]),
        1 => Just(vec![]),
        1 => Just(vec!["w".to_owned()]),
        2 => Just(vec!["r".to_owned(), "w".to_owned()]),
    ]
}

fn a_mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::All), Just(Mode::Any)]
}

fn a_table(most: usize) -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    prop::collection::vec((a_key(), scopes()), 1..most)
}

/// A path as a client may write it.
fn a_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![4 => Just("a"), 4 => Just("b"), 3 => Just("c"), 1 => Just("")];
    prop::collection::vec(segment, 1..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

/// Every path as written, of up to four segments of which one may be any that no rule names, empty ones included.
fn all_paths() -> Vec<String> {
    let mut paths = vec![String::new()];
    let mut found = Vec::new();
    for _ in 0..5 {
        let longer = paths
            .iter()
            .flat_map(|path| ["a", "b", "c", ""].map(|segment| format!("{path}/{segment}")));
        paths = longer.collect();
        found.extend(paths.clone());
    }
    found
}

/// The ambiguity test, by trying every path.
fn is_ambiguous(rules: &RouteRules, everywhere: &ScopeRules, paths: &[String]) -> bool {
    let grants: Vec<Vec<bool>> = ["", "r", "w", "r w"]
        .map(|scope| rules.satisfied(everywhere, scope))
        .to_vec();
    let escapes = |wide: &Route, governed: &Route| {
        grants
            .iter()
            .any(|satisfied| satisfied[wide.entry] && !satisfied[governed.entry])
    };
    paths.iter().any(|path| {
        VERBS.into_iter().any(|verb| {
            let Some(governed) = rules.governing(verb, path).flatten() else {
                return false;
            };
            let asked = format!("{verb}{path}");
            let mut wide = rules.routes.iter().filter(|wide| wide.verb == verb);
            wide.any(|wide| iam_matches(&wide.resource, &asked) && escapes(wide, governed))
        })
    })
}

#[test]
fn ambiguity_is_what_a_search_of_all_paths_finds() {
    let paths = all_paths();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(96));
    let mut seen = [0; 2];
    let counts = std::cell::RefCell::new(&mut seen);
    let cases = (a_table(5), a_mode());
    let outcome = runner.run(&cases, |(table, mode)| {
        let everywhere = everywhere(mode, &[]);
        let Ok(rules) = ready(table, &everywhere) else {
            return Ok(());
        };
        let ambiguous = is_ambiguous(&rules, &everywhere, &paths);
        counts.borrow_mut()[usize::from(ambiguous)] += 1;
        prop_assert_eq!(!rules.ambiguities().is_empty(), ambiguous, "{:?}", rules.ambiguities());
        Ok(())
    });
    outcome.unwrap();
    assert!(seen.iter().all(|&count| count > 10), "{seen:?}");
}

fn claims_with(scope: &str) -> Arc<Claims> {
    let body = json!({"active": true, "sub": "alice", "scope": scope, "exp": 2_000_000_000}).to_string();
    let principal = PrincipalRules {
        claims: vec!["sub".to_owned()],
        prefix: String::new(),
        default: None,
    };
    let context = ContextRules {
        claims: vec!["sub".to_owned()],
        ext: vec![],
    };
    Arc::new(Claims::new(
        &Reply::read(body.as_bytes()).unwrap(),
        &principal,
        &context,
    ))
}

/// Claims must say nothing.
const NOTHING: ClaimRules = ClaimRules {
    issuers: vec![],
    issuer_match: IssuerMatch::Exact,
    audiences: vec![],
    audience_mode: Mode::Any,
    client_ids: vec![],
    skew_secs: 0,
    require_exp: false,
    require_token_use: false,
};

const POLICIES: PolicyRules = PolicyRules {
    scope: PolicyScope::Api,
    http_v2: HttpV2Response::Simple,
    unauthenticated: Unauthenticated::Auto,
    allow_options: false,
};

/// What the authorizer answers to a REST API for a token with these claims.
fn policy(rules: &Rules, claims: &Arc<Claims>, verb: &str, path: &str) -> Value {
    let event = json!({"type": "TOKEN", "methodArn": format!("{STAGE}/{verb}{path}")}).to_string();
    let request = AuthorizationRequest::read(&event).unwrap();
    let decision = match rules.decide(claims, &NOTHING, &request, false, 1_760_000_000) {
        Ok(granted) => Decision::Allow(claims.clone(), granted),
        Err(problem) => Decision::Refuse(problem, Some(claims.clone())),
    };
    serde_json::to_value(POLICIES.answer(&request, &decision).answer.unwrap()).unwrap()
}

/// IAM's evaluation of a policy, on its own terms: letters one by one, a `*` tried at every length.
fn iam_allows(policy: &Value, arn: &str) -> bool {
    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| matches(rest, &text[at..])),
            Some((wanted, rest)) => text
                .split_first()
                .is_some_and(|(given, text)| given == wanted && matches(rest, text)),
        }
    }
    let statement = &policy["policyDocument"]["Statement"][0];
    let resources = &statement["Resource"];
    let mut resources = resources
        .as_array()
        .map_or_else(|| vec![resources], |list| list.iter().collect())
        .into_iter();
    let covered = resources.any(|resource| matches(resource.as_str().unwrap().as_bytes(), arn.as_bytes()));
    covered && statement["Effect"] == "Allow"
}

/// Whether the one request would be let in if nothing were ever remembered.
fn lets_in(rules: &Rules, claims: &Arc<Claims>, verb: &str, path: &str) -> bool {
    let event = json!({"type": "TOKEN", "methodArn": format!("{STAGE}/{verb}{path}")}).to_string();
    let request = AuthorizationRequest::read(&event).unwrap();
    rules.decide(claims, &NOTHING, &request, true, 1_760_000_000).is_ok()
}

#[test]
fn one_answer_is_right_for_every_request_whichever_was_asked_first() {
    let requests = prop::collection::vec((prop_oneof![Just("GET"), Just("POST"), Just("PATCH")], a_path()), 1..12);
    let token = prop_oneof![Just(""), Just("r"), Just("w"), Just("r w"), Just("x r")];
    let cases = (a_table(6), a_mode(), prop::bool::ANY, token, requests);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(256));
    let usable = std::cell::Cell::new(0);
    let outcome = runner.run(&cases, |(table, mode, requires_r, token, requests)| {
        let scopes = everywhere(mode, if requires_r { &["r"] } else { &[] });
        let Ok(routes) = ready(table, &scopes) else {
            return Ok(());
        };
        if !routes.ambiguities().is_empty() {
            return Ok(());
        }
        usable.set(usable.get() + 1);
        let rules = Rules { scopes, routes };
        let claims = claims_with(token);
        let (verb, path) = &requests[0];
        let cached = policy(&rules, &claims, verb, path);
        for (verb, path) in &requests {
            prop_assert_eq!(
                &policy(&rules, &claims, verb, path),
                &cached,
                "another answer for {} {}",
                verb,
                path
            );
            let by_cache = iam_allows(&cached, &format!("{STAGE}/{verb}{path}"));
            let by_itself = lets_in(&rules, &claims, verb, path);
            let is_listed = rules.routes.governing(verb, path).flatten().is_some();
            let is_canonical = path == "/" || !(path.ends_with('/') || path.contains("//"));
            if is_listed {
                prop_assert!(!by_cache || by_itself, "the policy lets in {} {}", verb, path);
            } else {
                prop_assert!(!by_itself);
            }
            if is_listed && is_canonical {
                prop_assert_eq!(by_cache, by_itself, "{} {}", verb, path);
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(usable.get() > 60, "{} tables were good for a policy", usable.get());
}
