//! The invoker behind an ALB and a Function URL, with one route table for all rows.

use serde_json::{Value, json};

use super::{Case, Frequency, Refused, Variables, expect};
use crate::cases::FLOOR_POST;
use crate::session::Expected;
use crate::upstream::Route;

/// The route table up to the API key; the rest follows in [`PLAIN`] and [`SECRET`].
macro_rules! table {
    ($upstream:literal, $key:literal) => {
        concat!(
            r#"{"version":1,"allow_http":true,"routes":["#,
            r#"{"name":"signed","uri":"/signed/*","function_uri":""#,
            $upstream,
            r#"/signed","authorization":{"iam":{"aws_region":"eu-west-1","service":"lambda"}}},"#,
            r#"{"name":"keyed","uri":"/keyed/*","function_uri":""#,
            $upstream,
            r#"/keyed","authorization":{"apikey":"#,
            $key,
            r#"}},{"name":"invoke","uri":"/invoke/*","function":{"name":"target","region":"eu-west-1","endpoint_url":"{upstream}"}},"#,
            r#"{"name":"events","uri":"/events/*","function":{"name":"target","region":"eu-west-1","endpoint_url":"{upstream}","invocation":"response_stream"}}]}"#,
        )
    };
}

const PLAIN: Variables = &[(
    "INVOKER_CONFIG",
    table!("{upstream}", r#""bench-api-key-000000000000000000000000""#),
)];
const SECRET: Variables = &[(
    "INVOKER_CONFIG",
    table!(
        "{upstream}",
        r#"{"secret_arn":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:bench/api-key-AbCdEf"}"#
    ),
)];
const HTTPS: Refused = Refused {
    variables: &[(
        "INVOKER_CONFIG",
        table!("https://127.0.0.1:1", r#""bench-api-key-000000000000000000000000""#),
    )],
    expected: Some(Expected {
        error: false,
        needle: r#""statusCode":502"#,
    }),
};

const SIGNED: Case = Case {
    name: "lambda-invoker, signed endpoint",
    binary: "lambda-invoker",
    floor: FLOOR_POST,
    event: signed_event,
    expected: Expected {
        error: false,
        needle: r#""statusCode":200"#,
    },
    check: check_orders,
    calls: Some((Route::Signed, Frequency::Each)),
    sent: "",
    base: &[],
    plain: PLAIN,
    secret: None,
    https: Some(HTTPS),
    cold: true,
    divisor: 1,
};

pub(super) const CASES: &[Case] = &[
    SIGNED,
    Case {
        name: "lambda-invoker, API key",
        event: keyed_event,
        calls: Some((Route::Keyed, Frequency::Each)),
        secret: Some(SECRET),
        https: None,
        ..SIGNED
    },
    Case {
        name: "lambda-invoker, Invoke API",
        event: invoke_event,
        calls: Some((Route::Invoke, Frequency::Each)),
        https: None,
        ..SIGNED
    },
    Case {
        name: "lambda-invoker, Invoke API, streamed",
        event: events_event,
        calls: Some((Route::Invoke, Frequency::Each)),
        base: STREAMING,
        https: None,
        cold: false,
        ..SIGNED
    },
    Case {
        name: "lambda-invoker, signed, 1 MB body",
        event: megabyte_event,
        https: None,
        cold: false,
        divisor: 20,
        ..SIGNED
    },
    Case {
        name: "lambda-invoker, signed, 1 MB answer",
        event: archive_event,
        https: None,
        cold: false,
        divisor: 20,
        ..SIGNED
    },
    Case {
        name: "lambda-invoker, streamed",
        event: small_url_event,
        base: STREAMING,
        https: None,
        cold: false,
        ..SIGNED
    },
    Case {
        name: "lambda-invoker, streamed, 1 MB answer",
        event: archive_event,
        base: STREAMING,
        https: None,
        cold: false,
        divisor: 20,
        ..SIGNED
    },
];

/// Answers to a Function URL go out while they arrive.
const STREAMING: Variables = &[("INVOKER_STREAMING_FRONTS", "function-url")];

fn signed_event() -> String {
    alb("/signed/orders")
}

fn keyed_event() -> String {
    alb("/keyed/orders")
}

fn invoke_event() -> String {
    alb("/invoke/orders")
}

/// A small JSON POST as an ALB with single-value headers passes it on.
fn alb(path: &str) -> String {
    json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/invoker/6d0ecf831eec9f09"}},
        "httpMethod": "POST",
        "path": path,
        "queryStringParameters": {"expand": "lines"},
        "headers": {
            "accept": "application/json",
            "content-length": "24",
            "content-type": "application/json",
            "host": "invoker.internal",
            "user-agent": "curl/8.9.1",
            "x-amzn-trace-id": "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520",
            "x-forwarded-for": "10.0.3.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "body": r#"{"item":"tea","count":3}"#,
        "isBase64Encoded": false,
    })
    .to_string()
}

/// A binary body of 1,048,575 bytes through a Function URL, which passes it on in Base64.
fn megabyte_event() -> String {
    // Three bytes in four characters.
    let body = "aG9y".repeat(1_048_575 / 3);
    url("/signed/orders", "application/octet-stream", 1_048_575, &body, true)
}

/// A small JSON POST through a Function URL.
fn small_url_event() -> String {
    url(
        "/signed/orders",
        "application/json",
        24,
        r#"{"item":"tea","count":3}"#,
        false,
    )
}

/// The same, to a function that streams its reply.
fn events_event() -> String {
    url(
        "/events/orders",
        "application/json",
        24,
        r#"{"item":"tea","count":3}"#,
        false,
    )
}

/// The same, to what answers with 1,048,576 bytes.
fn archive_event() -> String {
    url(
        "/signed/archive",
        "application/json",
        24,
        r#"{"item":"tea","count":3}"#,
        false,
    )
}

/// A POST as a Function URL passes it on.
fn url(path: &str, content_type: &str, length: usize, body: &str, is_base64: bool) -> String {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "expand=lines",
        "headers": {
            "accept": "application/json",
            "content-length": length.to_string(),
            "content-type": content_type,
            "host": "abc.lambda-url.eu-west-1.on.aws",
            "user-agent": "curl/8.9.1",
            "x-amzn-trace-id": "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520",
            "x-forwarded-for": "203.0.113.9",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"expand": "lines"},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abc",
            "domainName": "abc.lambda-url.eu-west-1.on.aws",
            "domainPrefix": "abc",
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "curl/8.9.1"},
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "routeKey": "$default",
            "stage": "$default",
            "time": "09/Oct/2025:08:53:20 +0000",
            "timeEpoch": 1_760_000_000_000_u64,
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
    .to_string()
}

fn check_orders(answer: &Value) -> Result<(), String> {
    expect(answer, "/statusCode", &json!(200))?;
    let body = answer.get("body").and_then(Value::as_str).ok_or("no body")?;
    let body: Value = serde_json::from_str(body).map_err(|error| format!("{body}: {error}"))?;
    expect(&body, "/orders/0/id", &json!(42))
}
