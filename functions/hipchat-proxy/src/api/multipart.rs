//! The body of `share/file` -> its file and what is said about it: `multipart/related` (RFC 2387) as HipChat documented
//! it, and as clients write it: bare line feeds, a last boundary without its two dashes, names without quotes, files in
//! Base64, a message that was put into JSON without any escaping.

mod part;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::Fields;
use super::body::read_json_object;
use crate::error::Failure;
use part::{Part, parameter};

/// The name of a file that came without one.
const NAMELESS: &str = "file";

/// A file is not known by more of its name than this, in characters.
const LONGEST_NAME: usize = 255;

/// The most parts that a body may have; HipChat documented two.
const MOST_PARTS: usize = 20;

/// A file as a client shares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFile {
    /// Its name, without folders and control characters; never empty.
    pub name: String,
    /// Its content, decoded.
    pub content: Vec<u8>,
}

/// Reads a file, and the fields that came with it: `message`, and `from` where a client sends it.
///
/// # Errors
/// [`Failure::BadArgument`] when there is no file, it is empty, or its end is missing: half a file is worse than none.
pub fn shared_file(headers: &HeaderMap, body: &[u8]) -> Result<(SharedFile, Fields), Failure> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    let content_type = String::from_utf8_lossy(content_type.unwrap_or_default()).into_owned();
    let boundary = parameter(&content_type, "boundary").filter(|boundary| !boundary.is_empty());
    let boundary = match boundary {
        Some(boundary) => boundary,
        None => first_boundary(body).ok_or(Failure::BadArgument(
            "the body must be multipart/related with a boundary",
        ))?,
    };
    let parts = split(body, boundary.as_bytes())?;
    let named = |name: &str| parts.iter().find(|part| part.name.as_deref() == Some(name));
    let is_file = |part: &&Part<'_>| part.filename.is_some() || (part.name.is_none() && !part.is_json);
    let file = named("file")
        .or_else(|| parts.iter().find(is_file))
        .ok_or(Failure::BadArgument("a part with name=\"file\" is required"))?;
    let content = file.decoded()?;
    if content.is_empty() {
        return Err(Failure::BadArgument("the file must not be empty"));
    }
    let is_metadata = |part: &&Part<'_>| part.name.is_none() && part.is_json;
    let fields = match named("metadata").or_else(|| parts.iter().find(is_metadata)) {
        Some(metadata) => read_metadata(&metadata.decoded()?),
        // Forms have a part for each field.
        None => fields_of(&parts)?,
    };
    let shared = SharedFile {
        name: file.filename.as_deref().map_or_else(|| NAMELESS.to_owned(), clean_name),
        content,
    };
    Ok((shared, fields))
}

/// The boundary that a body begins with, for a request that does not tell it.
fn first_boundary(body: &[u8]) -> Option<String> {
    let line = body.trim_ascii_start().split(|byte| *byte == b'\n').next()?;
    let boundary = std::str::from_utf8(line.strip_prefix(b"--")?).ok()?.trim_end();
    // RFC 2046, section 5.1.1: 1 to 70 characters.
    let is_one = (1..=70).contains(&boundary.len()) && boundary.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    is_one.then(|| boundary.to_owned())
}

/// The parts between the lines that hold the boundary alone. What stands before the first one is nobody's, as is what
/// follows the last one.
fn split<'a>(body: &'a [u8], boundary: &[u8]) -> Result<Vec<Part<'a>>, Failure> {
    const UNENDED: Failure = Failure::BadArgument("the multipart body does not end with its boundary");
    let mut parts = Vec::new();
    let mut begin = None;
    let mut at = 0;
    let mut is_closed = false;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if let Some(rest) = delimiter(line, boundary) {
            if let Some(begin) = begin.replace(end)
                && let Some(part) = Part::read(body.get(begin..at).unwrap_or_default())
            {
                parts.push(part);
            }
            if parts.len() > MOST_PARTS {
                return Err(Failure::BadArgument("the multipart body has too many parts"));
            }
            if rest == Rest::Last {
                is_closed = true;
                break;
            }
        }
        at = end;
    }
    match begin {
        None => Err(Failure::BadArgument(
            "the body must be multipart/related with a boundary",
        )),
        // The last boundary may lack its dashes, but nothing but space may stand behind it.
        Some(begin) if !is_closed && !body.get(begin..).unwrap_or_default().trim_ascii().is_empty() => Err(UNENDED),
        Some(_) => Ok(parts),
    }
}

/// What a line with the boundary says.
#[derive(Debug, PartialEq, Eq)]
enum Rest {
    /// A part follows.
    Next,
    /// No more parts follow.
    Last,
}

/// Whether a line is the boundary behind two dashes, and nothing else but the two dashes of the last one.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<Rest> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(Rest::Next),
        b"--" => Some(Rest::Last),
        _ => None,
    }
}

/// The fields of a JSON object; else the text is the message, without what a client put around it to make it JSON.
fn read_metadata(text: &[u8]) -> Fields {
    if let Some(object) = read_json_object(text) {
        return Fields::from_object(object);
    }
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    let message = unwrapped(text).unwrap_or(text);
    Fields::from_pairs(std::iter::once(("message".to_owned(), message.to_owned())))
}

/// What stands between `{"message": "` and `"}`.
fn unwrapped(text: &str) -> Option<&str> {
    let text = text.strip_prefix('{')?.trim_start().strip_prefix("\"message\"")?;
    let text = text.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    text.strip_suffix('}')?.trim_end().strip_suffix('"')
}

fn fields_of(parts: &[Part<'_>]) -> Result<Fields, Failure> {
    let mut pairs = Vec::new();
    for name in ["message", "from"] {
        if let Some(part) = parts.iter().find(|part| part.name.as_deref() == Some(name)) {
            let text = String::from_utf8_lossy(&part.decoded()?).into_owned();
            pairs.push((name.to_owned(), text));
        }
    }
    Ok(Fields::from_pairs(pairs.into_iter()))
}

/// A file's name without the folders that some clients send before it.
fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown =
        |letter: &char| !letter.is_control() && !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = last.chars().filter(shown).take(LONGEST_NAME).collect();
    let clean = clean.trim();
    if clean.is_empty() {
        NAMELESS.to_owned()
    } else {
        clean.to_owned()
    }
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
