//! Replies, their types, and the order of checks.

use proptest::prelude::*;
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
fn a_reply_is_an_object_that_says_active_as_a_boolean() {
    for body in [
        "",
        " ",
        "<html>",
        "[]",
        "[true]",
        "null",
        "\"active\"",
        "7",
        "{}",
        r#"{"active":"true"}"#,
        r#"{"active":1}"#,
        r#"{"active":null}"#,
        r#"{"active":true"#,
        r#"{"active":true}x"#,
        r#"{"active":true,}"#,
        r#"{"Active":true}"#,
        r#"{"active":false,"active":true}"#,
        r#"{"active":true,"exp":1,"exp":2}"#,
        "\u{feff}{\"active\":true}",
    ] {
        assert_eq!(
            Reply::read(body.as_bytes()).err(),
            Some(Problem::UpstreamInvalid),
            "{body}"
        );
    }
    assert!(Reply::read(b"{\"active\":true,\"sub\":\"\xff\"}").is_err());
    assert!(Reply::read(format!("{}{}", "[".repeat(500), "]".repeat(500)).as_bytes()).is_err());
    let deep = format!(r#"{{"active":true,"ext":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    assert!(Reply::read(deep.as_bytes()).is_err());
    assert!(Reply::read(br#"{"active":true}"#).unwrap().is_active());
    // The other members of an inactive reply say nothing.
    assert!(
        !Reply::read(br#"{"active":false,"exp":"soon","scope":5}"#)
            .unwrap()
            .is_active()
    );
    assert!(!format!("{:?}", Reply::read(br#"{"active":true,"sub":"alice"}"#)).contains("alice"));
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

#[test]
fn the_principal_is_the_first_claim_that_names_one() {
    let named = |members: Value, rules: &PrincipalRules| {
        let mut reply = members;
        reply["active"] = json!(true);
        let body = reply.to_string();
        let reply = Reply::read(body.as_bytes()).unwrap();
        Claims::new(&reply, rules, &context_rules())
            .principal()
            .map(str::to_owned)
    };
    let plain = principal_rules();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        named(json!({"sub": "alice", "client_id": "web"}), &plain),
        some("alice")
    );
    assert_eq!(named(json!({"sub": "", "client_id": "web"}), &plain), some("web"));
    assert_eq!(named(json!({"sub": 5, "client_id": "web"}), &plain), some("web"));
    assert_eq!(named(json!({}), &plain), None);
    let legacy = PrincipalRules {
        claims: list(&["client_id"]),
        prefix: "user|".to_owned(),
        default: None,
    };
    assert_eq!(
        named(json!({"sub": "alice", "client_id": "web"}), &legacy),
        some("user|web")
    );
    let default = PrincipalRules {
        default: some("nobody"),
        ..legacy
    };
    assert_eq!(named(json!({"sub": "alice"}), &default), some("nobody"));
}

#[test]
fn the_context_is_flat_texts_in_their_order() {
    let members = json!({"exp": 1_760_003_600.0, "aud": ["a", "b"], "sub": "al\"ice", "scope": "x y", "level": 3,
        "username": true, "iss": null, "unlisted": "x", "ext": {"tenant": "blue", "a": {"b": 1.5, "c": "x"}}});
    let claims = claims(members);
    let json = serde_json::to_string(claims.context()).unwrap();
    assert_eq!(
        json,
        r#"{"sub":"al\"ice","scope":"x y","aud":"a b","exp":"1760003600","username":"true","level":"3","ext_tenant":"blue","ext_a_b":"1.5"}"#
    );
    assert!(claims.context().at_most_bytes() >= json.len());
}

#[test]
fn values_that_break_api_gateway_are_left_out() {
    assert_eq!(
        context(json!({"sub": "{\"a\":1}", "client_id": " [1]", "username": "{not json", "level": {"a": 1}})),
        json!({"username": "{not json"})
    );
    assert_eq!(
        context(json!({"sub": "", "scope": "\r\n", "aud": [], "level": null, "exp": 0})),
        json!({"exp": "0"})
    );
    assert_eq!(
        context(json!({"sub": "a\u{0}b\r\nc\u{7f}\u{85}"})),
        json!({"sub": "abc"})
    );
    assert_eq!(
        context(json!({"sub": "é".repeat(600)})),
        json!({"sub": "é".repeat(512)})
    );
    assert_eq!(
        context(json!({"sub": format!("a{}", "é".repeat(600))})),
        json!({"sub": format!("a{}", "é".repeat(511))})
    );
    assert_eq!(context(json!({"ext": "x", "aud": ["a", 5]})), json!({"ext": "x"}));
    assert_eq!(context(json!({"ext": {"tenant": {"deep": 1}, "a": "x"}})), json!({}));
    assert!(claims(json!({})).context().is_empty());
}

#[test]
fn many_empty_parts_have_a_size_too() {
    let of_text = size_of::<String>();
    let empty = claims(json!({"aud": vec![""; 21_000]}));
    assert!(empty.size() >= 21_000 * of_text, "{}", empty.size());
    let pairs = claims(json!({"sub": "a", "client_id": "b"}));
    // The principal, the client's id, and two pairs of two texts each.
    assert_eq!(pairs.size(), 1 + 1 + "subaclient_idb".len() + 4 * of_text);
}

#[test]
fn what_is_dropped_first_when_there_is_too_much() {
    let members = json!({"sub": "s", "scope": "x", "aud": "a", "ext": {"tenant": "t", "a": {"b": "c"}}});
    let mut context = claims(members).context().clone();
    let mut keys = Vec::new();
    loop {
        let value = serde_json::to_value(&context).unwrap();
        let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        keys.push(names.join(" "));
        match context.shortened() {
            Some(shorter) => context = shorter,
            None => break,
        }
    }
    assert_eq!(
        keys,
        [
            "aud ext_a_b ext_tenant scope sub",
            "aud ext_tenant scope sub",
            "aud scope sub",
            "aud sub",
            "sub"
        ]
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["Bearer", "access_token", "refresh_token", "a", "1760003600"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(reply) = Reply::read(&body) {
            let _ = Claims::new(&reply, &principal_rules(), &context_rules()).check(&claim_rules(), NOW);
        }
    }

    #[test]
    fn any_members_give_a_flat_context_or_a_refusal(
        names in prop::collection::vec(
            prop::sample::select(vec!["token_use", "token_type", "cnf", "exp", "nbf", "iss", "aud", "client_id", "scope", "sub", "ext", "level"]),
            0..8,
        ),
        values in prop::collection::vec(any_json(), 8),
    ) {
        let mut members = json!({});
        for (name, value) in names.iter().zip(values) {
            members[name] = value;
        }
        let claims = claims(members.clone());
        let passed = claims.check(&claim_rules(), NOW).is_ok();
        let is = |name: &str, good: &[&str]| {
            members[name].is_null() || members[name].as_str().is_some_and(|text| good.iter().any(|good| good.eq_ignore_ascii_case(text)))
        };
        if passed {
            prop_assert!(is("token_use", &["access_token"]) && is("token_type", &["bearer", "access_token"]));
            prop_assert!(members["cnf"].is_null());
            prop_assert!(members["exp"].is_null() || members["exp"].is_number());
        }
        let context = serde_json::to_value(claims.context()).unwrap();
        for (key, value) in context.as_object().unwrap() {
            prop_assert!(is_context_key(key));
            let text = value.as_str().unwrap();
            prop_assert!(text.len() <= 1024 && !text.chars().any(char::is_control));
        }
    }
}
