//! Entries of the allow-list.

use serde_json::json;
use shared::Secret;

use super::*;

#[test]
fn tokens_are_hashed_as_the_function_hashes_them() {
    let hash = |text: &str| sha256_of(&Secret::new(text));
    // The hash of "abc" stands in FIPS 180-2, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        [hash("abc"), hash("abc\n"), hash("abc\r\n")],
        [abc; 3].map(|hash| Ok(hash.to_owned()))
    );
    for (text, problem) in [
        ("", "standard input holds no token"),
        ("\n", "standard input holds no token"),
        ("s3cret\ns3cret", "line 2: one token at a time"),
        ("s3cret \n", "line 1: the token holds a space or a control character"),
        (
            "\u{feff}s3cret\n",
            "line 1: a byte order mark stands in the token; save it without one",
        ),
    ] {
        assert_eq!(hash(text), Err(problem.to_owned()), "{text:?}");
    }
    let entry = Entry {
        kind: Kind::V2Room,
        label: Some("ci".to_owned()),
        rooms: vec!["Ops".to_owned()],
        users: false,
        read: true,
        expires: None,
    };
    assert_eq!(
        entry.document(abc).unwrap(),
        json!({"sha256": abc, "kind": "v2_room", "label": "ci", "rooms": ["Ops"], "users": false, "read": true})
    );
    let until = |expires: &str| {
        let expires = Some(expires.to_owned());
        Entry {
            expires,
            ..entry.clone()
        }
        .document(abc)
    };
    assert_eq!(
        until("2027-01-01T00:00:00+02:00").unwrap()["expires"],
        "2027-01-01T00:00:00+02:00"
    );
    assert_eq!(
        until("tomorrow").unwrap_err(),
        ["HIPCHAT_TOKENS: [0].expires: must be a moment such as 2027-01-01T00:00:00Z"]
    );
}
