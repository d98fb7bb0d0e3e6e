//! Answers of every front, as the wire has them.

use http::HeaderValue;
use http::header::HeaderName;
use serde_json::{Value, json};

use super::*;

fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        response
            .headers_mut()
            .append(name, HeaderValue::from_str(value).unwrap());
    }
    response
}

fn written(front: Front, response: Response<Bytes>) -> Value {
    let answer = FrontAnswer::new(front, response);
    let text = serde_json::to_string(&answer).unwrap();
    assert!(
        text.len() <= answer.encoded_len(),
        "{} > {}",
        text.len(),
        answer.encoded_len()
    );
    serde_json::from_str(&text).unwrap()
}

fn example() -> Response<Bytes> {
    let headers = [
        ("content-type", "application/json"),
        ("content-length", "2"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("set-cookie", "c=3"),
        ("x-m", "1"),
        ("x-m", "2"),
    ];
    response(200, &headers, b"{}")
}

#[test]
fn each_front_gets_its_own_shape() {
    assert_eq!(
        written(Front::AlbSingleValue, example()),
        json!({"statusCode": 200, "statusDescription": "200 OK", "body": "{}", "isBase64Encoded": false, "headers": {
            "Content-Type": "application/json", "X-M": "1, 2",
            "Set-Cookie": "a=1", "Set-CookiE": "b=2", "Set-CookIe": "c=3"}})
    );
    assert_eq!(
        written(Front::AlbMultiValue, example()),
        json!({"statusCode": 200, "statusDescription": "200 OK", "body": "{}", "isBase64Encoded": false,
            "multiValueHeaders": {"Content-Type": ["application/json"], "X-M": ["1", "2"],
                "Set-Cookie": ["a=1", "b=2", "c=3"]}})
    );
    assert_eq!(
        written(Front::ApiGatewayV1, example()),
        json!({"statusCode": 200, "body": "{}", "isBase64Encoded": false,
            "multiValueHeaders": {"Content-Type": ["application/json"], "X-M": ["1", "2"],
                "Set-Cookie": ["a=1", "b=2", "c=3"]}})
    );
    for front in [Front::ApiGatewayV2, Front::FunctionUrl] {
        assert_eq!(
            written(front, example()),
            json!({"statusCode": 200, "body": "{}", "isBase64Encoded": false,
                "headers": {"content-type": "application/json", "x-m": "1, 2"}, "cookies": ["a=1", "b=2", "c=3"]})
        );
    }
}

#[test]
fn an_empty_answer_has_an_empty_body() {
    assert_eq!(
        written(Front::AlbSingleValue, response(204, &[], b"")),
        json!({"statusCode": 204, "statusDescription": "204 No Content", "headers": {}, "body": "", "isBase64Encoded": false})
    );
}

#[test]
fn only_declared_uncompressed_utf_8_goes_out_as_text() {
    let base64 = |headers: &[(&str, &str)], body: &[u8]| {
        let answer = written(Front::FunctionUrl, response(200, headers, body));
        answer["isBase64Encoded"].as_bool().unwrap()
    };
    for text in [
        "text/plain",
        "TEXT/html; charset=utf-8",
        "application/json",
        "application/problem+json",
        "image/svg+xml",
    ] {
        assert!(!base64(&[("content-type", text)], b"x"), "{text}");
    }
    assert!(base64(&[("content-type", "text/plain")], b"\xff"));
    assert!(base64(
        &[("content-type", "text/plain"), ("content-encoding", "gzip")],
        b"x"
    ));
    assert!(base64(&[("content-type", "image/png")], b"x"));
    assert!(base64(&[], b"x"));
    assert!(!base64(&[], b""));
}

#[test]
fn many_cookies_get_spellings_of_their_own() {
    let all = 0..MOST_COOKIES;
    let spellings: std::collections::BTreeSet<_> = all.map(|number| train_case("set-cookie", number)).collect();
    assert_eq!(spellings.len(), MOST_COOKIES);
    assert!(
        spellings
            .iter()
            .all(|spelling| spelling.eq_ignore_ascii_case("set-cookie"))
    );
}

#[test]
fn what_a_front_takes_is_whole_and_within_its_limit() {
    let cookies = |count: usize| {
        let mut response = response(200, &[], b"");
        for number in 0..count {
            let cookie = HeaderValue::try_from(format!("c{number}=1")).unwrap();
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    };
    let fits = |front: Front, response| FrontAnswer::new(front, response).fits(front);
    let written = written(Front::AlbSingleValue, cookies(MOST_COOKIES));
    assert_eq!(written["headers"].as_object().unwrap().len(), MOST_COOKIES);
    assert!(fits(Front::AlbSingleValue, cookies(MOST_COOKIES)));
    // One more has no spelling of its own.
    assert!(!fits(Front::AlbSingleValue, cookies(MOST_COOKIES + 1)));
    for front in [
        Front::AlbMultiValue,
        Front::ApiGatewayV1,
        Front::ApiGatewayV2,
        Front::FunctionUrl,
    ] {
        assert!(fits(front, cookies(MOST_COOKIES + 1)), "{front:?}");
    }
    let large = response(200, &[("content-type", "text/plain")], &[b'x'; 1024 * 1024]);
    assert!(!fits(Front::AlbSingleValue, large.clone()) && fits(Front::FunctionUrl, large));
}

#[test]
fn the_length_counts_escapes() {
    let body = "\"\\\u{1}\u{8}\n".repeat(1000);
    written(
        Front::AlbMultiValue,
        response(200, &[("content-type", "text/plain")], body.as_bytes()),
    );
}
