//! The pool of a function's environments: who takes which event, when a process is started and when one is given up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use super::{
    Answered, Attributes, FunctionOptions, InitFailure, Invoked, Log, environment,
    run::{MarkCell, Pipes},
    state::{Environment, Pending, Phase, State},
};

/// One function's environments and waiting events.
pub(super) struct Pool {
    pub(super) options: FunctionOptions,
    log: Log,
    state: Mutex<State>,
    /// Wakes the polls for a next event.
    pub(super) arrivals: Notify,
    /// Wakes who waits for the end of all environments.
    ended: Notify,
}

impl Pool {
    pub(super) fn new(options: FunctionOptions, log: Log) -> Arc<Self> {
        Arc::new(Self {
            options,
            log,
            state: Mutex::default(),
            arrivals: Notify::new(),
            ended: Notify::new(),
        })
    }

    pub(super) fn log(&self) -> Log {
        self.log.clone()
    }

    pub(super) fn environments(&self) -> usize {
        self.locked().environments.len()
    }

    pub(super) async fn invoke(self: &Arc<Self>, payload: Bytes, attributes: Attributes, mark: MarkCell) -> Answered {
        let (reply, outcome) = oneshot::channel();
        {
            let mut state = self.locked();
            if state.stopped {
                return stopped().into();
            }
            // Places that are free or can be made free, then the queue.
            let places = state.places(self.options.max_concurrency)
                + self.options.max_environments.saturating_sub(state.environments.len()) * self.options.max_concurrency;
            if state.queue.len() >= places.saturating_add(self.options.queue) {
                return Invoked::Throttled.into();
            }
            state.queue.push_back(Pending {
                payload,
                attributes,
                mark,
                reply,
            });
            self.start_missing(&mut state);
        }
        self.arrivals.notify_waiters();
        outcome.await.unwrap_or_else(|_| stopped().into())
    }

    pub(super) async fn warm(self: &Arc<Self>) -> Result<(), InitFailure> {
        let mut phase = {
            let mut state = self.locked();
            if state.stopped {
                return Err(InitFailure::new(
                    &self.options.name,
                    "Function.Stopped",
                    "the function was stopped",
                ));
            }
            let living = || state.environments.values().filter(|environment| !environment.retiring);
            if living().any(Environment::is_ready) {
                return Ok(());
            }
            match living().next() {
                Some(environment) => environment.phase.subscribe(),
                None => self.start(&mut state),
            }
        };
        loop {
            match phase.borrow_and_update().clone() {
                Phase::Ready => return Ok(()),
                Phase::Failed(failure) => return Err(failure),
                Phase::Starting => {}
            }
            if phase.changed().await.is_err() {
                return Err(InitFailure::new(
                    &self.options.name,
                    "Function.Stopped",
                    "the function was stopped",
                ));
            }
        }
    }

    /// Notes where an environment's lines go.
    pub(super) fn prints(&self, id: u64, stream: &Arc<str>, pipes: Pipes) {
        if let Some(environment) = self.locked().environments.get_mut(&id) {
            environment.output = Some((stream.clone(), Arc::new(pipes)));
        }
    }

    /// Keeps what a process says about its failed start.
    pub(super) fn init_error(&self, id: u64, report: Bytes) {
        if let Some(environment) = self.locked().environments.get_mut(&id) {
            environment.init_report = Some(report);
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.locked().stopped
    }

    /// Takes a process off the books. `failure` says how it ended and what it printed.
    pub(super) fn ended(self: &Arc<Self>, id: u64, failure: InitFailure) {
        let mut state = self.locked();
        let Some(mut environment) = state.environments.remove(&id) else {
            return;
        };
        if let Some(timer) = environment.finishing.take() {
            timer.abort();
        }
        for (request_id, working) in environment.working.drain() {
            working.timer.abort();
            let message = format!("RequestId: {request_id} Error: {}", failure.error_message);
            let _ = working.reply.send(Invoked::Crashed { message }.into());
        }
        if !environment.is_ready() && !state.stopped {
            let failure = match environment.init_report.take() {
                Some(report) => InitFailure {
                    lines: failure.lines,
                    ..InitFailure::from_report(&self.options.name, report)
                },
                None => failure,
            };
            // The event that the environment was started for fails with it; another may try again.
            if let Some(pending) = state.pop() {
                let _ = pending.reply.send(Invoked::InitFailed(failure.clone()).into());
            }
            environment.phase.send_replace(Phase::Failed(failure));
        }
        self.start_missing(&mut state);
        drop(state);
        self.ended.notify_waiters();
    }

    pub(super) fn kill_all(&self) {
        let mut state = self.locked();
        state.stopped = true;
        state.queue.clear();
        for environment in state.environments.values_mut() {
            environment.retiring = true;
            environment.kill.notify_one();
        }
    }

    pub(super) async fn stop(&self) {
        self.kill_all();
        loop {
            let ended = self.ended.notified();
            if self.locked().environments.is_empty() {
                return;
            }
            ended.await;
        }
    }

    fn start_missing(self: &Arc<Self>, state: &mut State) {
        while !state.stopped
            && state.environments.len() < self.options.max_environments
            && state.is_short(self.options.max_concurrency)
        {
            drop(self.start(state));
        }
    }

    fn start(self: &Arc<Self>, state: &mut State) -> tokio::sync::watch::Receiver<Phase> {
        state.last_id += 1;
        let id = state.last_id;
        let environment = Environment::new();
        let phase = environment.phase.subscribe();
        tokio::spawn(environment::run(
            self.clone(),
            id,
            phase.clone(),
            environment.kill.clone(),
        ));
        state.environments.insert(id, environment);
        phase
    }

    pub(super) fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stopped() -> Invoked {
    Invoked::Crashed {
        message: "Error: the function was stopped".to_owned(),
    }
}
