//! What a pool knows: the events that wait, and the environments with the events that they work on.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, oneshot, watch},
    task::AbortHandle,
};

use super::{
    Answered, Attributes, InitFailure,
    run::{MarkCell, Pipes},
};

/// Everything behind the pool's lock.
#[derive(Default)]
pub(super) struct State {
    pub(super) queue: VecDeque<Pending>,
    pub(super) environments: BTreeMap<u64, Environment>,
    /// Set once the function was stopped: nothing starts any more.
    pub(super) stopped: bool,
    pub(super) last_id: u64,
}

/// An event that no environment has taken yet.
pub(super) struct Pending {
    pub(super) payload: Bytes,
    pub(super) attributes: Attributes,
    pub(super) mark: MarkCell,
    pub(super) reply: oneshot::Sender<Answered>,
}

/// An event that an environment works on.
pub(super) struct Working {
    /// Gets the outcome, or the reply that is being streamed; once that has begun, how it ended.
    pub(super) reply: oneshot::Sender<Answered>,
    /// The task that ends the environment at the time limit.
    pub(super) timer: AbortHandle,
}

/// How far an environment has come.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    Starting,
    Ready,
    Failed(InitFailure),
}

/// One process.
pub(super) struct Environment {
    pub(super) phase: watch::Sender<Phase>,
    /// Takes no further event: it is being killed, or will be once its other events are done.
    pub(super) retiring: bool,
    /// By request id.
    pub(super) working: HashMap<String, Working>,
    /// The timer of an event that was answered, while the process has not asked for the next one.
    pub(super) finishing: Option<AbortHandle>,
    /// What the process reported to `/runtime/init/error`.
    pub(super) init_report: Option<Bytes>,
    pub(super) kill: Arc<Notify>,
    /// Its log stream and its process's output, once that is started.
    pub(super) output: Option<(Arc<str>, Arc<Pipes>)>,
}

impl Environment {
    pub(super) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Starting),
            retiring: false,
            working: HashMap::new(),
            finishing: None,
            init_report: None,
            kill: Arc::new(Notify::new()),
            output: None,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Ready)
    }

    /// Takes no more events; ends as soon as nothing is in work.
    pub(super) fn retire(&mut self) {
        self.retiring = true;
        if self.working.is_empty() {
            self.kill.notify_one();
        }
    }
}

impl State {
    /// The events that the environments could take now, or as soon as they are ready.
    pub(super) fn places(&self, max_concurrency: usize) -> usize {
        self.environments
            .values()
            .filter(|environment| !environment.retiring)
            .map(|environment| max_concurrency.saturating_sub(environment.working.len()))
            .sum()
    }

    /// Whether more events wait than the environments have places for.
    pub(super) fn is_short(&self, max_concurrency: usize) -> bool {
        self.queue.len() > self.places(max_concurrency)
    }

    /// The oldest event whose caller still waits.
    pub(super) fn pop(&mut self) -> Option<Pending> {
        while let Some(pending) = self.queue.pop_front() {
            if !pending.reply.is_closed() {
                return Some(pending);
            }
        }
        None
    }
}
