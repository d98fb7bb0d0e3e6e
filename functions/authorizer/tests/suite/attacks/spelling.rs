//! One token, spelt otherwise: two readers of it see the same, or nothing.

use proptest::prelude::*;
use serde_json::json;

use super::{parts, wide};
use crate::issuer::{Key, Published, claims};
use crate::jwks::authorizer;

#[tokio::test]
async fn two_readers_read_the_same_or_nothing() {
    let key = Key::p256("one");
    let fixture = wide(&Published::new(&[&key])).await;
    let good = claims(json!({})).to_string();
    let header = key.header().to_string();
    let inside = &good[1..good.len() - 1];
    for (header, payload) in [
        (r#"{"alg":"ES256","alg":"none","kid":"one"}"#, good.as_str()),
        (r#"{"alg":"none","alg":"ES256","kid":"one"}"#, &good),
        (r#"{"alg":"ES256","kid":"one","kid":"one"}"#, &good),
        (r#"{"alg":"ES256","kid":"one","x":1,"x":1}"#, &good),
        (r#"{"alg":"ES256","kid":"one","\u0061lg":"none"}"#, &good),
        (r#"{"alg":"ES256","kid":"one"} x"#, &good),
        (r#"{"alg":"ES256","kid":"one"}{}"#, &good),
        (r#"["ES256"]"#, &good),
        ("null", &good),
        ("", &good),
        (&header, &format!(r#"{{{inside},"sub":"root"}}"#)),
        (&header, &format!(r#"{{{inside},"\u0073ub":"root"}}"#)),
        (&header, &format!(r#"{{{inside},"exp":9999999999}}"#)),
        (&header, &format!(r#"{{{inside},"x":1,"x":2}}"#)),
        (&header, &format!("{good}{good}")),
        (&header, &format!("{good} x")),
        (&header, &format!("[{good}]")),
        (&header, "\"alice\""),
        (&header, "null"),
        (&header, "{"),
    ] {
        assert_eq!(
            fixture.reason(&key.sign(header, payload)).await,
            "malformed_jwt",
            "{header} {payload}"
        );
    }
    // White space around a document is JSON.
    assert_eq!(fixture.reason(&key.sign(&header, &format!(" {good}\n"))).await, "allow");
}

#[tokio::test]
async fn a_token_has_one_spelling() {
    let key = Key::p256("one");
    let fixture = wide(&Published::new(&[&key])).await;
    let good = key.good();
    let [header, payload, signature] = parts(&good);
    // 64 bytes are 85 letters and 2 bits: the other 4 bits of the last letter must be zero.
    let last = signature.chars().last().unwrap();
    let sibling = match last {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        _ => 'x',
    };
    let trailing_bits = format!("{}{sibling}", &signature[..signature.len() - 1]);
    for token in [
        format!("{header}.{payload}.{trailing_bits}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{signature}AAAA"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{header}.{payload}.{signature}"),
        format!("{header}..{payload}.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+") + "/"),
        format!("{header}A.{payload}.{signature}"),
        format!("{header}.{payload}A.{signature}"),
        format!("{header}~.{payload}.{signature}"),
        format!("a.{good}.b"),
        "a.b.c".to_owned(),
        "...".to_owned(),
        format!("{header}.{}.{signature}", payload.repeat(5)),
    ] {
        let reason = fixture.reason(&token).await;
        assert!(
            ["malformed_jwt", "bad_signature", "malformed_token"].contains(&reason.as_str()),
            "{reason}: {}",
            token.len()
        );
    }
    assert_eq!(fixture.reason(&good).await, "allow");
}

#[tokio::test]
async fn huge_tokens_cost_nothing() {
    let key = Key::p256("one");
    let fixture = authorizer(
        &Published::new(&[&key]),
        json!({}),
        &[("AUTHZ_MAX_TOKEN_BYTES", "65536")],
    )
    .await;
    let stuffed = |count: usize| {
        let text: String = (0..count).map(|at| format!(r#""m{at}":1,"#)).collect();
        format!(r#"{{{text}{}"#, &claims(json!({})).to_string()[1..])
    };
    let header = key.header().to_string();
    for (token, reason) in [
        (key.sign(&header, &stuffed(200)), "allow"),
        // More members than anyone compares.
        (key.sign(&header, &stuffed(300)), "malformed_jwt"),
        (
            key.sign(
                &header,
                &format!(r#"{{"x":{}1{}}}"#, "[".repeat(9000), "]".repeat(9000)),
            ),
            "malformed_jwt",
        ),
        (
            key.sign(&format!(r#"{{"x":"{}"}}"#, "y".repeat(45_000)), "{}"),
            "algorithm",
        ),
        (
            key.sign(&header, &claims(json!({"x": "y".repeat(60_000)})).to_string()),
            "token_too_long",
        ),
    ] {
        let started = std::time::Instant::now();
        assert_eq!(fixture.reason(&token).await, reason, "{}", token.len());
        assert!(started.elapsed() < std::time::Duration::from_millis(500));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever letter of a token is changed, it is no longer good.
    #[test]
    fn any_other_letter_anywhere_is_refused(at in 0_usize..1000, letter in "[A-Za-z0-9_.-]", rsa in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let key = if rsa { Key::rsa("one", "RS256") } else { Key::p256("one") };
            let fixture = wide(&Published::new(&[&key])).await;
            let good = key.good();
            let at = at % good.len();
            let mut token = good.clone();
            token.replace_range(at..=at, &letter);
            let reason = fixture.reason(&token).await;
            assert_eq!(reason == "allow", token == good, "{at} {letter}");
        });
    }
}
