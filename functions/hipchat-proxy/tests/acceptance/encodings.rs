//! Files in the encodings of mail (RFC 2045, section 6): what reaches Slack is what was encoded, or nothing.

use crate::support::{Ask, World};

fn share(encoding: &str, content: &[u8]) -> Ask {
    let mut body = format!(
        "--B\r\nContent-Type: application/json\r\nContent-Disposition: attachment; name=\"metadata\"\r\n\r\n\
         {{\"message\":\"look\"}}\r\n--B\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: {encoding}\r\n\
         Content-Disposition: attachment; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--B--\r\n");
    Ask::post("/v2/room/Ops/share/file")
        .bearer("tokA")
        .header("Content-Type", "multipart/related; boundary=B")
        .body(&body)
}

#[tokio::test]
async fn a_file_arrives_as_it_was_before_it_was_encoded() {
    for (encoding, content, expected) in [
        (
            "quoted-printable",
            &b"caf=C3=A9 =3D 1=\r\n0 \xe2\x82\xac  \r\n--B=\r\n--\r\n=00"[..],
            &b"caf\xc3\xa9 = 10 \xe2\x82\xac\r\n--B--\r\n\x00"[..],
        ),
        ("Quoted-Printable ", b"a=3db", b"a=b"),
        ("7bit", b"a=3Db \r\n", b"a=3Db \r\n"),
        ("8bit", b"\xff=", b"\xff="),
        ("BINARY", b"\x00\r", b"\x00\r"),
        ("base64", b"YQA=\r\n", b"a\x00"),
    ] {
        let world = World::new().await;
        world.ask(share(encoding, content)).await.is_no_content();
        let calls = world.slack.calls();
        assert_eq!(calls[0].body["length"], expected.len().to_string(), "{encoding}");
        assert_eq!(calls[1].raw, expected, "{encoding}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_in_its_encoding_goes_nowhere() {
    let world = World::new().await;
    for (encoding, content, why) in [
        ("quoted-printable", "a=b", "quoted-printable"),
        ("base64", "?!", "base64"),
        ("uuencode", "a", "Content-Transfer-Encoding"),
        ("quoted-printable", "=", "empty"),
    ] {
        let said = world
            .ask(share(encoding, content.as_bytes()))
            .await
            .is_error(400, "Bad Request");
        assert!(said.contains(why), "{said}");
    }
    assert!(world.slack.calls().is_empty());
}
