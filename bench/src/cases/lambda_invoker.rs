//! The invoker behind an ALB and a Function URL, with one route table for all rows.

use serde_json::{Value, json};

use super::{Case, Frequency, Refused, Variables, expect};
use crate::cases::FLOOR_POST;
use crate::function_url::Post;
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
    Post {
        content_type: "application/octet-stream",
        // Three bytes in four characters.
        body: &"aG9y".repeat(1_048_575 / 3),
        is_base64: true,
        ..order("/signed/orders")
    }
    .event(&headers("1048575"))
}

/// A small JSON POST through a Function URL.
fn small_url_event() -> String {
    order("/signed/orders").event(&headers("24"))
}

/// The same, to a function that streams its reply.
fn events_event() -> String {
    order("/events/orders").event(&headers("24"))
}

/// The same, to what answers with 1,048,576 bytes.
fn archive_event() -> String {
    order("/signed/archive").event(&headers("24"))
}

fn order(path: &str) -> Post<'_> {
    Post {
        query: Some(("expand", "lines")),
        ..Post::json(path, r#"{"item":"tea","count":3}"#)
    }
}

/// The headers of a client beside those that every request has.
fn headers(content_length: &str) -> [(&str, &str); 3] {
    [
        ("content-length", content_length),
        ("user-agent", "curl/8.9.1"),
        ("x-amzn-trace-id", "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520"),
    ]
}

fn check_orders(answer: &Value) -> Result<(), String> {
    expect(answer, "/statusCode", &json!(200))?;
    let body = answer.get("body").and_then(Value::as_str).ok_or("no body")?;
    let body: Value = serde_json::from_str(body).map_err(|error| format!("{body}: {error}"))?;
    expect(&body, "/orders/0/id", &json!(42))
}
