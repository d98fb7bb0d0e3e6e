//! Bytes -> text, whatever encoding a client did not tell, or told wrongly.

use std::borrow::Cow;

/// What the bytes from 0x80 to 0x9f are in windows-1252 (<https://encoding.spec.whatwg.org/#windows-1252>); all others are
/// the character of their number.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text that bytes hold: UTF-8 where they are, else windows-1252, of which ISO 8859-1 is a part. A `charset` is not
/// asked: clients whose HTTP library writes `ISO-8859-1` of itself send escaped UTF-8 under it all the same, while text in
/// that encoding is hardly ever UTF-8 by chance.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| windows_1252(*byte)).collect()),
    }
}

fn windows_1252(byte: u8) -> char {
    let special = byte.checked_sub(0x80).map(usize::from);
    let special = special.and_then(|at| WINDOWS_1252.get(at));
    special.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_character() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(text(&all).chars().count(), 256);
        assert_eq!(text(b"caf\xe9 \x80 \x93x\x94 \xff \x7f"), "café € “x” ÿ \u{7f}");
        for text_of_utf8 in ["", "a", "café", "😀"] {
            assert!(matches!(text(text_of_utf8.as_bytes()), Cow::Borrowed(text) if text == text_of_utf8));
        }
    }
}
