//! Named values in a request or an answer, and where they stand: pairs of a form, members of JSON, parts of a multipart form.

use std::ops::Range;

/// The longest literal that is read as a member's name, in bytes; no name of a credential is near it.
const MAX_NAME: usize = 128;

/// How a value is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Percent-encoded.
    Form,
    /// A literal of JSON, quotes included.
    Json,
    /// As it is.
    Plain,
}

/// A value with its name.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    /// The bytes of the value as it is written.
    pub(super) at: Range<usize>,
    pub(super) spelling: Spelling,
}

/// The pairs of a query or a form.
pub(super) fn form(text: &[u8]) -> Vec<Field> {
    let mut start = 0;
    let mut fields = Vec::new();
    for pair in text.split(|byte| *byte == b'&') {
        let end = start + pair.len();
        let equals = pair.iter().position(|byte| *byte == b'=');
        if let (Some(equals), Some((name, value))) = (equals, url::form_urlencoded::parse(pair).next()) {
            fields.push(Field {
                name: name.into_owned(),
                value: value.into_owned(),
                at: start + equals + 1..end,
                spelling: Spelling::Form,
            });
        }
        start = end + 1;
    }
    fields
}

/// The members of all objects in a text that have a name for which `is_wanted` holds and a text for a value. The text may be
/// more than JSON, or a broken piece of it.
pub(super) fn json(text: &[u8], is_wanted: impl Fn(&str) -> bool) -> Vec<Field> {
    let quotes = text.iter().enumerate().filter(|(_, byte)| **byte == b'"');
    let member = |(at, _)| {
        let (name, end) = literal(text, at, MAX_NAME)?;
        let colon = after_white(text, end);
        if text.get(colon) != Some(&b':') || !is_wanted(&name) {
            return None;
        }
        let start = after_white(text, colon + 1);
        let (value, end) = literal(text, start, text.len())?;
        Some(Field {
            name,
            value,
            at: start..end,
            spelling: Spelling::Json,
        })
    };
    quotes.filter_map(member).collect()
}

/// The literal that begins at a quote, and where it ends.
fn literal(text: &[u8], at: usize, longest: usize) -> Option<(String, usize)> {
    let rest = text.get(at..)?.strip_prefix(b"\"")?;
    let mut is_escaped = false;
    let length = rest.iter().take(longest).position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })?;
    let end = at + length + 2;
    let value = serde_json::from_slice(text.get(at..end)?).ok()?;
    Some((value, end))
}

fn after_white(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_ascii_start().len()
}

/// The parts of a multipart form (RFC 7578) that have a name.
pub(super) fn multipart(text: &[u8]) -> Vec<Field> {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let boundary = line.trim_ascii_end();
    if boundary.len() < 3 {
        return Vec::new();
    }
    let windows = text.windows(boundary.len()).enumerate();
    let marks: Vec<usize> = windows
        .filter(|(_, window)| *window == boundary)
        .map(|(at, _)| at)
        .collect();
    let parts = marks.iter().zip(marks.iter().skip(1));
    parts
        .filter_map(|(start, end)| part(text, start + boundary.len()..*end))
        .collect()
}

fn part(text: &[u8], at: Range<usize>) -> Option<Field> {
    let content = text.get(at.clone())?;
    let head_ends = |gap: &[u8]| {
        let found = content.windows(gap.len()).position(|window| window == gap)?;
        Some((found, found + gap.len()))
    };
    let (head, body) = head_ends(b"\r\n\r\n").or_else(|| head_ends(b"\n\n"))?;
    let head = String::from_utf8_lossy(content.get(..head)?);
    let disposition = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let parameters = disposition.split(';').skip(1).map(str::trim);
    let name = parameters.filter_map(|text| text.strip_prefix("name=")).next()?;
    let value = content.get(body..)?;
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    let start = at.start + body;
    Some(Field {
        name: name.trim_matches('"').to_owned(),
        value: String::from_utf8_lossy(value).into_owned(),
        at: start..start + value.len(),
        spelling: Spelling::Plain,
    })
}
