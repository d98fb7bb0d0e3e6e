//! Where a client's connections lead, and what tells one client from another.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A name or an address, the latter without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Place {
    /// The place that a URL leads to.
    pub fn of(url: &Url) -> Self {
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        };
        Self {
            host,
            port: url.port_or_known_default().unwrap_or(443),
        }
    }

    /// Whether it is literally this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// `host:port`, as `CONNECT` has it.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Which connections are kept for the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// A connection that nobody used for this time, by the clock on the wall, is not used again.
    pub idle: Duration,
    /// How many idle connections are kept.
    pub pool: usize,
}

/// What tells one client from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// Whether connections are encrypted.
    pub https: bool,
    /// Where they lead.
    pub place: Place,
    /// The HTTP proxy on the way.
    pub proxy: Option<Place>,
    /// Time for name, TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// Certificate authorities in PEM that are trusted beside the system's.
    pub ca: Option<Arc<Vec<u8>>>,
    /// Which connections are kept; `None` keeps none.
    pub keep_alive: Option<KeepAlive>,
}
