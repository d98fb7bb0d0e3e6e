//! The addresses that answers hold. Clients pick a class by `https://<host>/v2/room/<id>` and send their next request to
//! it, so each is `https`, at the host that the client can reach, without a slash at its end.

use http::header::HOST;
use http::{HeaderMap, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Where HipChat's API lived; for a request that does not say where it went.
const HIPCHAT: &str = "api.hipchat.com";

/// What may stand in a path's segment as it is (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The base of all addresses: `https://host`, with its port if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// The base that the operator set, without a slash at its end; else the host that the request went to.
    pub fn of<T>(public_url: Option<&str>, request: &Request<T>) -> Self {
        Self(public_url.map_or_else(
            || format!("https://{}", host_of(request.headers()).unwrap_or(HIPCHAT)),
            str::to_owned,
        ))
    }

    /// An address below `/v2/`: segments joined by slashes, each written so that it stays one.
    pub fn at(&self, segments: &[&str]) -> String {
        let mut address = format!("{}/v2", self.0);
        for segment in segments {
            address.push('/');
            address.extend(utf8_percent_encode(segment, SEGMENT));
        }
        address
    }
}

/// The host, if it is one: a name or an address, and a port.
fn host_of(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (!host.is_empty() && host.len() <= 255 && host.bytes().all(fits)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(public_url: Option<&str>, host: Option<&str>) -> Base {
        let mut request = Request::new(());
        if let Some(host) = host {
            request.headers_mut().insert(HOST, host.parse().unwrap());
        }
        Base::of(public_url, &request)
    }

    #[test]
    fn addresses_are_https_at_the_host_that_was_asked() {
        let room = |base: Base| base.at(&["room", "7"]);
        assert_eq!(
            room(base(None, Some("h.example.com:8443"))),
            "https://h.example.com:8443/v2/room/7"
        );
        assert_eq!(room(base(None, Some("[::1]:80"))), "https://[::1]:80/v2/room/7");
        assert_eq!(
            room(base(Some("https://chat.example.com"), Some("h.example.com"))),
            "https://chat.example.com/v2/room/7"
        );
        for odd in [None, Some("a/b"), Some("a\"b"), Some(""), Some("a@b")] {
            assert_eq!(room(base(None, odd)), "https://api.hipchat.com/v2/room/7", "{odd:?}");
        }
    }

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(
            base(None, None).at(&["room", "Lost/Found & é", "webhook"]),
            "https://api.hipchat.com/v2/room/Lost%2FFound%20%26%20%C3%A9/webhook"
        );
    }
}
