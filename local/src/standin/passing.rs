//! A body on its way to the client: kept for the record as it passes, and cut off where a fault says so.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::Sleep;

use super::connection::Reset;
use super::control::Control;
use super::recorder::Ticket;

/// How long what was sent has to leave before the connection is reset.
const LAST_BYTES: Duration = Duration::from_millis(50);

/// Where the record of an answer goes.
pub(crate) struct Note {
    pub(crate) control: Arc<Control>,
    pub(crate) ticket: Ticket,
    pub(crate) status: u16,
    pub(crate) media_type: String,
}

/// A body that is noted as it passes.
pub(crate) struct Passing {
    inner: Body,
    seen: Vec<u8>,
    note: Note,
    cut: Option<Cut>,
}

/// A connection that is to be reset within the body.
struct Cut {
    left: usize,
    reset: Reset,
    end: Option<Pin<Box<Sleep>>>,
}

impl Passing {
    /// Lets the whole body pass, or only its first `cut` bytes, after which the connection is reset.
    pub(crate) fn new(inner: Body, note: Note, cut: Option<usize>, reset: Reset) -> Self {
        let cut = cut.map(|left| Cut { left, reset, end: None });
        Self {
            inner,
            seen: Vec::new(),
            note,
            cut,
        }
    }
}

impl Drop for Passing {
    /// At its end, or when the client has left: what was sent until then.
    fn drop(&mut self) {
        let note = &self.note;
        let recorder = &note.control.recorder;
        recorder.answer(note.ticket, note.status, &self.seen, &note.media_type);
    }
}

impl hyper::body::Body for Passing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if let Some(cut) = &mut this.cut
            && cut.left == 0
        {
            let end = cut.end.get_or_insert_with(|| Box::pin(tokio::time::sleep(LAST_BYTES)));
            return end.as_mut().poll(cx).map(|()| {
                cut.reset.set();
                Some(Err(io::ErrorKind::ConnectionReset.into()))
            });
        }
        let frame = match std::task::ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
            None => return Poll::Ready(None),
        };
        let Ok(mut data) = frame.into_data() else {
            return Poll::Ready(None);
        };
        if let Some(cut) = &mut this.cut {
            data.truncate(cut.left);
            cut.left -= data.len();
        }
        this.seen.extend_from_slice(&data);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}
