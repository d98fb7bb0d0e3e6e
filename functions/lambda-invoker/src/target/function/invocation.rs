//! What the Invoke API is asked about a request, and told beside it.

use bytes::Bytes;
use http::Uri;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Surroundings, event};
use crate::error::Failure;
use crate::request::Outgoing;
use crate::request::headers::X_AMZN_TRACE_ID;
use crate::routes::{FunctionSettings, Invocation as Way, InvokeSettings, PayloadFormat, is_execution_name};

/// The largest payload of a synchronous invocation, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_PAYLOAD_BYTES: usize = 6_291_456;

/// The same of an invocation that nobody waits for.
const MAX_EVENT_BYTES: usize = 1_048_576;

const X_AMZ_INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");
const X_AMZ_LOG_TYPE: HeaderName = HeaderName::from_static("x-amz-log-type");
const X_AMZ_CLIENT_CONTEXT: HeaderName = HeaderName::from_static("x-amz-client-context");
const X_AMZ_TENANT_ID: HeaderName = HeaderName::from_static("x-amz-tenant-id");
const X_AMZ_DURABLE_EXECUTION_NAME: HeaderName = HeaderName::from_static("x-amz-durable-execution-name");

/// An invocation, as it goes out in each of its attempts.
#[derive(Debug)]
pub(super) struct Invocation {
    /// Path and query.
    pub(super) target: Uri,
    /// What the Invoke API is told in headers, all but those of the signature.
    pub(super) headers: HeaderMap,
    /// What the function is given.
    pub(super) payload: Bytes,
}

/// Makes the invocations of one function.
#[derive(Debug)]
pub(super) struct Invocations {
    /// Where it is invoked.
    target: Option<Uri>,
    /// What the Invoke API is told each time.
    headers: HeaderMap,
    way: Way,
    format: PayloadFormat,
    /// The header of a request that names the execution of a durable function.
    execution_header: Option<HeaderName>,
}

impl Invocations {
    /// The invocations of a function at `target`: path and query, unless they cannot stand in a request.
    pub(super) fn new(settings: &FunctionSettings, target: Option<Uri>) -> Self {
        Self {
            target,
            headers: headers(&settings.invoke),
            way: settings.invoke.invocation,
            format: settings.payload_format,
            execution_header: settings.invoke.durable_execution_header.clone(),
        }
    }

    /// What the service is asked about a request.
    ///
    /// # Errors
    /// 400 or 413 for a body or a header that the function cannot be given.
    pub(super) fn of(&self, outgoing: &Outgoing, surroundings: &Surroundings<'_>) -> Result<Invocation, Failure> {
        let payload = event::payload(self.format, outgoing, surroundings)?;
        let most = match self.way {
            Way::Event => MAX_EVENT_BYTES,
            Way::RequestResponse | Way::ResponseStream | Way::DryRun => MAX_PAYLOAD_BYTES,
        };
        if payload.len() > most {
            return Err(Failure::RequestTooLarge);
        }
        let mut headers = self.headers.clone();
        // The trace goes on, and with it Lambda's own count of functions that call each other in circles.
        if let Some(trace_id) = outgoing.headers.get(X_AMZN_TRACE_ID) {
            headers.insert(X_AMZN_TRACE_ID, trace_id.clone());
        }
        let named = self.execution_header.as_ref();
        if let Some(name) = named.and_then(|name| outgoing.headers.get(name)) {
            if !name.to_str().is_ok_and(is_execution_name) {
                return Err(Failure::BadHeader);
            }
            headers.insert(X_AMZ_DURABLE_EXECUTION_NAME, name.clone());
        }
        Ok(Invocation {
            target: self.target.clone().ok_or(Failure::Signing)?,
            headers,
            payload,
        })
    }
}

/// What the Invoke API is told in headers, whatever the request; what is not said is its default.
fn headers(settings: &InvokeSettings) -> HeaderMap {
    let text = |text: &Option<String>| HeaderValue::from_str(text.as_deref()?).ok();
    let way = match settings.invocation {
        Way::RequestResponse | Way::ResponseStream => None,
        Way::Event => Some(HeaderValue::from_static("Event")),
        Way::DryRun => Some(HeaderValue::from_static("DryRun")),
    };
    let told = [
        (X_AMZ_INVOCATION_TYPE, way),
        (
            X_AMZ_LOG_TYPE,
            settings.log_tail.then_some(HeaderValue::from_static("Tail")),
        ),
        (X_AMZ_CLIENT_CONTEXT, text(&settings.client_context)),
        (X_AMZ_TENANT_ID, text(&settings.tenant_id)),
    ];
    told.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}
