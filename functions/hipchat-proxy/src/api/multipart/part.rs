//! One part of a multipart body: its head, read as old clients write it, and its content.

use percent_encoding::percent_decode_str;

use super::transfer;
use crate::error::Failure;

/// The longest head of a part, in bytes and in lines; real ones have three lines.
const LONGEST_HEAD: usize = 16 * 1024;
const MOST_LINES: usize = 100;

const NO_HEAD: Failure = Failure::BadArgument("each part of the body must have a head, and an empty line behind it");
const LONG_HEAD: Failure = Failure::BadArgument("the head of a part of the body is too long");

/// A part: what its head says, and its content as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// `name` of `Content-Disposition`.
    pub(super) name: Option<String>,
    /// `filename` of `Content-Disposition`.
    pub(super) filename: Option<String>,
    /// Whether `Content-Type` says JSON.
    pub(super) is_json: bool,
    /// `Content-Transfer-Encoding` in lower case; empty when there is none.
    encoding: String,
    content: &'a [u8],
}

/// Where the boundary behind a part begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// On a line of its own.
    Line,
    /// Behind the last byte.
    Inline,
}

impl<'a> Part<'a> {
    /// Reads a part, which ends where the boundary begins: on a line of its own, or behind the content's last byte.
    ///
    /// # Errors
    /// [`Failure::BadArgument`] for one whose head does not begin or end, or is too long.
    pub(super) fn read(source: &'a [u8], end: End) -> Result<Self, Failure> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut rest = source;
        let mut lines = 0;
        let bare = loop {
            let end = rest.iter().position(|byte| *byte == b'\n').ok_or(NO_HEAD)?;
            let (line, after) = rest.split_at_checked(end + 1).ok_or(NO_HEAD)?;
            rest = after;
            lines += 1;
            if source.len() - rest.len() > LONGEST_HEAD || lines > MOST_LINES {
                return Err(LONG_HEAD);
            }
            let text = String::from_utf8_lossy(line);
            let text = text.trim_end_matches(['\r', '\n']);
            if text.trim().is_empty() {
                break !line.ends_with(b"\r\n");
            }
            // A line that begins with space goes on with the one before it.
            if text.starts_with([' ', '\t'])
                && let Some((_, value)) = fields.last_mut()
            {
                value.push_str(text);
            } else if let Some((name, value)) = text.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            } else if fields.is_empty() {
                return Err(NO_HEAD);
            }
        };
        let field = |wanted: &str| {
            let found = fields.iter().find(|(name, _)| name == wanted);
            found.map_or("", |(_, value)| value.as_str())
        };
        let disposition = field("content-disposition");
        // The line end before a boundary is the boundary's, and like the one before the content: a file behind a bare
        // line feed may end in a carriage return.
        let content = match (end, rest.strip_suffix(b"\n")) {
            (End::Line, Some(content)) if !bare => content.strip_suffix(b"\r").unwrap_or(content),
            (End::Line, Some(content)) => content,
            (End::Line, None) | (End::Inline, _) => rest,
        };
        Ok(Self {
            name: parameter(disposition, "name").filter(|name| !name.is_empty()),
            filename: extended(disposition).or_else(|| parameter(disposition, "filename")),
            is_json: field("content-type")
                .to_ascii_lowercase()
                .starts_with("application/json"),
            encoding: field("content-transfer-encoding").to_ascii_lowercase(),
            content,
        })
    }

    /// The content, decoded (RFC 2045, section 6).
    ///
    /// # Errors
    /// [`Failure::BadArgument`] when it is not in the encoding that it is said to be in.
    pub(super) fn decoded(&self) -> Result<Vec<u8>, Failure> {
        transfer::decoded(&self.encoding, self.content)
    }

    /// The content of a part that holds words, decoded as far as it can be: what is said about a file never costs it.
    pub(super) fn words(&self) -> Vec<u8> {
        transfer::decoded_words(&self.encoding, self.content)
    }
}

/// A parameter of a header's value: in quotes, in which a backslash stands before a quote or another backslash, or as it
/// is up to the next semicolon.
pub(super) fn parameter(value: &str, wanted: &str) -> Option<String> {
    parameters(value)
        .into_iter()
        .find_map(|(name, value)| (name == wanted).then_some(value))
}

/// `filename*=UTF-8''...` (RFC 5987), which says more than a `filename` beside it.
fn extended(value: &str) -> Option<String> {
    let value = parameter(value, "filename*")?;
    let (charset, rest) = value.split_once('\'')?;
    let (_, name) = rest.split_once('\'')?;
    let is_utf8 = charset.eq_ignore_ascii_case("utf-8");
    is_utf8.then(|| percent_decode_str(name).decode_utf8_lossy().into_owned())
}

/// All parameters, names in lower case.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Some((_, mut rest)) = value.split_once(';') else {
        return found;
    };
    while let Some((name, after)) = rest.split_once('=') {
        // What has no value is passed over.
        let name = name.rsplit(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let after = after.trim_start();
        let value;
        (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted),
            None => {
                let (bare, rest) = after.split_once(';').unwrap_or((after, ""));
                (bare.trim().to_owned(), rest)
            }
        };
        found.push((name, value));
    }
    found
}

/// The value up to its closing quote, and what follows it.
fn quoted_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => match letters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => value.push(next),
                None => value.push(letter),
            },
            other => value.push(other),
        }
    }
    (value, "")
}
