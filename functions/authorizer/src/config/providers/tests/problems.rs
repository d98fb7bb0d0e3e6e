//! Lists that stop the start, each problem with its path; and lists that come with a warning.

use super::*;

#[test]
fn what_is_no_list_of_objects_stops_the_start() {
    for list in ["{}", "[]", "5", "null", "\"s3cret\""] {
        check(list, &["AUTHZ_PROVIDERS: must be a list of 1 to 32 objects"]);
    }
    check("[5]", &["AUTHZ_PROVIDERS[0]: must be an object"]);
    check(
        &format!("[{JWKS}] s3cret"),
        &["AUTHZ_PROVIDERS: is not valid JSON (line 1, column 130)"],
    );
    check(
        "[{\"s3cret\"",
        &["AUTHZ_PROVIDERS: is JSON that ends too early (line 1, column 10)"],
    );
    check("[{},]", &["AUTHZ_PROVIDERS: is not valid JSON (line 1, column 5)"]);
    check(
        &format!("[{}]", ["{}"; 33].join(",")),
        &["AUTHZ_PROVIDERS: must be a list of 1 to 32 objects"],
    );
}

#[test]
fn every_problem_is_told_at_once_with_its_path() {
    check(
        r#"[
            {"name": "a s3cret", "kind": "introspecton", "issuer": ["s3cret"]},
            {"kind": "jwks", "jwks_uri": "https://s3cret/", "algorithms": ["none", "HS256", "rs256", "RS256", 5],
             "issuers": [], "audiences": ["x"], "jwks_ttl_secs": 5, "require_typ_at_jwt": "true", "client_id": "s3cret", "kind": "s3cret"},
            {"name": "c", "kind": "introspection", "introspection_url": "http://s3cret.example.com/", "issuers": ["https://c/", ""],
             "introspection_auth": "basic", "client_secret": "s3cret",
             "client_secret_secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf",
             "introspection_headers": {"Host": "s3cret"}, "s3cret value": 1, "principal_prefix": 5, "audiences": "s3cret"}
        ]"#,
        &[
            "AUTHZ_PROVIDERS[0].issuer: unknown member, did you mean \"issuers\"?",
            "AUTHZ_PROVIDERS[0].name: must be of at most 64 letters, digits, - and _",
            "AUTHZ_PROVIDERS[0].kind: must be one of introspection, jwks",
            "AUTHZ_PROVIDERS[0].issuers: is required with more than one server, so that none answers for another's tokens",
            "AUTHZ_PROVIDERS[1].jwks_uri: unknown member, did you mean \"jwks_url\"?",
            "AUTHZ_PROVIDERS[1].algorithms[4]: must be a text that is not empty",
            "AUTHZ_PROVIDERS[1].issuers: must not be empty",
            "AUTHZ_PROVIDERS[1].require_typ_at_jwt: must be true or false",
            "AUTHZ_PROVIDERS[1].client_id: belongs to the kind introspection alone",
            "AUTHZ_PROVIDERS[1].kind: stands twice",
            "AUTHZ_PROVIDERS[1].name: is required",
            "AUTHZ_PROVIDERS[1].jwks_url: is required",
            "AUTHZ_PROVIDERS[1].algorithms[0]: must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
            "AUTHZ_PROVIDERS[1].algorithms[1]: must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
            "AUTHZ_PROVIDERS[1].algorithms[2]: must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
            "AUTHZ_PROVIDERS[1].jwks_ttl_secs: must be a whole number from 10 to 3600",
            "AUTHZ_PROVIDERS[2].issuers[1]: must be a text that is not empty",
            "AUTHZ_PROVIDERS[2].?: unknown member",
            "AUTHZ_PROVIDERS[2].principal_prefix: must be a text",
            "AUTHZ_PROVIDERS[2].audiences: must be a list of texts",
            "AUTHZ_PROVIDERS[2].introspection_url: must use https",
            "AUTHZ_PROVIDERS[2].client_id: is required with AUTHZ_PROVIDERS[2].introspection_auth=basic",
            "AUTHZ_PROVIDERS[2].client_secret: is set together with AUTHZ_PROVIDERS[2].client_secret_secret_arn; set one of them",
            "AUTHZ_PROVIDERS[2].introspection_headers: must not set host",
        ],
    );
}

#[test]
fn single_problems() {
    for (members, line) in [
        (
            r#""token_prefix": "s3cret x""#,
            "token_prefix: must not be set for the kind jwks: a signed token stands by itself",
        ),
        (r#""token_prefix": 5"#, "token_prefix: must be a text"),
        (
            r#""issuer_match": "s3cret""#,
            "issuer_match: must be one of exact, slash_insensitive",
        ),
        (r#""audience_mode": "s3cret""#, "audience_mode: must be one of all, any"),
        (r#""algorithms": []"#, "algorithms: must not be empty"),
        (r#""jwks_ttl_secs": 1.5"#, "jwks_ttl_secs: must be a whole number"),
        (
            r#""jwks_ttl_secs": 3601"#,
            "jwks_ttl_secs: must be a whole number from 10 to 3600",
        ),
        (
            r#""introspection_headers": {}"#,
            "introspection_headers: belongs to the kind introspection alone",
        ),
        (
            r#""require_exp": false"#,
            "require_exp: belongs to the kind introspection alone",
        ),
        (
            r#""ca_bundle_secret_arn": "s3cret""#,
            "ca_bundle_secret_arn: must be arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]",
        ),
        (r#""Name": "x""#, "Name: unknown member, did you mean \"name\"?"),
        (r#""name": "x""#, "name: stands twice"),
    ] {
        check(&jwks(members), &[&format!("AUTHZ_PROVIDERS[0].{line}")]);
    }
    check(
        r#"[{"name": "a", "kind": "introspection", "introspection_url": "https://h/", "token_prefix": "s3cret x"}]"#,
        &["AUTHZ_PROVIDERS[0].token_prefix: must be of letters, digits and -._~+/"],
    );
}

#[test]
fn signed_tokens_must_be_told_from_id_tokens() {
    let entry = |members: &str| {
        format!(r#"[{{"name": "a", "kind": "jwks", "jwks_url": "https://h/", "issuers": ["https://x"]{members}}}]"#)
    };
    let line = "AUTHZ_PROVIDERS[0].audiences: is required, or require_typ_at_jwt: the same keys may sign ID tokens, and nothing else \
                tells those from access tokens";
    check(&entry(""), &[line]);
    check(&entry(r#", "require_typ_at_jwt": false"#), &[line]);
    for members in [r#", "require_typ_at_jwt": true"#, r#", "audiences": ["orders"]"#] {
        read(&entry(members)).unwrap();
    }
    read_with(&entry(""), &[("AUTHZ_AUDIENCES", "orders")]).unwrap();
}

#[test]
fn signed_tokens_have_no_prefix() {
    check(
        &jwks(r#""token_prefix": "ory_at_""#),
        &["AUTHZ_PROVIDERS[0].token_prefix: must not be set for the kind jwks: a signed token stands by itself"],
    );
    let told = read_with(&format!("[{JWKS}]"), &[("AUTHZ_TOKEN_PREFIX", "ory_at_")]).unwrap_err();
    assert_eq!(
        told,
        ["AUTHZ_TOKEN_PREFIX: must not be set together with an entry of the kind jwks, whose tokens have no prefix"]
    );
}

#[test]
fn keys_over_plain_http_are_warned_about() {
    let warnings = |url: &str| {
        let list = format!("[{}]", JWKS.replace("https://k.example.com", url));
        read_with(&list, &[("AUTHZ_ALLOW_HTTP", "true")]).unwrap().warnings
    };
    let [(variable, what)] = &warnings("http://k.example.com")[..] else {
        panic!()
    };
    assert_eq!(variable, "AUTHZ_PROVIDERS[0].jwks_url");
    assert!(what.contains("whoever stands between"), "{what}");
    assert!(warnings("https://k.example.com").is_empty() && warnings("http://127.0.0.1:1").is_empty());
}

#[test]
fn warnings_fit_into_a_line() {
    let keto = [
        ("AUTHZ_PERMISSION_CHECK", "keto"),
        ("AUTHZ_PERMISSION_URL", "https://keto.example.com/"),
        ("AUTHZ_KETO_NAMESPACE", "api"),
        ("AUTHZ_ALLOW_HTTP", "true"),
    ];
    let list = r#"[{"name": "a", "kind": "jwks", "jwks_url": "http://h.example.com/", "audiences": ["x"]}]"#;
    let warnings = read_with(list, &keto).unwrap().warnings;
    assert!(warnings.len() >= 4, "{warnings:?}");
    for (_, what) in warnings {
        assert!(what.len() <= 256, "{what}");
    }
}
