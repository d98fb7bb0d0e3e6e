//! What of a message is signed: its headers, its body, and what a wrong signature shows.

use super::*;

#[test]
fn the_list_of_signed_headers_must_be_right() {
    let cases = [
        ("x-amz-date", "'Host' or ':authority'"),
        ("host", "not signed: x-amz-date"),
        ("host;host;x-amz-date", "sorted and without repeats"),
        ("x-amz-date;host", "sorted and without repeats"),
        ("Host;x-amz-date", "lower case"),
        ("host;;x-amz-date", "lower case"),
        ("host;x-amz-date;x-other", "'x-other' was not sent"),
        ("connection;host;x-amz-date", "hop-by-hop header 'connection'"),
        (
            "host;transfer-encoding;x-amz-date",
            "hop-by-hop header 'transfer-encoding'",
        ),
    ];
    for (signed, reason) in cases {
        let mut draft = Draft::new();
        signed.clone_into(&mut draft.signed);
        draft
            .header("connection", "keep-alive")
            .header("transfer-encoding", "chunked")
            .sign()
            .refused_for(reason);
    }
}

#[test]
fn the_payload_hash_header_is_held_against_the_body() {
    let with = |hash: &'static str| {
        let mut draft = Draft::new();
        draft.signed = "host;x-amz-content-sha256;x-amz-date".to_owned();
        draft.header("x-amz-content-sha256", hash).sign();
        draft.check()
    };
    assert_eq!(
        with("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"),
        Ok(())
    );
    assert_eq!(with("UNSIGNED-PAYLOAD"), Ok(()));
    let wrong = with("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").expect_err("another hash");
    assert!(
        wrong.contains("'x-amz-content-sha256' header does not match"),
        "{wrong}"
    );
}

#[test]
fn a_wrong_signature_shows_what_was_signed_here() {
    let mut draft = Draft::new();
    draft.sign().target = "/base/a%20b?b=2&a=2";
    let refusal = verify(draft.request(), &rules(), NOW).expect_err("another query");
    assert_eq!(refusal.code, "InvalidSignatureException");
    assert!(
        refusal
            .message
            .starts_with("The request signature we calculated does not match"),
        "{}",
        refusal.message
    );
    let expected = "POST\n/base/a%2520b\na=2&b=2\nhost:localhost:1\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n\
                    2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(refusal.canonical_request.as_deref(), Some(expected));
    assert!(
        refusal
            .string_to_sign
            .is_some_and(|text| text.starts_with("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/"))
    );
}
