//! The canonical request: method, path, query, headers, names of the signed headers, payload hash.

use http::HeaderMap;

use super::{PathRule, SignedRequest};

/// The whole canonical request.
pub(super) fn request(request: SignedRequest<'_>, signed_headers: &[String], rule: PathRule, payload: &str) -> String {
    let (wire_path, wire_query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let path = path(wire_path, rule);
    let query = query(wire_query);
    let headers: String = signed_headers
        .iter()
        .map(|name| format!("{name}:{}\n", header(request.headers, name)))
        .collect();
    let names = signed_headers.join(";");
    format!("{}\n{path}\n{query}\n{headers}\n{names}\n{payload}", request.method)
}

/// The path that is signed for a path on the wire.
fn path(wire: &str, rule: PathRule) -> String {
    let normal = if rule.normalize {
        normalized(wire)
    } else {
        wire.to_owned()
    };
    let path = if normal.is_empty() { "/".to_owned() } else { normal };
    if !rule.encode {
        return path;
    }
    path.bytes().fold(String::new(), |mut encoded, byte| {
        if byte == b'/' || byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

/// Removes empty, `.` and `..` segments (RFC 3986, section 5.2.4); a slash at the end stays.
fn normalized(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let ends_open = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    match (kept.is_empty(), ends_open) {
        (true, _) => "/".to_owned(),
        (false, true) => format!("/{}/", kept.join("/")),
        (false, false) => format!("/{}", kept.join("/")),
    }
}

/// The pairs of the query as they were sent, in the order of their names, then of their values; a lone name gets a `=`.
fn query(wire: &str) -> String {
    if wire.is_empty() {
        return String::new();
    }
    let mut pairs: Vec<(&str, &str)> = wire
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// A header's values, each trimmed and with runs of white space made one space, joined with commas in their order.
fn header(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    });
    values.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let lambda = PathRule {
            encode: true,
            normalize: true,
        };
        let cases = [
            ("", "/"),
            ("/", "/"),
            ("//a///b/", "/a/b/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/..", "/"),
            ("/../../a", "/a"),
            ("/a/b/..", "/a/"),
            ("/a%20b", "/a%2520b"),
            ("/%2e%2e/a", "/%252e%252e/a"),
            ("/@x(1):2", "/%40x%281%29%3A2"),
            ("/-_.~", "/-_.~"),
        ];
        for (wire, expected) in cases {
            assert_eq!(path(wire, lambda), expected, "{wire}");
        }
        assert_eq!(
            path(
                "//a/../b%20",
                PathRule {
                    encode: false,
                    normalize: false
                }
            ),
            "//a/../b%20"
        );
    }

    #[test]
    fn queries() {
        let cases = [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1", "a=1&a=2"),
            ("flag", "flag="),
            ("a-=1&a=2", "a=2&a-=1"),
            ("x=a+b&y=%2F", "x=a+b&y=%2F"),
            ("a=b=c", "a=b=c"),
        ];
        for (wire, expected) in cases {
            assert_eq!(query(wire), expected, "{wire}");
        }
    }
}
