//! The path that goes out: checked, in one spelling of its escapes, put behind the target's own path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use shared::http::{Front, FrontContext, encode_path};

pub use crate::routes::upper_escapes;
use crate::routes::{PathPattern, PathRules, after, escaped, is_plain};

/// Whether a path may be forwarded: no dot segments, no backslash, no NUL and no other control character, in whatever
/// spelling. An encoded slash counts as a slash here, since the target may decode it before it resolves segments.
pub fn is_allowed(path: &str) -> bool {
    let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
    !decoded.iter().any(|&byte| byte < 0x20 || byte == 0x7f || byte == b'\\')
        && !decoded
            .split(|&byte| byte == b'/')
            // What follows a semicolon are parameters, which some targets cut off before they resolve segments.
            .filter_map(|segment| segment.split(|&byte| byte == b';').next())
            .any(|name| name == b"." || name == b"..")
}

/// The path as a target may read it: escapes of what a path may hold as it is undone, no two slashes in a row.
pub fn as_read(path: &str) -> Cow<'_, str> {
    if !path.contains('%') && !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut read = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(letter) = rest.chars().next() {
        let (shown, length) = match escaped(rest).filter(|&byte| is_plain(byte)) {
            Some(byte) => (char::from(byte), 3),
            None => (letter, letter.len_utf8()),
        };
        if shown != '/' || !read.ends_with('/') {
            read.push(shown);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(read)
}

/// Spells the path out anew for a front that hands it over decoded: a `%` is a character of its own.
pub fn from_decoded(context: &FrontContext) -> String {
    let raw = context.raw_path.as_str();
    // Among the fronts, an HTTP API alone puts its stage before the path of the event.
    let path = named_stage(context)
        .filter(|_| context.front == Front::ApiGatewayV2)
        .and_then(|stage| raw.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .unwrap_or(raw);
    let path = if path.is_empty() { "/" } else { path };
    encode_path(&path.replace('%', "%25"))
}

/// The stage of an API Gateway that stands in its URLs.
fn named_stage(context: &FrontContext) -> Option<&str> {
    context
        .stage
        .as_deref()
        .filter(|stage| !stage.is_empty() && *stage != "$default")
}

/// The part of `path` that is forwarded: what the route's `*` took, or what `strip_prefix` leaves; with the stage
/// before it if the rules say so.
pub fn forwarded(pattern: &PathPattern, rules: &PathRules, path: &str, context: &FrontContext) -> String {
    let rest = match &rules.strip_prefix {
        Some(prefix) => strip(path, prefix),
        None => pattern.tail(path).unwrap_or_default(),
    };
    match named_stage(context).filter(|_| rules.include_stage) {
        Some(stage) => join(&format!("/{}", encode_path(stage)), rest),
        None => rest.to_owned(),
    }
}

/// The path without `prefix`, if that ends where a segment ends.
pub fn strip<'a>(path: &'a str, prefix: &str) -> &'a str {
    after(path, prefix)
        .filter(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
        .unwrap_or(path)
}

/// Puts `tail` behind `base` with exactly one slash between; an empty tail leaves the base as it is.
pub fn join(base: &str, tail: &str) -> String {
    if tail.is_empty() {
        return base.to_owned();
    }
    format!("{}/{}", base.trim_end_matches('/'), tail.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_and_control_characters_are_refused_in_every_spelling() {
        for path in [
            "/a/../b",
            "/a/./b",
            "/..",
            "/.",
            "/a/%2e%2E/b",
            "/a/.%2e/b",
            "/%2E",
            "/a/..%2Fb",
            "/a%2f..%2fb",
            "/a\\b",
            "/a%5Cb",
            "/a%00",
            "/a%0d%0ab",
            "/a%7F",
            "/..%5c",
            "/a/..;/b",
            "/a/..;v=1",
            "/.;/a",
            "/a/%2e%2e%3Bx/b",
        ] {
            assert!(!is_allowed(path), "{path}");
        }
        for path in [
            "/",
            "//",
            "/a/...",
            "/.well-known/x",
            "/a..b/.c.",
            "/a%2Fb",
            "/a%20b",
            "/100%25",
            "/a%252e%252e/b",
            "/a;../b",
            "/a;b/...;c",
        ] {
            assert!(is_allowed(path), "{path}");
        }
    }

    #[test]
    fn escapes_are_spelt_in_upper_case() {
        assert_eq!(upper_escapes("/a%2fb/%c3%A9/c%2F"), "/a%2Fb/%C3%A9/c%2F");
        assert!(matches!(upper_escapes("/plain%2F"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_path_is_read_as_a_target_may_read_it() {
        for (path, expected) in [
            ("/a/b", "/a/b"),
            ("//a///b/", "/a/b/"),
            ("/%61dmin%2Fx", "/admin/x"),
            ("/%2F%2Fa", "/a"),
            ("/%C3%A9%20%2", "/%C3%A9%20%2"),
            ("/é%7Ex", "/é~x"),
            ("/a%3Ab%40c%2B%21", "/a:b@c+!"),
            ("/a%3Fb%23c%25d", "/a%3Fb%23c%25d"),
            ("/a%+1", "/a%+1"),
        ] {
            assert_eq!(as_read(path), expected, "{path}");
        }
    }

    #[test]
    fn there_is_one_slash_between_base_and_tail() {
        for (base, tail, expected) in [
            ("/base", "a/b", "/base/a/b"),
            ("/base/", "a/b", "/base/a/b"),
            ("/base", "/a", "/base/a"),
            ("/base/", "/a", "/base/a"),
            ("/base", "", "/base"),
            ("/base/", "", "/base/"),
            ("/", "", "/"),
            ("/", "a/", "/a/"),
            ("/base", "/", "/base/"),
        ] {
            assert_eq!(join(base, tail), expected, "{base} {tail}");
        }
    }

    #[test]
    fn a_prefix_is_cut_where_a_segment_ends() {
        assert_eq!(strip("/aws/x", "/aws"), "/x");
        assert_eq!(strip("/aws/x", "/aws/"), "x");
        assert_eq!(strip("/awsome", "/aws"), "/awsome");
        assert_eq!(strip("/aws", "/aws"), "");
        assert_eq!(strip("/a%3Ab/x%3Ay", "/a:b"), "/x%3Ay");
    }
}
