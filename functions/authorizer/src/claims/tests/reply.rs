//! What a reply is: an object that says of a token whether it is active.

use super::*;

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
