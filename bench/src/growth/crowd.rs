//! A Runtime API for a function that asks for many events at a time: each of its workers holds one, and each event may
//! have digits of its own.
//!
//! What [`crate::session`] does for one worker, this does for up to [`WORKERS`] of them: an answer belongs to the event
//! whose request id it names, whichever connection it comes on.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use crate::event::Event;
use crate::server::{self, Handler};
use crate::session::{Batch, excerpt};
use crate::watched::{Alive, Watched};
use crate::wire::{Request, find};

/// The most workers of a function.
pub const WORKERS: usize = 32;

/// A worker may leave one connection behind and open another.
const CONNECTIONS: usize = 3 * WORKERS;

/// Coprime to every number of keys that is used, so that a batch visits all of them, far from their order.
const STRIDE: u64 = 7_919;

const RUNTIME: &[u8] = b"/2018-06-01/runtime/";
const ACCEPTED: &[u8] =
    b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"status\":\"OK\"}\n";

/// What is handed out, and to how many at a time.
#[derive(Debug, Clone)]
pub struct Load {
    /// The event.
    pub event: Event,
    /// How many different events there are; each comes before any comes again.
    pub keys: u64,
    /// How many workers ask.
    pub workers: usize,
    /// Text that stands in every answer.
    pub needle: &'static str,
}

/// The server: it belongs to the function that was started last.
#[derive(Debug)]
pub struct Crowd(Watched<State>);

#[derive(Debug, Default)]
struct State {
    /// Connections of earlier functions mean nothing any more.
    generation: u64,
    load: Option<Load>,
    number: u64,
    remaining: usize,
    waiting: usize,
    in_flight: HashMap<Vec<u8>, Instant>,
    started: Option<Instant>,
    first_next: bool,
    batch: Batch,
    failure: Option<String>,
}

impl State {
    fn idle(&self) -> bool {
        let workers = self.load.as_ref().map_or(0, |load| load.workers);
        self.first_next && self.waiting == workers && self.remaining == 0 && self.in_flight.is_empty()
    }
}

impl Crowd {
    /// Starts the server on a free loopback port.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub fn start() -> io::Result<(Arc<Self>, SocketAddr)> {
        let crowd = Arc::new(Self(Watched::default()));
        let address = server::serve(&crowd, CONNECTIONS)?;
        Ok((crowd, address))
    }

    /// Prepares for the function that is started next, and sends an earlier one away.
    pub fn open(&self, load: Load) {
        self.0.change(|state| {
            *state = State {
                generation: state.generation + 1,
                load: Some(load),
                ..State::default()
            };
        });
    }

    /// Sends the function away; what its connections do from here on is no failure.
    pub fn close(&self) {
        self.0.change(|state| {
            state.generation += 1;
            state.load = None;
        });
    }

    /// Waits until all workers ask for an event.
    ///
    /// # Errors
    /// The function failed or died first, or took longer than `limit`.
    pub fn ready(&self, limit: Duration, alive: Alive<'_>) -> Result<(), String> {
        self.wait(limit, alive).map(drop)
    }

    /// Has the function handle `invocations` events, as many at a time as it has workers, and waits for all answers.
    ///
    /// # Errors
    /// The function failed, died, answered wrongly, or took longer than `limit`.
    pub fn run(&self, invocations: usize, limit: Duration, alive: Alive<'_>) -> Result<Batch, String> {
        self.0.change(|state| {
            state.batch = Batch::of(invocations);
            state.remaining = invocations;
            state.started = None;
        });
        let mut state = self.wait(limit, alive)?;
        Ok(std::mem::take(&mut state.batch))
    }

    fn wait(&self, limit: Duration, alive: Alive<'_>) -> Result<MutexGuard<'_, State>, String> {
        self.0.wait_until(limit, alive, |state| match &state.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(state.idle()),
        })
    }

    fn fail(&self, generation: u64, what: String) {
        self.0.change(|state| {
            if state.generation == generation {
                state.failure.get_or_insert(what);
            }
        });
    }

    /// Answers `next`: at once within a batch, otherwise when the next batch begins.
    fn hand_out(&self, generation: u64, mut stream: &TcpStream) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.generation == generation {
            state.first_next = true;
            state.waiting += 1;
        }
        if state.idle() {
            self.0.ring();
        }
        while state.generation == generation && state.remaining == 0 {
            state = self.0.sleep(state);
        }
        if state.generation != generation {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let state = &mut *state;
        state.waiting -= 1;
        state.remaining -= 1;
        state.number += 1;
        let Some(load) = &mut state.load else {
            return Err(io::ErrorKind::ConnectionAborted.into());
        };
        load.event.stamp(state.number, SystemTime::now());
        load.event
            .tell_apart(state.number.wrapping_mul(STRIDE) % load.keys.max(1));
        let now = Instant::now();
        state.started.get_or_insert(now);
        state.in_flight.insert(load.event.id().to_vec(), now);
        stream.write_all(load.event.message())
    }

    fn take_answer(&self, arrived: Instant, generation: u64, request: &Request<'_>) -> Result<(), String> {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        let Some(load) = state.load.as_ref().filter(|_| state.generation == generation) else {
            return Ok(());
        };
        let told = || {
            format!(
                "answered at {}: {}",
                String::from_utf8_lossy(request.target),
                excerpt(request.body)
            )
        };
        let id = request
            .target
            .strip_prefix(RUNTIME)
            .and_then(|rest| rest.strip_prefix(b"invocation/"))
            .and_then(|rest| rest.strip_suffix(b"/response"))
            .ok_or_else(told)?;
        let sent = state.in_flight.remove(id).ok_or_else(told)?;
        if find(request.body, load.needle.as_bytes()).is_none() {
            return Err(format!("no {} in the answer: {}", load.needle, excerpt(request.body)));
        }
        state.batch.answered(sent, arrived, request.body);
        if let Some(started) = state.started {
            state.batch.wall = arrived.duration_since(started);
        }
        Ok(())
    }
}

impl Handler for Crowd {
    type Connection = u64;

    fn opened(&self) -> u64 {
        self.0.lock().generation
    }

    fn answer(&self, generation: &mut u64, request: &Request<'_>, mut stream: &TcpStream) -> io::Result<()> {
        let arrived = Instant::now();
        match request.target.strip_prefix(RUNTIME) {
            Some(b"invocation/next") => return self.hand_out(*generation, stream),
            Some(b"init/error") => self.fail(*generation, format!("failed to start: {}", excerpt(request.body))),
            _ => {
                if let Err(what) = self.take_answer(arrived, *generation, request) {
                    self.fail(*generation, what);
                }
            }
        }
        stream.write_all(ACCEPTED)
    }

    fn closed(&self, generation: u64, end: io::Result<()>) {
        if let Err(error) = end {
            self.fail(generation, format!("the connection to the Runtime API broke: {error}"));
        }
    }
}
