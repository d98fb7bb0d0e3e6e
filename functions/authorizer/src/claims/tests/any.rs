//! Any bytes and any members: no panic, a refusal or a flat context.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

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
