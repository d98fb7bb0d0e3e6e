//! An answer's body, piece by piece as it arrives.

use std::sync::Arc;

use bytes::Bytes;
use http::response;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::{BodyError, Client, Connection, Received};

/// A body that is still arriving. Nothing is read ahead: who is slow to ask for the next piece slows the other side
/// down. The connection is kept for the next request once the body has ended, and closed if it is dropped before.
#[derive(Debug)]
pub struct Arriving {
    body: Incoming,
    /// Until the body has ended.
    connection: Option<Connection>,
    client: Arc<Client>,
    left: usize,
}

impl Received<'_> {
    /// The head, and the body as it arrives, of at most `limit` bytes. `client` is the one that has sent the request.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] if the other side says so beforehand.
    pub fn arriving(self, client: &Arc<Client>, limit: usize) -> Result<(response::Parts, Arriving), BodyError> {
        let (parts, body) = self.response.into_parts();
        if body.size_hint().lower() > limit as u64 {
            return Err(BodyError::TooLarge);
        }
        let arriving = Arriving {
            body,
            connection: Some(self.connection),
            client: client.clone(),
            left: limit,
        };
        Ok((parts, arriving))
    }
}

impl Arriving {
    /// How many bytes are still to come, if the other side has told it.
    pub fn length(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// The next piece, or nothing once the body has ended. Trailers are left behind: they belong to one connection
    /// unless both sides know them.
    ///
    /// # Errors
    /// [`BodyError`]; nothing comes after it.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        while let Some(connection) = &mut self.connection {
            let Some(frame) = connection.driven.run(self.body.frame()).await else {
                break;
            };
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
                continue;
            };
            self.left = self.left.checked_sub(data.len()).ok_or(BodyError::TooLarge)?;
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
        if let Some(connection) = self.connection.take() {
            self.client.keep(connection);
        }
        Ok(None)
    }
}
