//! The functions that the stand-in for Lambda has.

use std::time::Duration;

use serde_json::{Value, json};

/// How long `slow` takes.
const SLOW: Duration = Duration::from_secs(5);

/// One of the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// Answers an HTTP event with a proxy reply that echoes it.
    Hello,
    /// Returns its payload.
    Echo,
    /// Ends with an error.
    Fail,
    /// As `Hello`, five seconds later.
    Slow,
}

/// How a run ended.
pub(super) enum Reply {
    /// The function's result.
    Value(Value),
    /// The description of its error.
    Failure(Value),
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "hello" => Some(Self::Hello),
            "echo" => Some(Self::Echo),
            "fail" => Some(Self::Fail),
            "slow" => Some(Self::Slow),
            _ => None,
        }
    }

    /// Runs it.
    pub(super) async fn run(self, payload: Value) -> Reply {
        match self {
            Self::Hello => Reply::Value(hello(&payload)),
            Self::Echo => Reply::Value(payload),
            Self::Fail => Reply::Failure(json!({
                "errorMessage": "this function always fails",
                "errorType": "DeliberateError",
                "stackTrace": [],
            })),
            Self::Slow => {
                tokio::time::sleep(SLOW).await;
                Reply::Value(hello(&payload))
            }
        }
    }
}

/// A proxy reply that every HTTP front understands. Reads API Gateway's payloads 1.0 and 2.0 and an ALB's event; what an event
/// does not have is null in the echo.
fn hello(event: &Value) -> Value {
    let first = |pointers: [&str; 2]| {
        pointers
            .iter()
            .find_map(|pointer| event.pointer(pointer))
            .cloned()
            .unwrap_or_default()
    };
    let echo = json!({
        "message": "hello",
        "method": first(["/requestContext/http/method", "/httpMethod"]),
        "path": first(["/rawPath", "/path"]),
        "query": query(event),
        "body": event.get("body").cloned().unwrap_or_default(),
        "is_base64": event.get("isBase64Encoded").cloned().unwrap_or(Value::Bool(false)),
    });
    json!({
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "isBase64Encoded": false,
        "body": echo.to_string(),
    })
}

/// The raw query of payload 2.0, else the parameters in whichever form the event has them.
fn query(event: &Value) -> Value {
    [
        "rawQueryString",
        "multiValueQueryStringParameters",
        "queryStringParameters",
    ]
    .iter()
    .find_map(|name| event.get(name).filter(|value| !value.is_null()))
    .cloned()
    .unwrap_or_default()
}
