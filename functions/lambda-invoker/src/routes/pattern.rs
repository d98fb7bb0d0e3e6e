//! What a route matches: hosts, a path with or without a tail, methods.

use http::Method;
use shared::http::encode_path;

use super::spelling::{after, escaped, is_unreserved, spelt_out, upper_escapes};

/// The path that a route takes, in its encoded form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathPattern {
    /// This path alone.
    Exact(String),
    /// Every path that begins with this; what follows is the tail.
    Prefix(String),
}

impl PathPattern {
    /// The same as API Gateway writes it: `/{proxy+}` in place of `/*`.
    pub fn as_resource(&self) -> String {
        match self {
            Self::Exact(path) => path.clone(),
            Self::Prefix(start) => format!("{start}{{proxy+}}"),
        }
    }

    /// Reads a `uri`: it starts with `/`; a `*` may stand at its end and nowhere else. Whether a character of a path that
    /// has a meaning to some is escaped makes no difference, as in `/items%3Apurge` and `/items:purge`.
    ///
    /// # Errors
    /// What is wanted, also of a path that no request can have: such a route would not do what it is there for.
    pub fn parse(uri: &str) -> Result<Self, &'static str> {
        if !uri.starts_with('/') {
            return Err("must start with \"/\"");
        }
        let (path, wildcard) = match uri.strip_suffix('*') {
            Some(path) => (path, true),
            None => (uri, false),
        };
        if path.contains('*') {
            return Err("\"*\" is only allowed at the end");
        }
        if path.contains(['?', '#']) {
            return Err("must be a path, without \"?\" and \"#\"");
        }
        check_escapes(&upper_escapes(&encode_path(path)))?;
        let path = spelt_out(path);
        check_segments(&path, wildcard)?;
        Ok(if wildcard {
            Self::Prefix(path)
        } else {
            Self::Exact(path)
        })
    }

    /// The tail that `path` leaves, as it is spelt there and empty for an exact path; `None` when the pattern does not match.
    /// `/aws/*` also takes `/aws/`, whose tail is empty.
    pub fn tail<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self {
            Self::Exact(exact) => after(path, exact).filter(|tail| tail.is_empty()),
            Self::Prefix(prefix) => after(path, prefix),
        }
    }

    /// Whether it takes every path that `other` takes.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match self {
            Self::Exact(_) => self == other,
            Self::Prefix(prefix) => other.prefix().starts_with(prefix.as_str()),
        }
    }

    /// The pattern's own text, without the `*`.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Prefix(text) => text,
        }
    }

    /// Exact before prefixes, longer prefixes before shorter ones: greater is looked at first.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Exact(_) => usize::MAX,
            Self::Prefix(prefix) => prefix.len(),
        }
    }
}

/// Refuses escapes that keep a pattern from ever being found: a request that has them is refused, or was meant for the
/// plain spelling.
fn check_escapes(path: &str) -> Result<(), &'static str> {
    for (at, _) in path.match_indices('%') {
        match escaped(path.get(at..).unwrap_or_default()) {
            Some(..0x20 | 0x7f | b'\\') => return Err("must not have a backslash or a control character"),
            Some(b'/') => return Err("must not have an escaped slash"),
            Some(byte) if is_unreserved(byte) => {
                return Err("must not escape letters, digits, \"-\", \".\", \"_\" and \"~\"");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses segments that no request may have. What stands before a `*` is the start of one.
fn check_segments(path: &str, wildcard: bool) -> Result<(), &'static str> {
    if path.contains("//") {
        return Err("must not have two slashes in a row");
    }
    let mut segments = path.split('/').rev();
    let last = segments.next().filter(|last| !wildcard || last.contains(';'));
    let mut names = segments.chain(last).filter_map(|segment| segment.split(';').next());
    if names.any(|name| name == "." || name == "..") {
        return Err("must not have dot segments");
    }
    Ok(())
}

/// The hosts that a route takes, compared with the `Host` header without its port, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Every host, and a request without one.
    Any,
    /// Every name below this suffix, which begins with a dot.
    Suffix(String),
    /// This host alone.
    Exact(String),
}

impl HostPattern {
    /// Reads an exact host or `*.suffix`.
    ///
    /// # Errors
    /// What is wanted.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let lower = text.to_ascii_lowercase();
        let (name, wildcard) = match lower.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (lower.as_str(), false),
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let bracketed = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
        let named = !name.is_empty() && !name.starts_with('.') && name.bytes().all(legal);
        if !(named || bracketed && !wildcard) {
            return Err("must be a host name without port, or \"*.\" and a host name");
        }
        Ok(if wildcard {
            Self::Suffix(format!(".{name}"))
        } else {
            Self::Exact(name.to_owned())
        })
    }

    /// Whether the pattern takes `host`, which is in lower case and without port.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Suffix(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            Self::Exact(name) => name == host,
        }
    }

    /// Whether it matches every host that `other` matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Suffix(suffix), Self::Suffix(other)) => other.ends_with(suffix.as_str()),
            (_, Self::Exact(host)) => self.matches(host),
            _ => false,
        }
    }

    /// Exact before wildcards, longer suffixes before shorter ones, anything last: greater is looked at first.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Any => 0,
            Self::Suffix(suffix) => suffix.len(),
            Self::Exact(_) => usize::MAX,
        }
    }
}

/// The methods that a route takes; `None` is all of them.
pub type Methods = Option<Vec<Method>>;

/// Reads one method.
///
/// # Errors
/// What is wanted.
pub(super) fn parse_method(text: &str) -> Result<Method, &'static str> {
    match text {
        "CONNECT" | "TRACE" => Err("CONNECT and TRACE cannot be forwarded"),
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => {
            Method::from_bytes(text.as_bytes()).map_err(|_| "must be an HTTP method")
        }
        _ => Err("must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_may_only_end_a_path() {
        for (uri, expected) in [
            ("/", Ok(PathPattern::Exact("/".into()))),
            ("/aws", Ok(PathPattern::Exact("/aws".into()))),
            ("/aws/*", Ok(PathPattern::Prefix("/aws/".into()))),
            ("/aws*", Ok(PathPattern::Prefix("/aws".into()))),
            ("/*", Ok(PathPattern::Prefix("/".into()))),
            ("/caf%c3%a9/*", Ok(PathPattern::Prefix("/caf%C3%A9/".into()))),
            ("/dev ops/*", Ok(PathPattern::Prefix("/dev%20ops/".into()))),
            ("/a%3ab%40%2A", Ok(PathPattern::Exact("/a:b@*".into()))),
            ("/100%/%zz", Ok(PathPattern::Exact("/100%25/%25zz".into()))),
            ("aws", Err("must start with \"/\"")),
            ("", Err("must start with \"/\"")),
            ("/a*b", Err("\"*\" is only allowed at the end")),
            ("/a/**", Err("\"*\" is only allowed at the end")),
        ] {
            assert_eq!(PathPattern::parse(uri), expected, "{uri}");
        }
    }

    #[test]
    fn a_prefix_leaves_a_tail() {
        let tail = |uri: &str, path| PathPattern::parse(uri).unwrap().tail(path).map(str::to_owned);
        for (uri, path, expected) in [
            ("/aws", "/aws", Some("")),
            ("/aws", "/aws/", None),
            ("/aws/*", "/aws/", Some("")),
            ("/aws/*", "/aws", None),
            ("/aws/*", "/aws/a/b%2Fc", Some("a/b%2Fc")),
            ("/aws*", "/awsome", Some("ome")),
            ("/*", "/x", Some("x")),
            ("/a:b", "/a%3Ab", Some("")),
            ("/a%3Ab", "/a:b", Some("")),
            ("/a:b", "/a%3Abc", None),
            ("/a:b/*", "/a%3Ab/c%3Ad%2Fe", Some("c%3Ad%2Fe")),
            ("/a:*", "/a%3A%3A", Some("%3A")),
            ("/a*", "/a%3A", Some("%3A")),
            ("/a%253A", "/a%253A", Some("")),
            ("/a%253A", "/a%3A", None),
            ("/a:", "/a%253A", None),
            ("/é:/*", "/%C3%A9%3A/x", Some("x")),
            ("/a:b", "/a%40b", None),
            ("/a", "/%", None),
        ] {
            assert_eq!(tail(uri, path), expected.map(str::to_owned), "{uri} {path}");
        }
    }

    #[test]
    fn hosts_are_exact_or_below_a_suffix() {
        for (pattern, host, expected) in [
            ("api.example.com", "api.example.com", true),
            ("API.Example.com", "api.example.com", true),
            ("api.example.com", "xapi.example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("[::1]", "[::1]", true),
        ] {
            assert_eq!(
                HostPattern::parse(pattern).unwrap().matches(host),
                expected,
                "{pattern} {host}"
            );
        }
        for bad in ["", "*", "*.", "a b", "a.*", "a:80", "http://a", "*.[::1]"] {
            assert!(HostPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
