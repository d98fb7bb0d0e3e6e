//! Misbehaviour on order: what the next calls of a stand-in meet instead of its real work.

mod unsized_body;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};

use self::unsized_body::UnsizedBody;

/// The longest delay that a fault may ask for: Lambda's own longest time limit.
const MAX_DELAY_MS: u64 = 900_000;

/// An error that a stand-in knows by its name.
pub(crate) struct Named {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The errors that a stand-in knows.
pub(crate) type Errors = fn(&str) -> Option<Named>;

/// How the next calls misbehave. The delay comes first; then the connection is reset, or the given answer is sent,
/// or, when only a delay was asked for, the real work is done. With `taken` the real work comes before all that.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// How many calls it applies to, at least 1. Default 1.
    pub times: u32,
    /// The answer's status, 200 to 599. Without it, 503 is answered if `body` or `headers` are given or if nothing else is.
    pub status: Option<u16>,
    /// Milliseconds to wait before anything else, at most 900,000. Default 0.
    pub delay_ms: u64,
    /// The answer's body. Default empty.
    pub body: Option<String>,
    /// The answer's headers. A `content-length` above the body's length makes the answer end too early.
    pub headers: BTreeMap<String, String>,
    /// Close the connection with a TCP reset, without any answer. Default false.
    pub reset: bool,
    /// An error of the service by its name, such as `TooManyRequestsException`: only of a stand-in that says which it knows.
    /// Status, body and headers are the error's own where they are not given.
    pub error: Option<String>,
    /// The real answer, but the connection is reset after so many bytes of its body.
    pub cut: Option<usize>,
    /// Only calls whose path begins with this. Default all.
    pub path: Option<String>,
    /// Do what is asked before anything else: only the answer is late, lost or another one. Default false.
    pub taken: bool,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            times: 1,
            status: None,
            delay_ms: 0,
            body: None,
            headers: BTreeMap::new(),
            reset: false,
            error: None,
            cut: None,
            path: None,
            taken: false,
        }
    }
}

impl Fault {
    /// One answer of this status.
    pub fn status(status: u16) -> Self {
        Self {
            status: Some(status),
            ..Self::default()
        }
    }

    /// One answer that comes `delay_ms` milliseconds late.
    pub fn delay_ms(delay_ms: u64) -> Self {
        Self {
            delay_ms,
            ..Self::default()
        }
    }

    /// One connection that is reset.
    pub fn reset() -> Self {
        Self {
            reset: true,
            ..Self::default()
        }
    }

    /// One answer with an error of the service.
    pub fn error(name: &str) -> Self {
        Self {
            error: Some(name.to_owned()),
            ..Self::default()
        }
    }

    /// One answer that ends with a reset after `bytes` bytes of its body.
    pub fn cut(bytes: usize) -> Self {
        Self {
            cut: Some(bytes),
            ..Self::default()
        }
    }

    /// The same for `times` calls.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The same after the real work was done.
    #[must_use]
    pub fn taken(self) -> Self {
        Self { taken: true, ..self }
    }

    /// What is wrong with it, if anything.
    pub(crate) fn problem(&self, errors: Option<Errors>) -> Option<String> {
        if self.times == 0 {
            return Some("times: must be at least 1".to_owned());
        }
        if self.delay_ms > MAX_DELAY_MS {
            return Some(format!("delay_ms: must be at most {MAX_DELAY_MS}"));
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Some("status: must be 200 to 599".to_owned());
        }
        let bad = self.headers.iter().find(|(name, value)| {
            HeaderName::try_from(name.as_str()).is_err() || HeaderValue::try_from(value.as_str()).is_err()
        });
        if let Some((name, _)) = bad {
            return Some(format!("headers: {name:?} or its value is not allowed in HTTP"));
        }
        if let Some(name) = &self.error
            && errors.is_none_or(|errors| errors(name).is_none())
        {
            return Some(format!("error: {name:?} is no error of this service"));
        }
        let answers = self.status.is_some() || self.body.is_some() || !self.headers.is_empty() || self.error.is_some();
        if self.cut.is_some() && (answers || self.reset) {
            return Some("cut: goes with no other answer than the real one".to_owned());
        }
        if self.reset && answers {
            return Some("reset: goes with neither status nor body nor headers nor error".to_owned());
        }
        None
    }

    /// The answer to give instead of the real one and its body; `None` when the real one is to be given after the delay.
    pub(crate) fn answer(&self, errors: Option<Errors>) -> Option<(Response<Body>, String)> {
        if self.reset || self.cut.is_some() {
            return None;
        }
        let named = self.error.as_deref().and_then(|name| errors?(name));
        let plain = self.status.is_none() && self.body.is_none() && self.headers.is_empty() && named.is_none();
        if plain && self.delay_ms > 0 {
            return None;
        }
        let (status, headers, body) = match named {
            Some(named) => (named.status, named.headers, named.body),
            None => (StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), String::new()),
        };
        let text = self.body.clone().unwrap_or(body);
        let media_type = match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => "application/json",
            Err(_) => "text/plain; charset=utf-8",
        };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status.map_or(status, |status| {
            StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
        });
        *response.headers_mut() = headers;
        if !text.is_empty() {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (
                HeaderName::try_from(name.as_str()),
                HeaderValue::try_from(value.as_str()),
            ) {
                response.headers_mut().insert(name, value);
            }
        }
        *response.body_mut() = match response.headers().contains_key(CONTENT_LENGTH) {
            true => Body::new(UnsizedBody::new(text.clone())),
            false => Body::from(text.clone()),
        };
        Some((response, text))
    }
}

/// The faults that are still pending, in the order in which they were asked for.
#[derive(Default)]
pub(crate) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.lock().push_back(fault);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn pending(&self) -> Vec<Fault> {
        self.lock().iter().cloned().collect()
    }

    /// Takes one turn of the first fault that applies to the path.
    pub(crate) fn take(&self, path: &str) -> Option<Fault> {
        let mut faults = self.lock();
        let applies = |fault: &Fault| {
            fault
                .path
                .as_ref()
                .is_none_or(|prefix| path.starts_with(prefix.as_str()))
        };
        let index = faults.iter().position(applies)?;
        let fault = faults.get_mut(index)?;
        fault.times = fault.times.saturating_sub(1);
        let taken = fault.clone();
        if taken.times == 0 {
            faults.remove(index);
        }
        Some(taken)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Fault>> {
        // A panic elsewhere leaves a whole list behind: nothing here stops half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
