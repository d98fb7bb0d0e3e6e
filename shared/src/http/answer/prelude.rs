//! The start of a streamed answer: status and headers as JSON, then eight NUL bytes, then the body as it comes.

use std::collections::BTreeMap;

use http::header::{CONTENT_LENGTH, HeaderMap, SET_COOKIE};
use http::response;
use serde::Serialize;

use super::super::Front;
use super::{joined_values, several_values, text};

/// What stands between the JSON and the body.
const DELIMITER: [u8; 8] = [0; 8];

/// A front looks for the delimiter in so many bytes
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>).
const LONGEST: usize = 16 * 1024;

/// The media type of a stream that begins with a prelude.
pub const STREAM_MEDIA_TYPE: &str = "application/vnd.awslambda.http-integration-response";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prelude {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
}

/// The prelude of a streamed answer: `statusCode` and, for a REST API, `multiValueHeaders`; for a Function URL
/// `headers`, repeats joined by a comma, and `cookies`. A `content-length` is kept, other than in whole answers: a
/// client can tell by it that a body was cut. `None` if it is longer than a front takes.
pub fn stream_prelude(front: Front, head: &response::Parts) -> Option<Vec<u8>> {
    let headers = &head.headers;
    let mut prelude = Prelude {
        status_code: head.status.as_u16(),
        headers: None,
        multi_value_headers: None,
        cookies: Vec::new(),
    };
    let length = headers.get(CONTENT_LENGTH).map(|value| text(value.as_bytes()));
    if front == Front::ApiGatewayV1 {
        let mut all = several_values(headers);
        all.extend(length.map(|length| ("Content-Length".to_owned(), vec![length])));
        prelude.multi_value_headers = Some(all);
    } else {
        let mut all = joined_values(headers);
        all.extend(length.map(|length| (CONTENT_LENGTH.as_str().to_owned(), length)));
        prelude.headers = Some(all);
        prelude.cookies = cookies(headers);
    }
    let mut bytes = serde_json::to_vec(&prelude).ok()?;
    bytes.extend_from_slice(&DELIMITER);
    (bytes.len() <= LONGEST).then_some(bytes)
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let all = headers.get_all(SET_COOKIE).iter();
    all.map(|value| text(value.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use http::Response;
    use serde_json::{Value, json};

    use super::*;

    fn head(headers: &[(&'static str, &'static str)]) -> response::Parts {
        let mut builder = Response::builder().status(201);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    fn check(front: Front, expected: &Value) {
        let headers = [
            ("content-type", "text/plain"),
            ("content-length", "7"),
            ("vary", "a"),
            ("vary", "b"),
            ("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
            ("set-cookie", "b=2"),
        ];
        let bytes = stream_prelude(front, &head(&headers)).unwrap();
        let (json, nuls) = bytes.split_at(bytes.len() - 8);
        assert_eq!(nuls, [0; 8]);
        assert_eq!(&serde_json::from_slice::<Value>(json).unwrap(), expected);
    }

    #[test]
    fn each_front_gets_its_own_members() {
        check(
            Front::FunctionUrl,
            &json!({
                "statusCode": 201,
                "headers": {"content-type": "text/plain", "content-length": "7", "vary": "a, b"},
                "cookies": ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"],
            }),
        );
        check(
            Front::ApiGatewayV1,
            &json!({
                "statusCode": 201,
                "multiValueHeaders": {
                    "Content-Type": ["text/plain"], "Content-Length": ["7"], "Vary": ["a", "b"],
                    "Set-Cookie": ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"],
                },
            }),
        );
    }

    #[test]
    fn a_prelude_that_no_front_would_find_the_end_of_is_none() {
        let mut long = head(&[]);
        long.headers.insert("x", "v".repeat(16_300).parse().unwrap());
        assert!(stream_prelude(Front::FunctionUrl, &long).is_some());
        long.headers.insert("x", "v".repeat(16_384).parse().unwrap());
        assert_eq!(stream_prelude(Front::FunctionUrl, &long), None);
    }
}
