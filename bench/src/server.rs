//! Blocking servers on loopback: a few threads share one listener, and each serves one connection at a time.
//!
//! There is no event loop on purpose: an exchange costs one `read` and one `write`, and nothing is woken but its own thread.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::wire::{Reader, Request};

/// What a server does with its connections.
pub trait Handler: Send + Sync + 'static {
    /// What it remembers of one connection.
    type Connection;

    /// A connection was accepted; called on the thread that serves it.
    fn opened(&self) -> Self::Connection;

    /// Answers one request by writing to `stream`. An error closes the connection.
    ///
    /// # Errors
    /// Whatever makes it impossible to go on with this connection.
    fn answer(&self, connection: &mut Self::Connection, request: &Request<'_>, stream: &TcpStream) -> io::Result<()>;

    /// The connection has ended: `Ok` when the peer closed it between two requests.
    fn closed(&self, connection: Self::Connection, end: io::Result<()>);
}

/// Starts a server with `threads` threads, which bounds its open connections; they end with the process.
///
/// # Errors
/// The loopback interface has no free port, or a thread cannot be started.
pub fn serve<H: Handler>(handler: &Arc<H>, threads: usize) -> io::Result<SocketAddr> {
    let listener = Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?);
    let address = listener.local_addr()?;
    for _ in 0..threads {
        let (listener, handler) = (Arc::clone(&listener), Arc::clone(handler));
        thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            loop {
                // A connection that was reset before it was accepted is no reason to stop.
                if let Ok((stream, _)) = listener.accept() {
                    let mut connection = handler.opened();
                    let end = converse(handler.as_ref(), &mut connection, &stream);
                    handler.closed(connection, end);
                }
            }
        })?;
    }
    Ok(address)
}

fn converse<H: Handler>(handler: &H, connection: &mut H::Connection, stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = Reader::default();
    while let Some(request) = reader.next(stream)? {
        handler.answer(connection, &request, stream)?;
    }
    Ok(())
}
