//! How a reply is read in each format, as a table.

use serde_json::{Value, json};

use crate::support::event::get;
use crate::support::upstream::{Upstream, http};
use crate::support::{Answer, function};

/// What the client gets when a function of this format replies so, and the log's line.
async fn replied(format: &Value, reply: &str) -> (Answer, Value) {
    let upstream = Upstream::sending(http("200 OK", "", reply.as_bytes())).await;
    let mut to = json!({"name": "hello", "endpoint_url": upstream.url("")});
    for (name, value) in format.as_object().unwrap() {
        to[name.as_str()] = value.clone();
    }
    let function = function(json!([{"uri": "/", "function": to}])).await;
    let answer = function.call(&get("/").url()).await;
    assert_eq!(upstream.calls(), 1);
    (answer, function.line())
}

/// Status, body, and content type; 502 stands for the ladder's answer.
type Expected = (u64, &'static str, Option<&'static str>);

const BAD: Expected = (502, "", None);
const JSON: Option<&str> = Some("application/json");

async fn check(format: &Value, reply: &str, expected: Expected) {
    let (answer, _) = replied(format, reply).await;
    if expected == BAD {
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (502, "bad_upstream_response"),
            "{format} {reply}"
        );
        return;
    }
    let kind = answer.header("content-type");
    assert_eq!(
        (answer.status, answer.text(), kind.as_deref()),
        expected,
        "{format} {reply}"
    );
}

#[tokio::test]
async fn the_rules_of_reading_a_reply() {
    // The reply; then what formats 2.0, 1.0 and a load balancer's make of it.
    let table: &[(&str, Expected, Expected, Expected)] = &[
        // An object with a status.
        (
            r#"{"statusCode": 201}"#,
            (201, "", JSON),
            (201, "", JSON),
            (201, "", None),
        ),
        (r#"{"statusCode": 100}"#, BAD, BAD, BAD),
        (r#"{"statusCode": 199}"#, BAD, BAD, BAD),
        (
            r#"{"statusCode": 599, "body": "x"}"#,
            (599, "x", JSON),
            (599, "x", JSON),
            (599, "x", None),
        ),
        (r#"{"statusCode": 600}"#, BAD, BAD, BAD),
        (r#"{"statusCode": 99}"#, BAD, BAD, BAD),
        (r#"{"statusCode": 200.0}"#, BAD, BAD, BAD),
        (r#"{"statusCode": null}"#, BAD, BAD, BAD),
        (r#"{"statusCode": true}"#, BAD, BAD, BAD),
        // Its digits as text.
        (r#"{"statusCode": "201"}"#, BAD, (201, "", JSON), BAD),
        (r#"{"statusCode": "+201"}"#, BAD, BAD, BAD),
        (r#"{"statusCode": " 201"}"#, BAD, BAD, BAD),
        (r#"{"statusCode": ""}"#, BAD, BAD, BAD),
        (r#"{"statusCode": "101"}"#, BAD, BAD, BAD),
        // Other JSON.
        (r#"{"message": "hi"}"#, (200, r#"{"message": "hi"}"#, JSON), BAD, BAD),
        (r#""Hello, world!""#, (200, r#""Hello, world!""#, JSON), BAD, BAD),
        ("42", (200, "42", JSON), BAD, BAD),
        ("[1, 2]", (200, "[1, 2]", JSON), BAD, BAD),
        ("null", (200, "null", JSON), BAD, BAD),
        ("{}", (200, "{}", JSON), BAD, BAD),
        // No JSON.
        ("", BAD, BAD, BAD),
        ("hello", BAD, BAD, BAD),
        (r#"{"statusCode": 200"#, BAD, BAD, BAD),
        (r#"{"statusCode": 200} x"#, BAD, BAD, BAD),
        // Bodies.
        (
            r#"{"statusCode": 200, "body": null}"#,
            (200, "", JSON),
            (200, "", JSON),
            (200, "", None),
        ),
        (
            r#"{"statusCode": 200, "body": {"b": 1, "a": [2.50]}}"#,
            (200, r#"{"b": 1, "a": [2.50]}"#, JSON),
            BAD,
            BAD,
        ),
        (r#"{"statusCode": 200, "body": 7}"#, (200, "7", JSON), BAD, BAD),
        (
            r#"{"statusCode": 200, "body": "\ud800"}"#,
            (200, "\u{fffd}", JSON),
            (200, "\u{fffd}", JSON),
            (200, "\u{fffd}", None),
        ),
        (
            r#"{"statusCode": 200, "body": "aGk=", "isBase64Encoded": true}"#,
            (200, "hi", JSON),
            (200, "hi", JSON),
            (200, "hi", None),
        ),
        (
            r#"{"statusCode": 200, "body": "a", "isBase64Encoded": true}"#,
            BAD,
            BAD,
            BAD,
        ),
        (
            r#"{"statusCode": 200, "body": "aGk", "isBase64Encoded": true}"#,
            BAD,
            BAD,
            BAD,
        ),
        (
            r#"{"statusCode": 200, "body": "aGk=", "isBase64Encoded": null}"#,
            (200, "aGk=", JSON),
            (200, "aGk=", JSON),
            (200, "aGk=", None),
        ),
        (
            r#"{"statusCode": 204, "body": "x"}"#,
            (204, "", None),
            (204, "", None),
            (204, "", None),
        ),
        (
            r#"{"statusCode": 304, "body": "x"}"#,
            (304, "", None),
            (304, "", None),
            (304, "", None),
        ),
        // A content type of its own, in any case.
        (
            r#"{"statusCode": 200, "headers": {"CONTENT-type": "text/html"}, "body": "<p>"}"#,
            (200, "<p>", Some("text/html")),
            (200, "<p>", Some("text/html")),
            (200, "<p>", Some("text/html")),
        ),
        // The last of two members of one name stands.
        (
            r#"{"statusCode": 500, "statusCode": 200, "body": "a", "body": "b"}"#,
            (200, "b", JSON),
            (200, "b", JSON),
            (200, "b", None),
        ),
    ];
    for (reply, v2, v1, alb) in table {
        check(&json!({"payload_format": "v2"}), reply, *v2).await;
        check(&json!({"payload_format": "v1"}), reply, *v1).await;
        check(&json!({"payload_format": "alb"}), reply, *alb).await;
        // Kong's proxy integration reads as API Gateway's REST APIs do.
        check(&json!({"payload_format": "envelope"}), reply, *v1).await;
    }
}

#[tokio::test]
async fn a_raw_reply_is_the_body_whatever_was_given() {
    for payload in ["v2", "v1", "alb", "raw", "envelope"] {
        let format = json!({"payload_format": payload, "reply_format": "raw"});
        for reply in [r#"{"statusCode": 418, "body": "x"}"#, " [1] ", "\"a\"", "null"] {
            check(&format, reply, (200, reply, JSON)).await;
        }
        for reply in ["", "hello", "{"] {
            check(&format, reply, BAD).await;
        }
    }
}

#[tokio::test]
async fn headers_and_cookies_are_read_as_each_format_has_them() {
    let reply = json!({
        "statusCode": 200, "body": "x",
        "headers": {"X-One": "single", "x-two": 7, "x-flag": false, "Set-Cookie": "z=0", "x-bad": "a\nb", "x-null": null},
        "multiValueHeaders": {"x-one": ["a", "b"], "x-three": [true, 2], "bad name": ["a"], "x-text": "t", "x-deep": [[1]]},
        "cookies": ["a=1; Path=/", "b=2"],
    });
    let reply = reply.to_string();
    let (v2, line) = replied(&json!({"payload_format": "v2"}), &reply).await;
    let values = |answer: &Answer, name: &str| answer.headers(name).join("|");
    for (name, expected) in [
        ("x-one", "single"),
        ("x-two", "7"),
        ("x-flag", "false"),
        ("x-three", ""),
        ("x-bad", ""),
        ("set-cookie", "a=1; Path=/|b=2|z=0"),
    ] {
        let mut got = v2.headers(name);
        got.sort();
        assert_eq!(got.join("|"), expected, "{name}");
    }
    assert_eq!(line["dropped_headers"], 2);
    for payload in ["v1", "alb"] {
        let (answer, line) = replied(&json!({"payload_format": payload}), &reply).await;
        // A Function URL has repeats joined.
        let values = |answer: &Answer, name: &str| values(answer, name).replace(", ", "|");
        for (name, expected) in [
            ("x-one", "a|b"),
            ("x-two", "7"),
            ("x-flag", "false"),
            ("x-three", "true|2"),
            ("x-text", "t"),
            ("x-bad", ""),
            ("set-cookie", "z=0"),
        ] {
            assert_eq!(values(&answer, name), expected, "{payload} {name}");
        }
        // A name, a value with a line break, one that is null, and a list within a list.
        assert_eq!(line["dropped_headers"], 4);
        assert!(!line.to_string().contains("bad name"));
    }
    let (_, line) = replied(&json!({"payload_format": "v1"}), r#"{"statusCode": 200}"#).await;
    assert_eq!(line.get("dropped_headers"), None);
}

/// A load balancer that takes one value a name gets each cookie under a spelling of its own, of which there are 512.
#[tokio::test]
async fn no_cookie_is_lost_in_silence_before_a_load_balancer_of_single_values() {
    for (count, status) in [(512, 200), (513, 502)] {
        let cookies: Vec<String> = (0..count).map(|number| format!("c{number}=1")).collect();
        let reply = json!({"statusCode": 200, "body": "x", "cookies": cookies}).to_string();
        let upstream = Upstream::sending(http("200 OK", "", reply.as_bytes())).await;
        let to = json!({"name": "hello", "endpoint_url": upstream.url("")});
        let function = function(json!([{"uri": "/", "function": to}])).await;
        let single = function.call(&get("/").alb()).await;
        assert_eq!(single.status, status, "{count}");
        if status == 200 {
            assert_eq!(single.headers("set-cookie").len(), count);
        } else {
            assert_eq!(single.error(), "upstream_response_too_large");
        }
        let multi = function.call(&get("/").alb_multi()).await;
        assert_eq!((multi.status, multi.headers("set-cookie").len()), (200, count));
    }
}
