//! The Lambda Runtime API of the benchmark, as far as functions use it: next, response, error and init/error.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustix::thread::gettid;

use crate::event::Event;
use crate::server::{self, Handler};
use crate::session::{Expected, Session, excerpt};
use crate::wire::Request;

/// Connections that one function process may hold open to the Runtime API.
const CONNECTIONS: usize = 4;

const NEXT: &[u8] = b"/2018-06-01/runtime/invocation/next";
const INIT_ERROR: &[u8] = b"/2018-06-01/runtime/init/error";
const ACCEPTED: &[u8] =
    b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"status\":\"OK\"}\n";

/// The server: it belongs to whichever session was opened last.
#[derive(Debug)]
pub struct RuntimeApi {
    session: Mutex<Arc<Session>>,
}

impl RuntimeApi {
    /// Starts the server on a free loopback port.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub fn start() -> io::Result<(Arc<Self>, SocketAddr)> {
        let nobody = Session::new(
            Event::new("{}"),
            Expected {
                error: false,
                needle: "",
            },
        );
        nobody.stop();
        let api = Arc::new(Self {
            session: Mutex::new(Arc::new(nobody)),
        });
        let address = server::serve(&api, CONNECTIONS)?;
        Ok((api, address))
    }

    /// Opens the session of the process that is started next.
    #[must_use]
    pub fn open(&self, event: Event, expected: Expected) -> Arc<Session> {
        let session = Arc::new(Session::new(event, expected));
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&session);
        session
    }
}

impl Handler for RuntimeApi {
    type Connection = Arc<Session>;

    fn opened(&self) -> Arc<Session> {
        let session = Arc::clone(&self.session.lock().unwrap_or_else(PoisonError::into_inner));
        session.served_by(gettid());
        session
    }

    fn answer(&self, session: &mut Arc<Session>, request: &Request<'_>, mut stream: &TcpStream) -> io::Result<()> {
        let arrived = Instant::now();
        if request.target == NEXT {
            return session.hand_out(arrived, stream);
        }
        if request.target == INIT_ERROR {
            session.fail(format!("failed to start: {}", excerpt(request.body)));
        } else if let Err(what) = session.take_answer(arrived, request) {
            session.fail(what);
        }
        stream.write_all(ACCEPTED)
    }

    fn closed(&self, session: Arc<Session>, end: io::Result<()>) {
        // A function may close a connection that it does not need; its death is noticed by whoever watches the process.
        if let Err(error) = end {
            session.fail(format!("the connection to the Runtime API broke: {error}"));
        }
    }
}
