//! What an invoked function's reply means.

mod halves;
mod response;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::Answer;
use super::refusal::word;
use crate::account::Account;
use crate::error::Failure;
use crate::response as client;
use crate::routes::{FunctionErrors, ReplyFormat};
use response::Shape;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Reads the reply of a function that did its work.
///
/// # Errors
/// [`Failure::BadReply`] for what the format does not take.
pub(super) fn read(
    format: ReplyFormat,
    reply: Bytes,
    method: &Method,
    account: &mut Account,
) -> Result<Answer, Failure> {
    if format == ReplyFormat::Raw {
        return whole(reply, method);
    }
    match response::members(&reply) {
        Some(members) if members.status.is_some() => response::read(format.into(), &members, JSON, method, account),
        // Format 2.0 alone takes any JSON for a body of its own, as HTTP APIs and Function URLs do.
        _ if format == ReplyFormat::V2 => whole(reply, method),
        _ => Err(Failure::BadReply),
    }
}

/// Reads the prelude of a streamed reply: a response without its body. One that names no content type is of bytes.
///
/// # Errors
/// [`Failure::BadReply`] for what is no response.
pub(super) fn begun(prelude: &[u8], method: &Method, account: &mut Account) -> Result<Answer, Failure> {
    let members = response::members(prelude).ok_or(Failure::BadReply)?;
    response::read(Shape::Prelude, &members, BYTES, method, account)
}

/// Takes the reply's bytes as the body, whatever JSON they are.
fn whole(reply: Bytes, method: &Method) -> Result<Answer, Failure> {
    serde_json::from_slice::<&RawValue>(&reply).map_err(|_| Failure::BadReply)?;
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
    client::answer(StatusCode::OK, headers, reply, method)
}

/// The failure of a function that ended in an error. Its type goes to the log; its message, which may hold anything,
/// goes nowhere unless the route passes it on.
pub(super) fn function_error(reply: Bytes, errors: FunctionErrors, account: &mut Account) -> Failure {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Thrown {
        error_type: Option<String>,
        error_message: Option<String>,
    }
    let thrown: Option<Thrown> = serde_json::from_slice(&reply)
        .ok()
        .or_else(|| serde_json::from_str(&halves::replaced(std::str::from_utf8(&reply).ok()?, halves::SHOWN)?).ok());
    let thrown = thrown.unwrap_or_default();
    let timed_out = thrown
        .error_message
        .is_some_and(|message| message.contains("Task timed out after"))
        || thrown.error_type.as_deref() == Some("Sandbox.Timedout");
    account.error(thrown.error_type.as_deref().and_then(word));
    let is_json = || serde_json::from_slice::<&RawValue>(&reply).is_ok();
    Failure::FunctionError {
        status: if timed_out {
            StatusCode::GATEWAY_TIMEOUT
        } else {
            errors.status
        },
        passed: (errors.passed && is_json()).then_some(reply),
    }
}
