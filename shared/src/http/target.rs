//! Percent-encoding of paths and queries as they are sent: what is legal stays byte for byte, the rest is escaped.

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Makes a path legal in a request target: RFC 3986 path characters and well-formed escapes stay as they are,
/// a `%` without two hex digits becomes `%25`, every other byte is percent-encoded.
pub fn encode_path(raw: &str) -> String {
    encode(raw, |byte| is_path_byte(byte) || byte == b'/')
}

/// Makes a query legal in a request target, like [`encode_path`]; `?` and `/` stay.
pub fn encode_query(raw: &str) -> String {
    encode(raw, |byte| is_path_byte(byte) || byte == b'/' || byte == b'?')
}

/// RFC 3986 `pchar` without escapes.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

fn encode(raw: &str, stays: impl Fn(u8) -> bool) -> String {
    let bytes = raw.as_bytes();
    if bytes.iter().all(|&byte| stays(byte)) {
        return raw.to_owned();
    }
    let mut out = String::with_capacity(raw.len() + 16);
    for (at, &byte) in bytes.iter().enumerate() {
        let escaped = byte == b'%'
            && bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit)
            && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit);
        if escaped || stays(byte) {
            out.push(char::from(byte));
        } else {
            push_escape(&mut out, byte);
        }
    }
    out
}

/// Appends `byte` as `%XX` with upper-case digits.
pub(super) fn push_escape(out: &mut String, byte: u8) {
    out.push('%');
    for nibble in [byte >> 4, byte & 15] {
        if let Some(&digit) = HEX.get(usize::from(nibble)) {
            out.push(char::from(digit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_text_stays_byte_for_byte() {
        for path in [
            "/",
            "//a//b/",
            "/Dev%20Ops%2fX/",
            "/a;b=c,d@e:f!$&'()*+",
            "/a/../b/./c",
            "",
        ] {
            assert_eq!(encode_path(path), path);
        }
        assert_eq!(encode_query("a=1&a=2&b=%2F?/x+y"), "a=1&a=2&b=%2F?/x+y");
    }

    #[test]
    fn what_a_target_cannot_hold_is_escaped() {
        assert_eq!(encode_path("/a b/é?#"), "/a%20b/%C3%A9%3F%23");
        assert_eq!(encode_path("/100%/%zz/%4"), "/100%25/%25zz/%254");
        assert_eq!(
            encode_path("/\u{0}\r\n\\\"<>^`{|}"),
            "/%00%0D%0A%5C%22%3C%3E%5E%60%7B%7C%7D"
        );
        assert_eq!(encode_query("q=a b#c|d"), "q=a%20b%23c%7Cd");
    }
}
