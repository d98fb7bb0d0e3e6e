//! Who is named: the first claim that names somebody.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_name_with_control_characters_is_nobodys() {
    let default = PrincipalRules {
        default: Some("nobody".to_owned()),
        ..principal_rules()
    };
    for odd in ["ali\u{0}ce", "alice\r\n", "\u{7f}", "ali\u{85}ce", "\t"] {
        for rules in [&principal_rules(), &default] {
            let body = json!({"active": true, "sub": odd, "client_id": "web"}).to_string();
            let reply = Reply::read(body.as_bytes()).unwrap();
            let claims = Claims::new(&reply, rules, &context_rules());
            assert_eq!((claims.principal(), claims.subject()), (None, None), "{odd:?}");
        }
    }
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
