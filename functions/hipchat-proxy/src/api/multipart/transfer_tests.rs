//! Tests of encodings: what encoders write, and what none does.

use proptest::prelude::*;

use super::*;

fn quoted(content: &[u8]) -> Result<Vec<u8>, Failure> {
    decoded("quoted-printable", content)
}

#[test]
fn what_is_quoted_and_what_is_not() {
    for (content, expected) in [
        (&b""[..], &b""[..]),
        (b"plain", b"plain"),
        (b"a=3Db", b"a=b"),
        (b"=3d=3D", b"=="),
        (b"caf=C3=A9", "caf\u{e9}".as_bytes()),
        (b"=00=FF=0d=0A", b"\x00\xff\r\n"),
        // Lines keep their ends, whichever they have.
        (b"a\r\nb\nc\r\n", b"a\r\nb\nc\r\n"),
        // A line that goes on: also behind spaces that came on the way, and at the end of all.
        (b"a=\r\nb=\nc", b"abc"),
        (b"a= \t\r\nb", b"ab"),
        (b"a=", b"a"),
        (b"a=\r", b"a"),
        (b"=\r\n=\r\n", b""),
        (b"a=20=\r\n b", b"a  b"),
        // Spaces at the end of a line are nobody's, elsewhere they stay.
        (b"a  b \t\r\nc\t\nd ", b"a  b\r\nc\nd"),
        (b"a=20\r\n", b"a \r\n"),
        (b" \r\n\t", b"\r\n"),
        // What an encoder should have quoted.
        (b"\x00\xe9\r\x7f", b"\x00\xe9\r\x7f"),
        (b"a\rb", b"a\rb"),
    ] {
        assert_eq!(quoted(content).unwrap(), expected, "{content:?}");
    }
    let long = "x".repeat(1000);
    assert_eq!(quoted(long.as_bytes()).unwrap(), long.as_bytes());
}

#[test]
fn what_is_no_mark_is_refused_in_a_file_and_stays_in_words() {
    for (content, words) in [
        (&b"a=b"[..], &b"a=b"[..]),
        (b"=4", b"=4"),
        (b"==", b"="),
        (b"=\rx", b"=\rx"),
        (b"= 41", b"= 41"),
        (b"=G1=41", b"=G1A"),
        (b"=4\n1", b"=4\n1"),
        (b"=+1", b"=+1"),
        (b"=\xff\xff", b"=\xff\xff"),
    ] {
        let why = quoted(content).unwrap_err();
        assert!(
            matches!(why, Failure::BadArgument(why) if why.contains("quoted-printable")),
            "{content:?}"
        );
        assert_eq!(decoded_words("quoted-printable", content), words, "{content:?}");
    }
}

#[test]
fn every_encoding_has_its_name() {
    for name in ["", "7bit", "8bit", "binary"] {
        assert_eq!(decoded(name, b"a=3D\xff \r\n").unwrap(), b"a=3D\xff \r\n", "{name}");
    }
    assert_eq!(decoded("base64", b"Y\r\nQ==").unwrap(), b"a");
    for name in ["x-gzip", "quoted", "quoted-printable2", "uuencode"] {
        assert!(decoded(name, b"a").is_err(), "{name}");
        assert_eq!(decoded_words(name, b"a"), b"a");
    }
}

/// Each would take minutes if a piece of it were looked at again for each other one.
#[test]
fn large_content_is_read_once() {
    const MANY: usize = 1 << 20;
    for piece in [
        "=", " ", "= ", "=\n", " =", "=\r\n", "=4", "=41", "\r", "\t\n", "=\r", "  x",
    ] {
        let content = piece.repeat(MANY / piece.len());
        let words = decoded_words("quoted-printable", content.as_bytes());
        assert!(words.len() <= content.len());
    }
}

/// As the RFC has it: at most 76 letters a line, of which only printable ones stand for themselves.
fn encode(content: &[u8], eol: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for byte in content {
        let mark = match byte {
            b'!'..=b'<' | b'>'..=b'~' => char::from(*byte).to_string(),
            _ => format!("={byte:02X}"),
        };
        if column + mark.len() > 75 {
            out += "=";
            out += eol;
            column = 0;
        }
        column += mark.len();
        out += &mark;
    }
    out
}

proptest! {
    #[test]
    fn what_was_encoded_comes_back(content in proptest::collection::vec(any::<u8>(), 0..400), crlf in any::<bool>()) {
        let encoded = encode(&content, if crlf { "\r\n" } else { "\n" });
        prop_assert_eq!(quoted(encoded.as_bytes()).unwrap(), content);
    }

    #[test]
    fn anything_is_read_without_panic_and_never_grows(pieces in proptest::collection::vec(
        prop::sample::select(vec!["=", "==", "=4", "=41", "=4G", " ", "\t", "\r", "\n", "\r\n", "x", "é"]), 0..40)) {
        let content = pieces.concat();
        let words = decoded_words("quoted-printable", content.as_bytes());
        prop_assert!(words.len() <= content.len());
        if let Ok(decoded) = quoted(content.as_bytes()) {
            prop_assert_eq!(decoded, words);
        }
    }
}
