//! The function behind the local suite's Lambda service: answers an HTTP event with an echo, and does what it is told otherwise.
//!
//! What it is told stands in the event, or in the JSON body of an HTTP event:
//!
//! | `do` | what happens |
//! |---|---|
//! | none | an HTTP event is answered with a reply that echoes it; any other event comes back as it is |
//! | `context` | returns what the Runtime API told beside the event |
//! | `sleep`, `ms` | the same as none, so many milliseconds later |
//! | `say`, `line` | prints the line first |
//! | `error`, `type`, `message` | ends with this error |
//! | `exit`, `code` | the process ends |
//! | `big`, `bytes` | returns a text of so many letters |
//! | `stream`, `chunks`, `bytes`, `ms` | streams so many chunks of so many letters, with a pause before each |
//! | `break`, `chunks`, `bytes` | the same, and then the process ends in the middle of the stream |
//!
//! An `id` is printed as `run <id>` each time. With `DEMO_START_MS` the process takes so many milliseconds to start.

use std::io::Write;
use std::time::Duration;

use lambda_runtime::streaming::{Body, channel};
use lambda_runtime::{
    Context, Diagnostic, Error, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse, run_concurrent,
    service_fn,
};
use serde_json::{Value, json};

/// The result in one piece, or piece by piece.
type Reply = FunctionResponse<Value, Body>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let start = std::env::var("DEMO_START_MS").ok().and_then(|text| text.parse().ok());
    tokio::time::sleep(Duration::from_millis(start.unwrap_or_default())).await;
    run_concurrent(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Reply, Diagnostic> {
    let (event, context) = event.into_parts();
    let is_http = event.get("requestContext").is_some();
    let body = event.get("body").and_then(Value::as_str);
    let orders = match is_http {
        true => body
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or_default(),
        false => event.clone(),
    };
    let text = |member: &str| {
        orders
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let number = |member: &str| orders.get(member).and_then(Value::as_u64).unwrap_or_default();
    let letters = || usize::try_from(number("bytes")).unwrap_or_default();
    if let Some(id) = orders.get("id") {
        say(&format!("run {id}"));
    }
    match text("do").as_str() {
        "context" => return Ok(Reply::BufferedResponse(told(&context))),
        "sleep" => tokio::time::sleep(Duration::from_millis(number("ms"))).await,
        "say" => say(&text("line")),
        "error" => {
            return Err(Diagnostic {
                error_type: text("type"),
                error_message: text("message"),
            });
        }
        "exit" => std::process::exit(i32::try_from(number("code")).unwrap_or(1)),
        "big" => return Ok(Reply::BufferedResponse("x".repeat(letters()).into())),
        order @ ("stream" | "break") => {
            let pause = Duration::from_millis(number("ms"));
            return Ok(stream(number("chunks"), letters(), pause, order == "break"));
        }
        _ => {}
    }
    Ok(Reply::BufferedResponse(if is_http { echo(&event) } else { event }))
}

/// What the Runtime API told, by the names of the fields in Lambda's documentation.
fn told(context: &Context) -> Value {
    json!({
        "awsRequestId": context.request_id,
        "invokedFunctionArn": context.invoked_function_arn,
        "clientContext": context.client_context,
        "tenantId": context.tenant_id,
        "deadlineMs": context.deadline,
        "traceId": context.xray_trace_id,
        "functionVersion": context.env_config.version,
        "logStreamName": context.env_config.log_stream,
        "process": std::process::id(),
    })
}

/// A reply that every HTTP front understands. Reads API Gateway's payloads 1.0 and 2.0 and an ALB's event; what an event
/// does not have is null in the echo.
fn echo(event: &Value) -> Value {
    let first = |pointers: &[&str]| {
        let mut found = pointers.iter().filter_map(|pointer| event.pointer(pointer));
        found.find(|value| !value.is_null()).cloned().unwrap_or_default()
    };
    let query = [
        "/rawQueryString",
        "/multiValueQueryStringParameters",
        "/queryStringParameters",
    ];
    let echo = json!({
        "message": "hello",
        "method": first(&["/requestContext/http/method", "/httpMethod"]),
        "path": first(&["/rawPath", "/path"]),
        "query": first(&query),
        "body": first(&["/body"]),
        "is_base64": event.get("isBase64Encoded").cloned().unwrap_or(Value::Bool(false)),
    });
    json!({
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "isBase64Encoded": false,
        "body": echo.to_string(),
    })
}

/// Lines of the chunk's number and as many letters as asked for.
fn stream(chunks: u64, letters: usize, pause: Duration, breaks: bool) -> Reply {
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for number in 0..chunks {
            tokio::time::sleep(pause).await;
            let chunk = format!("{number} {}\n", "x".repeat(letters));
            if sender.send_data(chunk.into()).await.is_err() {
                return;
            }
        }
        if breaks {
            // What was sent has to leave first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            std::process::exit(1);
        }
    });
    let mut prelude = MetadataPrelude::default();
    let text = http::HeaderValue::from_static("text/plain; charset=utf-8");
    prelude.headers.insert(http::header::CONTENT_TYPE, text);
    Reply::StreamingResponse(StreamResponse {
        metadata_prelude: prelude,
        stream: body,
    })
}

fn say(line: &str) {
    // Nobody to tell when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{line}");
}
