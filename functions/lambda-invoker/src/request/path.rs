//! The path that goes out: checked, in one spelling of its escapes, put behind the target's own path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use shared::http::{FrontContext, encode_path};

use crate::routes::{PathPattern, PathRules};

/// Whether a path may be forwarded: no dot segments, no backslash, no NUL and no other control character, in whatever
/// spelling. An encoded slash counts as a slash here, since the target may decode it before it resolves segments.
pub fn is_allowed(path: &str) -> bool {
    let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
    !decoded.iter().any(|&byte| byte < 0x20 || byte == 0x7f || byte == b'\\')
        && !decoded
            .split(|&byte| byte == b'/')
            .any(|segment| segment == b"." || segment == b"..")
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

/// Spells the path out anew for a front that hands it over decoded: a `%` is a character of its own.
pub fn from_decoded(context: &FrontContext) -> String {
    let raw = context.raw_path.as_str();
    let path = named_stage(context)
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
    path.strip_prefix(prefix)
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
    }
}
