//! How a function is invoked, and what the Invoke API is told beside the payload.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use serde_json::Value;

use super::{Fields, Problems};

/// The Base64 of a client context, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#lambda-Invoke-request-ClientContext>).
const LONGEST_CONTEXT: usize = 3583;

/// The id of a tenant, in bytes.
const LONGEST_TENANT: usize = 256;

/// How a function is invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invocation {
    /// The answer is the function's reply.
    RequestResponse,
    /// The answer is the function's reply, bit by bit where it is made so.
    ResponseStream,
    /// The function runs later, and nobody waits for it.
    Event,
    /// The function does not run: the service tells whether it would.
    DryRun,
}

/// What the Invoke API is told beside the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvokeSettings {
    /// How the function is invoked.
    pub invocation: Invocation,
    /// The end of the function's log is asked for, and stands in ours.
    pub log_tail: bool,
    /// The client context, in Base64.
    pub client_context: Option<String>,
    /// The tenant of a function that has several.
    pub tenant_id: Option<String>,
    /// The header of a request whose value names the execution of a durable function.
    pub durable_execution_header: Option<HeaderName>,
}

impl InvokeSettings {
    /// Reads what is not about the payload.
    pub(super) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let invocations = [
            ("request_response", Invocation::RequestResponse),
            ("response_stream", Invocation::ResponseStream),
            ("event", Invocation::Event),
            ("dry_run", Invocation::DryRun),
        ];
        let invocation = fields.choice("invocation", Invocation::RequestResponse, &invocations, problems);
        let settings = Self {
            invocation,
            log_tail: fields.choice("log_type", false, &[("none", false), ("tail", true)], problems),
            client_context: read_context(fields, problems),
            tenant_id: read_tenant(fields, problems),
            durable_execution_header: read_header(fields, problems),
        };
        if matches!(invocation, Invocation::Event | Invocation::DryRun) {
            for (name, there) in [
                ("log_type", settings.log_tail),
                ("client_context", settings.client_context.is_some()),
            ] {
                if there {
                    problems.add(&fields.path_of(name), "needs an invocation that waits for the function");
                }
            }
        }
        settings
    }
}

fn read_context(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let field = fields.get("client_context")?;
    field.members(problems);
    let Value::Object(_) = field.value else { return None };
    let encoded = STANDARD.encode(field.value.to_string());
    if encoded.len() > LONGEST_CONTEXT {
        let what = format_args!("{} bytes of Base64 are more than {LONGEST_CONTEXT}", encoded.len());
        problems.add(&field.path, what);
    }
    Some(encoded)
}

fn read_tenant(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let field = fields.get("tenant_id")?;
    let id = field.text(problems)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/=+-@ ".contains(&byte);
    // A header's value has no spaces around it.
    if id.len() > LONGEST_TENANT || id.trim() != id || !id.bytes().all(legal) {
        let what = "must be 1 to 256 letters, digits, spaces within and \"._:/=+-@\"";
        problems.add(&field.path, what);
    }
    Some(id.to_owned())
}

fn read_header(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<HeaderName> {
    let field = fields.get("durable_execution_header")?;
    let name = field.text(problems)?;
    let parsed = HeaderName::from_bytes(name.as_bytes());
    parsed
        .map_err(|_| problems.add(&field.path, "must be a header's name"))
        .ok()
}

/// Whether a text may name the execution of a durable function: 1 to 64 letters, digits, `-` and `_`.
pub fn is_execution_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(legal)
}
