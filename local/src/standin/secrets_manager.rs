//! A stand-in for AWS Secrets Manager (AWS JSON 1.1): `GetSecretValue` and `PutSecretValue`.
//!
//! The caller must send a Signature Version 4 `Authorization` header; its signature is not checked, since any credentials will do here.

mod api;
#[cfg(test)]
mod tests;
mod vault;

use std::collections::BTreeMap;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use self::vault::Vault;
use super::StandIn;

/// A running stand-in for Secrets Manager.
pub struct SecretsManager {
    standin: StandIn,
    vault: Arc<Vault>,
}

impl SecretsManager {
    /// Serves these secrets (by name) on a socket that is bound already.
    ///
    /// # Errors
    /// The socket has no address. Must be called within a tokio runtime.
    pub fn start(listener: TcpListener, secrets: BTreeMap<String, String>) -> io::Result<Self> {
        let vault = Arc::new(Vault::default());
        for (name, value) in secrets {
            vault.put(&name, value);
        }
        let router = Router::new().fallback(api::answer).with_state(vault.clone());
        Ok(Self {
            standin: StandIn::start(listener, router)?,
            vault,
        })
    }

    /// The full ARN that a secret of this name has or would have. The six characters at its end depend on the name alone.
    pub fn arn(&self, name: &str) -> String {
        vault::arn(name)
    }

    /// Stores a new version as `AWSCURRENT`; the version before becomes `AWSPREVIOUS`. An unknown name is created.
    pub fn put(&self, name: &str, value: &str) {
        self.vault.put(name, value.to_owned());
    }
}

impl Deref for SecretsManager {
    type Target = StandIn;

    /// What every stand-in has: its address, the calls that it keeps, the faults that it is given.
    fn deref(&self) -> &StandIn {
        &self.standin
    }
}
