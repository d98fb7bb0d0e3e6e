//! Lists of servers, good and bad.

mod problems;

use shared::testing::FixedEnv;

use super::super::{CallerConfig, Config};
use super::*;
use crate::claims::{IssuerMatch, Mode};

fn read_with(list: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let mut env = FixedEnv::new([(LIST, list)]);
    for (name, value) in variables {
        env = env.with(name, value);
    }
    Config::from_env(&env).map_err(|error| error.problems().to_vec())
}

fn read(list: &str) -> Result<Config, Vec<String>> {
    read_with(list, &[])
}

#[track_caller]
fn check(list: &str, lines: &[&str]) {
    let told = read(list).unwrap_err();
    assert_eq!(told, lines, "{list}");
    assert!(!told.concat().contains("s3cret"), "{told:?}");
}

const JWKS: &str = r#"{"name": "keys", "kind": "jwks", "jwks_url": "https://k.example.com/jwks.json", "issuers": ["https://k/"], "audiences": ["x"]}"#;

/// The good entry with members before its own.
fn jwks(members: &str) -> String {
    format!("[{{{members}, {}]", &JWKS[1..])
}

#[test]
fn every_member_is_read() {
    let config = read_with(
        r#"[
            {"name": "main", "kind": "introspection", "token_prefix": "ory_at_", "issuers": ["https://a/", "https://b/"],
             "issuer_match": "slash_insensitive", "audiences": ["x"], "audience_mode": "all", "client_ids": ["web"],
             "introspection_url": "https://h.example.com/i", "introspection_auth": "client_credentials",
             "client_id": "id", "client_secret": "s3cret", "client_auth_encoding": "raw",
             "token_url": "https://h.example.com/t", "token_scope": "a b", "token_audience": "y",
             "introspection_headers": {"X-Key": "s3cret"}, "require_exp": true, "require_token_use": true,
             "principal_claims": ["username"], "principal_prefix": "user|", "default_principal": "nobody",
             "ca_bundle": "/ca.pem"},
            {"name": "keys", "kind": "jwks", "token_prefix": null, "issuers": ["https://c/"],
             "jwks_url": "https://k.example.com/jwks.json", "jwks_ttl_secs": 60, "algorithms": ["PS512", "EdDSA"],
             "require_typ_at_jwt": true,
             "ca_bundle_secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ca-AbCdEf"}
        ]"#,
        &[
            ("AUTHZ_AUDIENCES", "api"),
            ("AUTHZ_CLOCK_SKEW_SECS", "3"),
            ("AUTHZ_REQUIRE_TOKEN_USE", "true"),
            ("AUTHZ_PRINCIPAL_PREFIX", "p|"),
            // As unset.
            ("AUTHZ_INTROSPECTION_AUTH", "none"),
            ("AUTHZ_CLIENT_AUTH_ENCODING", "form"),
            ("AUTHZ_INTROSPECTION_HEADERS", "{}"),
        ],
    )
    .unwrap();
    let [main, keys] = &config.providers[..] else { panic!() };
    assert_eq!((main.name.as_deref(), main.prefix.as_str()), (Some("main"), "ory_at_"));
    assert_eq!(main.claims.issuers, ["https://a/", "https://b/"]);
    assert_eq!(main.claims.issuer_match, IssuerMatch::SlashInsensitive);
    assert_eq!(
        (&main.claims.audiences[..], main.claims.audience_mode),
        (&["x".to_owned()][..], Mode::All)
    );
    assert_eq!(main.claims.client_ids, ["web"]);
    assert!(main.claims.require_exp && main.claims.require_token_use);
    assert_eq!(
        (&main.principal.claims[..], main.principal.prefix.as_str()),
        (&["username".to_owned()][..], "user|")
    );
    assert_eq!(main.principal.default.as_deref(), Some("nobody"));
    let introspection = main.introspection().unwrap();
    assert_eq!(introspection.headers["x-key"], "s3cret");
    assert!(introspection.ca_bundle.is_some());
    let CallerConfig::ClientCredentials {
        client,
        token_url,
        scope,
        audience,
    } = &introspection.auth
    else {
        panic!()
    };
    assert_eq!((client.id.as_str(), client.form_encoded), ("id", false));
    assert_eq!(
        (token_url.as_str(), scope.as_str(), audience.as_str()),
        ("https://h.example.com/t", "a b", "y")
    );

    assert_eq!((keys.name.as_deref(), keys.prefix.as_str()), (Some("keys"), ""));
    assert_eq!((keys.claims.audiences[0].as_str(), keys.claims.skew_secs), ("api", 3));
    assert!(keys.claims.require_exp && keys.claims.require_token_use);
    assert_eq!((keys.principal.claims.len(), keys.principal.prefix.as_str()), (2, "p|"));
    let SourceConfig::Jwks(jwks) = &keys.source else {
        panic!()
    };
    assert_eq!(jwks.algorithms, [Algorithm::PS512, Algorithm::EdDSA]);
    assert_eq!((jwks.ttl, jwks.require_typ_at_jwt), (Duration::from_secs(60), true));
    assert!(jwks.ca_bundle.is_some());
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn little_is_required() {
    let config = read(&format!("[{JWKS}]")).unwrap();
    let SourceConfig::Jwks(jwks) = &config.providers[0].source else {
        panic!()
    };
    assert_eq!(jwks.algorithms, [Algorithm::RS256, Algorithm::ES256]);
    assert_eq!((jwks.ttl, jwks.require_typ_at_jwt), (Duration::from_secs(300), false));
    assert!(config.warnings.is_empty());
    // One server may do without issuers; where nobody vouches for them, the start warns.
    let config = read(r#"[{"name": "a", "kind": "introspection", "introspection_url": "https://h/"}]"#).unwrap();
    assert!(config.warnings.is_empty());
    let config = read(r#"[{"name": "a", "kind": "jwks", "jwks_url": "https://h/", "audiences": ["x"]}]"#).unwrap();
    assert!(
        config.warnings[0].1.contains("without issuers"),
        "{:?}",
        config.warnings
    );
    assert!(config.warnings[0].1.len() <= 256);
}

#[test]
fn the_variables_of_the_only_server_have_no_place_beside_the_list() {
    for (variable, default) in BY_VARIABLE {
        let told = read_with(&format!("[{JWKS}]"), &[(variable, "https://s3cret/")]).unwrap_err();
        assert_eq!(
            told,
            [format!(
                "{variable}: must not be set together with AUTHZ_PROVIDERS; its entries have such members"
            )]
        );
        assert!(
            read_with(&format!("[{JWKS}]"), &[(variable, default)]).is_ok(),
            "{variable}"
        );
    }
}

#[test]
fn servers_share_nothing_that_chooses_between_them() {
    let pair = |one: &str, two: &str| {
        let url = r#""kind": "introspection", "introspection_url": "https://k.example.com/""#;
        format!("[{{{url}, {one}}}, {{{url}, {two}}}]")
    };
    check(
        &pair(
            r#""name": "a", "issuers": ["https://a/"]"#,
            r#""name": "a", "issuers": ["https://b/"]"#,
        ),
        &["AUTHZ_PROVIDERS[1].name: is also AUTHZ_PROVIDERS[0].name"],
    );
    let both = "AUTHZ_PROVIDERS[1].issuers[1]: stands in AUTHZ_PROVIDERS[0].issuers too, and neither has a token_prefix: nothing \
                would tell which one answers";
    let first = r#""name": "a", "issuers": ["https://a/"]"#;
    check(
        &pair(first, r#""name": "b", "issuers": ["https://b/", "https://a/"]"#),
        &[both],
    );
    check(
        &pair(
            first,
            r#""name": "b", "issuers": ["https://b/", "https://a"], "issuer_match": "slash_insensitive""#,
        ),
        &[both],
    );
    // A prefix tells them apart: the opaque and the signed tokens of one server.
    for one in [first.to_owned(), format!(r#"{first}, "token_prefix": "x""#)] {
        read(&pair(
            &one,
            r#""name": "b", "issuers": ["https://a/"], "token_prefix": "y""#,
        ))
        .unwrap();
    }
    check(
        &pair(
            &format!(r#"{first}, "token_prefix": "x""#),
            r#""name": "b", "issuers": ["https://a/"], "token_prefix": "x""#,
        ),
        &["AUTHZ_PROVIDERS[1].token_prefix: is also AUTHZ_PROVIDERS[0].token_prefix"],
    );
}

#[test]
fn an_entry_may_take_back_what_it_inherits_of_the_principal() {
    let inherited = [("AUTHZ_PRINCIPAL_PREFIX", "p|"), ("AUTHZ_DEFAULT_PRINCIPAL", "nobody")];
    let read = |members: &str| {
        let config = read_with(&jwks(members), &inherited).unwrap();
        let principal = config.providers[0].principal.clone();
        (principal.prefix, principal.default)
    };
    for none in ["null", "\"\""] {
        assert_eq!(
            read(&format!(r#""principal_prefix": {none}, "default_principal": {none}"#)),
            (String::new(), None)
        );
    }
    assert_eq!(
        read(r#""token_prefix": """#),
        ("p|".to_owned(), Some("nobody".to_owned()))
    );
}
