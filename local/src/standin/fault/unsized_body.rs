//! A body that lies about its length.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

/// A body that does not tell its length, so that a `content-length` that promises more than there is goes out as it stands.
pub(super) struct UnsizedBody {
    data: Option<Bytes>,
    end: Pin<Box<Sleep>>,
}

impl UnsizedBody {
    pub(super) fn new(text: String) -> Self {
        // An early end makes hyper drop the connection with all that it has not written yet, so the end comes a little later.
        Self {
            data: Some(Bytes::from(text)),
            end: Box::pin(tokio::time::sleep(Duration::from_millis(50))),
        }
    }
}

impl hyper::body::Body for UnsizedBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        match this.data.take() {
            Some(data) => Poll::Ready(Some(Ok(hyper::body::Frame::data(data)))),
            None => this.end.as_mut().poll(cx).map(|()| None),
        }
    }
}
