//! What is hidden, what stays, and that hiding takes neither much time nor much room.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use proptest::prelude::*;

use super::*;

#[test]
fn what_may_be_a_secret_is_hidden() {
    let mask = Mask(vec![Secret::new("kn/own+key")]);
    for (text, expected) in [
        ("", ""),
        ("{\"message\":\"Forbidden\"}", "{\"message\":\"Forbidden\"}"),
        ("{\"message\":null}", "{\"message\":null}"),
        ("the key kn/own+key is bad", "the key [redacted] is bad"),
        (
            "host:a\nx-amz-security-token:IQoJ/b3+x==\nx-b:1",
            "host:a\nx-amz-security-token:[redacted]\nx-b:1",
        ),
        ("Authorization: Bearer abc.def\nx", "Authorization: [redacted]\nx"),
        (
            "{\"Password\" : \"hunter2\", \"user\":\"bob\"}",
            "{\"Password\" : \"[redacted]\", \"user\":\"bob\"}",
        ),
        (
            "{\\\"access_token\\\":\\\"abc\\\",\\\"id\\\":1}",
            "{\\\"access_token\\\":\\\"[redacted]\\\",\\\"id\\\":1}",
        ),
        ("a=1&api_key=x%20y&b=2", "a=1&api_key=[redacted]&b=2"),
        ("Missing Authentication Token", "Missing Authentication Token"),
        ("token expired", "token expired"),
        ("{\"set-cookie\":[\"a=1; b=2\"]}", "{\"set-cookie\":[\"[redacted]\"]}"),
        (
            "signed 5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            "signed [redacted]",
        ),
        (
            "id 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "id 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        ),
        (
            "/2015-03-31/functions/hello/invocations",
            "/2015-03-31/functions/hello/invocations",
        ),
        ("é token=\"é\" é", "é token=\"[redacted]\" é"),
        ("secret", "secret"),
        ("secret=", "secret="),
    ] {
        assert_eq!(mask.hide(text, &Brought::default()), expected, "{text}");
    }
}

#[test]
fn what_a_client_brought_is_hidden() {
    let request = Request::post("/x?q=caf%C3%A9+au&n=12&t=abcd")
        .header("authorization", "Basic Zm9vOmJhcg==")
        .header("cookie", "theme=dark; session=s3cret-session")
        .header("x-api-key", "k-12")
        .body(Bytes::from_static(b"{\"pin\":1234}"))
        .unwrap();
    let text = "Zm9vOmJhcg== s3cret-session dark k-12 Basic café au caf%C3%A9+au 12 abcd {\"pin\":1234} 1234";
    assert_eq!(
        Mask::default().hide(text, &Brought::by(&request)),
        "[redacted]== [redacted] dark [redacted] Basic [redacted] [redacted] 12 [redacted] [redacted] 1234"
    );
}

fn asking(target: &str) -> Brought {
    Brought::by(&Request::get(target).body(Bytes::new()).unwrap())
}

#[test]
fn a_mark_is_no_place_for_a_value() {
    let brought = asking("/x?a=mess&a=reda&a=cted&a=edac&a=reda&a=cted");
    let text = "a message: reda, redacted, predaction cted";
    assert_eq!(
        Mask::default().hide(text, &brought),
        "a [redacted]age: [redacted], [redacted], p[redacted]tion [redacted]"
    );
    // Eleven values that each grew the text by more than twice would have made it a hundred megabytes.
    let values: Vec<String> = (0..200).map(|at| format!("a={}", ["reda", "cted"][at % 2])).collect();
    let brought = asking(&format!("/x?a=mess&{}", values.join("&")));
    assert_eq!(
        Mask::default().hide("{\"message\":\"Forbidden\"}", &brought),
        "{\"[redacted]age\":\"Forbidden\"}"
    );
}

#[test]
fn a_value_hides_no_telling_word() {
    let text = "x-amz-security-token:IQo/J+x\nauthorization:AWS4 Credential=A/1";
    assert_eq!(
        Mask::default().hide(text, &asking("/x?t=token&u=thoriz&v=:IQo")),
        "x-amz-security-[redacted]\nau[redacted]ation:[redacted]"
    );
}

#[test]
fn too_many_values_hide_everything() {
    let target = |count: usize| {
        let values: Vec<String> = (0..count).map(|at| format!("a=v{at:04}")).collect();
        format!("/x?{}", values.join("&"))
    };
    let text = "v0000 and what else there is";
    for (count, expected) in [
        (256, "[redacted] and what else there is"),
        (257, "[redacted]"),
        (1000, "[redacted]"),
    ] {
        assert_eq!(Mask::default().hide(text, &asking(&target(count))), expected, "{count}");
    }
    // The same one again is no other one.
    let same = format!("/x?{}", vec!["a=v0000"; 900].join("&"));
    assert_eq!(
        Mask::default().hide(text, &asking(&same)),
        "[redacted] and what else there is"
    );
}

#[test]
fn hiding_takes_little_time_whatever_the_text_is() {
    let values: Vec<String> = (4..130).map(|length| format!("a={}", "a".repeat(length))).collect();
    let brought = asking(&format!("/x?{}", values.join("&")));
    for piece in [
        "a",
        "token",
        "token=",
        "token ",
        "authorization",
        "a ",
        "\"",
        "-",
        "é",
        "aaaa ",
    ] {
        let text = piece.repeat(8192 / piece.len());
        let started = Instant::now();
        let hidden = Mask::default().hide(&text, &brought);
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "{piece}: {:?}",
            started.elapsed()
        );
        assert!(hidden.len() <= 3 * text.len(), "{piece}: {}", hidden.len());
    }
}

proptest! {
    /// None of the letters stands in a mark, so that whatever is found afterwards was there before.
    #[test]
    fn no_secret_survives_and_the_text_does_not_grow_much(
        text in "[xyzé ]{0,20}((token=|\"Secret\": \"|q=)[xyzé \"&]{0,12}|[xyz]{0,40}){0,8}",
        known in prop::collection::vec("[xyzé]{4,8}", 0..4),
        brought in prop::collection::vec("[xyz]{4,6}|toke|cret|oken=x", 0..12),
    ) {
        let mask = Mask(known.iter().map(Secret::new).collect());
        let pairs: Vec<String> = brought.iter().map(|value| format!("a={value}")).collect();
        let hidden = mask.hide(&text, &asking(&format!("/?{}", pairs.join("&"))));
        for secret in known.iter().chain(&brought) {
            prop_assert!(!hidden.replace(HIDDEN, "|").contains(secret.as_str()), "{secret} in {hidden}");
        }
        prop_assert!(hidden.len() <= 3 * text.len(), "{hidden}");
        // Whatever is not hidden stands there as it was, in its order.
        let mut rest = text.as_str();
        for piece in hidden.split(HIDDEN) {
            let at = rest.find(piece);
            prop_assert!(at.is_some(), "{piece} in {rest}");
            rest = &rest[at.unwrap_or_default() + piece.len()..];
        }
    }

    #[test]
    fn any_text_and_any_query_are_taken(text in ".{0,200}", query in "[ -~]{0,60}") {
        let target = format!("/?{}", query.replace([' ', '"', '<', '>', '#', '`', '{', '}', '\\', '^', '|'], "="));
        let hidden = Mask::default().hide(&text, &asking(&target));
        prop_assert!(hidden.len() <= 3 * text.len());
    }
}
