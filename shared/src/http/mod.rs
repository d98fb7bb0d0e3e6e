//! The front door: events of a load balancer, an API Gateway or a Function URL become an [`http::Request`] and its
//! answer the shape that the same front expects; and the outbound client, with the proxy on its way.
//!
//! Architecture invariant: whatever bytes an event holds, reading it never panics. It gives a request or an
//! [`Unreadable`] that knows which front asked.

mod answer;
pub(crate) mod driven;
mod event;
pub mod outbound;
pub mod proxy;
mod query;
mod target;

use bytes::Bytes;

pub use answer::{FrontAnswer, STREAM_MEDIA_TYPE, header_text, stream_prelude};
pub use event::read;
pub use query::{encode_pairs, pairs, pairs_of};
pub use target::{encode_path, encode_query};

/// What stands in front of the function; it decides the event's and the answer's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Front {
    /// An Application Load Balancer whose target group has `lambda.multi_value_headers.enabled` off.
    AlbSingleValue,
    /// An Application Load Balancer with `lambda.multi_value_headers.enabled` on.
    AlbMultiValue,
    /// An API Gateway REST API, or an HTTP API with payload format 1.0.
    ApiGatewayV1,
    /// An API Gateway HTTP API with payload format 2.0.
    ApiGatewayV2,
    /// A Lambda Function URL; payload format 2.0.
    FunctionUrl,
    /// Nothing that this suite knows.
    Unknown,
}

impl Front {
    /// A stable word for logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::AlbSingleValue => "alb_single_value",
            Self::AlbMultiValue => "alb_multi_value",
            Self::ApiGatewayV1 => "api_gateway_v1",
            Self::ApiGatewayV2 => "api_gateway_v2",
            Self::FunctionUrl => "function_url",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the event tells the order of query parameters as the client sent them.
    pub fn keeps_query_order(self) -> bool {
        matches!(self, Self::ApiGatewayV2 | Self::FunctionUrl)
    }

    /// The largest answer that the front takes, in bytes of the JSON document: 1 MB behind a load balancer,
    /// Lambda's own 6 MB elsewhere.
    pub fn max_answer_bytes(self) -> usize {
        match self {
            Self::AlbSingleValue | Self::AlbMultiValue => 1024 * 1024,
            _ => 6 * 1024 * 1024,
        }
    }
}

/// What an event tells beside the request itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontContext {
    /// Where the request came through.
    pub front: Front,
    /// The path as the event has it, before anything that a URI cannot hold was percent-encoded and with the
    /// stage that API Gateway puts before it.
    pub raw_path: String,
    /// The stage of an API Gateway; `$default` for a Function URL.
    pub stage: Option<String>,
    /// The caller's address as the front saw it. Absent behind a load balancer, which sends `x-forwarded-for`.
    pub source_ip: Option<String>,
    /// The front's own id of the request.
    pub request_id: Option<String>,
}

/// A request and where it came from. The URI holds path and query only: the stage of an API Gateway is dropped
/// from the path, everything else is as sent, with what a URI cannot hold percent-encoded.
#[derive(Debug)]
pub struct Inbound {
    /// Method, path and query, all headers with their repeats, and the decoded body.
    pub request: http::Request<Bytes>,
    /// Where it came from.
    pub context: FrontContext,
}

/// An event that holds no request that could be served. The answer is a 400 in the shape of `front`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Who asked, as far as the event tells.
    pub front: Front,
    /// A stable word: `malformed_event`, `bad_method`, `bad_path`, `bad_header` or `bad_body`.
    pub reason: &'static str,
}

impl Unreadable {
    /// The answer for a function that has no error shape of its own: 400 with `{"message":"Bad Request"}`.
    pub fn answer(&self) -> FrontAnswer {
        let mut response = http::Response::new(Bytes::from_static(br#"{"message":"Bad Request"}"#));
        *response.status_mut() = http::StatusCode::BAD_REQUEST;
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        FrontAnswer::new(self.front, response)
    }
}
