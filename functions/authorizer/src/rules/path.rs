//! The path of a request as route rules look at it: one spelling for each path, and none for those that someone else
//! might read differently. Pure.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path in one spelling: repeated slashes and a slash at the end make no difference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path<'a> {
    raw: Vec<&'a str>,
    /// The same with its escapes resolved, if it has any.
    decoded: Option<Vec<String>>,
}

/// Two ways of looking something up for a path: by its segments as written, and with their escapes resolved. A gateway
/// may do either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Readings<T> {
    pub(super) written: T,
    pub(super) resolved: T,
}

impl<'a> Path<'a> {
    /// Reads a path. `None` for one that servers read in different ways: with a segment `.` or `..`, with an escaped
    /// slash, backslash or control character, or with a broken escape.
    pub(crate) fn read(path: &'a str) -> Option<Self> {
        let raw: Vec<&str> = path
            .strip_prefix('/')?
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        if !path.contains('%') {
            return raw
                .iter()
                .all(|segment| is_plain(segment))
                .then_some(Self { raw, decoded: None });
        }
        let decoded = raw
            .iter()
            .map(|segment| decode(segment).filter(|segment| is_plain(segment)).map(Cow::into_owned))
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            raw,
            decoded: Some(decoded),
        })
    }

    /// Whether any of it is written with an escape.
    pub(crate) fn has_escapes(&self) -> bool {
        self.decoded.is_some()
    }

    /// The segments with their escapes resolved.
    pub(crate) fn resolved(&self) -> impl Iterator<Item = &str> {
        let decoded = self.decoded.iter().flatten().map(String::as_str);
        let raw: &[&str] = if self.has_escapes() { &[] } else { &self.raw };
        decoded.chain(raw.iter().copied())
    }

    /// What `find` gives for the path, both ways.
    pub(super) fn look_up<T: Copy>(&self, find: impl Fn(&[&str]) -> T) -> Readings<T> {
        let written = find(&self.raw);
        let resolved = self.decoded.as_ref().map_or(written, |decoded| {
            let decoded: Vec<&str> = decoded.iter().map(String::as_str).collect();
            find(&decoded)
        });
        Readings { written, resolved }
    }
}

/// Whether a path is another spelling of the one that it is looked up as: with a slash at its end, or two in a row. A
/// gateway may take it for another route.
pub(super) fn is_respelled(path: &str) -> bool {
    path != "/" && (path.ends_with('/') || path.contains("//"))
}

fn is_plain(segment: &str) -> bool {
    !matches!(segment, "." | "..")
        && !segment
            .chars()
            .any(|letter| letter.is_control() || matches!(letter, '/' | '\\'))
}

/// A segment with its escapes resolved; `None` when one is broken, or when it is not UTF-8 afterwards.
fn decode(segment: &str) -> Option<Cow<'_, str>> {
    let mut pieces = segment.split('%');
    pieces.next();
    let good = |piece: &str| {
        piece
            .get(..2)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if !pieces.all(good) {
        return None;
    }
    percent_decode_str(segment).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_each_path() {
        let orders = Path::read("/orders/42");
        for path in ["/orders/42/", "//orders/42", "/orders//42", "/orders/42//"] {
            assert_eq!(Path::read(path), orders, "{path}");
        }
        assert_eq!(Path::read("/"), Path::read("//"));
        assert_ne!(Path::read("/Orders/42"), orders);
    }

    #[test]
    fn paths_that_have_two_readings_have_none() {
        for path in [
            "",
            "orders",
            "/.",
            "/a/./b",
            "/a/../b",
            "/a/..",
            "/%2e",
            "/a/%2E%2e/b",
            "/.%2e",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00",
            "/a%0d",
            "/a\u{7f}",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%+1",
            "/%ff",
        ] {
            assert_eq!(Path::read(path), None, "{path}");
        }
        for path in [
            "/...",
            "/.well-known",
            "/a%20b",
            "/urn%3Aisbn%3A1",
            "/b%C3%BCcher",
            "/a%252fb",
        ] {
            assert!(Path::read(path).is_some(), "{path}");
        }
    }

    #[test]
    fn escapes_are_looked_up_both_ways() {
        let is_export = |path: &[&str]| path == ["export"];
        for (path, written, resolved) in [
            ("/export", true, true),
            ("/import%20", false, false),
            ("/%65xport", false, true),
        ] {
            let readings = Path::read(path).unwrap().look_up(is_export);
            assert_eq!(readings, Readings { written, resolved }, "{path}");
        }
    }

    #[test]
    fn other_spellings() {
        for (path, expected) in [
            ("/", false),
            ("/a", false),
            ("/a/", true),
            ("//", true),
            ("/a//b", true),
            ("//a", true),
        ] {
            assert_eq!(is_respelled(path), expected, "{path}");
        }
    }
}
