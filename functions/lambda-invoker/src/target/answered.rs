//! An answer of a target: whole, or with a body that is still to come.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use shared::http::outbound::{Arriving, BodyError, Client, Received};
use tokio::time::{Instant, timeout_at};

use super::function::stream::Payload;
use super::{Answer, Circuit};
use crate::account::Account;
use crate::error::Failure;

/// So much of an error's body is read before it is passed on, for the log and for the names of errors, ...
const ERROR_READ_AHEAD: usize = 2 * 1024;

/// ... if it comes within this time.
const ERROR_PATIENCE: Duration = Duration::from_millis(250);

/// How an answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The largest body, in bytes.
    pub limit: usize,
    /// Whether the body may be passed on while it arrives.
    pub streamed: bool,
}

/// A target's answer.
#[derive(Debug)]
pub struct Answered {
    /// The answer with its body, or with the start of it.
    pub answer: Answer,
    /// What is still to come of the body.
    pub rest: Option<Rest>,
    /// The circuit that has not been told yet how the answer ended.
    pub circuit: Option<Circuit>,
}

impl From<Answer> for Answered {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            rest: None,
            circuit: None,
        }
    }
}

/// The rest of a body.
#[derive(Debug)]
pub enum Rest {
    /// Of an endpoint's answer.
    Endpoint(Arriving),
    /// Of a function's reply.
    Function(Box<Payload>),
    /// Nothing comes any more of a body that broke off; so many bytes are missing, if that is known.
    Broken(Option<u64>),
}

impl Rest {
    /// How many bytes are still to come, if that is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Endpoint(arriving) => arriving.length(),
            Self::Function(_) => None,
            Self::Broken(missing) => *missing,
        }
    }

    /// The next piece, or nothing at the end.
    ///
    /// # Errors
    /// What broke the body off.
    pub async fn next(&mut self, account: &mut Account) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Endpoint(arriving) => Ok(arriving.next().await?),
            Self::Function(payload) => payload.next(account).await,
            Self::Broken(_) => Err(BodyError::Broken.into()),
        }
    }
}

/// Reads an endpoint's answer: whole, or its head and, of an error, what comes soon of the body. An error's status is
/// passed on whatever becomes of its body, unless that is seen to be too large.
pub(super) async fn read(
    received: Received<'_>,
    client: &Arc<Client>,
    reading: Reading,
) -> Result<(Parts, Bytes, Option<Rest>), BodyError> {
    if !reading.streamed {
        let (head, body) = received.read(reading.limit).await?;
        return Ok((head, body, None));
    }
    let (head, mut arriving) = received.arriving(client, reading.limit)?;
    if head.status.is_client_error() || head.status.is_server_error() {
        let (start, rest) = read_ahead(arriving).await?;
        return Ok((head, start, rest));
    }
    // What is known to be empty is read to its end, so that the connection can be used again.
    if arriving.length() == Some(0) && arriving.next().await?.is_none() {
        return Ok((head, Bytes::new(), None));
    }
    Ok((head, Bytes::new(), Some(Rest::Endpoint(arriving))))
}

/// The start of an error's body, and what is still to come of it.
async fn read_ahead(mut arriving: Arriving) -> Result<(Bytes, Option<Rest>), BodyError> {
    let until = Instant::now() + ERROR_PATIENCE;
    let mut start = BytesMut::new();
    while start.len() < ERROR_READ_AHEAD || arriving.length() == Some(0) {
        let missing = arriving.length();
        match timeout_at(until, arriving.next()).await {
            Ok(Ok(Some(data))) => start.extend_from_slice(&data),
            Ok(Ok(None)) => return Ok((start.freeze(), None)),
            Ok(Err(BodyError::TooLarge)) => return Err(BodyError::TooLarge),
            Ok(Err(BodyError::Broken)) => return Ok((start.freeze(), Some(Rest::Broken(missing)))),
            Err(_) => break,
        }
    }
    Ok((start.freeze(), Some(Rest::Endpoint(arriving))))
}
