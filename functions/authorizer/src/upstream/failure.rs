//! What it means when the HTTP client gives no answer.

use shared::http::outbound::SendError;

/// Why one attempt gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// A connection that was kept died before the first byte of an answer: frozen environments wake up to those.
    Stale,
    /// No connection, or it broke.
    Connect,
    /// The certificate does not verify, or what answers does not speak TLS.
    Tls,
    /// Time ran out.
    Timeout,
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Tls => Self::Tls,
            SendError::ConnectTimeout => Self::Timeout,
            SendError::Broken { reused: true, .. } => Self::Stale,
            SendError::Connect | SendError::AddressRefused | SendError::Broken { .. } | SendError::NotHttp => {
                Self::Connect
            }
        }
    }
}
