//! One function process under measure: batches of one event, a stopwatch around each invocation, and what may go wrong.
//!
//! An invocation is timed from just before the event is written to just after the answer was read.
//! Between batches the function waits in `next`, as it does in Lambda, so that it can be looked at while it is idle.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::MutexGuard;
use std::time::{Duration, Instant, SystemTime};

use rustix::thread::Pid;

use crate::event::Event;
use crate::watched::{Alive, Watched};
use crate::wire::{Request, find};

const INVOCATION: &[u8] = b"/2018-06-01/runtime/invocation/";

/// What every answer of a batch has to look like; the first one is kept for a closer look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Whether the function fails the invocation (`/error`) instead of answering it (`/response`).
    pub error: bool,
    /// Text that stands in the answer's body.
    pub needle: &'static str,
}

/// What a batch of invocations showed.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Event written to answer read, one entry per invocation.
    pub latencies: Vec<Duration>,
    /// The first event written to the function asking for one more after the last.
    pub wall: Duration,
    /// The body of the first answer.
    pub first_answer: Vec<u8>,
}

impl Batch {
    /// Nothing yet, with room for so many invocations.
    pub(crate) fn of(invocations: usize) -> Self {
        Self {
            latencies: Vec::with_capacity(invocations),
            ..Self::default()
        }
    }

    /// Notes an answer that is as expected.
    pub(crate) fn answered(&mut self, sent: Instant, arrived: Instant, body: &[u8]) {
        if self.latencies.is_empty() {
            self.first_answer = body.to_vec();
        }
        self.latencies.push(arrived.duration_since(sent));
    }
}

/// One function process, from its start to its end.
#[derive(Debug)]
pub struct Session(Watched<State>);

#[derive(Debug)]
struct State {
    event: Event,
    expected: Expected,
    number: u64,
    remaining: usize,
    idle: bool,
    stopped: bool,
    first_next: Option<Instant>,
    started: Option<Instant>,
    in_flight: Option<Instant>,
    batch: Batch,
    failure: Option<String>,
    server_thread: Option<Pid>,
}

impl Session {
    /// A session that no process has joined yet; `event` is what each invocation brings.
    #[must_use]
    pub fn new(event: Event, expected: Expected) -> Self {
        let state = State {
            event,
            expected,
            number: 0,
            remaining: 0,
            idle: false,
            stopped: false,
            first_next: None,
            started: None,
            in_flight: None,
            batch: Batch::default(),
            failure: None,
            server_thread: None,
        };
        Self(Watched::new(state))
    }

    /// Waits until the function asks for an event for the first time, and tells when it did. `alive` is asked now and then.
    ///
    /// # Errors
    /// The function failed or died first, or took longer than `limit`.
    pub fn first_next(&self, limit: Duration, alive: Alive<'_>) -> Result<Instant, String> {
        let state = self.wait(limit, alive, |state| state.idle)?;
        state
            .first_next
            .ok_or_else(|| "idle without having asked for an event".to_owned())
    }

    /// Has the function handle `invocations` events, back to back, and waits until it is idle again.
    ///
    /// # Errors
    /// The function failed, died, answered wrongly, or took longer than `limit`.
    pub fn run(&self, invocations: usize, limit: Duration, alive: Alive<'_>) -> Result<Batch, String> {
        self.0.change(|state| {
            state.batch = Batch::of(invocations);
            state.remaining = invocations;
            state.started = None;
            state.idle = false;
        });
        let mut state = self.wait(limit, alive, |state| state.idle && state.remaining == 0)?;
        Ok(std::mem::take(&mut state.batch))
    }

    /// Ends the session: whoever waits in `next` is sent away, and what happens to its connections is no failure any more.
    pub fn stop(&self) {
        self.0.change(|state| state.stopped = true);
    }

    /// Notes the thread that serves the function.
    pub fn served_by(&self, thread: Pid) {
        self.0.lock().server_thread = Some(thread);
    }

    /// The thread that served the function last: the driver's own cost is read from it.
    #[must_use]
    pub fn server_thread(&self) -> Option<Pid> {
        self.0.lock().server_thread
    }

    fn wait(
        &self,
        limit: Duration,
        alive: Alive<'_>,
        done: impl Fn(&State) -> bool,
    ) -> Result<MutexGuard<'_, State>, String> {
        self.0.wait_until(limit, alive, |state| match &state.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(done(state)),
        })
    }

    /// Notes what went wrong; the first failure of a session counts, and none after its end.
    pub fn fail(&self, what: String) {
        self.0.change(|state| {
            if !state.stopped {
                state.failure.get_or_insert(what);
            }
        });
    }

    /// Answers `next`: at once within a batch, otherwise when the next batch begins.
    ///
    /// # Errors
    /// The session is over, the function skipped an event, or the connection broke.
    pub fn hand_out(&self, arrived: Instant, mut stream: &TcpStream) -> io::Result<()> {
        let mut state = self.0.lock();
        state.first_next.get_or_insert(arrived);
        if let Some(lost) = state.in_flight.take() {
            let after = lost.elapsed();
            drop(state);
            self.fail(format!(
                "asked for the next event {after:?} after one that it did not answer"
            ));
            return Err(io::ErrorKind::InvalidData.into());
        }
        if state.remaining == 0 {
            if let Some(started) = state.started {
                state.batch.wall = arrived.duration_since(started);
            }
            state.idle = true;
            self.0.ring();
            while state.remaining == 0 && !state.stopped {
                state = self.0.sleep(state);
            }
            if state.stopped {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
        state.remaining -= 1;
        state.number += 1;
        let number = state.number;
        state.event.stamp(number, SystemTime::now());
        let now = Instant::now();
        state.started.get_or_insert(now);
        state.in_flight = Some(now);
        stream.write_all(state.event.message())
    }

    /// Takes the answer to the event that was handed out last.
    ///
    /// # Errors
    /// The answer is not the expected one; the text says how.
    pub fn take_answer(&self, arrived: Instant, request: &Request<'_>) -> Result<(), String> {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        let sent = state
            .in_flight
            .take()
            .ok_or("an answer to an event that was not sent")?;
        let kind: &[u8] = if state.expected.error { b"/error" } else { b"/response" };
        let ours = request
            .target
            .strip_prefix(INVOCATION)
            .and_then(|rest| rest.strip_suffix(kind));
        if ours != Some(state.event.id()) {
            let target = String::from_utf8_lossy(request.target);
            return Err(format!("answered at {target}: {}", excerpt(request.body)));
        }
        if find(request.body, state.expected.needle.as_bytes()).is_none() {
            return Err(format!(
                "no {} in the answer: {}",
                state.expected.needle,
                excerpt(request.body)
            ));
        }
        state.batch.answered(sent, arrived, request.body);
        Ok(())
    }
}

/// The start of a body, for a message.
#[must_use]
pub fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..400).unwrap_or(body)).into_owned()
}
