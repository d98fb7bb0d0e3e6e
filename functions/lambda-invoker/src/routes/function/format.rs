//! What a function is given, how its reply is read, and what becomes of its errors.

use http::StatusCode;

use super::{Fields, Problems};

/// What a function is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadFormat {
    /// API Gateway's payload format 2.0, as HTTP APIs and Function URLs have it.
    V2,
    /// API Gateway's payload format 1.0, as REST APIs have it.
    V1,
    /// The event of an Application Load Balancer.
    Alb {
        /// Lists of values, as with the target group's `lambda.multi_value_headers.enabled`; otherwise the last value.
        multi_value: bool,
    },
    /// The request's body.
    Raw,
    /// An object of the request's parts, as Kong's `aws-lambda` plugin has it.
    Envelope(Envelope),
}

/// How a function's reply is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyFormat {
    /// Payload format 2.0: a response, or any other JSON as a body of its own.
    V2,
    /// Payload format 1.0: a response and nothing else.
    V1,
    /// What a load balancer takes: a response and nothing else.
    Alb,
    /// The reply is the answer's body.
    Raw,
}

/// The parts of a request that stand in an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// `request_method`.
    pub method: bool,
    /// `request_uri`: path and query, encoded.
    pub uri: bool,
    /// `request_uri_args`: the query's parameters.
    pub uri_args: bool,
    /// `request_headers`.
    pub headers: bool,
    /// `request_body`, and `request_body_base64`, which tells whether it is Base64.
    pub body: bool,
    /// `request_body_args`: what a form or a JSON document holds.
    pub body_args: bool,
}

/// What the caller learns of a function that ended in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionErrors {
    /// Status of the answer; 504 when the function ran out of its time.
    pub status: StatusCode,
    /// The error itself is the answer's body.
    pub passed: bool,
}

impl PayloadFormat {
    /// Reads `payload_format` and its details.
    pub(super) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let multi_value = fields.flag("multi_value_headers", false, problems);
        let envelope = Envelope::read(fields, problems);
        let words = [
            ("v2", Self::V2),
            ("v1", Self::V1),
            ("alb", Self::Alb { multi_value }),
            ("raw", Self::Raw),
            ("envelope", Self::Envelope(envelope)),
        ];
        let format = fields.choice("payload_format", Self::V2, &words, problems);
        if multi_value && fields.own("multi_value_headers").is_some() && !matches!(format, Self::Alb { .. }) {
            problems.add(&fields.path_of("multi_value_headers"), "needs payload_format \"alb\"");
        }
        if fields.own("envelope").is_some() && !matches!(format, Self::Envelope(_)) {
            problems.add(&fields.path_of("envelope"), "needs payload_format \"envelope\"");
        }
        format
    }
}

impl ReplyFormat {
    /// Reads `reply_format`: the payload's own, or raw.
    pub(super) fn read(fields: &mut Fields<'_>, payload: PayloadFormat, problems: &mut Problems) -> Self {
        let (word, own) = match payload {
            PayloadFormat::V2 => ("v2", Self::V2),
            PayloadFormat::V1 => ("v1", Self::V1),
            PayloadFormat::Alb { .. } => ("alb", Self::Alb),
            PayloadFormat::Raw => ("raw", Self::Raw),
            // What Kong calls proxy integration reads a reply as API Gateway does.
            PayloadFormat::Envelope(_) => ("envelope", Self::V1),
        };
        let words = [
            ("v2", Self::V2),
            ("v1", Self::V1),
            ("alb", Self::Alb),
            ("raw", Self::Raw),
            ("envelope", Self::V1),
        ];
        let format = fields.choice("reply_format", own, &words, problems);
        let path = fields.path_of("reply_format");
        let said = fields.get("reply_format").and_then(|field| field.value.as_str());
        let known = |said: &&str| words.iter().any(|(word, _)| word == said);
        if said.filter(known).is_some_and(|said| said != word && said != "raw") {
            problems.add(&path, format_args!("must be \"raw\" or the payload_format, \"{word}\""));
        }
        format
    }
}

impl Envelope {
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let mut parts = fields.object("envelope", problems);
        let mut part = |name| {
            let parts = parts.as_mut();
            parts.is_none_or(|parts| parts.flag(name, true, problems))
        };
        let envelope = Self {
            method: part("request_method"),
            uri: part("request_uri"),
            uri_args: part("request_uri_args"),
            headers: part("request_headers"),
            body: part("request_body"),
            body_args: part("request_body_args"),
        };
        if let Some(parts) = parts {
            parts.finish(problems);
        }
        envelope
    }
}

impl FunctionErrors {
    /// Reads `function_error_status` and `function_error_body`.
    pub(super) fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Self {
        let status = fields.number("function_error_status", &(400..=599), problems);
        let status = status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        let bodies = [("hide", false), ("pass", true)];
        Self {
            status: status.unwrap_or(StatusCode::BAD_GATEWAY),
            passed: fields.choice("function_error_body", false, &bodies, problems),
        }
    }
}
