//! How a function starts and runs: build it once, answer one event of the Runtime API after the other, or say why not
//! and stop.
//!
//! Lambda's own runtime crate is not used: it copies an event twice and reads it once before a function sees it, which is a
//! fifth of a signed request's instructions with all that is around it, and it ends a streamed answer that broke in the
//! middle as if it were whole.

mod invocation;
mod post;
mod runtime_api;
mod stream;

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io::Write;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{ConfigError, Env, ProcessEnv};
use invocation::Turn;
pub use invocation::{Context, RawEvent};
pub use post::STREAM_GRACE;
use post::post;
use runtime_api::{Broken, RuntimeApi};
pub use stream::{Reply, StreamBody};

/// An invocation that ended in an error: what Lambda reports as `errorType` and `errorMessage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationError {
    /// A stable word.
    pub error_type: &'static str,
    /// A constant text: nothing of a request or of an upstream.
    pub error_message: &'static str,
}

impl InvocationError {
    /// The report as the Runtime API takes it.
    fn report(&self) -> String {
        json!({"errorMessage": self.error_message, "errorType": self.error_type}).to_string()
    }
}

/// What an invocation ends with whose handler panicked. The panic's own text may quote what the handler worked on, so
/// nobody is told.
pub const PANICKED: InvocationError = InvocationError {
    error_type: "InternalError",
    error_message: "InternalError",
};

/// How long Lambda may take to hear that a function does not start.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs a function: `init` builds the handler once, which then answers every invocation, several at a time on
/// Lambda Managed Instances (`AWS_LAMBDA_MAX_CONCURRENCY`). With SnapStart the snapshot is taken after `init`.
///
/// A panic of the handler ends its invocation with [`PANICKED`]; standard error tells where it was, and not its text.
///
/// When `init` fails, each of its lines goes to standard error, the failure is reported to the Runtime API as
/// `ConfigurationError`, and the process ends with 1. It ends so too when the Runtime API is gone.
pub fn run<Init, Handler, Answering, Answer>(init: Init) -> ExitCode
where
    Init: Future<Output = Result<Handler, ConfigError>>,
    Handler: Fn(RawEvent) -> Answering + Clone + Send + Sync + 'static,
    Answering: Future<Output = Result<Answer, InvocationError>> + Send + 'static,
    Answer: Serialize + Send + 'static,
{
    run_streaming(async {
        let handler = init.await?;
        Ok(move |event| {
            let answering = handler(event);
            async { Ok(Reply::<_, Infallible>::Whole(answering.await?)) }
        })
    })
}

/// Runs a function as [`run`] does, whose handler may answer with a stream.
pub fn run_streaming<Init, Handler, Answering, Answer, Body>(init: Init) -> ExitCode
where
    Init: Future<Output = Result<Handler, ConfigError>>,
    Handler: Fn(RawEvent) -> Answering + Clone + Send + Sync + 'static,
    Answering: Future<Output = Result<Reply<Answer, Body>, InvocationError>> + Send + 'static,
    Answer: Serialize + Send + 'static,
    Body: StreamBody,
{
    let workers = ProcessEnv
        .get("AWS_LAMBDA_MAX_CONCURRENCY")
        .and_then(|value| value.parse::<usize>().ok())
        .map_or(1, |workers| workers.max(1));
    // One thread answers one event at a time soonest; several events at a time want several threads.
    let mut builder = if workers > 1 {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(format_args!("runtime: {}", error.kind()));
            return ExitCode::FAILURE;
        }
    };
    std::panic::set_hook(Box::new(|panic| say(format_args!("{}", panic_line(panic.location())))));
    runtime.block_on(async {
        let api: Arc<str> = ProcessEnv.get("AWS_LAMBDA_RUNTIME_API").unwrap_or_default().into();
        let handler = match init.await {
            Ok(handler) => handler,
            Err(error) => {
                for problem in error.problems() {
                    say(format_args!("{problem}"));
                }
                refuse(api, "ConfigurationError", &error.to_string()).await;
                return ExitCode::FAILURE;
            }
        };
        tokio::spawn(pulse());
        let broken = serve(api, workers, handler).await;
        say(format_args!("{}", fault_line("runtime", &broken.to_string())));
        ExitCode::FAILURE
    })
}

/// A worker beside others gives up after so many failures in a row, each with a longer pause after it.
const MOST_FAILURES: u32 = 10;

/// The pause after the first failure; each further one is longer by as much.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Answers events with so many workers, until the last of them has lost the Runtime API.
async fn serve<Handler, Answering, Answer, Body>(address: Arc<str>, workers: usize, handler: Handler) -> Broken
where
    Handler: Fn(RawEvent) -> Answering + Clone + Send + Sync + 'static,
    Answering: Future<Output = Result<Reply<Answer, Body>, InvocationError>> + Send + 'static,
    Answer: Serialize + Send + 'static,
    Body: StreamBody,
{
    let mut api = match RuntimeApi::new(address.clone()) {
        Ok(api) => api,
        Err(broken) => return broken,
    };
    if ProcessEnv.get("AWS_LAMBDA_INITIALIZATION_TYPE").as_deref() == Some("snap-start")
        && let Err(broken) = api.restored().await
    {
        refuse(address, "RestoreError", &broken.to_string()).await;
        return broken;
    }
    if workers == 1 {
        loop {
            if let Err(broken) = turn(&mut api, &handler).await {
                return broken;
            }
        }
    }
    let mut working = JoinSet::new();
    for _ in 1..workers {
        working.spawn(work_beside_others(api.beside(), handler.clone()));
    }
    working.spawn(work_beside_others(api, handler));
    let mut last = Broken::Unreachable;
    while let Some(ended) = working.join_next().await {
        let what = match ended {
            Ok(broken) => {
                last = broken;
                last.to_string()
            }
            // Its text may quote what it worked on.
            Err(_) => "it panicked".to_owned(),
        };
        say(format_args!(
            "{}",
            fault_line("worker", &format!("a worker has ended: {what}"))
        ));
    }
    last
}

/// One event after the other. A fault of the Runtime API may be that of one invocation, and who stays away then is missed
/// for as long as the others keep this environment alive.
async fn work_beside_others<Handler, Answering, Answer, Body>(mut api: RuntimeApi, handler: Handler) -> Broken
where
    Handler: Fn(RawEvent) -> Answering,
    Answering: Future<Output = Result<Reply<Answer, Body>, InvocationError>>,
    Answer: Serialize,
    Body: StreamBody,
{
    let mut failures = 0;
    loop {
        let Err(broken) = turn(&mut api, &handler).await else {
            failures = 0;
            continue;
        };
        failures += 1;
        if failures == MOST_FAILURES {
            return broken;
        }
        say(format_args!("{}", fault_line("worker", &broken.to_string())));
        tokio::time::sleep(FIRST_PAUSE * failures).await;
    }
}

/// One event.
async fn turn<Handler, Answering, Answer, Body>(api: &mut RuntimeApi, handler: &Handler) -> Result<(), Broken>
where
    Handler: Fn(RawEvent) -> Answering,
    Answering: Future<Output = Result<Reply<Answer, Body>, InvocationError>>,
    Answer: Serialize,
    Body: StreamBody,
{
    let (headers, event) = api.next().await?;
    let (turn, event) = invocation::read(headers, event).ok_or(Broken::Nameless)?;
    let outcome = match event {
        Ok(event) => guard(async { handler(event).await }).await,
        Err(error) => Err(error),
    };
    let answer = match outcome {
        // What is a failure of an answer to become JSON is a fault of the function, like a panic.
        Ok(Reply::Whole(answer)) => {
            // Room for most answers.
            let mut json = Vec::with_capacity(1024);
            let written = serde_json::to_writer(&mut json, &answer);
            written.map(|()| json).map_err(|_| PANICKED)
        }
        // Boxed, so that whole answers do not carry its size.
        Ok(Reply::Stream { prelude, body }) => match Box::pin(post(api.address(), &turn, prelude, body)).await {
            Ok(()) => return Ok(()),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    let refused = match answer {
        Ok(answer) => api.answer(&turn, answer).await?,
        Err(error) => api.fail(&turn, &error).await?,
    };
    if let Some(status) = refused {
        refused_answer(&turn, status);
    }
    Ok(())
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

/// Standard error tells that Lambda did not want an answer, and to which invocation.
fn refused_answer(turn: &Turn, status: StatusCode) {
    say(format_args!("{}", refusal_line(&turn.request_id, status)));
}

fn refusal_line(request_id: &str, status: StatusCode) -> String {
    let what = format!("the Runtime API refused an answer with {status}");
    json!({"level": "ERROR", "message": what, "target": "runtime", "function_request_id": request_id}).to_string()
}

/// A line about what is wrong between this process and Lambda.
fn fault_line(place: &str, what: &str) -> String {
    json!({"level": "ERROR", "message": what, "target": place}).to_string()
}

/// Tells the Runtime API why the function does not start. The lines stand in the log already: an API that cannot be
/// reached changes nothing.
async fn refuse(api: Arc<str>, error_type: &'static str, message: &str) {
    let Ok(mut api) = RuntimeApi::new(api) else { return };
    let _ = timeout(REFUSAL_TIMEOUT, api.refuse_start(error_type, message)).await;
}

fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
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
    fn a_refused_answer_is_told_with_its_invocation() {
        let line: serde_json::Value =
            serde_json::from_str(&refusal_line("id-1", StatusCode::PAYLOAD_TOO_LARGE)).unwrap();
        assert_eq!(line["function_request_id"], "id-1");
        assert_eq!(
            line["message"],
            "the Runtime API refused an answer with 413 Payload Too Large"
        );
        assert_eq!((&line["level"], &line["target"]), (&json!("ERROR"), &json!("runtime")));
    }

    #[test]
    fn the_line_of_a_panic_is_json() {
        let line: serde_json::Value = serde_json::from_str(&panic_line(Some(Location::caller()))).unwrap();
        assert_eq!(line["level"], "ERROR");
        assert!(line["location"].as_str().unwrap().contains("start.rs:"), "{line}");
        assert!(panic_line(None).contains("unknown"));
    }
}
