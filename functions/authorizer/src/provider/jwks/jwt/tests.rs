//! Any text at all.

use proptest::prelude::*;

use super::*;

fn token(header: &str, payload: &str) -> String {
    format!(
        "{}.{}.c2ln",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    )
}

#[test]
fn the_issuer_is_told_before_anything_is_verified() {
    for (payload, issuer) in [
        (r#"{"iss":"a"}"#, Some("a")),
        (r#"{"iss":""}"#, Some("")),
        (r#"{"iss":"a","iss":"b"}"#, None),
        (r#"{"iss":["a"]}"#, None),
        (r#"{"iss":null}"#, None),
        (r#"{"sub":"a"}"#, None),
        (r#"["a"]"#, None),
        (r#"{"iss":"a"}}"#, None),
        ("", None),
    ] {
        assert_eq!(unverified_issuer(&token("{}", payload)).as_deref(), issuer, "{payload}");
    }
    for text in ["a.b", "a.b.c.d", "a..c", "..", "", "a.e30=.c", "a.e31.c"] {
        assert_eq!(unverified_issuer(text), None, "{text}");
    }
    assert!(has_three_parts("a.b.c") && !has_three_parts("a.b.") && !has_three_parts("a.b.c.d.e"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "[A-Za-z0-9_.=-]{0,80}", header in "\\PC{0,40}", payload in "\\PC{0,40}") {
        for text in [text, token(&header, &payload)] {
            let _ = (Header::read(&text, true), Header::read(&text, false), unverified_issuer(&text));
        }
    }
}
