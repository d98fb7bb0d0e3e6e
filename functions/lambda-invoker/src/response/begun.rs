//! The start of a streamed answer.

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_LENGTH, HeaderValue};
use shared::http::stream_prelude;

use super::{Caller, has_body};
use crate::error::Failure;
use crate::target::{Answered, Circuit, Rest};

/// What a client gets at once, and what it gets later.
#[derive(Debug)]
pub struct Begun {
    /// Status and headers.
    pub prelude: Vec<u8>,
    /// The status.
    pub status: u16,
    /// The body, or the start of it.
    pub start: Bytes,
    /// What is still to come of the body.
    pub rest: Option<Rest>,
    /// Is told how that went.
    pub circuit: Option<Circuit>,
    /// Why the answer is not the target's.
    pub failure: Option<Failure>,
}

/// The prelude, its status, and what is there of the body.
type Head = (Vec<u8>, u16, Bytes);

impl Caller<'_> {
    /// Begins a streamed answer with a result. A head that is too large for the front has failed; what tells that has
    /// nothing of the route's or the client's if there is no room for it.
    pub fn begin(&self, result: Result<Answered, Failure>) -> Begun {
        let failure = match result {
            Ok(answered) => {
                let Answered { answer, rest, circuit } = answered;
                let length = match &rest {
                    None => Some(0),
                    Some(rest) => rest.length(),
                };
                if let Some((prelude, status, start)) = self.head(answer, length) {
                    return Begun {
                        prelude,
                        status,
                        start,
                        rest,
                        circuit,
                        failure: None,
                    };
                }
                Failure::ResponseTooLarge
            }
            Err(failure) => failure,
        };
        let (prelude, status, start) = self
            .head(self.failed(&failure), Some(0))
            .or_else(|| self.undressed(self.failed(&failure), Some(0)))
            .unwrap_or_default();
        Begun {
            prelude,
            status,
            start,
            rest: None,
            circuit: None,
            failure: Some(failure),
        }
    }

    /// `length` is that of what is still to come: by it a client can tell that something is missing.
    fn head(&self, mut response: Response<Bytes>, length: Option<u64>) -> Option<Head> {
        self.dress(&mut response);
        self.undressed(response, length)
    }

    fn undressed(&self, response: Response<Bytes>, length: Option<u64>) -> Option<Head> {
        let (mut head, start) = response.into_parts();
        let length = length.map(|length| length.saturating_add(start.len() as u64));
        if let Some(length) = length
            && has_body(head.status, &self.method)
        {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let prelude = stream_prelude(self.front, &head)?;
        Some((prelude, head.status.as_u16(), start))
    }
}
