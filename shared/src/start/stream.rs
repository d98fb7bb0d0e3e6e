//! Answers that are sent while they are still being made.
//!
//! The Lambda runtime's own streaming writes an error that happens in the middle as text into the body and ends the
//! body as if it were whole. Here the error goes into trailers, as the Runtime API has it, and what breaks off without
//! one is never ended properly
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>).

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderValue;
use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{Error, LambdaInvocation, Runtime, service_fn};
use serde::Serialize;
use tokio::sync::Notify;

use super::post::post;
use super::{InvocationError, RawEvent, guard, serve};
use crate::{ConfigError, Deadline, Env, ProcessEnv};

/// What a handler answers: all at once, or bit by bit.
#[derive(Debug)]
pub enum Reply<Answer, Body> {
    /// The whole answer.
    Whole(Answer),
    /// The start of an answer, and what will come after it.
    Stream {
        /// Status and headers, as [`crate::http::stream_prelude`] writes them.
        prelude: Vec<u8>,
        /// The body.
        body: Body,
    },
}

/// A body that is made while it is sent. It is asked for one piece after the other, each when the one before has been
/// taken, and dropped as soon as nobody wants it any more.
pub trait StreamBody: Send + 'static {
    /// The next piece, or nothing at the end.
    ///
    /// An error ends the invocation with it: Lambda breaks the answer off where it stands. Comes in time, or as an
    /// error shortly after the deadline.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, InvocationError>> + Send;

    /// Until when all of it must have been taken. How it ends may take [`super::STREAM_GRACE`] longer.
    fn deadline(&self) -> Deadline;

    /// A piece was not taken until then: the body will be asked for nothing more. Gives the error that it ends with.
    fn late(&mut self) -> InvocationError;

    /// Lambda has not taken it, whatever the reason: it could not be reached, closed the connection, or refused.
    fn refused(&mut self);

    /// Lambda has taken all of it.
    fn delivered(&mut self);
}

/// Runs a function as [`super::run`] does, whose handler may answer with a stream.
pub fn run_streaming<Init, Handler, Answering, Answer, Body>(init: Init) -> ExitCode
where
    Init: Future<Output = Result<Handler, ConfigError>>,
    Handler: Fn(RawEvent) -> Answering + Clone + Send + 'static,
    Answering: Future<Output = Result<Reply<Answer, Body>, InvocationError>> + Send + 'static,
    Answer: Serialize + Send + 'static,
    Body: StreamBody,
{
    serve(init, |handler| {
        let api: Arc<str> = ProcessEnv.get("AWS_LAMBDA_RUNTIME_API").unwrap_or_default().into();
        let guarded = move |event: RawEvent| {
            let (handler, api) = (handler.clone(), api.clone());
            let request_id = event.context.request_id.clone();
            async move {
                match guard(Box::pin(handler(event))).await? {
                    Reply::Whole(answer) => Ok::<_, InvocationError>(answer),
                    Reply::Stream { prelude, body } => {
                        // Absent in no invocation: every one comes through the layer below.
                        let turn = TURN.try_with(Arc::clone).unwrap_or_default();
                        let sent = post(&api, &request_id, turn.invocation_id.as_ref(), prelude, body);
                        // Boxed too, so that whole answers do not carry its size.
                        guard(Box::pin(sent)).await?;
                        turn.over.notify_one();
                        // The answer is out: the runtime is not to send another one.
                        std::future::pending().await
                    }
                }
            }
        };
        Runtime::new(service_fn(guarded)).layer(Turns).run_concurrent()
    })
}

tokio::task_local! {
    /// The invocation that a handler works on.
    static TURN: Arc<Turn>;
}

/// One invocation.
#[derive(Debug, Default)]
struct Turn {
    /// What the Runtime API wants to see again with the answer, if it has sent one.
    invocation_id: Option<HeaderValue>,
    /// Told once the answer has been streamed.
    over: Notify,
}

/// Ends an invocation that has streamed its answer, before the runtime sends one too.
struct Turns;

impl<S> Layer<S> for Turns {
    type Service = InTurn<S>;

    fn layer(&self, inner: S) -> InTurn<S> {
        InTurn(inner)
    }
}

#[derive(Clone)]
struct InTurn<S>(S);

impl<S> Service<LambdaInvocation> for InTurn<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let turn = Arc::new(Turn {
            invocation_id: invocation.parts.headers.get("lambda-runtime-invocation-id").cloned(),
            over: Notify::new(),
        });
        // Boxed before it is captured: what is pinned inside a future takes its room twice.
        let mut answering = Box::pin(TURN.scope(turn.clone(), self.0.call(invocation)));
        Box::pin(async move {
            tokio::select! {
                biased;
                answered = &mut answering => answered,
                () = turn.over.notified() => Ok(()),
            }
        })
    }
}
