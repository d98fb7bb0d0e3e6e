//! The context: flat texts that API Gateway takes, in their order, and what goes first when there is too much.

use serde_json::json;

use super::{claims, context};

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
