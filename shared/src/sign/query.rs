//! Query parameters in one canonical encoding, which is what is sent and what is signed.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// A query parameter with name and value percent-encoded: everything but `A-Za-z0-9-_.~`, upper-case digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Encoded name.
    pub name: String,
    /// Encoded value; empty for a name without `=`.
    pub value: String,
    /// Whether both are UTF-8.
    pub utf8: bool,
}

/// Reads a query: pairs between `&`, empty ones left out; escapes decoded once; `+` a space if `plus_as_space`.
pub fn parse_pairs(query: &str, plus_as_space: bool) -> Vec<Pair> {
    let mut decoded = Vec::new();
    query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let (name, good_name) = canonical(name, plus_as_space, &mut decoded);
            let (value, good_value) = canonical(value, plus_as_space, &mut decoded);
            Pair {
                name,
                value,
                utf8: good_name && good_value,
            }
        })
        .collect()
}

fn canonical(text: &str, plus_as_space: bool, decoded: &mut Vec<u8>) -> (String, bool) {
    if text.bytes().all(is_unreserved) {
        return (text.to_owned(), true);
    }
    decoded.clear();
    if plus_as_space && text.contains('+') {
        decoded.extend(percent_decode_str(&text.replace('+', " ")));
    } else {
        decoded.extend(percent_decode_str(text));
    }
    (encode(decoded), std::str::from_utf8(decoded).is_ok())
}

/// Whether a byte stands for itself everywhere in a URI (RFC 3986, section 2.3).
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Everything but the unreserved characters of RFC 3986.
pub(super) const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, &RESERVED).collect()
}

/// Writes pairs as a query string, without a `?`.
pub fn write_pairs(pairs: &[Pair]) -> String {
    let length = pairs.iter().map(|pair| pair.name.len() + pair.value.len() + 2).sum();
    let mut out = String::with_capacity(length);
    for pair in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&pair.name);
        out.push('=');
        out.push_str(&pair.value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(query: &str) -> String {
        write_pairs(&parse_pairs(query, true))
    }

    #[test]
    fn every_spelling_becomes_one() {
        for (query, expected) in [
            ("", ""),
            ("a=b+c", "a=b%20c"),
            (
                "with%20space=a%2Fb%20c&multi=m2&multi=m1&flag&a=*&a-=x",
                "with%20space=a%2Fb%20c&multi=m2&multi=m1&flag=&a=%2A&a-=x",
            ),
            ("a=%2b&b=%2B", "a=%2B&b=%2B"),
            ("&&a=1&&b=2&", "a=1&b=2"),
            ("a=b=c", "a=b%3Dc"),
            ("=v&flag&=", "=v&flag=&="),
            ("p=100%&q=%zz&r=%4", "p=100%25&q=%25zz&r=%254"),
            ("u=é", "u=%C3%A9"),
            ("d=a/b:c@d?e'f|g;h", "d=a%2Fb%3Ac%40d%3Fe%27f%7Cg%3Bh"),
            ("x=%FF", "x=%FF"),
        ] {
            assert_eq!(written(query), expected, "{query}");
        }
        assert_eq!(write_pairs(&parse_pairs("a=b+c", false)), "a=b%2Bc");
        assert!(!parse_pairs("x=%FF", true)[0].utf8);
        assert!(parse_pairs("x=%C3%A9", true)[0].utf8);
    }
}
