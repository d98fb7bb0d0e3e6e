//! Codes, repetitions and values in answers.

use super::*;

fn refusal(status: u16, header: Option<&str>, body: &str) -> Refusal {
    let mut headers = HeaderMap::new();
    if let Some(value) = header {
        headers.insert("x-amzn-errortype", value.parse().unwrap());
    }
    Refusal::read(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
}

#[test]
fn a_code_stands_in_a_header_or_in_the_body() {
    let long = "A".repeat(LONGEST_CODE);
    let too_long = format!("{long}A");
    let url = "http://internal.example.com/coral/";
    for (header, body, code) in [
        (Some("FooException"), "{}".to_owned(), Some("FooException")),
        (Some("FooException"), "<html>".to_owned(), Some("FooException")),
        (Some(&*format!("ns.x#Foo:{url}")), String::new(), Some("Foo")),
        (Some("Foo"), r#"{"__type":"Bar","code":"Baz"}"#.to_owned(), Some("Foo")),
        (None, r#"{"__type":"ns#Bar"}"#.to_owned(), Some("Bar")),
        (None, r#"{"__type":"Bar","code":"Baz"}"#.to_owned(), Some("Baz")),
        (None, format!(r#"{{"__type":"com.amazon#Bar:{url}"}}"#), Some("Bar")),
        (None, format!(r#"{{"__type":"{long}"}}"#), Some(&*long)),
        (None, format!(r#"{{"__type":"{too_long}"}}"#), None),
        (Some("no word"), r#"{"__type":"Bar"}"#.to_owned(), Some("Bar")),
        (None, r#"{"__type":"a\nb"}"#.to_owned(), None),
        (None, r#"{"__type":"\u001b[31m"}"#.to_owned(), None),
        (None, r#"{"__type":"<script>"}"#.to_owned(), None),
        (None, r#"{"__type":""}"#.to_owned(), None),
        (None, r#"{"__type":7}"#.to_owned(), None),
        (None, r#"{"message":"s3cret"}"#.to_owned(), None),
        (None, "[1]".to_owned(), None),
        (None, String::new(), None),
    ] {
        let code = code.unwrap_or("http_400");
        assert_eq!(refusal(400, header, &body).code, code, "{header:?} {body}");
    }
}

#[test]
fn what_may_pass_is_asked_again() {
    for (status, code, again) in [
        (400, "ResourceNotFoundException", Again::Never),
        (400, "AccessDeniedException", Again::Never),
        (400, "DecryptionFailure", Again::Never),
        (400, "ThrottlingException", Again::Throttled),
        (503, "SlowDown", Again::Throttled),
        (429, "TooManyRequestsException", Again::Throttled),
        (400, "RequestTimeout", Again::Soon),
        (500, "InternalServiceError", Again::Soon),
        (502, "", Again::Soon),
        (503, "", Again::Soon),
        (504, "", Again::Soon),
        (403, "", Again::Never),
        (302, "", Again::Never),
        (400, "ExpiredTokenException", Again::Stale),
        (400, "UnrecognizedClientException", Again::Stale),
    ] {
        let body = format!(r#"{{"__type":"{code}"}}"#);
        assert_eq!(refusal(status, None, &body).again, again, "{status} {code}");
    }
}

#[test]
fn a_value_is_a_text() {
    let text = |body: &str| value(body.as_bytes()).map(|value| value.map(|value| value.reveal().to_owned()));
    assert_eq!(
        text(r#"{"ARN":"x","SecretString":"a\"b"}"#),
        Some(Some("a\"b".to_owned()))
    );
    assert_eq!(text(r#"{"SecretString":""}"#), Some(Some(String::new())));
    assert_eq!(text(r#"{"SecretString":null}"#), Some(None));
    assert_eq!(text(r#"{"SecretBinary":"AA=="}"#), Some(None));
    for body in [
        "",
        "{",
        "[]",
        "null",
        r#"{"SecretString":7}"#,
        r#"{"SecretString":{"a":1}}"#,
    ] {
        assert_eq!(text(body), None, "{body}");
    }
}
