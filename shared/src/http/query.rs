//! Query strings and forms as pairs, each name and value decoded exactly once.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::target::push_escape;

/// The pairs of a query string or an `application/x-www-form-urlencoded` body, in order, repeats included:
/// `+` is a space, escapes are decoded once, a name without `=` has an empty value, empty pairs are left out,
/// bytes that are not UTF-8 become U+FFFD (WHATWG URL, application/x-www-form-urlencoded parsing).
pub fn pairs(encoded: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    pairs_of(encoded, |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Like [`pairs`], but `text` makes text of each name and value's bytes, for callers whose clients may not write UTF-8.
pub fn pairs_of<'a>(
    encoded: &'a [u8],
    text: impl Fn(Cow<'_, [u8]>) -> String + 'a,
) -> impl Iterator<Item = (String, String)> + 'a {
    encoded
        .split(|&byte| byte == b'&')
        .filter(|piece| !piece.is_empty())
        .map(move |piece| {
            let mut halves = piece.splitn(2, |&byte| byte == b'=');
            let name = decode(halves.next().unwrap_or_default(), &text);
            (name, decode(halves.next().unwrap_or_default(), &text))
        })
}

fn decode(encoded: &[u8], text: &impl Fn(Cow<'_, [u8]>) -> String) -> String {
    let spaced: Cow<'_, [u8]> = if encoded.contains(&b'+') {
        encoded
            .iter()
            .map(|&byte| if byte == b'+' { b' ' } else { byte })
            .collect::<Vec<_>>()
            .into()
    } else {
        encoded.into()
    };
    text(percent_decode(&spaced).into())
}

/// Writes pairs as a query string: everything but `A-Za-z0-9-_.~` is percent-encoded, a space as `%20`.
pub fn encode_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        push_encoded(&mut out, name);
        out.push('=');
        push_encoded(&mut out, value);
    }
    out
}

fn push_encoded(out: &mut String, text: &str) {
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            push_escape(out, byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_once() {
        let read = |text: &str| pairs(text.as_bytes()).collect::<Vec<_>>();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read("message=a%26b%3Dc&x%2By=p+q"),
            [pair("message", "a&b=c"), pair("x+y", "p q")]
        );
        assert_eq!(read("a=100%2525&b=caf%C3%A9"), [pair("a", "100%25"), pair("b", "café")]);
        assert_eq!(
            read("&&flag&=v&a=1&a=2&"),
            [pair("flag", ""), pair("", "v"), pair("a", "1"), pair("a", "2")]
        );
        assert_eq!(
            read("a=b=c&p=100%&q=%zz"),
            [pair("a", "b=c"), pair("p", "100%"), pair("q", "%zz")]
        );
        assert_eq!(read("a=%FF"), [pair("a", "\u{fffd}")]);
        assert!(read("").is_empty());
        let shouted = |bytes: Cow<'_, [u8]>| String::from_utf8_lossy(&bytes).to_uppercase();
        let read: Vec<_> = pairs_of(b"a%62=c+d%26", shouted).collect();
        assert_eq!(read, [pair("AB", "C D&")]);
    }

    #[test]
    fn pairs_survive_writing_and_reading() {
        let written = encode_pairs([("a b", "c&d=e"), ("é", "+"), ("flag", "")]);
        assert_eq!(written, "a%20b=c%26d%3De&%C3%A9=%2B&flag=");
        let read: Vec<_> = pairs(written.as_bytes()).collect();
        assert_eq!(read[0], ("a b".to_owned(), "c&d=e".to_owned()));
        assert_eq!(read[1], ("é".to_owned(), "+".to_owned()));
    }
}
