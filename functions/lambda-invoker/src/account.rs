//! What an invocation showed, and its one line in the log: words and numbers, nothing of a header, a query or a body,
//! except for what a target said about an error, with secrets hidden.

use std::time::Instant;

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_ENCODING;
use shared::http::Front;
use shared::telemetry::{Invocation, Level, Line, Telemetry, Unit};

use crate::error::Failure;
use crate::mask::{Brought, Mask};
use crate::routes::{Destination, Route};

/// What one invocation showed; filled while it goes on, so that one that fails is accounted too.
#[derive(Debug, Default)]
pub struct Account {
    route: Option<String>,
    target: Option<&'static str>,
    attempts: u32,
    asked_at: Option<Instant>,
    upstream_ms: Option<f64>,
    upstream_status: Option<u16>,
    upstream_error: Option<String>,
    sign_ms: Option<f64>,
    circuit: Option<&'static str>,
    upstream_body: Option<String>,
}

/// So much of a body is looked at, so that what is hidden leaves enough to show.
const LOOKED_AT: usize = 8 * 1024;

impl Account {
    /// The request took a route.
    pub fn took(&mut self, route: &Route) {
        self.route = Some(route.name.clone());
        self.target = Some(match route.destination {
            Destination::Endpoint(_) => "endpoint",
            Destination::Function(_) => "function",
        });
    }

    /// An attempt was signed here; since when. The times of several attempts add up.
    pub fn signed(&mut self, since: Instant) {
        self.sign_ms = Some(self.sign_ms.unwrap_or_default() + millis(since));
    }

    /// A request goes out to the target now.
    pub fn asked(&mut self) {
        self.attempts += 1;
        self.asked_at = Some(Instant::now());
    }

    /// The last request to the target has ended, one way or another. The times of several attempts add up.
    pub fn ended(&mut self) {
        if let Some(asked_at) = self.asked_at.take() {
            self.upstream_ms = Some(self.upstream_ms.unwrap_or_default() + millis(asked_at));
        }
    }

    /// The state in which the request found the target's circuit: `closed`, `open` or `half_open`.
    pub fn circuit(&mut self, state: &'static str) {
        self.circuit = Some(state);
    }

    /// The target's own status.
    pub fn status(&mut self, status: u16) {
        self.upstream_status = Some(status);
    }

    /// What the target itself called its error: an error's type or code.
    pub fn error(&mut self, error: Option<String>) {
        self.upstream_error = error;
    }

    /// The target answered; what it says about an error is kept if it is text.
    pub fn complained(&mut self, response: &Response<Bytes>, mask: &Mask, brought: &Brought) {
        let error = response.status().is_client_error() || response.status().is_server_error();
        if !error || response.body().is_empty() || response.headers().contains_key(CONTENT_ENCODING) {
            return;
        }
        let start = response.body().get(..LOOKED_AT).unwrap_or(response.body());
        let text = match std::str::from_utf8(start) {
            Ok(text) => text,
            // The cut may go through a character; any other bytes are no text.
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(start.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => return,
        };
        self.upstream_body = Some(mask.hide(text, brought));
    }

    /// Writes the line of the invocation and its metrics: `UpstreamMs` (from the request's first byte to the answer's
    /// last), `Signed` (how many requests were signed) and `Retries` (attempts beyond the first) beside those that every
    /// function has.
    pub fn tell(
        &self,
        telemetry: &Telemetry,
        invocation: &Invocation,
        front: Front,
        failure: Option<&Failure>,
        status: u16,
    ) {
        let (outcome, reason, level) = match failure.map(Failure::rung) {
            Some(rung) => (rung.outcome, rung.code, rung.level),
            None if status >= 500 => ("upstream_error", "upstream_5xx", Level::Warn),
            None if status >= 400 => ("ok", "upstream_4xx", Level::Warn),
            None => ("ok", "forwarded", Level::Info),
        };
        let message = if failure.is_none() {
            "forwarded"
        } else {
            "not forwarded"
        };
        telemetry.finish(invocation, level, message, (outcome, reason), |line| {
            line.text("front", front.word());
            line.number("status", status);
            self.fill(line);
        });
    }

    fn fill(&self, line: &mut Line) {
        if let Some(route) = &self.route {
            line.text("route", route);
        }
        if let Some(target) = self.target {
            line.text("target", target);
        }
        if self.attempts > 0 {
            line.number("attempts", self.attempts);
        }
        if self.attempts > 1 {
            line.metric("Retries", Unit::Count, f64::from(self.attempts - 1));
        }
        if let Some(circuit) = self.circuit {
            line.text("circuit", circuit);
        }
        if let Some(status) = self.upstream_status {
            line.number("upstream_status", status);
        }
        if let Some(error) = &self.upstream_error {
            line.text("upstream_error", error);
        }
        if let Some(body) = &self.upstream_body {
            line.long_text("upstream_body", body);
        }
        if let Some(sign_ms) = self.sign_ms {
            line.number("sign_ms", sign_ms);
            line.metric("Signed", Unit::Count, 1.0);
        }
        if let Some(upstream_ms) = self.upstream_ms {
            line.number("upstream_ms", upstream_ms);
            line.metric("UpstreamMs", Unit::Milliseconds, upstream_ms);
        }
    }
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
