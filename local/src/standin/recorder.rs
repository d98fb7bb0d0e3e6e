//! The memory of a stand-in: every call that it was sent and what it answered, without the secrets.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use super::{Fault, mask, wire};

/// How many calls are kept; older ones go first.
const MAX_CALLS: usize = 10_000;
/// How many bytes of bodies are kept.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// One call as it arrived. Secrets are masked with `***`: see [`super`].
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// Counts the calls of a stand-in from 1, also those that are forgotten.
    pub seq: u64,
    /// When it arrived: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// The method as sent.
    pub method: String,
    /// The path as sent, still percent-encoded, without the query.
    pub path: String,
    /// The query as sent, without the question mark; empty when there is none.
    pub query: String,
    /// Path and query as sent.
    pub target: String,
    /// Headers by lower-case name, repeats joined with `", "`.
    pub headers: BTreeMap<String, String>,
    /// The body, in the encoding that `body_encoding` names.
    pub body: String,
    /// `utf-8`, or `base64` for a body that is not UTF-8.
    pub body_encoding: &'static str,
    /// The parsed body of JSON, a form turned into an object, else null.
    pub json: Value,
    /// The misbehaviour that it met; null for none.
    pub fault: Option<Fault>,
    /// The real answer to a call that was `taken`, whether or not its client got it; null for all others.
    pub real: Option<Answered>,
    /// What was answered; null while the work goes on, after a reset, and when the client left first.
    pub answered: Option<Answered>,
}

/// The answer to a [`Call`].
#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// The body, in the encoding that `body_encoding` names.
    pub body: String,
    /// `utf-8`, or `base64` for a body that is not UTF-8.
    pub body_encoding: &'static str,
}

/// Identifies a call until it is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

#[derive(Default)]
struct Kept {
    calls: VecDeque<(Ticket, Call)>,
    bytes: usize,
    next: u64,
}

/// The calls of one stand-in.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Kept>);

impl Recorder {
    /// Keeps a call at its arrival, so that it counts even when its client does not wait for the answer.
    pub(crate) fn arrive(&self, parts: &Parts, body: &[u8]) -> Ticket {
        let (body, body_encoding, json) = kept_body(body, &wire::media_type(&parts.headers));
        let path = parts.uri.path().to_owned();
        let query = mask::pairs(parts.uri.query().unwrap_or_default());
        let target = if parts.uri.query().is_some() {
            format!("{path}?{query}")
        } else {
            path.clone()
        };
        let mut headers = wire::header_object(&parts.headers);
        for (name, value) in &mut headers {
            *value = mask::header(name, value).into_owned();
        }
        let at = shared::clock::rfc3339(crate::clock::epoch_millis());
        let method = parts.method.as_str().to_owned();
        let mut kept = self.lock();
        kept.next += 1;
        let call = Call {
            seq: kept.next,
            at,
            method,
            path,
            query,
            target,
            headers,
            body,
            body_encoding,
            json,
            fault: None,
            real: None,
            answered: None,
        };
        let ticket = Ticket(kept.next);
        kept.bytes += call.body.len();
        kept.calls.push_back((ticket, call));
        kept.trim();
        ticket
    }

    /// Adds the misbehaviour to a call that is still kept.
    pub(crate) fn meet(&self, ticket: Ticket, fault: &Fault) {
        if let Some(call) = self.lock().call(ticket) {
            call.fault = Some(Fault {
                times: 1,
                ..fault.clone()
            });
        }
    }

    /// Adds the answer to a call that is still kept.
    pub(crate) fn answer(&self, ticket: Ticket, status: u16, body: &[u8], media_type: &str) {
        self.keep_answer(ticket, status, body, media_type, |call| &mut call.answered);
    }

    /// Adds the real answer to a call that is still kept and gets another one, or none.
    pub(crate) fn really(&self, ticket: Ticket, status: u16, body: &[u8], media_type: &str) {
        self.keep_answer(ticket, status, body, media_type, |call| &mut call.real);
    }

    fn keep_answer(
        &self,
        ticket: Ticket,
        status: u16,
        body: &[u8],
        media_type: &str,
        place: impl Fn(&mut Call) -> &mut Option<Answered>,
    ) {
        let (body, body_encoding, _) = kept_body(body, media_type);
        let mut kept = self.lock();
        let len = body.len();
        if let Some(call) = kept.call(ticket) {
            *place(call) = Some(Answered {
                status,
                body,
                body_encoding,
            });
            kept.bytes += len;
            kept.trim();
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls_after(0)
    }

    /// The calls whose number is greater than `seq`.
    pub(crate) fn calls_after(&self, seq: u64) -> Vec<Call> {
        let kept = self.lock();
        let calls = kept.calls.iter().map(|(_, call)| call);
        calls.filter(|call| call.seq > seq).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.lock();
        kept.calls.clear();
        kept.bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn call(&mut self, ticket: Ticket) -> Option<&mut Call> {
        let mut calls = self.calls.iter_mut().rev();
        calls.find(|(kept, _)| *kept == ticket).map(|(_, call)| call)
    }

    fn trim(&mut self) {
        while self.calls.len() > 1 && (self.calls.len() > MAX_CALLS || self.bytes > MAX_BYTES) {
            if let Some((_, call)) = self.calls.pop_front() {
                let answers = call
                    .answered
                    .iter()
                    .chain(&call.real)
                    .map(|answered| answered.body.len());
                self.bytes = self.bytes.saturating_sub(call.body.len() + answers.sum::<usize>());
            }
        }
    }
}

fn kept_body(body: &[u8], media_type: &str) -> (String, &'static str, Value) {
    match wire::body_text(body) {
        (text, "utf-8") => {
            let (masked, json) = mask::body(&text, media_type);
            (masked, "utf-8", json)
        }
        (text, encoding) => (text, encoding, Value::Null),
    }
}
