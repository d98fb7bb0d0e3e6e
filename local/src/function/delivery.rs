//! How an event reaches a process, and how its outcome comes back.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    Answered, Attributes, Invoked, Source, Stream,
    pool::Pool,
    run::Mark,
    state::{Pending, Phase, State, Working},
};

/// An event on its way to a process.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) request_id: String,
    pub(super) deadline_ms: u64,
    pub(super) trace_root: String,
    pub(super) attributes: Attributes,
    pub(super) payload: Bytes,
}

/// The answer to a process that asks for its next event.
#[derive(Debug)]
pub(super) enum Next {
    Deliver(Box<Delivery>),
    /// It has not answered the event before.
    StillWorking,
    /// The environment is no longer known.
    Gone,
}

impl Pool {
    /// The next event for an environment; waits until there is one.
    pub(super) async fn next(self: &Arc<Self>, id: u64) -> Next {
        loop {
            // Registered before the queue is looked at: an event that arrives in between wakes us too.
            let arrival = self.arrivals.notified();
            {
                let mut state = self.locked();
                let State { environments, .. } = &mut *state;
                let Some(environment) = environments.get_mut(&id) else {
                    return Next::Gone;
                };
                if !environment.is_ready() {
                    environment.phase.send_replace(Phase::Ready);
                }
                if let Some(timer) = environment.finishing.take() {
                    timer.abort();
                }
                let busy = environment.working.len() >= self.options.max_concurrency;
                if busy && self.options.max_concurrency == 1 {
                    return Next::StillWorking;
                }
                if !busy
                    && !environment.retiring
                    && let Some(pending) = state.pop()
                {
                    return Next::Deliver(Box::new(self.deliver(&mut state, id, pending)));
                }
            }
            arrival.await;
        }
    }

    fn deliver(self: &Arc<Self>, state: &mut State, id: u64, pending: Pending) -> Delivery {
        let mut attributes = pending.attributes;
        let request_id = attributes.request_id.take().unwrap_or_else(crate::random::uuid);
        let timer = {
            let (pool, request_id, limit) = (self.clone(), request_id.clone(), self.options.timeout);
            tokio::spawn(async move {
                tokio::time::sleep(limit).await;
                pool.time_out(id, &request_id);
            })
        };
        let working = Working {
            reply: pending.reply,
            timer: timer.abort_handle(),
        };
        if let Some(environment) = state.environments.get_mut(&id) {
            environment.working.insert(request_id.clone(), working);
            if let Some((stream, pipes)) = &environment.output {
                // Every event is delivered once: nobody was here before.
                let _ = pending.mark.set(Mark {
                    stream: stream.clone(),
                    position: self.log().position(),
                    at: tokio::time::Instant::now(),
                    pipes: pipes.clone(),
                });
            }
        }
        Delivery {
            request_id,
            deadline_ms: crate::clock::epoch_millis() + millis(self.options.timeout),
            trace_root: attributes.trace_root.take().unwrap_or_else(crate::random::trace_root),
            attributes,
            payload: pending.payload,
        }
    }

    /// Hands the caller a reply that is about to be streamed, made with what will tell its end. False when the
    /// environment does not work on such a request.
    pub(super) fn begin(
        &self,
        id: u64,
        request_id: &str,
        stream: impl FnOnce(oneshot::Receiver<Answered>) -> Stream,
    ) -> bool {
        let mut state = self.locked();
        let working = state
            .environments
            .get_mut(&id)
            .and_then(|environment| environment.working.get_mut(request_id));
        let Some(working) = working else { return false };
        let (told, end) = oneshot::channel();
        let caller = std::mem::replace(&mut working.reply, told);
        // The caller may have gone; the function's work goes on all the same.
        let _ = caller.send(Answered::Stream(stream(end)));
        true
    }

    /// Hands an outcome to the caller. False when the environment does not work on such a request.
    pub(super) fn complete(&self, id: u64, request_id: &str, outcome: Invoked) -> bool {
        let mut state = self.locked();
        let Some(environment) = state.environments.get_mut(&id) else {
            return false;
        };
        let Some(working) = environment.working.remove(request_id) else {
            return false;
        };
        if self.options.max_concurrency == 1 {
            environment.finishing = Some(working.timer);
        } else {
            working.timer.abort();
        }
        if environment.retiring {
            environment.retire();
        }
        // The caller may have gone; the function's work is done all the same.
        let _ = working.reply.send(outcome.into());
        drop(state);
        self.arrivals.notify_waiters();
        true
    }

    fn time_out(&self, id: u64, request_id: &str) {
        let message = format!(
            "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
            self.options.timeout.as_secs_f64()
        );
        let mut state = self.locked();
        let Some(environment) = state.environments.get_mut(&id) else {
            return;
        };
        if let Some(working) = environment.working.remove(request_id) {
            let outcome = Invoked::TimedOut {
                message: message.clone(),
            };
            let _ = working.reply.send(outcome.into());
        }
        environment.retire();
        drop(state);
        self.log().write(Source::Platform, &"platform".into(), message);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
