//! Who asks a front of a stack: by the front's address, for the host that leads there once its name does, and with a reason
//! where nothing comes.

use std::time::Duration;

use http::header::{HOST, HeaderValue};
use http::uri::Authority;
use reqwest::{Certificate, Client, ClientBuilder, Method, RequestBuilder};
use url::{Host, Url};

/// A front's base URL and the client that asks it.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    client: Client,
    base: String,
    host: Option<HeaderValue>,
}

impl Caller {
    /// `url` is the front's base. With a `host` that one is asked for, and the certificate must be its own, but the
    /// connection goes where the URL leads: never by a proxy, which would look for the name itself. `ca` is a PEM of
    /// authorities that are trusted beside the system's.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn new(url: &str, host: Option<&str>, ca: Option<&[u8]>, patience: Duration) -> Result<Self, String> {
        let mut client = builder(ca, patience)?;
        let mut base = url.trim_end_matches('/').to_owned();
        if let Some(host) = host {
            let parsed: Result<Authority, _> = host.parse();
            let authority = parsed.map_err(|_| "the host is no host".to_owned())?;
            client = client.no_proxy();
            if let Some((named, addresses)) = named(&base, authority.host()) {
                client = client.resolve_to_addrs(authority.host(), &addresses);
                base = named;
            }
        }
        let header = host.map(HeaderValue::from_str).transpose();
        Ok(Self {
            client: client.build().map_err(|error| error.to_string())?,
            base,
            host: header.map_err(|_| "the host is no host".to_owned())?,
        })
    }

    /// A request for a path and query, which may have any spelling that a URL has.
    ///
    /// # Errors
    /// A sentence, where base and path make no URL.
    pub(crate) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, String> {
        let url = Url::parse(&format!("{}{path}", self.base)).map_err(|_| "base and path make no URL".to_owned())?;
        let request = self.client.request(method, url);
        Ok(match &self.host {
            Some(host) => request.header(HOST, host),
            None => request,
        })
    }
}

/// A client of authorities that are trusted beside the system's; it follows no redirects.
///
/// # Errors
/// A sentence.
pub(crate) fn builder(ca: Option<&[u8]>, patience: Duration) -> Result<ClientBuilder, String> {
    let client = Client::builder()
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none());
    let Some(pem) = ca else { return Ok(client) };
    let authorities = Certificate::from_pem_bundle(pem).unwrap_or_default();
    if authorities.is_empty() {
        return Err("the authority's certificate is no PEM".to_owned());
    }
    Ok(authorities
        .into_iter()
        .fold(client, ClientBuilder::add_root_certificate))
}

/// The URL with this name in it, and where the URL itself leads. `None` for a host that is an address, which says itself
/// where it is, and for a URL that leads nowhere, of which the request will tell.
fn named(base: &str, host: &str) -> Option<(String, Vec<std::net::SocketAddr>)> {
    let mut url = Url::parse(base).ok()?;
    if !matches!(Host::parse(host), Ok(Host::Domain(_))) {
        return None;
    }
    let addresses = url.socket_addrs(|| None).ok()?;
    url.set_host(Some(host)).ok()?;
    Some((url.as_str().trim_end_matches('/').to_owned(), addresses))
}

/// The innermost reason why nothing came, which is the one that helps, such as the names that a certificate is for. It
/// holds no URL.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests;
