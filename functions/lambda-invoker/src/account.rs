//! What an invocation showed, and its one line in the log: words and numbers, nothing of a header, a query or a body,
//! except for what a target said about an error, with secrets hidden.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_ENCODING, HeaderMap};
use shared::Deadline;
use shared::http::Front;
use shared::telemetry::{Invocation, Level, Line, Telemetry, Unit};

use crate::error::Failure;
use crate::mask::{Brought, Mask};
use crate::routes::{Destination, Route};
use crate::stream::End;

/// What one invocation showed; filled while it goes on, so that one that fails is accounted too.
#[derive(Debug, Default)]
pub struct Account {
    route: Option<String>,
    target: Option<&'static str>,
    attempts: u32,
    asked_at: Option<Instant>,
    last_asked_at: Option<Instant>,
    upstream_ms: Option<f64>,
    upstream_status: Option<u16>,
    upstream_error: Option<String>,
    sign_ms: Option<f64>,
    circuit: Option<&'static str>,
    upstream_body: Option<String>,
    first_byte_ms: Option<f64>,
    streamed: Option<(u64, End)>,
    upstream_request_id: Option<String>,
    executed_version: Option<String>,
    /// As it came: it is not written before secrets were hidden in it.
    raw_log: Option<String>,
    function_log: Option<String>,
    dropped_headers: u32,
}

/// So much of a body is looked at, so that what is hidden leaves enough to show.
const LOOKED_AT: usize = 8 * 1024;

/// So much of a function's log is kept, in bytes: a line of ours takes no more.
const LOG_KEPT: usize = 2048;

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
        self.last_asked_at = self.asked_at;
    }

    /// How much time the target has had or still has for its answer: from the last request to the deadline, or to now
    /// if that has passed. None when it was never asked.
    pub fn given(&self, deadline: &Deadline) -> Duration {
        let asked_at = self.last_asked_at;
        asked_at.map_or(Duration::ZERO, |asked_at| asked_at.elapsed() + deadline.remaining())
    }

    /// The last request to the target has ended, one way or another. The times of several attempts add up.
    pub fn ended(&mut self) {
        if let Some(asked_at) = self.asked_at.take() {
            self.upstream_ms = Some(self.upstream_ms.unwrap_or_default() + millis(asked_at));
        }
    }

    /// The target's answer has begun, and what comes after its head counts too.
    pub fn goes_on(&mut self) {
        self.first_byte_ms = self.upstream_ms;
        self.asked_at = Some(Instant::now());
    }

    /// The answer was streamed: how many bytes of its body went out, and how it ended.
    pub fn streamed(&mut self, bytes: u64, end: End) {
        self.streamed = Some((bytes, end));
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

    /// What the Invoke API said of an invocation: the id under which the function's log has it, the version that ran,
    /// and the end of its log, where that was asked for and does not come with the end of a stream.
    pub fn invoked(&mut self, headers: &HeaderMap) {
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        self.upstream_request_id = text("x-amzn-requestid");
        self.executed_version = text("x-amz-executed-version");
        if let Some(log) = headers.get("x-amz-log-result") {
            self.logged(log.as_bytes());
        }
    }

    /// The end of the function's log in Base64, as the Invoke API gives it. One that is none is left out.
    pub fn logged(&mut self, log: &[u8]) {
        let log = STANDARD.decode(log).ok();
        self.raw_log = log.map(|log| String::from_utf8_lossy(&log).into_owned());
    }

    /// So many headers of a reply could not be any and were left out.
    pub fn dropped_headers(&mut self, count: u32) {
        self.dropped_headers = count;
    }

    /// Hides secrets in what the function called its error and in what its log holds, whose end is kept, on one line.
    pub fn hide(&mut self, mask: &Mask, brought: &Brought) {
        let named = self.upstream_error.take();
        self.upstream_error = named.map(|name| mask.hide_in_name(&name, brought));
        let Some(log) = self.raw_log.take() else { return };
        let lines = mask.hide(log.trim_end(), brought).replace('\n', " | ");
        let start = lines.ceil_char_boundary(lines.len().saturating_sub(LOG_KEPT));
        self.function_log = lines.get(start..).map(str::to_owned);
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
    /// function has; of a streamed answer also `StreamedBytes`, and `CutStreams` if it broke off.
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
            None if self.is(End::Refused) => ("error", "answer_refused", Level::Warn),
            None if self.is(End::Gone) => ("client_error", "client_gone", Level::Info),
            None if status >= 500 => ("upstream_error", "upstream_5xx", Level::Warn),
            None if status >= 400 => ("ok", "upstream_4xx", Level::Warn),
            None => ("ok", "forwarded", Level::Info),
        };
        let message = match failure {
            None if self.is(End::Refused) => "cut off",
            None => "forwarded",
            Some(_) if self.is(End::Cut) => "cut off",
            Some(_) => "not forwarded",
        };
        telemetry.finish(invocation, level, message, (outcome, reason), |line| {
            line.text("front", front.word());
            line.number("status", status);
            self.fill(line);
        });
    }

    fn is(&self, end: End) -> bool {
        self.streamed.is_some_and(|(_, known)| known == end)
    }

    fn fill(&self, line: &mut Line) {
        if let Some((bytes, end)) = self.streamed {
            line.flag("streamed", true);
            line.flag("cut", end == End::Cut);
            #[expect(clippy::cast_precision_loss, reason = "exact below 2^53, which no answer reaches")]
            let bytes = bytes as f64;
            line.number("response_bytes", bytes);
            line.metric("StreamedBytes", Unit::Bytes, bytes);
            if end == End::Cut {
                line.metric("CutStreams", Unit::Count, 1.0);
            }
        }
        if let Some(first_byte_ms) = self.first_byte_ms {
            line.number("first_byte_ms", first_byte_ms);
        }
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
        if let Some(id) = &self.upstream_request_id {
            line.text("upstream_request_id", id);
        }
        if let Some(version) = &self.executed_version {
            line.text("executed_version", version);
        }
        if self.dropped_headers > 0 {
            line.number("dropped_headers", self.dropped_headers);
        }
        if let Some(log) = &self.function_log {
            line.long_text("function_log", log);
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
