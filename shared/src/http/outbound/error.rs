//! Why there is no answer.

use std::error::Error;
use std::fmt;

/// Why a request got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// No connection: name not found, refused, reset, or a proxy that opens no tunnel.
    Connect,
    /// The name leads only to addresses that no target may have.
    AddressRefused,
    /// No connection in time.
    ConnectTimeout,
    /// The TLS handshake failed.
    Tls,
    /// The connection ended before an answer.
    Broken {
        /// Whether a byte of the request was written.
        written: bool,
        /// Whether it was a connection that had served a request before: the other side may have left it long ago.
        reused: bool,
    },
    /// The peer answered, but not in HTTP.
    NotHttp,
}

impl SendError {
    /// A word for the log about what the error of a request that failed does not tell, if there is one.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::AddressRefused => Some("address_refused"),
            Self::Broken { written: true, .. } => Some("connection_broken"),
            _ => None,
        }
    }

    /// Whether the target cannot have seen anything of the request, although it is there to be asked again.
    pub fn is_unsent(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::ConnectTimeout | Self::Broken { written: false, .. }
        )
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::AddressRefused => "the name leads to an address that is not allowed",
            Self::ConnectTimeout => "no connection in time",
            Self::Tls => "the TLS handshake failed",
            Self::Broken { .. } => "the connection ended before an answer",
            Self::NotHttp => "the answer is not HTTP",
        })
    }
}

impl Error for SendError {}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than the limit.
    TooLarge,
    /// The connection ended while it arrived.
    Broken,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is larger than the limit",
            Self::Broken => "the connection ended while the body arrived",
        })
    }
}

impl Error for BodyError {}
