//! What kind of thing an upstream answered with, in words of our own. Pure.

use http::HeaderValue;

/// Those that authorization servers and what stands before them answer with.
const KNOWN: [&str; 12] = [
    "application/json",
    "application/jwk-set+json",
    "application/jwt",
    "application/octet-stream",
    "application/problem+json",
    "application/token-introspection+jwt",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
    "text/html",
    "text/plain",
    "text/xml",
];

/// The media type that a `Content-Type` names, without its parameters (RFC 9110, section 8.3.1), or `other`. The text itself
/// is never told: a server that echoes puts our credentials or the client's token there.
pub(super) fn media_type(content_type: &HeaderValue) -> &'static str {
    let text = content_type.to_str().unwrap_or_default();
    let named = text.split_once(';').map_or(text, |(named, _)| named).trim();
    let known = KNOWN.into_iter().find(|known| named.eq_ignore_ascii_case(known));
    known.unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_are_told_without_parameters_and_all_else_is_other() {
        for (value, told) in [
            ("application/json", "application/json"),
            ("Application/JSON ;charset=utf-8", "application/json"),
            ("text/html; t=s3cret", "text/html"),
            ("s3cret", "other"),
            ("s3cret; text/html", "other"),
            ("text/s3cret", "other"),
            ("Bearer s3cret", "other"),
            ("", "other"),
        ] {
            assert_eq!(media_type(&HeaderValue::from_static(value)), told, "{value}");
        }
        assert_eq!(media_type(&HeaderValue::from_bytes(b"text/html\xff").unwrap()), "other");
    }
}
