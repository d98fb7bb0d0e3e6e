//! The rules of routes: tables that stop the start, and tables that come with a warning.

use super::*;

const ROUTES: &str = r#"{"GET /orders/{id}": ["read"], "* /orders/{id}/lines": ["read", "lines"]}"#;

#[test]
fn route_rules_that_fit_no_policy_stop_the_start() {
    let ambiguous = "AUTHZ_ROUTE_SCOPES: \"GET /orders/{id}\" as a policy, where * spans slashes or is nothing, also lets in \
                     requests for \"* /orders/{id}/lines\", without the scopes that this one needs: give the first those scopes too, or \
                     set AUTHZ_POLICY_SCOPE=method and switch API Gateway's cache off";
    let routes = ("AUTHZ_ROUTE_SCOPES", ROUTES);
    let required_only = ("AUTHZ_ROUTE_DEFAULT", "required_only");
    assert_eq!(problems(&[routes]), [ambiguous]);
    assert_eq!(problems(&[routes, ("AUTHZ_HTTP_V2_RESPONSE", "iam")]), [ambiguous]);
    assert_eq!(
        problems(&[("AUTHZ_ROUTE_SCOPES", r#"{"GET /a": ["b"]}"#), required_only]),
        [
            "AUTHZ_ROUTE_DEFAULT: can be required_only with AUTHZ_POLICY_SCOPE=method or AUTHZ_HTTP_V2_RESPONSE=simple \
          alone: a policy for the whole API cannot name the routes that are not listed"
        ]
    );
    for single in [("AUTHZ_POLICY_SCOPE", "method"), ("AUTHZ_HTTP_V2_RESPONSE", "simple")] {
        let config = read(&[routes, required_only, single]).unwrap();
        assert!(!config.rules.routes.is_empty());
    }
    assert!(
        read(&[("AUTHZ_ROUTE_SCOPES", "{}"), required_only])
            .unwrap()
            .rules
            .routes
            .is_empty()
    );
}

#[test]
fn answers_for_the_current_route_come_with_a_warning() {
    let routes = ("AUTHZ_ROUTE_SCOPES", r#"{"GET /orders": ["read"]}"#);
    let warnings = read(&[routes]).unwrap().warnings;
    let [(variable, what)] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    assert_eq!(variable, "AUTHZ_ROUTE_SCOPES");
    assert!(what.contains("TTL") && what.contains("$context.routeKey"), "{what}");
    assert!(
        read(&[routes, ("AUTHZ_HTTP_V2_RESPONSE", "iam")])
            .unwrap()
            .warnings
            .is_empty()
    );
}

#[test]
fn a_policy_that_reaches_deeper_than_the_table_comes_with_a_warning() {
    for (table, warned) in [
        (r#"{"GET /orders": []}"#, false),
        (r#"{"GET /{proxy+}": []}"#, false),
        (r#"{"GET /orders/{id}": []}"#, true),
        (r#"{"* /orders/{id}/lines": []}"#, true),
        (r#"{"GET /orders/{id}": [], "GET /orders/{id}/lines": []}"#, true),
        (r#"{"GET /orders/{id}": [], "GET /orders/{id}/{rest+}": []}"#, false),
        (r#"{"GET /orders/{id}": [], "* /orders/{rest+}": []}"#, false),
        (r#"{"* /orders/{id}": [], "* /{rest+}": []}"#, false),
        (r#"{"GET /orders/{id}": [], "GET /orders/a/{rest+}": []}"#, true),
        (
            r#"{"GET /orders/{id}": [], "GET /orders/{id}/{line}/{rest+}": []}"#,
            true,
        ),
        (r#"{"GET /orders/{id}": [], "POST /{rest+}": []}"#, true),
        (r#"{"CONNECT $connect": []}"#, false),
    ] {
        let options = ("AUTHZ_ALLOW_OPTIONS", "true");
        let with = |name, value| {
            read(&[("AUTHZ_ROUTE_SCOPES", table), options, (name, value)])
                .unwrap()
                .warnings
        };
        let tells = |warnings: &[(String, &str)]| {
            // A line of the log has no room for more.
            assert!(warnings.iter().all(|(_, what)| what.len() <= 256), "{warnings:?}");
            warnings.iter().any(|(_, what)| what.contains("deeper"))
        };
        assert_eq!(tells(&with("AUTHZ_HTTP_V2_RESPONSE", "iam")), warned, "{table}");
        assert!(!tells(&with("AUTHZ_POLICY_SCOPE", "method")), "{table}");
        assert!(!tells(&with("AUTHZ_HTTP_V2_RESPONSE", "simple")), "{table}");
    }
}

#[test]
fn bad_route_rules_are_told_by_their_keys() {
    for (json, problem) in [
        (r#"["GET /a"]"#, "does not have the expected shape (line 1, column 0)"),
        (
            r#"{"GET /a": "b"}"#,
            "does not have the expected shape (line 1, column 14)",
        ),
        (r#"{"GET /a": ["b c"]}"#, "must hold scopes without white space"),
        (r#"{"GET /a": [""]}"#, "must hold scopes without white space"),
        (
            r#"{"GET /a": [], "GET /a": []}"#,
            r#""GET /a" and "GET /a" are the same route"#,
        ),
        (r#"{"GET /a/../b": []}"#, r#""GET /a/../b" must have no dot segment"#),
    ] {
        assert_eq!(
            problems(&[("AUTHZ_ROUTE_SCOPES", json)]),
            [format!("AUTHZ_ROUTE_SCOPES: {problem}")]
        );
    }
}

#[test]
fn a_table_whose_policy_never_fits_stops_the_start() {
    let table = |count: usize| {
        let keys: Vec<String> = (0..count)
            .map(|at| format!(r#""GET /collection-{at:03}": ["a"]"#))
            .collect();
        format!("{{{}}}", keys.join(","))
    };
    assert!(read(&[("AUTHZ_ROUTE_SCOPES", &table(200))]).is_ok());
    let lines = problems(&[("AUTHZ_ROUTE_SCOPES", &table(300))]);
    assert_eq!(
        lines,
        [
            "AUTHZ_ROUTE_SCOPES: lists 300 routes, * counted for each of its verbs: a policy for all of them is larger than \
          the 16384 bytes that API Gateway takes"
        ]
    );
    let simple = [
        ("AUTHZ_ROUTE_SCOPES", table(300)),
        ("AUTHZ_HTTP_V2_RESPONSE", "simple".to_owned()),
    ];
    assert!(read(&[(simple[0].0, &simple[0].1), (simple[1].0, &simple[1].1)]).is_ok());
}
