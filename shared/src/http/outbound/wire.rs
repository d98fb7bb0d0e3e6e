//! One TCP connection that counts what is written to it, and that looks whether the other side is still there before a
//! request goes out on it again.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is known about a connection from the outside.
#[derive(Debug, Default)]
pub(super) struct Record {
    look_first: AtomicBool,
    written: AtomicU64,
}

impl Record {
    /// A request goes out now; `look_first` if the connection was used before.
    pub(super) fn begin(&self, look_first: bool) {
        self.written.store(0, Ordering::Relaxed);
        self.look_first.store(look_first, Ordering::Relaxed);
    }

    /// Whether not one byte was handed to the system since the request began.
    pub(super) fn nothing_written(&self) -> bool {
        self.written.load(Ordering::Relaxed) == 0
    }
}

/// The connection itself. TLS lies above it, so that a byte counts when it leaves this process and not before.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    record: Arc<Record>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> (Self, Arc<Record>) {
        let record = Arc::new(Record::default());
        let wire = Self {
            stream,
            record: record.clone(),
        };
        (wire, record)
    }

    /// Refuses the first write of a request if the other side has closed the connection or said something unasked: what
    /// is written then is lost, or answered with what was meant for somebody else. The system is asked itself, since
    /// what the runtime knows of a socket may be older than a freeze of this process.
    fn look(&self) -> io::Result<()> {
        if !self.record.look_first.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        match SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Counts what was written of `length` bytes. What the other side does not take any more counts as written once it has
    /// had some of the request: its answer may have come before, and nobody would read it after an error.
    fn count(&self, written: Poll<io::Result<usize>>, length: usize) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.record.written.fetch_add(bytes as u64, Ordering::Relaxed);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) if has_left(&error) && !self.record.nothing_written() => Poll::Ready(Ok(length)),
            other => other,
        }
    }
}

fn has_left(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.look()?;
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.count(written, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.look()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.count(written, slices.iter().map(|slice| slice.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_that_the_other_side_has_left_is_not_written_to() {
        for says_something in [false, true] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            let (mut wire, record) = Wire::new(stream);
            record.begin(true);
            wire.write_all(b"one").await.unwrap();
            assert!(!record.nothing_written());
            record.begin(true);
            assert!(record.nothing_written());
            if says_something {
                peer.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();
            }
            drop(peer);
            assert!(wire.write_all(b"two").await.is_err());
            assert!(record.nothing_written());
        }
    }

    #[tokio::test]
    async fn an_answer_is_read_although_the_request_was_not_wanted_to_its_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (peer, _) = listener.accept().await.unwrap();
        let mut peer = peer.into_std().unwrap();
        let (mut wire, record) = Wire::new(stream);
        record.begin(false);
        wire.write_all(&[b'x'; 1000]).await.unwrap();
        peer.write_all(b"HTTP/1.1 413 Content Too Large\r\n\r\n").unwrap();
        // It has not read what was written, so that this resets the connection.
        drop(peer);
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..3 {
            wire.write_all(&[b'x'; 1000]).await.unwrap();
        }
        let mut answer = Vec::new();
        let _ = wire.read_to_end(&mut answer).await;
        assert!(answer.starts_with(b"HTTP/1.1 413"), "{answer:?}");
        // A request of which nothing was written may still go out anew.
        record.begin(false);
        assert!(wire.write_all(b"next").await.is_err());
        assert!(record.nothing_written());
    }
}
