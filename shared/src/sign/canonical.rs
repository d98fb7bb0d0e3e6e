//! The canonical request: what both sides write down in the same way before they sign it
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request>).

use std::borrow::Cow;

use super::SignError;
use super::query::{RESERVED, is_unreserved, parse_pairs, write_pairs};

/// How a service wants its canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canonical {
    /// The path, already encoded on the wire, is percent-encoded once more.
    pub encode_path_twice: bool,
    /// Dot segments and repeated slashes are resolved before the path is signed.
    pub normalize_path: bool,
    /// The payload's hash is sent and signed as `x-amz-content-sha256`.
    pub payload_header: bool,
    /// `UNSIGNED-PAYLOAD` stands in place of the payload's hash, in that header too.
    pub unsigned_payload: bool,
    /// The session token is part of what is signed.
    pub sign_session_token: bool,
}

impl Canonical {
    /// What a service expects: S3 takes paths as they are and wants the payload's hash, every other service the
    /// opposite.
    pub fn of_service(service: &str) -> Self {
        let s3 = matches!(service, "s3" | "s3-object-lambda" | "s3-outposts" | "s3express");
        Self {
            encode_path_twice: !s3,
            normalize_path: !s3,
            payload_header: s3,
            unsigned_payload: false,
            sign_session_token: true,
        }
    }

    /// The same with or without the payload's part in the signature. Without it the header has to say so.
    #[must_use]
    pub fn with_unsigned_payload(self, unsigned: bool) -> Self {
        Self {
            unsigned_payload: unsigned,
            payload_header: self.payload_header || unsigned,
            ..self
        }
    }

    /// The canonical request, and the names of its headers as `SignedHeaders` has them. `headers` gets sorted.
    pub(super) fn request(
        self,
        method: &str,
        target: &str,
        headers: &mut [(&str, &str)],
        payload_hash: &str,
    ) -> Result<(String, String), SignError> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SignError);
        }
        let mut out = String::with_capacity(256 + target.len() + payload_hash.len());
        out.push_str(method);
        out.push('\n');
        self.push_path(path, &mut out);
        out.push('\n');
        push_query(query, &mut out);
        out.push('\n');
        let names = push_headers(headers, &mut out)?;
        out.push('\n');
        out.push_str(&names);
        out.push('\n');
        out.push_str(payload_hash);
        Ok((out, names))
    }

    fn push_path(self, path: &str, out: &mut String) {
        let path = if self.normalize_path {
            normalize(path)
        } else {
            path.into()
        };
        if !self.encode_path_twice {
            out.push_str(&path);
            return;
        }
        const PATH: percent_encoding::AsciiSet = RESERVED.remove(b'/');
        out.extend(percent_encoding::utf8_percent_encode(&path, &PATH));
    }
}

/// Removes dot segments (RFC 3986, section 5.2.4) and empty ones.
fn normalize(path: &str) -> Cow<'_, str> {
    let odd = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
    let segments = || path.split('/').skip(1);
    // The last segment may be empty: a path may end in a slash.
    let last = segments().count().saturating_sub(1);
    if !segments()
        .enumerate()
        .any(|(at, segment)| odd(segment) && (at < last || !segment.is_empty()))
    {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in segments() {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    let mut out = String::with_capacity(path.len());
    for segment in &kept {
        out.push('/');
        out.push_str(segment);
    }
    if out.is_empty() || segments().last().is_some_and(odd) {
        out.push('/');
    }
    Cow::Owned(out)
}

/// Writes the pairs sorted by their encoded names, then values.
fn push_query(query: &str, out: &mut String) {
    if query.is_empty() {
        return;
    }
    if is_canonical(query) {
        let mut pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        pairs.sort_unstable();
        for (at, (name, value)) in pairs.into_iter().enumerate() {
            if at > 0 {
                out.push('&');
            }
            out.push_str(name);
            out.push('=');
            out.push_str(value);
        }
        return;
    }
    let mut pairs = parse_pairs(query, false);
    pairs.sort_by(|left, right| (&left.name, &left.value).cmp(&(&right.name, &right.value)));
    out.push_str(&write_pairs(&pairs));
}

/// Whether a query needs no encoding any more, which is how this function writes its own: each pair has one `=`, all
/// else is unreserved or an escape in upper case of a character that is not.
fn is_canonical(query: &str) -> bool {
    query.split('&').all(|pair| {
        let Some((name, value)) = pair.split_once('=') else {
            return false;
        };
        let spelt = |text: &str| text.bytes().all(|byte| is_unreserved(byte) || byte == b'%');
        spelt(name) && spelt(value) && escapes_are_canonical(pair)
    })
}

fn escapes_are_canonical(pair: &str) -> bool {
    pair.split('%').skip(1).all(|after| {
        let digit = |at: usize| match after.as_bytes().get(at).copied() {
            Some(byte @ b'0'..=b'9') => Some(byte - b'0'),
            Some(byte @ b'A'..=b'F') => Some(byte - b'A' + 10),
            _ => None,
        };
        digit(0)
            .zip(digit(1))
            .is_some_and(|(high, low)| !is_unreserved(high * 16 + low))
    })
}

/// Writes `name:value` lines, sorted by name; repeats are joined in their order. Gives the names.
fn push_headers(headers: &mut [(&str, &str)], out: &mut String) -> Result<String, SignError> {
    // A stable sort, so that repeats keep their order.
    headers.sort_by_key(|(name, _)| *name);
    let mut names = String::with_capacity(64);
    let mut previous = "";
    for (name, value) in headers.iter() {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.!#$%&'*+^`|~".contains(&byte);
        if name.is_empty()
            || !name.bytes().all(legal)
            || value.chars().any(|letter| letter.is_control() && letter != '\t')
        {
            return Err(SignError);
        }
        if *name == previous {
            out.pop();
            out.push(',');
        } else {
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(name);
            out.push_str(name);
            out.push(':');
        }
        push_trimmed(value, out);
        out.push('\n');
        previous = name;
    }
    Ok(names)
}

/// Writes a value without spaces around it, and with one for each run of them inside.
fn push_trimmed(value: &str, out: &mut String) {
    for (at, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("//a//b//", "/a/b/"),
            ("/a/../b", "/b"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/./a", "/a"),
            ("/..", "/"),
            ("/%2e%2e/a", "/%2e%2e/a"),
        ] {
            assert_eq!(normalize(path), expected, "{path}");
        }
    }

    #[test]
    fn queries_are_encoded_once_and_sorted() {
        for (query, is_already, expected) in [
            ("", false, ""),
            ("b=2&a=2&a=1&=x", true, "=x&a=1&a=2&b=2"),
            ("a=%2F%C3%A9&a=-_.~", true, "a=%2F%C3%A9&a=-_.~"),
            ("a=%2f", false, "a=%2F"),
            ("a=%41", false, "a=A"),
            ("a=%zz", false, "a=%25zz"),
            ("a=%4", false, "a=%254"),
            ("a=b=c", false, "a=b%3Dc"),
            ("flag&a=1", false, "a=1&flag="),
            ("a=b/c", false, "a=b%2Fc"),
            ("a=1&&b=2", false, "a=1&b=2"),
        ] {
            let mut out = String::new();
            push_query(query, &mut out);
            assert_eq!((is_canonical(query), out.as_str()), (is_already, expected), "{query}");
        }
    }

    #[test]
    fn runs_of_spaces_count_as_one() {
        let mut out = String::new();
        push_trimmed("  a   b c\t  ", &mut out);
        assert_eq!(out, "a b c\t");
    }
}
