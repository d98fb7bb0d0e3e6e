//! What a route matches: hosts, a path with or without a tail, methods.

use std::borrow::Cow;

use http::Method;
use shared::http::encode_path;

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

    /// Reads a `uri`: it starts with `/`; a `*` may stand at its end and nowhere else.
    ///
    /// # Errors
    /// What is wanted.
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
        let path = upper_escapes(&encode_path(path)).into_owned();
        Ok(if wildcard {
            Self::Prefix(path)
        } else {
            Self::Exact(path)
        })
    }

    /// The tail that `path` leaves, empty for an exact path; `None` when the pattern does not match.
    /// `/aws/*` also takes `/aws/`, whose tail is empty.
    pub fn tail<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self {
            Self::Exact(exact) => (exact == path).then_some(""),
            Self::Prefix(prefix) => path.strip_prefix(prefix.as_str()),
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

/// The path with the digits of its escapes in upper case.
pub fn upper_escapes(path: &str) -> Cow<'_, str> {
    let lower = |at: usize| path.as_bytes().get(at).is_some_and(u8::is_ascii_lowercase);
    let is_lower = |(at, _): (usize, &str)| lower(at + 1) || lower(at + 2);
    if !path.match_indices('%').any(is_lower) {
        return Cow::Borrowed(path);
    }
    let mut digits = 0;
    Cow::Owned(
        path.chars()
            .map(|letter| {
                if letter == '%' {
                    digits = 2;
                    letter
                } else if digits > 0 {
                    digits -= 1;
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect(),
    )
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
