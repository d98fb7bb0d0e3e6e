//! How a function starts: build it once, hand it to the Lambda runtime, or say why not and stop.

mod post;
mod stream;

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::pin;
use std::process::ExitCode;
use std::task::Poll;
use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::{ConfigError, Env, ProcessEnv};
pub use post::STREAM_GRACE;
pub use stream::{Reply, StreamBody, run_streaming};

/// An invocation as it arrives: the event as raw JSON, so that a malformed one is answered by the function
/// and never quoted by a parser, and Lambda's context.
pub type RawEvent = LambdaEvent<Box<RawValue>>;

/// An invocation that ended in an error: what Lambda reports as `errorType` and `errorMessage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationError {
    /// A stable word.
    pub error_type: &'static str,
    /// A constant text: nothing of a request or of an upstream.
    pub error_message: &'static str,
}

/// What an invocation ends with whose handler panicked. The panic's own text may quote what the handler worked on, so
/// nobody is told.
pub const PANICKED: InvocationError = InvocationError {
    error_type: "InternalError",
    error_message: "InternalError",
};

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        Self {
            error_type: error.error_type.to_owned(),
            error_message: error.error_message.to_owned(),
        }
    }
}

/// Runs a function: `init` builds the handler once, which then answers every invocation, several at a time on
/// Lambda Managed Instances (`AWS_LAMBDA_MAX_CONCURRENCY`).
///
/// A panic of the handler ends its invocation with [`PANICKED`]; standard error tells where it was, and not its text.
///
/// When `init` fails, each of its lines goes to standard error, the failure is reported to the Runtime API as
/// `ConfigurationError`, and the process ends with 1.
pub fn run<Init, Handler, Answering, Answer>(init: Init) -> ExitCode
where
    Init: Future<Output = Result<Handler, ConfigError>>,
    Handler: Fn(RawEvent) -> Answering + Clone + Send + 'static,
    Answering: Future<Output = Result<Answer, InvocationError>> + Send + 'static,
    Answer: Serialize + Send + 'static,
{
    serve(init, |handler| {
        let guarded = move |event| {
            let handler = handler.clone();
            // Boxed here: each layer of the runtime would copy the whole story of a request on its way in.
            guard(Box::pin(async move { handler(event).await }))
        };
        Runtime::new(service_fn(guarded)).run_concurrent()
    })
}

/// Builds the handler, and hands it to the Lambda runtime as `run` has it.
fn serve<Init, Handler, Run, Running>(init: Init, run: Run) -> ExitCode
where
    Init: Future<Output = Result<Handler, ConfigError>>,
    Run: FnOnce(Handler) -> Running,
    Running: Future<Output = Result<(), lambda_runtime::Error>>,
{
    let concurrent = ProcessEnv
        .get("AWS_LAMBDA_MAX_CONCURRENCY")
        .and_then(|value| value.parse::<u32>().ok())
        .is_some_and(|limit| limit > 1);
    // One thread answers one event at a time soonest; several events at a time want several threads.
    let mut builder = if concurrent {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&ConfigError::new(vec![format!("runtime: {}", error.kind())])),
    };
    std::panic::set_hook(Box::new(|panic| say(format_args!("{}", panic_line(panic.location())))));
    runtime.block_on(async {
        let handler = match init.await {
            Ok(handler) => handler,
            Err(error) => return refuse(&error),
        };
        tokio::spawn(pulse());
        match run(handler).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(format_args!("runtime: {error}"));
                ExitCode::FAILURE
            }
        }
    })
}

/// A timer that is always due before the deadlines of requests. Without one the runtime writes itself a message each time
/// that a request starts its deadline, and wakes up to read it.
async fn pulse() {
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
    }
}

/// The outcome of `answering`, or [`PANICKED`] if it panics.
///
/// # Errors
/// Those of `answering`, and [`PANICKED`].
pub async fn guard<Answer>(
    answering: impl Future<Output = Result<Answer, InvocationError>>,
) -> Result<Answer, InvocationError> {
    let mut answering = pin!(answering);
    // What a panic leaves half done is dropped with the future, and locks of the suite take their poison lightly.
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))).unwrap_or(Poll::Ready(Err(PANICKED)))
    })
    .await
}

/// The log line of a panic: where it was.
fn panic_line(location: Option<&Location<'_>>) -> String {
    let location = location.map_or_else(|| "unknown".to_owned(), Location::to_string);
    json!({"level": "ERROR", "message": "panic", "location": location}).to_string()
}

/// Says why the function does not start, on standard error and to the Runtime API.
fn refuse(error: &ConfigError) -> ExitCode {
    for problem in error.problems() {
        say(format_args!("{problem}"));
    }
    if let Some(api) = ProcessEnv.get("AWS_LAMBDA_RUNTIME_API") {
        // The lines stand in the log already; a Runtime API that cannot be reached changes nothing.
        let _ = post_init_error(&api, &error.to_string());
    }
    ExitCode::FAILURE
}

fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// `POST /runtime/init/error` (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>),
/// written by hand: the process is about to end, and no client exists yet.
fn post_init_error(api: &str, message: &str) -> std::io::Result<()> {
    const TIMEOUT: Option<Duration> = Some(Duration::from_secs(2));
    let body = json!({"errorMessage": message, "errorType": "ConfigurationError"}).to_string();
    let mut stream = TcpStream::connect(api)?;
    stream.set_read_timeout(TIMEOUT)?;
    stream.set_write_timeout(TIMEOUT)?;
    write!(
        stream,
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {api}\r\nContent-Type: application/json\r\n\
         Lambda-Runtime-Function-Error-Type: ConfigurationError\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    // The answer is waited for, so that the report has arrived before the process ends.
    let mut answer = [0; 512];
    stream.read(&mut answer).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_tells_nothing() {
        let at_once = guard::<()>(async { panic!("s3cret") });
        assert_eq!(at_once.await, Err(PANICKED));
        let later = guard::<()>(async {
            tokio::task::yield_now().await;
            panic!("s3cret")
        });
        assert_eq!(later.await, Err(PANICKED));
        assert_eq!(guard(async { Ok(7) }).await, Ok(7));
        let own = InvocationError {
            error_type: "Own",
            error_message: "own",
        };
        let failed = own.clone();
        assert_eq!(guard::<()>(async move { Err(failed) }).await, Err(own));
    }

    #[test]
    fn the_line_of_a_panic_is_json() {
        let line: serde_json::Value = serde_json::from_str(&panic_line(Some(Location::caller()))).unwrap();
        assert_eq!(line["level"], "ERROR");
        assert!(line["location"].as_str().unwrap().contains("start.rs:"), "{line}");
        assert!(panic_line(None).contains("unknown"));
    }

    #[test]
    fn a_refused_start_is_reported_with_every_line() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            let mut buffer = [0; 4096];
            while !request.ends_with('}') {
                let read = stream.read(&mut buffer).unwrap();
                request.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            }
            stream
                .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            request
        });
        post_init_error(&api, "A: is required\nB: must be true or false").unwrap();
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /2018-06-01/runtime/init/error HTTP/1.1\r\n"));
        assert!(request.contains("Lambda-Runtime-Function-Error-Type: ConfigurationError\r\n"));
        let body = request.split("\r\n\r\n").nth(1).unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["errorMessage"], "A: is required\nB: must be true or false");
        assert_eq!(body["errorType"], "ConfigurationError");
    }
}
