//! Halves of characters in JSON: an escape such as `\ud83d` without its other half (RFC 8259, section 8.2), which runtimes
//! write for a text that was cut through a character. No text of ours can hold one; pure.

/// In place of a half where a text is shown: U+FFFD.
pub(super) const SHOWN: &str = "\\ufffd";

/// In place of a half where a text with it must be refused: a NUL.
pub(super) const REFUSED: &str = "\\u0000";

/// The same JSON with `other`, an escape, in place of each half; `None` if it has no halves.
pub(super) fn replaced(json: &str, other: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let is_half = match unit(escape) {
            Some(0xd800..0xdc00) => !matches!(escape.get(6..).and_then(unit), Some(0xdc00..0xe000)),
            Some(0xdc00..0xe000) => true,
            _ => false,
        };
        let length = match unit(escape) {
            Some(0xd800..0xdc00) if !is_half => 12,
            Some(_) => 6,
            // Any other escape is one character long, which may be a backslash.
            None => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (escape, after) = escape.split_at_checked(length)?;
        out.push_str(if is_half { other } else { escape });
        rest = after;
    }
    out.push_str(rest);
    (out != json).then_some(out)
}

/// The UTF-16 code unit of an escape that stands at the start.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_nothing_else_is() {
        for (json, expected) in [
            (r#""a""#, None),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud83d""#, None),
            (r#""\n\"\\""#, None),
            (r#""\u00e9""#, None),
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""\uDE00x""#, Some(r#""\ufffdx""#)),
            (r#""\ude00\ud83d""#, Some(r#""\ufffd\ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\\\ud83d\n""#, Some(r#""\\\ufffd\n""#)),
            (r#"{"é": ["\ud83d"]}"#, Some(r#"{"é": ["\ufffd"]}"#)),
            // What is no JSON is left to others.
            (r#""\"#, None),
            (r#""\ud83"#, None),
            (r#""\é"#, None),
        ] {
            assert_eq!(replaced(json, SHOWN).as_deref(), expected, "{json}");
        }
    }
}
