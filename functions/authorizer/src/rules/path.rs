//! The path of a request as route rules look at it: one spelling for each path, and none for those that someone else
//! might read differently. Pure.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path in one spelling: repeated slashes and a slash at the end make no difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    raw: Vec<&'a str>,
    /// The same with its escapes resolved, if it has any.
    decoded: Option<Vec<String>>,
}

impl<'a> Path<'a> {
    /// Reads a path. `None` for one that servers read in different ways: with a segment `.` or `..`, with an escaped
    /// slash, backslash or control character, or with a broken escape.
    pub(super) fn read(path: &'a str) -> Option<Self> {
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

    /// What `find` gives for the path. The gateway may compare a path with its routes before or after it resolves
    /// escapes; where that makes a difference, nothing is found.
    pub(super) fn find<T: PartialEq>(&self, find: impl Fn(&[&str]) -> Option<T>) -> Option<T> {
        let found = find(&self.raw)?;
        if let Some(decoded) = &self.decoded {
            let decoded: Vec<&str> = decoded.iter().map(String::as_str).collect();
            if find(&decoded).as_ref() != Some(&found) {
                return None;
            }
        }
        Some(found)
    }
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
    fn escapes_that_change_the_route_find_nothing() {
        let is_export = |path: &[&str]| Some(path == ["export"]);
        assert_eq!(Path::read("/export").unwrap().find(is_export), Some(true));
        assert_eq!(Path::read("/import%20").unwrap().find(is_export), Some(false));
        assert_eq!(Path::read("/%65xport").unwrap().find(is_export), None);
    }
}
