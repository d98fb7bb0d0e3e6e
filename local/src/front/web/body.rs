//! The body of an answer: whole, or as it comes out of the function.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::mpsc;

use crate::function::Stream;

/// The body of an answer.
pub(super) enum Body {
    /// All of it, until it was taken.
    Whole(Option<Bytes>),
    /// What a task hands on, and whether the end that it has broken off with is only to be told.
    Streamed(mpsc::Receiver<Result<Bytes, Broken>>, bool),
}

/// The function failed in the middle: the connection is closed before the body has ended.
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function failed in the middle of its reply")
    }
}

impl std::error::Error for Broken {}

impl Body {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub(super) fn streamed(start: Bytes, mut stream: Stream) -> Self {
        let (pieces, waiting) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut next = Ok(Some(start));
            while let Ok(Some(piece)) = next {
                if !piece.is_empty() && pieces.send(Ok(piece)).await.is_err() {
                    // The client has left; the function goes on without an audience.
                    return;
                }
                next = stream.next().await.map_err(|_| Broken);
            }
            if let Err(broken) = next {
                let _ = pieces.send(Err(broken)).await;
            }
        });
        Self::Streamed(waiting, false)
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Streamed(_, true) => Poll::Ready(Some(Err(Broken))),
            Self::Streamed(pieces, broken) => match ready!(pieces.poll_recv(cx)) {
                Some(Err(Broken)) => {
                    // The server sends what it has while it waits, and drops it when the body fails.
                    *broken = true;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                piece => Poll::Ready(piece.map(|piece| piece.map(Frame::data))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Self::Whole(bytes) => hyper::body::SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Streamed(..) => hyper::body::SizeHint::default(),
        }
    }
}
