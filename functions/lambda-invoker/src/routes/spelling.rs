//! How paths are spelt: which escapes say the same as the character itself.

use std::borrow::Cow;

use shared::http::encode_path;

/// RFC 3986's `sub-delims`, `:` and `@`: a path may hold them as they are or escaped, and most who read it do not tell the
/// one from the other (section 2.2).
fn is_mark(byte: u8) -> bool {
    b"!$&'()*+,;=:@".contains(&byte)
}

/// RFC 3986's `unreserved`: to escape them changes nothing (section 2.3).
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What a target may read although it is escaped: everything that a segment may hold as it is, and slashes.
pub(crate) fn is_plain(byte: u8) -> bool {
    is_unreserved(byte) || is_mark(byte) || byte == b'/'
}

/// The byte of an escape that `text` begins with.
pub(crate) fn escaped(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    // A sign is no digit, whatever the parser says.
    let digits = Some(digits).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    u8::from_str_radix(digits?, 16).ok()
}

/// The path with the escapes of these bytes undone.
fn without_escapes(path: &str, undone: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(letter) = rest.chars().next() {
        let (shown, length) = match escaped(rest).filter(|&byte| undone(byte)) {
            Some(byte) => (char::from(byte), 3),
            None => (letter, letter.len_utf8()),
        };
        out.push(shown);
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// A path of the table in the one spelling that paths of requests are compared with: escaped where it must be, digits in
/// upper case, marks plain.
pub(super) fn spelt_out(path: &str) -> String {
    without_escapes(&upper_escapes(&encode_path(path)), is_mark)
}

/// What follows `start`, in which no mark is escaped, at the begin of `path`, in which marks may be.
pub(crate) fn after<'a>(path: &'a str, start: &str) -> Option<&'a str> {
    if let Some(rest) = path.strip_prefix(start) {
        return Some(rest);
    }
    // A spelling with escapes is longer; most paths differ in their first letters.
    if path.len() <= start.len() {
        return None;
    }
    let (mut path, mut start) = (path, start);
    while let Some(letter) = start.chars().next() {
        let mark = escaped(path).filter(|&byte| is_mark(byte));
        path = match mark {
            Some(byte) if char::from(byte) == letter => path.get(3..)?,
            Some(_) => return None,
            None => path.strip_prefix(letter)?,
        };
        start = start.get(letter.len_utf8()..)?;
    }
    Some(path)
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
