//! HTTP clients that are built when they are first needed, and shared by all targets that want the same.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Client;
use shared::http::{ClientOptions, client};

use crate::error::Failure;

/// What tells one HTTP client from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// Whether connections are encrypted.
    pub https: bool,
    /// Time for TCP and TLS together.
    pub connect_timeout: Duration,
    /// Certificate authorities in PEM that are trusted beside the system's.
    pub ca: Option<Arc<Vec<u8>>>,
}

/// A client for a key. Reading the system's certificates takes time that a start does not have to spend, so it is built
/// with the first request.
#[derive(Debug)]
pub struct LazyClient {
    key: ClientKey,
    built: OnceLock<Client>,
}

impl LazyClient {
    /// The client, built now if it is not yet.
    ///
    /// # Errors
    /// [`Failure::UpstreamTls`] when the certificates cannot be used.
    pub fn get(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.built.get() {
            return Ok(client);
        }
        let mut options = ClientOptions::new(concat!("lambda-invoker/", env!("CARGO_PKG_VERSION")));
        options.connect_timeout = self.key.connect_timeout;
        options.ca_bundle = self.key.ca.as_deref().cloned();
        options.https = self.key.https;
        let client = client(&options).map_err(|_| Failure::UpstreamTls)?;
        Ok(self.built.get_or_init(|| client))
    }
}

/// All clients of a table.
#[derive(Debug, Default)]
pub struct Clients(Vec<Arc<LazyClient>>);

impl Clients {
    /// The client for a key: one that is there already, or a new one.
    pub fn of(&mut self, key: ClientKey) -> Arc<LazyClient> {
        if let Some(known) = self.0.iter().find(|client| client.key == key) {
            return known.clone();
        }
        let client = Arc::new(LazyClient {
            key,
            built: OnceLock::new(),
        });
        self.0.push(client.clone());
        client
    }
}
