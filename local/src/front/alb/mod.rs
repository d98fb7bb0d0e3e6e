//! An Application Load Balancer with a Lambda target.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>

mod answer;
mod event;
mod page;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, EXPECT, UPGRADE},
    request::Parts,
};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;

use crate::{
    body::{self, Unreadable},
    function::{Function, Invoked},
    server::Server,
};

/// The largest request body, and the largest reply of the function: 1 MB each.
pub const MAX_BYTES: usize = 1024 * 1024;

const MAX_REQUEST_LINE_BYTES: usize = 16 * 1024;
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADERS_BYTES: usize = 64 * 1024;

/// How repeated headers and query parameters reach the function: the target group's
/// `lambda.multi_value_headers.enabled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderMode {
    /// Off: `headers` and `queryStringParameters`, where the last of several values wins.
    Single,
    /// On: only `multiValueHeaders` and `multiValueQueryStringParameters`, in the event and in the reply.
    Multi,
}

/// The settings of a load balancer.
#[derive(Debug, Clone)]
pub struct AlbOptions {
    /// The target.
    pub function: Function,
    /// How repeated headers are passed.
    pub mode: HeaderMode,
    /// How long a function may take before the caller gets 504. AWS's default is 60 seconds.
    pub idle_timeout: Duration,
    /// With TLS settings the listener speaks HTTPS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl AlbOptions {
    /// A plain HTTP listener in front of `function`, with an idle time-out of 60 seconds.
    #[must_use]
    pub fn new(function: Function, mode: HeaderMode) -> Self {
        Self {
            function,
            mode,
            idle_timeout: Duration::from_secs(60),
            tls: None,
        }
    }
}

/// A running load balancer with one listener. Dropping it stops it.
#[derive(Debug)]
pub struct Alb {
    server: Server,
    balancer: Arc<Balancer>,
}

#[derive(Debug)]
struct Balancer {
    options: AlbOptions,
    /// Where the listener is: `x-forwarded-port` and the target group's name come from it.
    address: SocketAddr,
}

impl Alb {
    /// Serves on `listener`.
    ///
    /// # Errors
    /// The listener's own address cannot be read.
    pub fn start(listener: TcpListener, options: AlbOptions) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let tls = options.tls.clone();
        let balancer = Arc::new(Balancer { options, address });
        let serving = balancer.clone();
        let server = Server::start(listener, tls, move |request, peer| {
            let balancer = serving.clone();
            async move { balancer.answer(request, peer).await }
        })?;
        Ok(Self { server, balancer })
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.balancer.options.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.server.address())
    }

    /// What a health check of the target group at `path` gives: the target's status code, 502 for a failed invocation.
    pub async fn health_check(&self, path: &str) -> StatusCode {
        let options = &self.balancer.options;
        let event = event::health_check(options.mode, &options.function, path);
        self.balancer.invoke(event, None).await.status()
    }
}

impl Balancer {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        if let Err(status) = acceptable(&head) {
            return page::of(status);
        }
        let body = match body::read(body, MAX_BYTES).await {
            Ok((body, _)) => body,
            Err(Unreadable::TooLarge) => return page::of(StatusCode::PAYLOAD_TOO_LARGE),
            Err(Unreadable::Broken) => return page::of(StatusCode::BAD_REQUEST),
        };
        let hop = event::Hop {
            peer: peer.ip(),
            port: self.address.port(),
            tls: self.options.tls.is_some(),
        };
        let (event, trace_root) = event::build(self.options.mode, &self.options.function, &head, &body, &hop);
        self.invoke(event, trace_root.as_deref()).await
    }

    async fn invoke(&self, event: Bytes, trace_root: Option<&str>) -> Response<Full<Bytes>> {
        let function = &self.options.function;
        // A task of its own: the function goes on when the caller leaves or the time is up.
        let invocation = {
            let (function, trace_root) = (function.clone(), trace_root.map(str::to_owned));
            tokio::spawn(async move { function.invoke_traced(event, trace_root.as_deref()).await })
        };
        let refusal = match tokio::time::timeout(self.options.idle_timeout, invocation).await {
            Err(_) => {
                function.note("load balancer: 504, the function did not answer within the idle time-out");
                return page::of(StatusCode::GATEWAY_TIMEOUT);
            }
            Ok(Ok(Invoked::Response(payload))) => match answer::read(self.options.mode, &payload) {
                Ok(response) => return response,
                Err(problem) => format!("LambdaInvalidResponse: {problem}"),
            },
            Ok(Ok(Invoked::Throttled)) => "LambdaThrottling".to_owned(),
            Ok(Ok(_)) => "LambdaUnhandled".to_owned(),
            Ok(Err(error)) => format!("LambdaInternalError: {error}"),
        };
        function.note(&format!("load balancer: 502, {refusal}"));
        page::of(StatusCode::BAD_GATEWAY)
    }
}

/// The limits that the load balancer checks before it invokes anything.
fn acceptable(head: &Parts) -> Result<(), StatusCode> {
    let websocket = head
        .headers
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if head.method == Method::CONNECT || websocket {
        return Err(StatusCode::BAD_REQUEST);
    }
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if head.method.as_str().len() + target + " HTTP/1.1 ".len() > MAX_REQUEST_LINE_BYTES {
        return Err(StatusCode::URI_TOO_LONG);
    }
    let sizes = || {
        head.headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + ": ".len())
    };
    if sizes().any(|size| size > MAX_HEADER_BYTES) || sizes().sum::<usize>() > MAX_HEADERS_BYTES {
        return Err(StatusCode::BAD_REQUEST);
    }
    // Who asks first whether to send a body is told before it is sent.
    let length = head
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if head.headers.contains_key(EXPECT) && length.is_some_and(|length| length > MAX_BYTES) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
