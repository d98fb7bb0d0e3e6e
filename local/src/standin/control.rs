//! The tools' side of every stand-in: `/_calls` and `/_faults`.

use axum::body::Body;
use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::json;
use tokio::sync::watch;

use super::fault::{Errors, Fault, Faults};
use super::recorder::Recorder;
use super::wire::{empty_answer, form_pairs, json_answer};

/// What a stand-in remembers and what it was told to do wrong.
#[derive(Default)]
pub(crate) struct Control {
    pub(crate) recorder: Recorder,
    pub(crate) faults: Faults,
    /// The errors that a fault may name.
    pub(crate) errors: Option<Errors>,
    /// Every connection listens: a change ends it.
    pub(crate) hang_up: watch::Sender<()>,
}

impl Control {
    /// Answers the tools' own requests; `None` for all other paths.
    pub(crate) fn answer(&self, method: &Method, target: &Uri, body: &[u8]) -> Option<Response<Body>> {
        match target.path() {
            "/_calls" => Some(self.calls(method, target.query().unwrap_or_default())),
            "/_faults" => Some(self.faults(method, body)),
            _ => None,
        }
    }

    fn calls(&self, method: &Method, query: &str) -> Response<Body> {
        match *method {
            Method::GET | Method::HEAD => match after(query) {
                Ok(seq) => json_answer(StatusCode::OK, &self.recorder.calls_after(seq)),
                Err(problem) => json_answer(StatusCode::BAD_REQUEST, &json!({"error": problem})),
            },
            Method::DELETE => {
                self.recorder.clear();
                empty_answer(StatusCode::NO_CONTENT)
            }
            _ => not_allowed("GET, HEAD, DELETE"),
        }
    }

    fn faults(&self, method: &Method, body: &[u8]) -> Response<Body> {
        match *method {
            Method::GET | Method::HEAD => json_answer(StatusCode::OK, &self.faults.pending()),
            Method::DELETE => {
                self.faults.clear();
                empty_answer(StatusCode::NO_CONTENT)
            }
            Method::POST => match read_fault(body, self.errors) {
                Ok(fault) => {
                    self.faults.add(fault.clone());
                    json_answer(StatusCode::CREATED, &fault)
                }
                Err(problem) => json_answer(StatusCode::BAD_REQUEST, &json!({"error": problem})),
            },
            _ => not_allowed("GET, HEAD, POST, DELETE"),
        }
    }
}

/// The number in `after=N`; 0 without it.
pub(crate) fn after(query: &str) -> Result<u64, &'static str> {
    let pairs = form_pairs(query);
    let number = pairs.iter().find(|(name, _)| name == "after");
    number.map_or(Ok(0), |(_, number)| number.parse().map_err(|_| "after: not a number"))
}

fn read_fault(body: &[u8], errors: Option<Errors>) -> Result<Fault, String> {
    // A derived reader would take a list of members too.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("not a fault: expected a JSON object".to_owned());
    }
    let fault: Fault = serde_json::from_slice(body).map_err(|error| format!("not a fault: {error}"))?;
    fault.problem(errors).map_or(Ok(fault), Err)
}

/// 405 with the methods that would be taken.
pub(crate) fn not_allowed(methods: &'static str) -> Response<Body> {
    let mut response = json_answer(
        StatusCode::METHOD_NOT_ALLOWED,
        &json!({"error": format!("use {methods}")}),
    );
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}
