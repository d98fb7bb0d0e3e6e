//! Authorities that vouch for the server of permissions, beside those of the servers that answer for tokens.

use std::sync::Arc;

use serde_json::json;
use shared::testing::MemorySecrets;

use crate::fixture::*;
use crate::stub::Stub;

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keto-ca-AbCdEf";
const BUNDLE: &str = "AUTHZ_PERMISSION_CA_BUNDLE";
const TWIN: &str = "AUTHZ_PERMISSION_CA_BUNDLE_SECRET_ARN";

/// Two servers at the stub, with these authorities of the first.
fn two_servers(bundle: &str) -> String {
    let entry = |name: &str, token_prefix: &str, issuer: &str| {
        json!({"name": name, "kind": "introspection", "token_prefix": token_prefix, "issuers": [issuer],
               "introspection_url": format!("{{base}}{INTROSPECT}"), "principal_prefix": format!("{name}|")})
    };
    let mut one = entry("one", "ory_at_A", "https://auth.example.com/");
    one["ca_bundle"] = json!(bundle);
    json!([one, entry("two", "ory_at_C", "https://two.example.com/")]).to_string()
}

fn keto<'v>(url: &'v str, more: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
    let keto = [
        ("AUTHZ_PERMISSION_CHECK", "keto"),
        ("AUTHZ_PERMISSION_URL", url),
        ("AUTHZ_KETO_NAMESPACE", "api"),
        ("AUTHZ_CONNECT_TIMEOUT_MS", "5000"),
    ];
    with(&keto, more)
}

/// Why the check fails: the server behind TLS answers, but not what Keto would.
async fn failure(variables: &[(&str, &str)], secret: &str) -> String {
    let store = Arc::new(MemorySecrets::default());
    store.put(ARN, secret);
    let fixture = Fixture::with_secrets(Stub::playing(vec![ok()]), variables, store).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    let line = fixture.line();
    assert_eq!(line["permission"], "failed");
    line["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_server_of_permissions_has_authorities_of_its_own() {
    let (url, authority) = crate::tls::server("localhost", false).await;
    let (_, other) = crate::tls::server("localhost", false).await;
    let several = two_servers(&other);
    let several = ("AUTHZ_PROVIDERS", several.as_str());
    let file = std::env::temp_dir().join(format!("authorizer-keto-ca-{}.pem", std::process::id()));
    std::fs::write(&file, &authority).unwrap();
    let path = file.to_str().unwrap();
    for (more, reason) in [
        (vec![several], "upstream_tls"),
        (vec![several, (BUNDLE, authority.as_str())], "upstream_invalid"),
        (vec![several, (BUNDLE, path)], "upstream_invalid"),
        (vec![several, (TWIN, ARN)], "upstream_invalid"),
        (vec![several, (BUNDLE, other.as_str())], "upstream_tls"),
        // With one server its authorities vouch for both, unless there are others.
        (vec![("AUTHZ_CA_BUNDLE", authority.as_str())], "upstream_invalid"),
        (
            vec![("AUTHZ_CA_BUNDLE", authority.as_str()), (BUNDLE, other.as_str())],
            "upstream_tls",
        ),
        (
            vec![("AUTHZ_CA_BUNDLE", other.as_str()), (BUNDLE, authority.as_str())],
            "upstream_invalid",
        ),
    ] {
        let names: Vec<&str> = more.iter().map(|(name, _)| *name).collect();
        assert_eq!(failure(&keto(&url, &more), &authority).await, reason, "{names:?}");
    }
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn its_authorities_vouch_for_nobody_else() {
    let (url, authority) = crate::tls::server("localhost", false).await;
    let introspection = ("AUTHZ_INTROSPECTION_URL", url.as_str());
    let variables = keto("{base}/relation-tuples/check", &[introspection, (BUNDLE, &authority)]);
    let fixture = Fixture::new(Stub::playing(vec![ok()]), &variables).await;
    assert_eq!(fixture.ask(&bearing(T1)).await, e500());
    fixture.assert_line(json!({"reason": "upstream_tls"}));
    assert_eq!(fixture.stub.seen().len(), 0);
}

#[tokio::test]
async fn authorities_that_are_none_stop_the_start() {
    let stub = Stub::playing(vec![ok()]);
    let url = "https://keto.example.com/relation-tuples/check";
    let use_of = "is of no use without AUTHZ_PERMISSION_CHECK=warden or AUTHZ_PERMISSION_CHECK=keto";
    for (variables, expected) in [
        (
            keto(url, &[(BUNDLE, "-----BEGIN nothing")]),
            format!("{BUNDLE}: is not a PEM bundle"),
        ),
        (
            keto(url, &[(BUNDLE, "/nowhere/ca.pem")]),
            format!("{BUNDLE}: is neither PEM nor a file that can be read (entity not found)"),
        ),
        (keto(url, &[(TWIN, ARN)]), format!("{TWIN}: ")),
        (
            keto(url, &[(BUNDLE, "x"), (TWIN, ARN)]),
            format!("{BUNDLE}: is set together with {TWIN}; set one of them"),
        ),
        (vec![(BUNDLE, "x")], format!("{BUNDLE}: {use_of}")),
        (vec![(TWIN, ARN)], format!("{TWIN}: {use_of}")),
    ] {
        let problems = try_new(&stub, &variables).await.err().unwrap();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(&expected), "{problems:?}");
    }
}
