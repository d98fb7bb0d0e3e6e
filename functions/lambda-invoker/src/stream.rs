//! An answer that goes out while it arrives: its limits, and its account at the end.

use std::sync::Arc;

use bytes::Bytes;
use shared::http::Front;
use shared::start::{InvocationError, StreamBody};
use shared::telemetry::{Invocation, Telemetry};
use shared::{Clock, Deadline};
use tokio::time::timeout;

use crate::account::Account;
use crate::error::Failure;
use crate::live::Live;
use crate::mask::Brought;
use crate::target::{Circuit, Rest};

/// The largest streamed answer that Lambda takes, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html>).
pub const MAX_STREAM_BYTES: usize = 200 * 1024 * 1024;

/// What a streamed answer needs to be told of in the end.
pub struct Telling {
    /// What the invocation has shown so far.
    pub account: Account,
    /// Where it is told.
    pub telemetry: Arc<Telemetry>,
    /// Which invocation it was.
    pub invocation: Invocation,
    /// Through what the request came.
    pub front: Front,
    /// What the client was told.
    pub status: u16,
    /// Why the answer is not the target's.
    pub failure: Option<Failure>,
    /// Where the function's log comes with the end of the answer: what hides secrets in it.
    pub hiding: Option<(Arc<Live>, Brought)>,
}

/// The body of a streamed answer. It breaks off, and says so, when its target breaks off, when its time is up and when
/// it is larger than it may be. When it is dropped, the invocation's line is written.
pub struct Streaming {
    start: Bytes,
    rest: Option<Rest>,
    circuit: Option<Circuit>,
    clock: Arc<dyn Clock>,
    /// Until when what is asked for now has to be there.
    deadline: Deadline,
    /// Until when all of it has to be taken once the target is done.
    last: Deadline,
    bytes: u64,
    end: End,
    telling: Telling,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it was taken.
    Whole,
    /// It broke off.
    Cut,
    /// Nobody wanted the rest of it.
    Gone,
    /// Lambda did not take it.
    Refused,
}

impl Streaming {
    /// A body that begins with `start`, and has until `deadline`.
    pub fn new(start: Bytes, clock: Arc<dyn Clock>, deadline: Deadline, telling: Telling) -> Self {
        Self {
            start,
            rest: None,
            circuit: None,
            clock,
            deadline,
            last: deadline,
            bytes: 0,
            end: End::Gone,
            telling,
        }
    }

    /// Goes on with what is still to come from the target, which has until `deadline`, and whose circuit is told how
    /// that went.
    #[must_use]
    pub fn and(mut self, rest: Option<Rest>, circuit: Option<Circuit>, deadline: Deadline) -> Self {
        if rest.is_some() {
            self.telling.account.goes_on();
            self.deadline = deadline;
        }
        self.rest = rest;
        self.circuit = circuit;
        self
    }

    fn cut(&mut self, failure: Failure) -> InvocationError {
        let rung = failure.rung();
        self.settle(&Err(failure.clone()));
        self.end = End::Cut;
        self.telling.failure = Some(failure);
        InvocationError {
            error_type: rung.code,
            error_message: rung.message,
        }
    }

    /// The target has nothing more to do with it.
    fn settle(&mut self, how: &Result<(), Failure>) {
        self.rest = None;
        self.telling.account.ended();
        if let Some(circuit) = self.circuit.take() {
            circuit.tell(how, self.clock.as_ref());
        }
    }
}

impl StreamBody for Streaming {
    async fn next(&mut self) -> Result<Option<Bytes>, InvocationError> {
        if !self.start.is_empty() {
            self.bytes += self.start.len() as u64;
            return Ok(Some(std::mem::take(&mut self.start)));
        }
        let Some(rest) = &mut self.rest else {
            return Ok(None);
        };
        let next = timeout(self.deadline.remaining(), rest.next(&mut self.telling.account)).await;
        let late = || match self.bytes {
            0 => Failure::UpstreamTimeout,
            // A stream without an end is no fault of its target's, and any client may ask for one.
            _ => Failure::StreamTimeout,
        };
        match next.unwrap_or_else(|_| Err(late())) {
            Ok(Some(data)) => {
                self.bytes += data.len() as u64;
                Ok(Some(data))
            }
            Ok(None) => {
                self.settle(&Ok(()));
                // The time of the target is no bound for the client any more.
                self.deadline = self.last;
                Ok(None)
            }
            Err(failure) => Err(self.cut(failure)),
        }
    }

    fn deadline(&self) -> Deadline {
        self.deadline
    }

    fn late(&mut self) -> InvocationError {
        // What went wrong first is what is told.
        let known = self.telling.failure.take();
        self.cut(known.unwrap_or(Failure::ClientTooSlow))
    }

    fn refused(&mut self) {
        if self.end != End::Cut {
            self.end = End::Refused;
        }
    }

    fn delivered(&mut self) {
        self.end = End::Whole;
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let telling = &mut self.telling;
        telling.account.ended();
        telling.account.streamed(self.bytes, self.end);
        if let Some((live, brought)) = &telling.hiding {
            telling.account.hide(&live.mask, brought);
        }
        telling.account.tell(
            &telling.telemetry,
            &telling.invocation,
            telling.front,
            telling.failure.as_ref(),
            telling.status,
        );
    }
}
