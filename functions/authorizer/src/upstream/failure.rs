//! What it means when the HTTP client gives no answer.

use std::error::Error;
use std::io;

/// Why one attempt gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// A connection from the pool died before the first byte of an answer: frozen environments wake up to those.
    Stale,
    /// No connection, or it broke.
    Connect,
    /// The certificate does not verify, or what answers does not speak TLS.
    Tls,
    /// Time ran out.
    Timeout,
}

impl Failure {
    /// The kind of an error of the HTTP client; `reused` tells that the connection presumably came from the pool.
    pub(super) fn of(error: &reqwest::Error, reused: bool) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            if is_tls(error) { Self::Tls } else { Self::Connect }
        } else if reused {
            Self::Stale
        } else {
            Self::Connect
        }
    }
}

/// The TLS stack reports what it does not accept as invalid data. I/O errors hide in one another.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = next {
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        next = match io_error.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
