//! One invocation as its caller sees it: what goes with the event, and what is known once it is over.

use std::{
    os::fd::OwnedFd,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};

use super::{Invoked, Log};

/// How long the last lines of an invocation may take through the pipes.
const LAST_LINES: Duration = Duration::from_secs(1);

/// What goes with an event beside its payload, as Lambda's Invoke API takes it.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Lambda's id of the request; a new one where there is none.
    pub request_id: Option<String>,
    /// What stands after `Root=` in the X-Ray trace; a new one where there is none.
    pub trace_root: Option<String>,
    /// The caller's client context, as JSON.
    pub client_context: Option<String>,
    /// The tenant for whom the function runs.
    pub tenant_id: Option<String>,
    /// The ARN that was asked for, with its version or alias; the function's own where there is none.
    pub invoked_arn: Option<String>,
}

/// An invocation that is over.
#[derive(Debug)]
pub struct Run {
    /// What became of it.
    pub outcome: Invoked,
    /// From the delivery of the event to its end; zero when it was never delivered.
    pub took: Duration,
    log: Log,
    mark: Option<Mark>,
}

/// Where in the log an invocation began, set when an environment takes the event.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) stream: Arc<str>,
    pub(super) position: u64,
    pub(super) at: Instant,
    pub(super) pipes: Arc<Pipes>,
}

/// A place for the mark of one invocation.
pub(super) type MarkCell = Arc<OnceLock<Mark>>;

/// The output of a process, to see whether all of it was read.
#[derive(Debug, Default)]
pub(super) struct Pipes(pub(super) Vec<OwnedFd>);

impl Run {
    pub(super) fn new(outcome: Invoked, log: Log, mark: &MarkCell) -> Self {
        let mark = mark.get().cloned();
        Self {
            outcome,
            took: mark.as_ref().map(|mark| mark.at.elapsed()).unwrap_or_default(),
            log,
            mark,
        }
    }

    /// What the function's process printed while it ran, oldest first. In an environment that works on several events
    /// at a time, the lines of the others are among them.
    pub async fn lines(&self) -> Vec<String> {
        let Some(mark) = &self.mark else { return Vec::new() };
        mark.pipes.drained().await;
        self.log.since(mark.position, &mark.stream)
    }
}

/// An invocation whose reply is still being made.
#[derive(Debug)]
pub(crate) struct Following {
    log: Log,
    mark: MarkCell,
}

impl Following {
    pub(super) fn new(log: Log, mark: MarkCell) -> Self {
        Self { log, mark }
    }

    /// The same once the reply has ended.
    pub(crate) fn done(self, outcome: Invoked) -> Run {
        Run::new(outcome, self.log, &self.mark)
    }
}

impl Pipes {
    /// Waits until what the process wrote was read: it may be under way while the answer is there already.
    async fn drained(&self) {
        let waiting = || {
            let mut pipes = self.0.iter();
            pipes.any(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|bytes| bytes > 0))
        };
        let empty = async {
            while waiting() {
                sleep(Duration::from_millis(1)).await;
            }
            // What was read last is being written to the log.
            sleep(Duration::from_millis(2)).await;
        };
        // A process that never stops printing does not hold its caller up.
        let _ = timeout(LAST_LINES, empty).await;
    }
}
