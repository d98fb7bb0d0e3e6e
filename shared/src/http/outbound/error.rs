//! Why there is no answer, and where that stands on the ladder.

use crate::error::Failure;

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
    },
    /// The peer answered, but not in HTTP.
    NotHttp,
}

impl SendError {
    /// Whether the target cannot have seen anything of the request, although it is there to be asked again.
    pub fn is_unsent(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::ConnectTimeout | Self::Broken { written: false }
        )
    }
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Failure::from(*self).rung().code)
    }
}

impl std::error::Error for SendError {}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Connect | SendError::AddressRefused | SendError::Broken { .. } => Self::UpstreamConnect,
            SendError::ConnectTimeout => Self::UpstreamTimeout,
            SendError::Tls => Self::UpstreamTls,
            SendError::NotHttp => Self::BadResponse,
        }
    }
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than the limit.
    TooLarge,
    /// The connection ended while it arrived.
    Broken,
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::ResponseTooLarge,
            BodyError::Broken => Self::BadResponse,
        }
    }
}
