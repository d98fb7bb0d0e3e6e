//! What can become of an invocation.

use std::fmt;

use bytes::Bytes;
use serde_json::{Value, json};

/// The outcome of one invocation, as Lambda tells it to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invoked {
    /// The function answered; the bytes are its payload as it came.
    Response(Bytes),
    /// The function reported an error.
    FunctionError {
        /// `errorType` of the report, or `""`.
        error_type: String,
        /// `errorMessage` of the report, or `""`.
        error_message: String,
        /// The report as it came.
        payload: Bytes,
    },
    /// The time limit passed; the environment was killed.
    TimedOut {
        /// Lambda's sentence: `RequestId: … Error: Task timed out after 3.00 seconds`.
        message: String,
    },
    /// The process ended while it worked on the event, or the function was stopped.
    Crashed {
        /// Lambda's sentence: `RequestId: … Error: Runtime exited with error: exit status 1`.
        message: String,
    },
    /// The environment that was started for the event did not get ready.
    InitFailed(InitFailure),
    /// All environments are busy and the queue is full.
    Throttled,
}

impl Invoked {
    /// An error as a function would report it.
    #[must_use]
    pub fn function_error(error_type: &str, error_message: &str) -> Self {
        Self::FunctionError {
            error_type: error_type.to_owned(),
            error_message: error_message.to_owned(),
            payload: error_payload(error_type, error_message),
        }
    }

    /// The error report of a process: its body, read leniently.
    pub(super) fn from_report(payload: Bytes) -> Self {
        let (error_type, error_message) = read_report(&payload);
        Self::FunctionError {
            error_type,
            error_message,
            payload,
        }
    }

    /// The payload that Lambda's Invoke API would return, together with whether it carries `X-Amz-Function-Error`.
    /// Nothing for [`Invoked::Throttled`], which is an error of the API and not of the function.
    #[must_use]
    pub fn payload(&self) -> Option<(Bytes, bool)> {
        match self {
            Self::Response(payload) => Some((payload.clone(), false)),
            Self::FunctionError { payload, .. } => Some((payload.clone(), true)),
            Self::TimedOut { message } => Some((error_payload("Sandbox.Timedout", message), true)),
            Self::Crashed { message } => Some((error_payload("Runtime.ExitError", message), true)),
            Self::InitFailed(failure) => Some((failure.payload.clone(), true)),
            Self::Throttled => None,
        }
    }
}

/// Why an environment did not get ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitFailure {
    /// The function's name.
    pub function: String,
    /// `errorType` of the report, `Runtime.ExitError` without one, `Sandbox.Timedout` after the time limit,
    /// `Runtime.InvalidEntrypoint`
    /// when the program could not be started.
    pub error_type: String,
    /// `errorMessage` of the report, or a sentence about the process's end.
    pub error_message: String,
    /// The JSON document that a caller of the function would get.
    pub payload: Bytes,
    /// What the process printed, in order.
    pub lines: Vec<String>,
}

impl InitFailure {
    pub(super) fn new(function: &str, error_type: &str, error_message: &str) -> Self {
        Self {
            function: function.to_owned(),
            error_type: error_type.to_owned(),
            error_message: error_message.to_owned(),
            payload: error_payload(error_type, error_message),
            lines: Vec::new(),
        }
    }

    /// A failure that the process reported itself.
    pub(super) fn from_report(function: &str, payload: Bytes) -> Self {
        let (error_type, error_message) = read_report(&payload);
        Self {
            function: function.to_owned(),
            error_type,
            error_message,
            payload,
            lines: Vec::new(),
        }
    }
}

impl fmt::Display for InitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} did not start: {}: {}",
            self.function, self.error_type, self.error_message
        )?;
        for line in &self.lines {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InitFailure {}

fn error_payload(error_type: &str, error_message: &str) -> Bytes {
    json!({ "errorMessage": error_message, "errorType": error_type })
        .to_string()
        .into()
}

fn read_report(payload: &[u8]) -> (String, String) {
    let report: Value = serde_json::from_slice(payload).unwrap_or(Value::Null);
    let text = |member: &str| {
        report
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    (text("errorType"), text("errorMessage"))
}
