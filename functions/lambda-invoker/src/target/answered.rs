//! An answer of a target: whole, or with a body that is still to come.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use shared::http::outbound::{Arriving, BodyError, Client, Received};

use super::function::stream::Payload;
use super::{Answer, Circuit};
use crate::account::Account;
use crate::error::Failure;

/// So much of an error's body is read before it is passed on: mostly all of it, and enough for the log and for what
/// decides about another attempt.
const ERROR_READ_AHEAD: usize = 64 * 1024;

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
}

impl Rest {
    /// How many bytes are still to come, if that is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Endpoint(arriving) => arriving.length(),
            Self::Function(_) => None,
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
        }
    }
}

/// Reads an endpoint's answer: whole, or its head and, of an error, some of the body.
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
    let is_error = head.status.is_client_error() || head.status.is_server_error();
    let ahead = if is_error { ERROR_READ_AHEAD } else { 0 };
    let mut start = BytesMut::new();
    // What is known to be empty is read to its end too, so that the connection can be used again.
    while start.len() < ahead || arriving.length() == Some(0) {
        match arriving.next().await? {
            Some(data) => start.extend_from_slice(&data),
            None => return Ok((head, start.freeze(), None)),
        }
    }
    Ok((head, start.freeze(), Some(Rest::Endpoint(arriving))))
}
