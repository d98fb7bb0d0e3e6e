//! Answers that are sent while they are still being made.

use std::convert::Infallible;
use std::future::Future;

use bytes::Bytes;

use super::InvocationError;
use crate::Deadline;

/// What a handler answers: all at once, or bit by bit.
#[derive(Debug)]
pub enum Reply<Answer, Body> {
    /// The whole answer.
    Whole(Answer),
    /// The start of an answer, and what will come after it.
    Stream {
        /// Status and headers, as [`crate::http::stream_prelude`] writes them.
        prelude: Vec<u8>,
        /// The body.
        body: Body,
    },
}

/// A body that is made while it is sent. It is asked for one piece after the other, each when the one before has been
/// taken, and dropped as soon as nobody wants it any more.
pub trait StreamBody: Send + 'static {
    /// The next piece, or nothing at the end.
    ///
    /// An error ends the invocation with it: Lambda breaks the answer off where it stands. Comes in time, or as an
    /// error shortly after the deadline.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, InvocationError>> + Send;

    /// Until when all of it must have been taken. How it ends may take [`super::STREAM_GRACE`] longer.
    fn deadline(&self) -> Deadline;

    /// A piece was not taken until then: the body will be asked for nothing more. Gives the error that it ends with.
    fn late(&mut self) -> InvocationError;

    /// Lambda has not taken it, whatever the reason: it could not be reached, closed the connection, or refused.
    fn refused(&mut self);

    /// Lambda has taken all of it.
    fn delivered(&mut self);
}

/// The body of functions that never stream.
impl StreamBody for Infallible {
    async fn next(&mut self) -> Result<Option<Bytes>, InvocationError> {
        match *self {}
    }

    fn deadline(&self) -> Deadline {
        match *self {}
    }

    fn late(&mut self) -> InvocationError {
        match *self {}
    }

    fn refused(&mut self) {}

    fn delivered(&mut self) {}
}
