//! Tests of the reader of files, on what real clients write.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

#[path = "words_tests.rs"]
mod words;

fn read(content_type: &str, body: &[u8]) -> Result<(SharedFile, Fields), Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
    shared_file(&headers, body)
}

/// Name, content and message.
fn told(content_type: &str, body: &[u8]) -> (String, Vec<u8>, Option<String>) {
    let (file, fields) = read(content_type, body).unwrap();
    (file.name, file.content, fields.some_text("message"))
}

fn expected(name: &str, content: &[u8], message: Option<&str>) -> (String, Vec<u8>, Option<String>) {
    (name.to_owned(), content.to_vec(), message.map(str::to_owned))
}

#[track_caller]
fn refused(content_type: &str, body: &[u8]) -> &'static str {
    match read(content_type, body) {
        Err(Failure::BadArgument(why)) => why,
        other => panic!("{other:?}"),
    }
}

const RELATED: &str = "multipart/related; boundary=B";

#[test]
fn a_file_as_documented() {
    let body = b"--B\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Disposition: attachment; name=\"metadata\"\r\n\r\n\
        {\"message\": \"look\"}\r\n--B\r\nContent-Type: image/png\r\nContent-Disposition: attachment; name=\"file\"; filename=\"a.png\"\r\n\r\n\
        \x89PNG\r\n\x00\r\n--B--\r\n";
    assert_eq!(told(RELATED, body), expected("a.png", b"\x89PNG\r\n\x00", Some("look")));
}

#[test]
fn a_file_as_the_ruby_client_writes_it() {
    let content: Vec<u8> = (0..=255).collect();
    let mut base64 = String::new();
    for line in STANDARD.encode(&content).as_bytes().chunks(60) {
        base64.push_str(std::str::from_utf8(line).unwrap());
        base64.push('\n');
    }
    let body = format!(
        "--sendfileboundary\nContent-Type: application/json; charset=UTF-8\nContent-Disposition: attachment; name=\"metadata\"\n\n\
         {{\"room_id\":\"Ops\",\"from\":\"bot\",\"message\":\"a \\\"b\\\"\"}}\n--sendfileboundary\nContent-Type: ; charset=UTF-8\n\
         Content-Transfer-Encoding: base64\nContent-Disposition: attachment; name=\"file\"; filename=\"b.bin\"\n\n\
         {base64}\n--sendfileboundary--"
    );
    let (file, fields) = read("multipart/related; boundary=sendfileboundary", body.as_bytes()).unwrap();
    assert_eq!((file.name.as_str(), file.content), ("b.bin", content));
    assert_eq!(fields.some_text("message").as_deref(), Some("a \"b\""));
    assert_eq!(fields.some_text("from").as_deref(), Some("bot"));
}

#[test]
fn a_file_as_the_go_client_writes_it() {
    let body = |message: &str| {
        format!(
            "--hipfileboundary\nContent-Type: application/json; charset=UTF-8\nContent-Disposition: attachment; name=\"metadata\"\n\n\
             {{\"message\": \"{message}\"}}\n--hipfileboundary\nContent-Type: image/png charset=UTF-8\n\
             Content-Transfer-Encoding: base64\nContent-Disposition: attachment; name=file; filename=my graph.png\n\n\
             {}\n--hipfileboundary\n",
            STANDARD.encode(b"content")
        )
    };
    for (message, text) in [
        ("hi", "hi"),
        ("say \"hi\" to {x}", "say \"hi\" to {x}"),
        ("a\tb\nc", "a\tb\nc"),
        ("C:\\q", "C:\\q"),
    ] {
        assert_eq!(
            told("multipart/related; boundary=hipfileboundary", body(message).as_bytes()),
            expected("my graph.png", b"content", Some(text)),
            "{message}"
        );
    }
}

#[test]
fn heads_have_many_spellings() {
    for (head, name) in [
        (
            "content-disposition: form-data; NAME=file; FileName = \"a \\\"b\\\".txt\"",
            "a \"b\".txt",
        ),
        (
            "Content-Disposition: attachment; name=\"file\"; filename=\"C:\\\\dir\\\\a.txt\"",
            "a.txt",
        ),
        (
            "Content-Disposition: attachment; name=\"file\"; filename=\"C:\\dir\\a.txt\"",
            "a.txt",
        ),
        (
            "Content-Disposition: attachment; name=\"file\"; filename=\"../../etc/passwd\"",
            "passwd",
        ),
        (
            "Content-Disposition: attachment; name=\"file\"; filename=\"x\"; filename*=UTF-8''caf%C3%A9.txt",
            "café.txt",
        ),
        (
            "Content-Disposition: attachment;\n name=\"file\";\n\tfilename=\"folded.txt\"",
            "folded.txt",
        ),
        ("Content-Disposition: attachment; filename=only.txt", "only.txt"),
        (
            "Content-Disposition: attachment; x; name=\"file\"; filename=\"open",
            "open",
        ),
        (
            "Content-Disposition: attachment; name=\"file\"; filename=\"a\u{202e}gpj.exe\"",
            "agpj.exe",
        ),
        ("Content-Disposition: attachment; name=\"file\"", "file"),
        ("Content-Disposition: attachment; name=\"file\"; filename=\"/\"", "file"),
        ("Content-Type: text/plain", "file"),
    ] {
        let body = format!("--B\n{head}\n\nc\n--B--\n");
        assert_eq!(told(RELATED, body.as_bytes()), expected(name, b"c", None), "{head}");
    }
}

#[test]
fn the_boundary_is_told_or_seen() {
    let body = b"--a b=c\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nc\r\n--a b=c--";
    for content_type in [
        "multipart/related; boundary=\"a b=c\"",
        "multipart/form-data; charset=x; BOUNDARY=a b=c",
        "multipart/related",
        "application/octet-stream",
        "multipart/related; boundary=",
    ] {
        assert_eq!(told(content_type, body), expected("file", b"c", None), "{content_type}");
    }
    let text = b"\r\nnobody's\r\n--B\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nc\r\n--B--\r\nnobody's";
    assert_eq!(told(RELATED, text), expected("file", b"c", None));
}

#[test]
fn a_file_keeps_every_byte() {
    for (content, eol) in [
        (&b"a\r\n--Bx\r\n--"[..], "\r\n"),
        (b"ends in a line\n", "\n"),
        (b"ends in a carriage return\r", "\n"),
        (b"\r\n\r\n", "\r\n"),
        (b"\n", "\n"),
        (b"--B-\n -", "\n"),
        (b"\xff\x00\xfe", "\r\n"),
    ] {
        let mut body = format!("--B{eol}Content-Disposition: attachment; name=\"file\"{eol}{eol}").into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("{eol}--B--{eol}").as_bytes());
        assert_eq!(told(RELATED, &body), expected("file", content, None), "{content:?}");
    }
}

#[test]
fn the_last_boundary_may_stand_behind_the_last_byte() {
    for (content, rest) in [
        (&b"data"[..], "--B--"),
        (b"data", "--B--\r\n"),
        (b"a\r\n--B-\r\n-", "--B--\n"),
        (b"ends in a carriage return\r", "--B--"),
        (b"--B--", "--B--"),
        (b"a --B-- b", "--B--"),
    ] {
        for eol in ["\r\n", "\n"] {
            let mut body = format!("--B{eol}Content-Disposition: attachment; name=\"file\"{eol}{eol}").into_bytes();
            body.extend_from_slice(content);
            body.extend_from_slice(rest.as_bytes());
            assert_eq!(told(RELATED, &body), expected("file", content, None), "{content:?}");
        }
    }
    // Without its dashes it may be a part of the file, as may one that something stands behind.
    for end in ["--B", "--B\r\n", "--B--x", "--Bx--", "-B--"] {
        let body = format!("--B\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\ndata{end}");
        assert!(refused(RELATED, body.as_bytes()).contains("end"), "{end}");
    }
}

#[test]
fn a_form_has_a_part_for_each_field() {
    let body = b"--B\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nlook\r\n--B\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nc\r\n--B--\r\n";
    assert_eq!(
        told("multipart/form-data; boundary=B", body),
        expected("a", b"c", Some("look"))
    );
}

#[test]
fn half_a_file_is_none() {
    for body in [
        &b""[..],
        b"{\"message\":\"x\"}",
        b"--",
        b"--B",
        b"--B--",
        b"--B\n\nc\n--C--",
        b"--B\nContent-Disposition: attachment; name=\"file\"\n\nhalf of",
        b"--B\nContent-Disposition: attachment; name=\"file\"\n\nhalf of\n--B\nContent-Type: x\n\nmore",
        b"--B\nContent-Disposition: attachment; name=\"file\"\n\n\n--B--",
        b"--B\nContent-Disposition: attachment; name=\"metadata\"\n\n{}\n--B--",
        b"--B\nContent-Disposition: attachment; name=\"file\"\nno end of head\n--B--",
    ] {
        assert!(!refused(RELATED, body).is_empty());
    }
    let encoded = |encoding: &str, content: &str| {
        format!(
            "--B\nContent-Disposition: attachment; name=file\nContent-Transfer-Encoding: {encoding}\n\n{content}\n--B--"
        )
    };
    assert!(refused(RELATED, encoded("base64", "YQ==!").as_bytes()).contains("base64"));
    assert!(refused(RELATED, encoded("quoted-printable", "a=2").as_bytes()).contains("quoted-printable"));
    assert!(refused(RELATED, encoded("x-gzip", "a").as_bytes()).contains("Encoding"));
    assert_eq!(
        told(RELATED, encoded("Quoted-Printable", "a=3Db=\n \n=00").as_bytes()),
        expected("file", b"a=b\n\x00", None)
    );
    for (content, decoded) in [("YQ", "a"), ("Y Q\t=\r\n=", "a"), ("_-8=", "\u{ff}\u{ef}")] {
        let bytes: Vec<u8> = decoded
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).unwrap())
            .collect();
        assert_eq!(
            told(RELATED, encoded("BASE64", content).as_bytes()),
            expected("file", &bytes, None)
        );
    }
    let many = "--B\nContent-Disposition: attachment; name=x\n\nc\n".repeat(30) + "--B--";
    assert!(refused(RELATED, many.as_bytes()).contains("many"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(RELATED, &body);
        let _ = read("x", &body);
    }

    #[test]
    fn any_pieces_are_read_without_panic(pieces in proptest::collection::vec(
        prop::sample::select(vec!["--B", "--", "\n", "\r\n", "Content-Disposition: a; name=file", "; filename=\"", "\\", "\"", "*=UTF-8''%", "=", ":",
            "Content-Transfer-Encoding: base64", "{\"message\": \"", "é"]), 0..30)) {
        let _ = read(RELATED, pieces.concat().as_bytes());
    }

    #[test]
    fn any_file_survives(content in proptest::collection::vec(any::<u8>(), 1..200), crlf in any::<bool>(), base64 in any::<bool>()) {
        let eol = if crlf { "\r\n" } else { "\n" };
        let encoding = if base64 { "base64" } else { "binary" };
        let mut body = format!("--Bou{eol}Content-Disposition: attachment; name=file{eol}Content-Transfer-Encoding: {encoding}{eol}{eol}").into_bytes();
        if base64 { body.extend(STANDARD.encode(&content).into_bytes()) } else { body.extend(&content) }
        body.extend(format!("{eol}--Bou--").into_bytes());
        let (file, _) = read("multipart/related; boundary=Bou", &body).unwrap();
        prop_assert_eq!(file.content, content);
    }
}
