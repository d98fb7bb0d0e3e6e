//! What a start refuses, and what it warns of.

use super::{KETO, fixture, yes};
use crate::fixture::*;
use crate::stub::Stub;

#[tokio::test]
async fn a_start_names_what_is_wrong() {
    let stub = Stub::playing(vec![ok()]);
    for (variables, expected) in [
        (
            vec![("AUTHZ_PERMISSION_CHECK", "acl")],
            "AUTHZ_PERMISSION_CHECK: must be one of none, warden, keto",
        ),
        (
            vec![("AUTHZ_PERMISSION_CHECK", "warden")],
            "AUTHZ_PERMISSION_URL: is required with AUTHZ_PERMISSION_CHECK",
        ),
        (
            vec![("AUTHZ_PERMISSION_URL", "https://keto.example.com/x")],
            "AUTHZ_PERMISSION_URL: is of no use without AUTHZ_PERMISSION_CHECK=warden or AUTHZ_PERMISSION_CHECK=keto",
        ),
        (
            vec![("AUTHZ_PERMISSION_CHECK", "keto"), ("AUTHZ_PERMISSION_URL", "{base}/x")],
            "AUTHZ_KETO_NAMESPACE: is required with AUTHZ_PERMISSION_CHECK=keto",
        ),
        (
            with(&KETO, &[("AUTHZ_PERMISSION_ACTIONS", r#"{"GET": "a", "GET": "b"}"#)]),
            "AUTHZ_PERMISSION_ACTIONS: must name each verb once",
        ),
        (
            with(&KETO, &[("AUTHZ_PERMISSION_ACTIONS", r#"{"GET": 1}"#)]),
            "AUTHZ_PERMISSION_ACTIONS: does not have the expected shape (line 0, column 0)",
        ),
        (
            with(&KETO, &[("AUTHZ_PERMISSION_RESOURCE", "{path}")]),
            "AUTHZ_PERMISSION_RESOURCE: must have no other braces than those of {segments}, {verb} and {route}",
        ),
    ] {
        let problems = try_new(&stub, &variables).await.err().unwrap();
        assert!(problems.iter().any(|problem| problem == expected), "{problems:?}");
    }
    for (variable, value) in [
        ("AUTHZ_PERMISSION_ACTIONS", r#"{"GET": "read"}"#),
        ("AUTHZ_KETO_NAMESPACE", "api"),
    ] {
        let problems = try_new(&stub, &[(variable, value)]).await.err().unwrap();
        assert_eq!(
            problems,
            [format!(
                "{variable}: is of no use without AUTHZ_PERMISSION_CHECK=warden or AUTHZ_PERMISSION_CHECK=keto"
            )]
        );
    }
    let far = [
        ("AUTHZ_PERMISSION_CHECK", "warden"),
        ("AUTHZ_PERMISSION_URL", "http://keto.example.com/x"),
    ];
    let problems = try_new(&stub, &far).await.err().unwrap();
    assert!(problems[0].starts_with("AUTHZ_PERMISSION_URL: "), "{problems:?}");
}

#[tokio::test]
async fn a_start_warns_of_the_gateways_cache() {
    let fixture = fixture(yes(), &KETO).await;
    let log = fixture.log();
    assert!(
        log.contains("AUTHZ_PERMISSION_CHECK") && log.contains("TTL in API Gateway"),
        "{log}"
    );
    // The end of what is to be said is in the log, too.
    assert!(
        log.contains("$context.routeKey alone lets one path's answer serve others"),
        "{log}"
    );
}
