//! One Lambda function: execution environments that are real processes, behind `invoke`.
//!
//! The processes speak the [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), each with a
//! listener of its own,
//! so that it is known who asks. Events wait in one queue; every environment that polls for the next event takes the
//! oldest.

mod delivery;
mod environment;
mod log;
mod options;
mod outcome;
mod pool;
mod process;
mod run;
mod runtime_api;
mod state;
mod stream;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;

pub use self::{
    log::{Log, LogLine, Source},
    options::FunctionOptions,
    outcome::{InitFailure, Invoked},
    run::{Attributes, Run},
    stream::{Answered, Stream},
};
use self::{
    pool::Pool,
    run::{Following, MarkCell},
};

type Handler = dyn Fn(Bytes) -> Pin<Box<dyn Future<Output = Answered> + Send>> + Send + Sync;

/// A function that can be invoked. Clones speak of the same function.
///
/// When the last clone is dropped, its processes are killed.
#[derive(Clone)]
pub struct Function {
    name: Arc<str>,
    log: Log,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Processes(Arc<Owner>),
    Closure(Arc<Handler>),
}

/// Ends the pool when the last `Function` goes: the pool's own tasks keep the pool alive, but not this.
struct Owner(Arc<Pool>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.kill_all();
    }
}

impl Function {
    /// A function whose environments are processes of `options.binary`. None is started before it is needed.
    #[must_use]
    pub fn new(options: FunctionOptions) -> Self {
        let log = Log::new(&options.name, options.echo);
        let name = options.name.as_str().into();
        let pool = Pool::new(options, log.clone());
        Self {
            name,
            log,
            kind: Kind::Processes(Arc::new(Owner(pool))),
        }
    }

    /// A function without a process, for trying a front with an outcome of one's choice.
    pub fn from_fn<H, F>(name: &str, handler: H) -> Self
    where
        H: Fn(Bytes) -> F + Send + Sync + 'static,
        F: Future<Output = Invoked> + Send + 'static,
    {
        Self::streaming(name, move |payload| {
            let answering = handler(payload);
            async move { answering.await.into() }
        })
    }

    /// As [`Function::from_fn`], with replies that may be streams.
    pub fn streaming<H, F>(name: &str, handler: H) -> Self
    where
        H: Fn(Bytes) -> F + Send + Sync + 'static,
        F: Future<Output = Answered> + Send + 'static,
    {
        let handler = move |payload| Box::pin(handler(payload)) as Pin<Box<dyn Future<Output = Answered> + Send>>;
        Self {
            name: name.into(),
            log: Log::new(name, false),
            kind: Kind::Closure(Arc::new(handler)),
        }
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs the function once with `payload` and waits for what becomes of it.
    pub async fn invoke(&self, payload: Bytes) -> Invoked {
        self.invoke_traced(payload, None).await
    }

    /// As [`Function::invoke`], continuing an X-Ray trace: `trace_root` is what stands after `Root=` (`1-…-…`).
    pub async fn invoke_traced(&self, payload: Bytes, trace_root: Option<&str>) -> Invoked {
        let attributes = Attributes {
            trace_root: trace_root.map(str::to_owned),
            ..Attributes::default()
        };
        self.run(payload, attributes).await.outcome
    }

    /// As [`Function::invoke`], with all that Lambda's Invoke API can hand to a function, and with what the function
    /// printed meanwhile.
    pub async fn run(&self, payload: Bytes, attributes: Attributes) -> Run {
        let mark = Arc::default();
        let answered = self.answer(payload, attributes, Arc::clone(&mark)).await;
        Run::new(answered.whole().await, self.log(), &mark)
    }

    /// As [`Function::invoke`], as Lambda's `InvokeWithResponseStream` does it: a reply that the function streams is
    /// there while it is still being made.
    pub async fn stream(&self, payload: Bytes, attributes: Attributes) -> Answered {
        self.answer(payload, attributes, Arc::default()).await
    }

    /// As [`Function::stream`], with what the function prints until its reply has ended.
    pub(crate) async fn follow(&self, payload: Bytes, attributes: Attributes) -> (Answered, Following) {
        let mark = Arc::default();
        let answered = self.answer(payload, attributes, Arc::clone(&mark)).await;
        (answered, Following::new(self.log(), mark))
    }

    async fn answer(&self, payload: Bytes, attributes: Attributes, mark: MarkCell) -> Answered {
        match &self.kind {
            Kind::Processes(owner) => owner.0.invoke(payload, attributes, mark).await,
            Kind::Closure(handler) => handler(payload).await,
        }
    }

    /// Starts an environment if there is none and waits until it asks for its first event.
    ///
    /// # Errors
    /// What the process reported, and the lines that it printed, when it did not get that far.
    pub async fn warm(&self) -> Result<(), InitFailure> {
        match &self.kind {
            Kind::Processes(owner) => owner.0.warm().await,
            Kind::Closure(_) => Ok(()),
        }
    }

    /// What the function's processes printed, and what the platform said about them.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Writes a line of the platform into the function's log.
    pub(crate) fn note(&self, text: &str) {
        self.log.write(Source::Platform, &"platform".into(), text.to_owned());
    }

    /// The number of environments that run now.
    #[must_use]
    pub fn environments(&self) -> usize {
        match &self.kind {
            Kind::Processes(owner) => owner.0.environments(),
            Kind::Closure(_) => 0,
        }
    }

    /// Kills the environments and waits until they are gone. Later invocations fail.
    pub async fn stop(&self) {
        if let Kind::Processes(owner) = &self.kind {
            owner.0.stop().await;
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
