//! What AWS puts before a function beside a load balancer: a Function URL, or a REST API with a Lambda proxy
//! integration. Each waits for whole replies or passes them on while they come.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>

mod answer;
mod body;
mod event;
mod prelude;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use self::answer::Refusal;
use self::body::Body;
use crate::{
    body::Unreadable,
    function::{Attributes, Function},
    server::Server,
};

/// The largest request that Lambda takes.
const MAX_REQUEST_BYTES: usize = 6 * 1024 * 1024;

/// The stage of the REST API: the first segment of every path.
const STAGE: &str = "/prod";

/// What stands before the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Function URL: payload format 2.0.
    FunctionUrl,
    /// A REST API with the one resource `/{proxy+}` and the stage `prod`: payload format 1.0.
    RestApi,
}

/// How replies are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// Whole: the invoke mode and response transfer mode `BUFFERED`.
    Buffered,
    /// While they come: `RESPONSE_STREAM`, `STREAM`.
    Streamed,
}

/// A running front without any authorization. Dropping it stops it.
#[derive(Debug)]
pub struct WebFront {
    server: Server,
    kind: Kind,
}

impl WebFront {
    /// Serves `function` on `listener`.
    ///
    /// # Errors
    /// The listener's own address cannot be read.
    pub fn start(listener: TcpListener, kind: Kind, transfer: Transfer, function: Function) -> io::Result<Self> {
        let server = Server::start(listener, None, move |request, peer| {
            let function = function.clone();
            async move { answer(kind, transfer, &function, request, peer).await }
        })?;
        Ok(Self { server, kind })
    }

    /// The base URL with the stage, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let stage = match self.kind {
            Kind::FunctionUrl => "",
            Kind::RestApi => STAGE,
        };
        format!("http://{}{stage}", self.server.address())
    }
}

async fn answer(
    kind: Kind,
    transfer: Transfer,
    function: &Function,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match crate::body::read(body, MAX_REQUEST_BYTES).await {
        Ok((body, _)) => body,
        Err(Unreadable::TooLarge) => return Refusal::TooLarge.response(kind),
        Err(Unreadable::Broken) => return Refusal::BadRequest.response(kind),
    };
    let Some(event) = event::build(kind, &head, &body, peer) else {
        return Refusal::NoStage.response(kind);
    };
    let event = Bytes::from(event.to_string());
    // A task of its own: the function goes on when the caller leaves.
    let invocation = {
        let function = function.clone();
        tokio::spawn(async move { function.stream(event, Attributes::default()).await })
    };
    let answered = match invocation.await {
        Ok(answered) => answered,
        Err(_) => return Refusal::Failed.response(kind),
    };
    let answer = match transfer {
        Transfer::Buffered => answer::whole(kind, answered.whole().await),
        Transfer::Streamed => answer::streamed(kind, answered).await,
    };
    answer.unwrap_or_else(|refusal| {
        function.note(&format!("{kind:?}: {refusal}"));
        refusal.response(kind)
    })
}
