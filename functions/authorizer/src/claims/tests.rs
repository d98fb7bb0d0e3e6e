//! Replies, their types, and the order of checks.

mod any;
mod context;
mod principal;
mod reply;

use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_760_000_000;

fn claim_rules() -> ClaimRules {
    ClaimRules {
        issuers: vec![],
        issuer_match: IssuerMatch::Exact,
        audiences: vec![],
        audience_mode: Mode::Any,
        client_ids: vec![],
        skew_secs: 10,
        require_exp: false,
        require_token_use: false,
    }
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

fn principal_rules() -> PrincipalRules {
    PrincipalRules {
        claims: list(&["sub", "client_id"]),
        prefix: String::new(),
        default: None,
    }
}

fn context_rules() -> ContextRules {
    ContextRules {
        claims: list(&[
            "sub",
            "client_id",
            "scope",
            "iss",
            "aud",
            "exp",
            "username",
            "level",
            "ext",
        ]),
        ext: vec![
            ("ext_tenant".to_owned(), list(&["tenant"])),
            ("ext_a_b".to_owned(), list(&["a", "b"])),
        ],
    }
}

/// The claims of an active reply with these members.
fn claims(members: Value) -> Claims {
    let mut reply = members;
    reply["active"] = json!(true);
    let body = reply.to_string();
    let reply = Reply::read(body.as_bytes()).unwrap();
    Claims::new(&reply, &principal_rules(), &context_rules())
}

#[track_caller]
fn check(members: Value, rules: &ClaimRules) -> Result<(), Problem> {
    claims(members).check(rules, NOW)
}

fn context(members: Value) -> Value {
    serde_json::to_value(claims(members).context()).unwrap()
}

#[test]
fn refresh_tokens_are_refused_by_either_marker() {
    let rules = claim_rules();
    let strict = ClaimRules {
        require_token_use: true,
        ..claim_rules()
    };
    for (members, expected) in [
        (json!({}), Ok(())),
        (json!({"token_use": "access_token", "token_type": "Bearer"}), Ok(())),
        (json!({"token_use": null, "token_type": "access_token"}), Ok(())),
        (json!({"token_type": "BEARER"}), Ok(())),
        (
            json!({"token_use": "refresh_token", "token_type": "Bearer"}),
            Err(Problem::NotAccessToken),
        ),
        (json!({"token_use": "id_token"}), Err(Problem::NotAccessToken)),
        (json!({"token_use": "Access_Token"}), Err(Problem::NotAccessToken)),
        (json!({"token_use": 1}), Err(Problem::NotAccessToken)),
        (json!({"token_type": "refresh_token"}), Err(Problem::NotAccessToken)),
        (
            json!({"token_type": "Refresh_Token", "token_use": "access_token"}),
            Err(Problem::NotAccessToken),
        ),
        (json!({"token_type": "DPoP"}), Err(Problem::UnsupportedTokenType)),
        (json!({"token_type": ""}), Err(Problem::UnsupportedTokenType)),
        (json!({"token_type": ["Bearer"]}), Err(Problem::UnsupportedTokenType)),
        (
            json!({"token_type": "Bearer", "cnf": {"jkt": "x"}}),
            Err(Problem::UnsupportedTokenType),
        ),
        (json!({"cnf": "x"}), Err(Problem::UnsupportedTokenType)),
    ] {
        assert_eq!(check(members.clone(), &rules), expected, "{members}");
    }
    assert_eq!(check(json!({}), &strict), Err(Problem::NotAccessToken));
    assert_eq!(check(json!({"token_use": "access_token"}), &strict), Ok(()));
}

#[test]
fn times_are_whole_numbers_and_tolerate_a_skew() {
    let rules = claim_rules();
    for (members, expected) in [
        (json!({"exp": NOW + 1}), Ok(())),
        (json!({"exp": NOW - 9}), Ok(())),
        (json!({"exp": NOW - 10}), Err(Problem::Expired)),
        (json!({"exp": 1}), Err(Problem::Expired)),
        (json!({"exp": 0}), Ok(())),
        (json!({"exp": null}), Ok(())),
        (json!({"exp": 1_760_003_600.0}), Ok(())),
        (json!({"exp": 1_759_000_000.0}), Err(Problem::Expired)),
        (json!({"exp": u64::MAX}), Ok(())),
        (json!({"exp": 1_760_003_600.5}), Err(Problem::UpstreamInvalid)),
        (json!({"exp": 1e300}), Err(Problem::UpstreamInvalid)),
        (json!({"exp": -1}), Err(Problem::UpstreamInvalid)),
        (json!({"exp": "1760003600"}), Err(Problem::UpstreamInvalid)),
        (json!({"exp": true}), Err(Problem::UpstreamInvalid)),
        (json!({"exp": [NOW]}), Err(Problem::UpstreamInvalid)),
        (json!({"nbf": NOW + 10}), Ok(())),
        (json!({"nbf": NOW + 11}), Err(Problem::NotYetValid)),
        (json!({"nbf": 0}), Ok(())),
        (json!({"nbf": "soon"}), Err(Problem::UpstreamInvalid)),
        (json!({"exp": 1, "nbf": {}}), Err(Problem::UpstreamInvalid)),
    ] {
        assert_eq!(check(members.clone(), &rules), expected, "{members}");
    }
    let strict = ClaimRules {
        require_exp: true,
        ..claim_rules()
    };
    for members in [json!({}), json!({"exp": 0}), json!({"exp": null})] {
        assert_eq!(check(members, &strict), Err(Problem::NoExp));
    }
    assert_eq!(check(json!({"exp": NOW}), &strict), Ok(()));
}

#[test]
fn issuers() {
    let exact = ClaimRules {
        issuers: list(&["https://a/", "https://b"]),
        ..claim_rules()
    };
    let loose = ClaimRules {
        issuer_match: IssuerMatch::SlashInsensitive,
        ..exact.clone()
    };
    for (issuer, in_exact, in_loose) in [
        (json!("https://a/"), true, true),
        (json!("https://a"), false, true),
        (json!("https://b/"), false, true),
        (json!("https://b//"), false, false),
        (json!("https://A/"), false, false),
        (json!(""), false, false),
        (json!(null), false, false),
        (json!(["https://a/"]), false, false),
    ] {
        let expected = |good| if good { Ok(()) } else { Err(Problem::Issuer) };
        assert_eq!(check(json!({"iss": issuer}), &exact), expected(in_exact), "{issuer}");
        assert_eq!(check(json!({"iss": issuer}), &loose), expected(in_loose), "{issuer}");
    }
    assert_eq!(check(json!({}), &exact), Err(Problem::Issuer));
}

#[test]
fn audiences_are_a_text_or_a_list_of_texts() {
    let any = ClaimRules {
        audiences: list(&["a", "b"]),
        ..claim_rules()
    };
    let all = ClaimRules {
        audience_mode: Mode::All,
        ..any.clone()
    };
    for (aud, in_any, in_all) in [
        (json!("a"), true, false),
        (json!(["a", "x"]), true, false),
        (json!(["b", "a"]), true, true),
        (json!("a b"), false, false),
        (json!([]), false, false),
        (json!(null), false, false),
    ] {
        let expected = |good| if good { Ok(()) } else { Err(Problem::Audience) };
        assert_eq!(check(json!({"aud": aud}), &any), expected(in_any), "{aud}");
        assert_eq!(check(json!({"aud": aud}), &all), expected(in_all), "{aud}");
        assert_eq!(check(json!({"aud": aud}), &claim_rules()), Ok(()));
    }
    for aud in [json!({"a": 1}), json!(5), json!(["a", 5]), json!([null])] {
        assert_eq!(check(json!({"aud": aud}), &any), Err(Problem::UpstreamInvalid), "{aud}");
        assert_eq!(
            check(json!({"aud": aud}), &claim_rules()),
            Err(Problem::UpstreamInvalid),
            "{aud}"
        );
    }
}

#[test]
fn clients() {
    let rules = ClaimRules {
        client_ids: list(&["web"]),
        ..claim_rules()
    };
    assert_eq!(check(json!({"client_id": "web"}), &rules), Ok(()));
    for members in [json!({"client_id": "app"}), json!({}), json!({"client_id": ["web"]})] {
        assert_eq!(check(members, &rules), Err(Problem::Client));
    }
}

/// Everything is wrong with this reply; what is mended in turn shows the order of checks.
#[test]
fn checks_come_in_order() {
    let rules = ClaimRules {
        issuers: list(&["i"]),
        audiences: list(&["a"]),
        client_ids: list(&["c"]),
        require_token_use: true,
        require_exp: true,
        ..claim_rules()
    };
    let mut members = json!({"token_use": "refresh_token", "token_type": "DPoP", "cnf": {}, "exp": "x", "nbf": "x",
        "iss": "x", "aud": {}, "client_id": "x"});
    let mut next = |name: &str, value: Value, expected| {
        assert_eq!(check(members.clone(), &rules), Err(expected));
        members[name] = value;
    };
    next("token_use", json!("access_token"), Problem::NotAccessToken);
    next("token_type", json!("Bearer"), Problem::UnsupportedTokenType);
    next("cnf", json!(null), Problem::UnsupportedTokenType);
    next("exp", json!(1), Problem::UpstreamInvalid);
    next("nbf", json!(NOW + 99), Problem::UpstreamInvalid);
    next("exp", json!(0), Problem::Expired);
    next("exp", json!(NOW + 99), Problem::NoExp);
    next("nbf", json!(NOW), Problem::NotYetValid);
    next("iss", json!("i"), Problem::Issuer);
    next("aud", json!([]), Problem::UpstreamInvalid);
    next("aud", json!(["a"]), Problem::Audience);
    next("client_id", json!("c"), Problem::Client);
    assert_eq!(check(members, &rules), Ok(()));
}
