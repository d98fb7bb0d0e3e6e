//! Tests of what is the file, what its words are, and what is neither.

use super::*;

/// A body of parts, each a head and a content.
fn parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (head, content) in parts {
        body += &format!("--B\r\n{head}\r\n\r\n{content}\r\n");
    }
    (body + "--B--\r\n").into_bytes()
}

const JSON_METADATA: &str = "Content-Type: application/json\r\nContent-Disposition: attachment; name=\"metadata\"";
const FILE: &str = "Content-Disposition: attachment; name=\"file\"; filename=\"a.png\"";

#[test]
fn the_words_are_never_the_file() {
    let named = "Content-Type: application/json\r\nContent-Disposition: attachment; name=\"metadata\"; filename=\"metadata.json\"";
    let upload = "Content-Type: image/png\r\nContent-Disposition: attachment; name=\"upload\"; filename=\"real.png\"";
    let body = parts(&[(named, r#"{"message":"look"}"#), (upload, "PNG")]);
    assert_eq!(told(RELATED, &body), expected("real.png", b"PNG", Some("look")));
    for name in ["metadata", "message", "from"] {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"words.txt\"");
        assert!(
            refused(RELATED, &parts(&[(&head, "words")])).contains("name=\"file\""),
            "{name}"
        );
        let (file, fields) = read(RELATED, &parts(&[(&head, "words"), (upload, "PNG")])).unwrap();
        assert_eq!(file.name, "real.png", "{name}");
        assert_eq!(fields.some_text("from").is_some(), name == "from");
        assert_eq!(fields.some_text("message").is_some(), name != "from");
    }
}

#[test]
fn the_file_is_never_the_words() {
    let json = "Content-Type: application/json\r\nContent-Disposition: attachment; filename=\"r.json\"";
    assert_eq!(
        told(RELATED, &parts(&[(json, r#"{"message":"secret"}"#)])),
        expected("r.json", br#"{"message":"secret"}"#, None)
    );
    // Of two without names the one with a file's name is the file.
    let bare = "Content-Type: application/json; charset=UTF-8";
    for body in [
        parts(&[(bare, r#"{"message":"m"}"#), (json, "[1]")]),
        parts(&[(json, "[1]"), (bare, r#"{"message":"m"}"#)]),
    ] {
        assert_eq!(told(RELATED, &body), expected("r.json", b"[1]", Some("m")));
    }
    let body = parts(&[(json, r#"{"message":"m"}"#), (FILE, "PNG")]);
    assert_eq!(told(RELATED, &body), expected("a.png", b"PNG", Some("m")));
}

#[test]
fn a_call_takes_one_file() {
    let second = "Content-Disposition: attachment; name=\"file\"; filename=\"b.png\"";
    let upload = "Content-Disposition: attachment; name=\"upload\"; filename=\"c.png\"";
    let third = "Content-Disposition: attachment; filename=\"d.png\"";
    let bare = "Content-Type: image/png";
    for several in [
        [(FILE, "1"), (second, "2")],
        [(FILE, "1"), (upload, "2")],
        [(upload, "1"), (third, "2")],
        [(bare, "1"), (bare, "2")],
    ] {
        assert!(refused(RELATED, &parts(&several)).contains("one file"), "{several:?}");
    }
    // A text without any name beside the file is what is said about it.
    let body = parts(&[("Content-Type: text/plain", "look"), (FILE, "PNG")]);
    assert_eq!(told(RELATED, &body), expected("a.png", b"PNG", Some("look")));
}

#[test]
fn words_never_cost_the_file() {
    let printable = format!("{JSON_METADATA}\r\nContent-Transfer-Encoding: quoted-printable");
    let base64 = format!("{JSON_METADATA}\r\nContent-Transfer-Encoding: base64");
    let unknown = format!("{JSON_METADATA}\r\nContent-Transfer-Encoding: x-gzip");
    for (head, content, message) in [
        (
            printable.as_str(),
            "{\"message\":=20\"caf=C3=A9 =\r\nau lait=\"}",
            "café au lait=",
        ),
        (printable.as_str(), "a=XYb=", "a=XYb"),
        (base64.as_str(), "?!", "?!"),
        (unknown.as_str(), "{\"message\":\"m\"}", "m"),
        (JSON_METADATA, "{\"message\":[\"x\",1]}", "[\"x\",1]"),
        (JSON_METADATA, "{\"message\":{\"a\":true}}", "{\"a\":true}"),
        (JSON_METADATA, "[\"x\"]", "[\"x\"]"),
    ] {
        let body = parts(&[(head, content), (FILE, "PNG")]);
        assert_eq!(
            told(RELATED, &body),
            expected("a.png", b"PNG", Some(message)),
            "{content}"
        );
    }
    let form = "Content-Disposition: form-data; name=\"message\"\r\nContent-Transfer-Encoding: base64";
    let body = parts(&[(form, "?!"), (FILE, "PNG")]);
    assert_eq!(told(RELATED, &body), expected("a.png", b"PNG", Some("?!")));
}

#[test]
fn a_part_without_a_head_is_not_passed_over() {
    let file = "--B\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nc\r\n--B--";
    for part in [
        "Content-Disposition: attachment; name=\"metadata\"\r\n{\"message\":\"lost\"}\r\n",
        "lost\r\n",
        "lost\r\n\r\nand lost\r\n",
    ] {
        let body = format!("--B\r\n{part}{file}");
        assert!(refused(RELATED, body.as_bytes()).contains("head"), "{part}");
    }
    // Where nothing is, nothing is lost.
    let body = format!("--B\r\n{file}");
    assert_eq!(told(RELATED, body.as_bytes()), expected("file", b"c", None));
}

#[test]
fn a_head_is_bounded() {
    let file = "Content-Disposition: attachment; name=\"file\"\r\n\r\nc\r\n--B--";
    for line in ["a:\n", " \tx\n", "a: b\r\n"] {
        let many = format!("--B\r\nx: y\r\n{}{file}", line.repeat(300_000));
        assert!(refused(RELATED, many.as_bytes()).contains("head"), "{line}");
    }
    let long = format!("--B\r\nx: {}\r\n{file}", "y".repeat(100_000));
    assert!(refused(RELATED, long.as_bytes()).contains("head"));
    let some = format!("--B\r\n{}{file}", "x: y\r\n".repeat(50));
    assert_eq!(told(RELATED, some.as_bytes()), expected("file", b"c", None));
}

#[test]
fn the_empty_line_tells_the_line_ends_of_a_part() {
    let body = b"--B\nContent-Disposition: attachment;\n name=\"file\"\n\r\nc\r\n--B--";
    assert_eq!(told(RELATED, body), expected("file", b"c", None));
    let body = b"--B\r\nContent-Disposition: attachment; name=\"file\"\r\n\nc\r\n--B--";
    assert_eq!(told(RELATED, body), expected("file", b"c\r", None));
}
