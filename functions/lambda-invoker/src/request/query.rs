//! Query parameters in one canonical encoding, which is what is sent and what is signed.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use crate::routes::QueryRules;

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
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Everything but the unreserved characters of RFC 3986.
pub(crate) const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

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

/// The query that goes out: the target's own pairs, then those of the client that the rules let through. Where the
/// front does not tell the client's order, names are sorted and repeats stay in theirs. Pairs that carry a signature
/// in the query (`X-Amz-…`) are dropped from a request that will be signed.
pub fn outgoing(base: &[Pair], client: &str, rules: &QueryRules, ordered: bool, signed: bool) -> Vec<Pair> {
    let mut pairs = base.to_vec();
    if !rules.forward || client.is_empty() {
        return pairs;
    }
    let mut forwarded = parse_pairs(client, rules.plus_as_space);
    forwarded.retain(|pair| {
        let taken = |names: &[String]| names.iter().any(|name| encode(name.as_bytes()) == pair.name);
        rules.allow.as_deref().is_none_or(taken)
            && !taken(&rules.deny)
            && (rules.allow_same_name || !base.iter().any(|own| own.name == pair.name))
            && !(signed && is_signature(&pair.name))
    });
    if !ordered {
        forwarded.sort_by(|left, right| left.name.cmp(&right.name));
    }
    pairs.append(&mut forwarded);
    pairs
}

fn is_signature(name: &str) -> bool {
    name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"))
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

    #[test]
    fn the_targets_pairs_come_first() {
        let base = parse_pairs("v=1&k=2", true);
        let out =
            |client: &str, rules: &QueryRules, ordered| write_pairs(&outgoing(&base, client, rules, ordered, true));
        let rules = QueryRules::default();
        assert_eq!(out("z=1&a=2&v=9&a=1", &rules, true), "v=1&k=2&z=1&a=2&v=9&a=1");
        assert_eq!(out("z=1&a=2&v=9&a=1", &rules, false), "v=1&k=2&a=2&a=1&v=9&z=1");
        assert_eq!(out("x-AMZ-Signature=1&X%2DAmz-Date=1&x=1", &rules, true), "v=1&k=2&x=1");
        let closed = QueryRules {
            allow_same_name: false,
            allow: Some(vec!["a b".to_owned(), "v".to_owned(), "d".to_owned()]),
            deny: vec!["d".to_owned()],
            ..QueryRules::default()
        };
        assert_eq!(
            out("a%20b=1&a+b=2&v=9&d=1&other=1", &closed, true),
            "v=1&k=2&a%20b=1&a%20b=2"
        );
        let silent = QueryRules {
            forward: false,
            ..QueryRules::default()
        };
        assert_eq!(out("a=1", &silent, true), "v=1&k=2");
    }
}
