//! Where a client's connections lead, and what tells one client from another.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Uri};
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

/// The path and query of a URL, as they go over the wire; `None` for a URL that leads nowhere.
pub fn target(url: &Url) -> Option<Uri> {
    url[url::Position::BeforePath..url::Position::AfterQuery].parse().ok()
}

/// The `host` header of a URL: its port stands there unless it is the scheme's own.
pub fn host_header(url: &Url) -> Option<HeaderValue> {
    url[url::Position::BeforeHost..url::Position::AfterPort].parse().ok()
}

/// Which addresses a name may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Any: whoever chose the URL is the operator.
    Anywhere,
    /// No link-local address, where metadata services live, and this machine only if the URL says so literally.
    Guarded,
    /// Only this machine and where ECS and EKS serve the credentials of a container; a name that leads to any other address
    /// leads nowhere.
    ContainerCredentials,
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
    /// Which addresses are connected to.
    pub reach: Reach,
}

impl ClientKey {
    /// The direct way to where a URL leads: any address, a connection within 500 ms, four idle connections kept for 60 s.
    pub fn to(url: &Url) -> Self {
        Self {
            https: url.scheme() == "https",
            place: Place::of(url),
            proxy: None,
            connect_timeout: Duration::from_millis(500),
            ca: None,
            keep_alive: Some(KeepAlive {
                idle: Duration::from_secs(60),
                pool: 4,
            }),
            reach: Reach::Anywhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (url, host, port, header, wire) in [
            (
                "https://slack.com/api/x?a=b%20c",
                "slack.com",
                443,
                "slack.com",
                "/api/x?a=b%20c",
            ),
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080", "/"),
            ("https://[::1]:443/a/#f", "::1", 443, "[::1]", "/a/"),
            ("http://user@h.example:81/", "h.example", 81, "h.example:81", "/"),
        ] {
            let url: Url = url.parse().unwrap();
            let place = Place::of(&url);
            assert_eq!((place.host.as_str(), place.port), (host, port));
            assert_eq!(host_header(&url).unwrap(), header);
            assert_eq!(target(&url).unwrap(), wire);
        }
    }
}
