//! An HTTP/1.1 connection that runs only while something is awaited from it.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use tokio::time::timeout;

/// An answer that has just been read leaves its connection ready in much less time than this.
const SETTLING: Duration = Duration::from_millis(20);

/// Makes requests on a driven connection.
pub(crate) type Sender = http1::SendRequest<Full<Bytes>>;

/// The working side of a connection, which nothing else runs. A task of its own for each would cost two changes of tasks
/// a request, and there is nothing to be done on a connection that nobody waits for: whether the other side has left is
/// looked at before the next request. Closed when it is dropped.
pub(crate) struct Driven<S: Read + Write>(Option<Running<S>>);

type Running<S> = Pin<Box<http1::Connection<S, Full<Bytes>>>>;

impl<S: Read + Write> fmt::Debug for Driven<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Driven").field(&self.0.is_some()).finish()
    }
}

impl<S: Read + Write + Unpin> Driven<S> {
    /// Takes a connection over.
    pub(crate) fn new(connection: http1::Connection<S, Full<Bytes>>) -> Self {
        Self(Some(Box::pin(connection)))
    }

    /// Whether the next request may go out, as far as this side knows. The other side may have answered the last one before
    /// it had read all of it, and may never do so.
    pub(crate) async fn takes_another(&mut self, sender: &mut Sender) -> bool {
        sender.is_ready()
            || timeout(SETTLING, self.run(sender.ready()))
                .await
                .is_ok_and(|ready| ready.is_ok())
    }

    /// Whether it has ended, as far as this side knows.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.is_none()
    }

    /// What `awaited` comes to, while the connection runs beside it.
    pub(crate) async fn run<T>(&mut self, awaited: impl Future<Output = T>) -> T {
        let mut awaited = pin!(awaited);
        std::future::poll_fn(|context| {
            if let Poll::Ready(output) = awaited.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            if let Some(connection) = &mut self.0
                && connection.as_mut().poll(context).is_ready()
            {
                // Whoever still waits for it learns of its end by this.
                self.0 = None;
            }
            // What has just come in is looked at now, and not after another round.
            awaited.as_mut().poll(context)
        })
        .await
    }
}
