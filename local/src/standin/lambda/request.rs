//! An invocation as it stands on the wire: path, query, headers, payload, and the limits of each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::wire::{form_pairs, percent_decoded};
use super::error::ApiError;
use super::name::Named;

/// The largest payload of a synchronous invocation, in bytes.
const MAX_SYNC: usize = 6_291_456;
/// The largest payload of an asynchronous one.
const MAX_EVENT: usize = 1_048_576;
/// The longest client context in Base64, in bytes.
const MAX_CLIENT_CONTEXT: usize = 3583;
const MAX_TENANT: usize = 256;

/// Which operation was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// `Invoke`.
    Invoke,
    /// `InvokeWithResponseStream`.
    Stream,
}

/// What is to be done with the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

/// A request that is well-formed.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    pub(super) operation: Operation,
    pub(super) function: Named,
    pub(super) kind: Kind,
    /// Whether the end of the log is wanted.
    pub(super) tail: bool,
    /// The client context as JSON.
    pub(super) client_context: Option<String>,
    pub(super) tenant_id: Option<String>,
    /// What stands after `Root=` in the trace that came with the request.
    pub(super) trace_root: Option<String>,
    pub(super) payload: Bytes,
}

impl Operation {
    /// The operation and the function's name, still percent-encoded; nothing for any other path.
    pub(super) fn of(method: &Method, path: &str) -> Option<(Self, String)> {
        if method != Method::POST {
            return None;
        }
        let named = |start: &str, end: &str| {
            let name = path.strip_prefix(start)?.strip_suffix(end)?;
            (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
        };
        if let Some(name) = named("/2015-03-31/functions/", "/invocations") {
            return Some((Self::Invoke, name));
        }
        let name = named("/2021-11-15/functions/", "/response-streaming-invocations")?;
        Some((Self::Stream, name))
    }
}

impl Invocation {
    /// Reads a request of the operation.
    ///
    /// # Errors
    /// The first member that breaks the model's constraints, a payload that is too large or no JSON.
    pub(super) fn read(
        operation: Operation,
        name: &str,
        parts: &Parts,
        payload: Bytes,
        region: &str,
    ) -> Result<Self, ApiError> {
        let headers = &parts.headers;
        let decoded = percent_decoded(name).unwrap_or_default();
        let query = form_pairs(parts.uri.query().unwrap_or_default());
        let qualifier = query.iter().find(|(name, _)| name == "Qualifier");
        let qualifier = qualifier.map(|(_, value)| value.as_str());
        let function = Named::read(&decoded, qualifier, region)?;
        let kind = kind(operation, headers)?;
        let tail = match header(headers, "x-amz-log-type") {
            None | Some("None") => false,
            Some("Tail") => true,
            Some(other) => return Err(not_in(other, "logType", "[None, Tail]")),
        };
        check_size(kind, payload.len())?;
        let payload = read_payload(payload)?;
        Ok(Self {
            operation,
            function,
            kind,
            tail,
            client_context: client_context(headers)?,
            tenant_id: tenant(headers)?,
            trace_root: header(headers, "x-amzn-trace-id").and_then(trace_root),
            payload,
        })
    }
}

fn kind(operation: Operation, headers: &HeaderMap) -> Result<Kind, ApiError> {
    match (header(headers, "x-amz-invocation-type"), operation) {
        (None | Some("RequestResponse"), _) => Ok(Kind::RequestResponse),
        (Some("DryRun"), _) => Ok(Kind::DryRun),
        (Some("Event"), Operation::Invoke) => Ok(Kind::Event),
        (Some(other), Operation::Invoke) => Err(not_in(other, "invocationType", "[Event, RequestResponse, DryRun]")),
        (Some(other), Operation::Stream) => Err(not_in(other, "invocationType", "[RequestResponse, DryRun]")),
    }
}

fn check_size(kind: Kind, len: usize) -> Result<(), ApiError> {
    let message = match kind {
        Kind::Event if len > MAX_EVENT => {
            format!("{len} byte payload is too large for the Event invocation type (limit {MAX_EVENT} bytes)")
        }
        Kind::RequestResponse | Kind::DryRun if len > MAX_SYNC => {
            format!("Request must be smaller than {MAX_SYNC} bytes for the InvokeFunction operation")
        }
        _ => return Ok(()),
    };
    Err(ApiError::new("RequestTooLargeException", message))
}

/// The payload as it came; nothing becomes `{}`.
fn read_payload(payload: Bytes) -> Result<Bytes, ApiError> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<&RawValue>(&payload) {
        Ok(_) => Ok(payload),
        Err(error) => {
            let message = format!(
                "Could not parse request body into json: Could not parse payload into json: line {}, column {}",
                error.line(),
                error.column()
            );
            Err(ApiError::new("InvalidRequestContentException", message))
        }
    }
}

/// The client context, decoded and written as JSON that fits into one header.
fn client_context(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(text) = header(headers, "x-amz-client-context") else {
        return Ok(None);
    };
    let refused = |message: &str| ApiError::new("InvalidRequestContentException", message);
    if text.len() > MAX_CLIENT_CONTEXT {
        return Err(refused(
            "Client context must be no more than 3583 bytes when base64-encoded.",
        ));
    }
    let decoded = STANDARD.decode(text).unwrap_or_default();
    match serde_json::from_slice::<Value>(&decoded) {
        Ok(context @ Value::Object(_)) => Ok(Some(context.to_string())),
        _ => Err(refused("Client context must be a valid Base64-encoded JSON object.")),
    }
}

fn tenant(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(text) = header(headers, "x-amz-tenant-id") else {
        return Ok(None);
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/=+-@ ".contains(&byte);
    if (1..=MAX_TENANT).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(Some(text.to_owned()));
    }
    let rule = "Member must satisfy regular expression pattern: [a-zA-Z0-9\\._:\\/=+\\-@ ]+";
    Err(ApiError::validation(text, "tenantId", rule))
}

fn trace_root(header: &str) -> Option<String> {
    let mut parts = header.split(';').map(str::trim);
    parts.find_map(|part| part.strip_prefix("Root=")).map(str::to_owned)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn not_in(value: &str, member: &str, set: &str) -> ApiError {
    ApiError::validation(value, member, &format!("Member must satisfy enum value set: {set}"))
}
