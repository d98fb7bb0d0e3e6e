//! Requests, as a load balancer hands them to a function.

use http::Request;
use serde_json::{Value, json};

use super::*;
use crate::function::Invoked;

fn function() -> Function {
    Function::from_fn("hipchat", |_| async { Invoked::Throttled })
}

fn hop() -> Hop {
    Hop {
        peer: IpAddr::from([10, 0, 3, 7]),
        port: 443,
        tls: true,
    }
}

/// The event of a request, with the trace id replaced by a fixed one.
fn event(mode: HeaderMode, method: &str, target: &str, headers: &[(&str, &str)], body: &'static [u8]) -> Value {
    let mut request = Request::builder().method(method).uri(target);
    for &(name, value) in headers {
        request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
    }
    let (head, ()) = request.body(()).expect("a request").into_parts();
    let (event, root) = build(mode, &function(), &head, &Bytes::from_static(body), &hop());
    let text = String::from_utf8(event.to_vec()).expect("UTF-8");
    let text = text.replace(&root.expect("a root"), "1-5bdb40ca-556d8b0c50dc66f0511bf520");
    serde_json::from_str(&text).expect("JSON")
}

#[track_caller]
fn check(actual: &Value, expected: &str) {
    assert_eq!(
        *actual,
        serde_json::from_str::<Value>(expected).expect("JSON"),
        "{actual:#}"
    );
}

#[test]
fn single_value_mode() {
    let headers = [
        ("Host", "api.hipchat.com"),
        ("Accept", "*/*"),
        ("Authorization", "Bearer tokA"),
        ("Content-Type", "application/json"),
        ("Content-Length", "16"),
        ("X-Twice", "one"),
        ("x-twice", "two"),
    ];
    let actual = event(
        HeaderMode::Single,
        "POST",
        "/v2/room/Dev%20Ops/notification?a=1&a=2",
        &headers,
        br#"{"message":"ok"}"#,
    );
    check(
        &actual,
        r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hipchat/6d0ecf831eec9f09"}},
            "httpMethod":"POST","path":"/v2/room/Dev%20Ops/notification","queryStringParameters":{"a":"2"},
            "headers":{"accept":"*/*","authorization":"Bearer tokA","content-length":"16","content-type":"application/json",
              "host":"api.hipchat.com","x-amzn-trace-id":"Root=1-5bdb40ca-556d8b0c50dc66f0511bf520","x-forwarded-for":"10.0.3.7",
              "x-forwarded-port":"443","x-forwarded-proto":"https","x-twice":"two"},
            "body":"{\"message\":\"ok\"}","isBase64Encoded":false}"#,
    );
}

#[test]
fn multi_value_mode() {
    let headers = [
        ("host", "api.hipchat.com"),
        ("x-twice", "one"),
        ("x-twice", "two"),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let actual = event(
        HeaderMode::Multi,
        "GET",
        "/v2/room?auth_token=&auth_token=t%2BA&start-index=0&&flag&e=a=b",
        &headers,
        b"",
    );
    check(
        &actual,
        r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hipchat/6d0ecf831eec9f09"}},
            "httpMethod":"GET","path":"/v2/room",
            "multiValueQueryStringParameters":{"auth_token":["","t%2BA"],"e":["a=b"],"flag":[""],"start-index":["0"]},
            "multiValueHeaders":{"host":["api.hipchat.com"],"x-amzn-trace-id":["Root=1-5bdb40ca-556d8b0c50dc66f0511bf520"],
              "x-forwarded-for":["192.0.2.1, 10.0.3.7"],"x-forwarded-port":["443"],"x-forwarded-proto":["https"],"x-twice":["one","two"]},
            "body":"","isBase64Encoded":false}"#,
    );
}

#[test]
fn the_members_stand_in_awss_order() {
    let (head, ()) = Request::builder().uri("/").body(()).expect("a request").into_parts();
    let (event, _) = build(HeaderMode::Single, &function(), &head, &Bytes::new(), &hop());
    let text = String::from_utf8(event.to_vec()).expect("UTF-8");
    let at = |member: &str| text.find(member).unwrap_or_else(|| panic!("{member} in {text}"));
    let members = [
        "requestContext",
        "httpMethod",
        "path\"",
        "queryStringParameters",
        "\"headers",
        "\"body",
        "isBase64Encoded",
    ];
    assert!(members.map(at).is_sorted(), "{text}");
}

#[test]
fn path_and_query_stay_as_they_were_sent() {
    let actual = event(
        HeaderMode::Single,
        "GET",
        "/v1//rooms/./a%2Fb/../?q=a+b%20c&%71=x",
        &[],
        b"",
    );
    assert_eq!(actual["path"], "/v1//rooms/./a%2Fb/../");
    assert_eq!(actual["queryStringParameters"], json!({"q": "a+b%20c", "%71": "x"}));
    assert_eq!(
        event(HeaderMode::Single, "GET", "http://other.example/p?q", &[], b"")["path"],
        "/p"
    );
}

#[test]
fn health_checks_carry_one_header() {
    let actual: Value = serde_json::from_slice(&health_check(HeaderMode::Single, &function(), "/")).expect("JSON");
    check(
        &actual,
        r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hipchat/6d0ecf831eec9f09"}},
            "httpMethod":"GET","path":"/","queryStringParameters":{},"headers":{"user-agent":"ELB-HealthChecker/2.0"},
            "body":"","isBase64Encoded":false}"#,
    );
    let actual: Value = serde_json::from_slice(&health_check(HeaderMode::Multi, &function(), "/up")).expect("JSON");
    assert_eq!(
        actual["multiValueHeaders"],
        json!({"user-agent": ["ELB-HealthChecker/2.0"]})
    );
    assert_eq!((&actual["path"], actual.get("headers")), (&json!("/up"), None));
}

#[track_caller]
fn check_body(headers: &[(&str, &str)], body: &'static [u8], expected: &str, is_base64: bool) {
    let actual = event(HeaderMode::Single, "POST", "/", headers, body);
    assert_eq!(
        (&actual["body"], &actual["isBase64Encoded"]),
        (&json!(expected), &json!(is_base64)),
        "{headers:?}"
    );
}

#[test]
fn the_content_type_decides_on_base64() {
    for media_type in [
        "text/plain",
        "text/html; charset=utf-8",
        "application/json",
        "Application/JSON;v=1",
        "application/javascript",
        "application/xml",
    ] {
        check_body(&[("content-type", media_type)], b"x=1", "x=1", false);
    }
    for media_type in [
        "application/x-www-form-urlencoded",
        "multipart/related; boundary=x",
        "application/octet-stream",
        "application/ld+json",
        "",
    ] {
        check_body(&[("content-type", media_type)], b"x=1", "eD0x", true);
    }
    check_body(&[], b"x=1", "eD0x", true);
    check_body(
        &[("content-type", "text/plain"), ("content-encoding", "gzip")],
        b"x=1",
        "eD0x",
        true,
    );
    check_body(&[("content-type", "application/json")], b"", "", false);
    check_body(&[], b"", "", false);
    check_body(&[], b"\xff\x00", "/wA=", true);
}

#[test]
fn a_chunked_body_gets_a_length() {
    let headers = [("transfer-encoding", "chunked"), ("content-type", "text/plain")];
    let actual = event(HeaderMode::Single, "POST", "/", &headers, b"hello");
    assert_eq!(actual["headers"]["content-length"], "5");
    assert_eq!(actual["headers"].get("transfer-encoding"), None);
}

#[test]
fn header_bytes_that_are_not_utf8_are_read_as_latin_1() {
    let value = HeaderValue::from_bytes(b"caf\xe9").expect("a header value");
    assert_eq!(text(&value), "caf\u{e9}");
    assert_eq!(
        text(&HeaderValue::from_bytes("caf\u{e9}".as_bytes()).expect("a header value")),
        "caf\u{e9}"
    );
}

#[test]
fn a_trace_that_came_is_continued() {
    let check = |before: &str, expected: &str| {
        let trace = trace(Some(before));
        let own = field(&trace, if expected.starts_with("Self") { "Self" } else { "Root" })
            .expect("its own id")
            .to_owned();
        assert_eq!(trace.replacen(&own, "OWN", 1), expected);
    };
    check(
        "Root=1-67891233-abcdef012345678912345678;CalledFrom=app",
        "Self=OWN;Root=1-67891233-abcdef012345678912345678;CalledFrom=app",
    );
    check("Self=1-1-1;Root=1-2-2", "Self=OWN;Root=1-2-2");
    check("CalledFrom=app", "Root=OWN;CalledFrom=app");
}
