//! Good and bad environments.

mod routes;
mod secrets;

use std::time::Duration;

use shared::testing::FixedEnv;

use super::*;
use crate::token::Location;

const URL: (&str, &str) = (
    "AUTHZ_INTROSPECTION_URL",
    "https://hydra.example.com/admin/oauth2/introspect",
);

fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut env = FixedEnv::new([URL]);
    for (name, value) in pairs {
        env = env.with(name, value);
    }
    Config::from_env(&env)
}

fn introspection(config: &Config) -> &IntrospectionConfig {
    config.providers[0].introspection().unwrap()
}

#[track_caller]
fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    read(pairs).unwrap_err().problems().to_vec()
}

#[test]
fn only_the_url_is_required() {
    let config = read(&[("AUTHZ_CLIENT_IDS", "")]).unwrap();
    assert!(matches!(introspection(&config).auth, CallerConfig::None));
    assert_eq!(config.tokens.locations, [Location::Header("Authorization".to_owned())]);
    assert_eq!(config.tokens.scheme.as_deref(), Some("Bearer"));
    assert_eq!(config.tokens.max_bytes, 8192);
    assert_eq!(config.upstream.total_budget, Duration::from_millis(4000));
    assert_eq!(config.upstream.retries, 1);
    assert_eq!(config.providers[0].claims.skew_secs, 10);
    assert_eq!(config.providers[0].principal.claims, ["sub", "client_id"]);
    assert_eq!(
        config.context.claims,
        ["sub", "client_id", "scope", "iss", "aud", "exp", "username"]
    );
    assert_eq!(config.cache.ttl, Duration::from_secs(60));
    assert_eq!(config.cache.negative_ttl, Duration::from_secs(5));
    assert!(config.log_token_fp && config.warnings.is_empty());
    let nothing = Config::from_env(&FixedEnv::default()).unwrap_err();
    assert_eq!(nothing.problems(), ["AUTHZ_INTROSPECTION_URL: is required"]);
}

#[test]
fn every_bad_variable_has_its_line_and_no_value_is_told() {
    let bad = [
        ("AUTHZ_INTROSPECTION_URL", "http://s3cret.example.com/"),
        ("AUTHZ_RETRIES", "4"),
        ("AUTHZ_SCOPE_STRATEGY", "none"),
        ("AUTHZ_TOTAL_BUDGET_MS", "10000"),
        ("AUTHZ_TOKEN_FROM", "header:Authorization,s3cret"),
        ("AUTHZ_SCHEME", "s3 cret"),
        ("AUTHZ_TOKEN_PREFIX", "s3cret "),
        ("AUTHZ_CONTEXT_CLAIMS", "sub,s3-cret"),
        ("AUTHZ_CONTEXT_EXT", "a.b,a_b"),
        ("AUTHZ_INTROSPECTION_HEADERS", r#"{"authorization":"s3cret"}"#),
        ("AUTHZ_CACHE_TTL_SECS", "3"),
        ("AUTHZ_NEGATIVE_CACHE_TTL_SECS", "4"),
        ("AUTHZ_CLOCK_SKEW_SECS", "-1"),
    ];
    let lines = problems(&bad);
    let names: Vec<&str> = lines.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "AUTHZ_INTROSPECTION_URL",
            "AUTHZ_INTROSPECTION_HEADERS",
            "AUTHZ_TOTAL_BUDGET_MS",
            "AUTHZ_RETRIES",
            "AUTHZ_TOKEN_FROM",
            "AUTHZ_SCHEME",
            "AUTHZ_TOKEN_PREFIX",
            "AUTHZ_CLOCK_SKEW_SECS",
            "AUTHZ_SCOPE_STRATEGY",
            "AUTHZ_CONTEXT_CLAIMS",
            "AUTHZ_CONTEXT_EXT",
            "AUTHZ_NEGATIVE_CACHE_TTL_SECS",
        ]
    );
    assert!(!lines.concat().contains("s3"), "{lines:?}");
}

#[test]
fn each_way_to_authenticate_needs_its_settings() {
    assert_eq!(
        problems(&[("AUTHZ_INTROSPECTION_AUTH", "client_credentials")]),
        [
            "AUTHZ_CLIENT_ID: is required with AUTHZ_INTROSPECTION_AUTH=client_credentials",
            "AUTHZ_CLIENT_SECRET: or AUTHZ_CLIENT_SECRET_SECRET_ARN is required with AUTHZ_INTROSPECTION_AUTH=client_credentials",
            "AUTHZ_TOKEN_URL: is required with AUTHZ_INTROSPECTION_AUTH=client_credentials",
        ]
    );
    assert_eq!(
        problems(&[("AUTHZ_INTROSPECTION_AUTH", "basic"), ("AUTHZ_CLIENT_ID", "x")]).len(),
        1
    );
    assert_eq!(problems(&[("AUTHZ_INTROSPECTION_AUTH", "bearer")]).len(), 1);
    assert_eq!(
        problems(&[("AUTHZ_INTROSPECTION_AUTH", "mtls")]),
        ["AUTHZ_INTROSPECTION_AUTH: must be one of none, basic, bearer, client_credentials"]
    );
    let both = [
        ("AUTHZ_INTROSPECTION_AUTH", "bearer"),
        ("AUTHZ_BEARER", "x"),
        (
            "AUTHZ_BEARER_SECRET_ARN",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf",
        ),
    ];
    assert_eq!(
        problems(&both),
        ["AUTHZ_BEARER: is set together with AUTHZ_BEARER_SECRET_ARN; set one of them"]
    );
    let plain_http = [
        ("AUTHZ_INTROSPECTION_AUTH", "client_credentials"),
        ("AUTHZ_CLIENT_ID", "x"),
        ("AUTHZ_CLIENT_SECRET", "x"),
        ("AUTHZ_TOKEN_URL", "http://hydra.example.com/oauth2/token"),
    ];
    assert_eq!(problems(&plain_http), ["AUTHZ_TOKEN_URL: must use https"]);
    let mut allowed = plain_http.to_vec();
    allowed.push(("AUTHZ_ALLOW_HTTP", "true"));
    assert!(matches!(
        introspection(&read(&allowed).unwrap()).auth,
        CallerConfig::ClientCredentials { .. }
    ));
}

#[test]
fn headers_of_the_operator_must_not_be_ours_or_break_the_request() {
    let with = |value: &str| read(&[("AUTHZ_INTROSPECTION_HEADERS", value)]);
    let config = with(r#"{"X-Forwarded-Proto":"https","x-key":"s3cret"}"#).unwrap();
    let headers = &introspection(&config).headers;
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert!(!format!("{headers:?}").contains("s3cret"));
    for bad in [
        r#"{"Authorization":"x"}"#,
        r#"{"content-type":"x"}"#,
        r#"{"Content-Length":"1"}"#,
        r#"{"HOST":"x"}"#,
        r#"{"transfer-encoding":"chunked"}"#,
        r#"{"x":"a\r\nb"}"#,
        r#"{"a b":"x"}"#,
        r#"{"x":5}"#,
        "[]",
        "x",
    ] {
        assert!(with(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_negative_time_follows_the_positive_one() {
    let times = |pairs: &[(&str, &str)]| {
        let cache = read(pairs).unwrap().cache;
        (cache.ttl.as_secs(), cache.negative_ttl.as_secs())
    };
    assert_eq!(times(&[("AUTHZ_CACHE_TTL_SECS", "2")]), (2, 2));
    assert_eq!(times(&[("AUTHZ_CACHE_TTL_SECS", "0")]), (0, 0));
    assert_eq!(
        times(&[("AUTHZ_CACHE_TTL_SECS", "0"), ("AUTHZ_NEGATIVE_CACHE_TTL_SECS", "60")]),
        (0, 60)
    );
    assert_eq!(times(&[("AUTHZ_NEGATIVE_CACHE_TTL_SECS", "0")]), (60, 0));
    assert!(read(&[("AUTHZ_NEGATIVE_CACHE_TTL_SECS", "61")]).is_err());
    assert!(read(&[("AUTHZ_CACHE_TTL_SECS", "3601")]).is_err());
}

#[test]
fn locations_and_scheme() {
    let config = read(&[
        (
            "AUTHZ_TOKEN_FROM",
            "header:X-Token, query:access_token cookie:sid,subprotocol",
        ),
        ("AUTHZ_SCHEME", "NONE"),
    ])
    .unwrap();
    assert_eq!(
        config.tokens.locations,
        [
            Location::Header("X-Token".to_owned()),
            Location::Query("access_token".to_owned()),
            Location::Cookie("sid".to_owned()),
            Location::Subprotocol,
        ]
    );
    assert_eq!(config.tokens.scheme, None);
    for bad in [
        "header:",
        "header:a b,",
        "query:",
        "cookie:a=b",
        "subprotocol:x",
        "body:x",
        "Header:X",
        "header",
    ] {
        assert!(read(&[("AUTHZ_TOKEN_FROM", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn context_keys_are_unique_and_api_gateways_own_are_left_out() {
    let config = read(&[
        ("AUTHZ_CONTEXT_CLAIMS", "sub,status,sub,principalId,level"),
        ("AUTHZ_CONTEXT_EXT", "tenant a.b-c"),
    ])
    .unwrap();
    assert_eq!(config.context.claims, ["sub", "level"]);
    assert_eq!(
        config.context.ext[1],
        ("ext_a_b_c".to_owned(), vec!["a".to_owned(), "b-c".to_owned()])
    );
    assert_eq!(config.warnings.len(), 2);
    assert!(read(&[("AUTHZ_CONTEXT_CLAIMS", "ext_a"), ("AUTHZ_CONTEXT_EXT", "a")]).is_err());
    assert!(read(&[("AUTHZ_CONTEXT_EXT", "a..b")]).is_err());
    assert!(read(&[("AUTHZ_CONTEXT_EXT", &"a".repeat(61))]).is_err());
    assert!(read(&[("AUTHZ_CONTEXT_EXT", &"a".repeat(60))]).is_ok());
}

#[test]
fn unknown_variables_are_warned_about() {
    let config = read(&[("AUTHZ_INTROSPECTON_AUTH", "basic"), ("OTHER", "x")]).unwrap();
    assert_eq!(
        config.warnings,
        [("AUTHZ_INTROSPECTON_AUTH".to_owned(), "is no variable of the authorizer")]
    );
}

#[test]
fn the_table_and_the_code_know_the_same_variables() {
    let source = include_str!("../config.rs");
    let rows = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("/// | `AUTHZ_"));
    let mut table: Vec<String> = Vec::new();
    for row in rows {
        let first = format!("`AUTHZ_{}", row.split(" | ").next().unwrap());
        table.extend(first.split(" or ").map(|name| name.trim_matches('`').to_owned()));
    }
    table.sort();
    let mut known: Vec<String> = KNOWN.iter().map(|&name| name.to_owned()).collect();
    known.sort();
    assert_eq!(table, known);
    // Each of them is read somewhere, by its literal name.
    let code = [
        source,
        include_str!("answers.rs"),
        include_str!("lists.rs"),
        include_str!("permission.rs"),
        include_str!("providers.rs"),
        include_str!("routes.rs"),
        include_str!("server.rs"),
    ]
    .concat();
    for name in KNOWN {
        let read = name
            .strip_suffix("_SECRET_ARN")
            .filter(|name| !name.is_empty())
            .unwrap_or(name);
        assert!(
            code.matches(&format!("\"{read}\"")).count() > 1 || code.matches(&format!("\"{name}\"")).count() > 1,
            "{name}"
        );
    }
}
