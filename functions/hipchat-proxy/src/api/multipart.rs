//! The body of `share/file` -> its file and what is said about it: `multipart/related` (RFC 2387) as HipChat documented
//! it, and as clients write it: bare line feeds, a last boundary without its two dashes, names without quotes, files in
//! Base64 or quoted-printable, a message that was put into JSON without any escaping. What a client says about a file is
//! never taken for the file, nor the file for its words, and no words are so odd that they cost the file. Forms in parts
//! (RFC 7578) are read here as well.

mod part;
mod transfer;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::Fields;
use super::body::read_json_object;
use super::charset;
use crate::error::Failure;
use part::{End, Part, parameter};

/// The name of a file that came without one.
const NAMELESS: &str = "file";

/// A file is not known by more of its name than this, in characters.
const LONGEST_NAME: usize = 255;

/// The most parts that a body may have; HipChat documented two.
const MOST_PARTS: usize = 20;

/// The names of the parts that hold words.
const WORDS: [&str; 3] = ["metadata", "message", "from"];

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
/// Neither are there two: a call of HipChat's took one.
pub fn shared_file(headers: &HeaderMap, body: &[u8]) -> Result<(SharedFile, Fields), Failure> {
    let boundary = boundary(headers, body).ok_or(Failure::BadArgument(
        "the body must be multipart/related with a boundary",
    ))?;
    let parts = split(body, boundary.as_bytes())?;
    let file = file_of(&parts)?;
    let content = file.decoded()?;
    if content.is_empty() {
        return Err(Failure::BadArgument("the file must not be empty"));
    }
    let shared = SharedFile {
        name: file.filename.as_deref().map_or_else(|| NAMELESS.to_owned(), clean_name),
        content,
    };
    Ok((shared, words_of(&parts, file)))
}

/// The fields of a form in parts, as curl, and so PHP, sends a list of fields: the parts that have a name and are no
/// files. `None` for a body without any, or without its end.
pub(super) fn form_fields(headers: &HeaderMap, body: &[u8]) -> Option<Fields> {
    let boundary = boundary(headers, body)?;
    let parts = split(body, boundary.as_bytes()).ok()?;
    let fields = parts.iter().filter(|part| part.filename.is_none()).filter_map(|part| {
        let name = part.name.clone()?;
        Some((name, charset::text(&part.words()).into_owned()))
    });
    let mut fields = fields.peekable();
    fields.peek()?;
    Some(Fields::from_pairs(fields))
}

/// The boundary that a request tells, else the one that its body begins with.
fn boundary(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    let content_type = String::from_utf8_lossy(content_type.unwrap_or_default());
    let told = parameter(&content_type, "boundary").filter(|boundary| !boundary.is_empty());
    told.or_else(|| first_boundary(body))
}

/// The one part that is the file: by its name, else by the name of its file, else one that has no name at all.
fn file_of<'a, 'b>(parts: &'a [Part<'b>]) -> Result<&'a Part<'b>, Failure> {
    let is_called_so = |part: &Part<'_>| part.name.as_deref() == Some("file");
    let is_words = |part: &Part<'_>| part.name.as_deref().is_some_and(|name| WORDS.contains(&name));
    // JSON without a name is what is said about a file, unless there is no other.
    let may_be_words = |part: &Part<'_>| part.name.is_none() && part.is_json;
    let grades: [&dyn Fn(&Part<'_>) -> bool; 3] = [
        &|part| is_called_so(part) || part.filename.is_some() && !is_words(part) && !may_be_words(part),
        &|part| part.name.is_none() && !part.is_json,
        &|part| part.name.is_none() && part.filename.is_some(),
    ];
    for is_file in grades {
        let mut files = parts.iter().filter(|part| is_file(part));
        match (files.next(), files.next()) {
            (Some(file), None) => return Ok(file),
            (Some(_), Some(_)) => {
                return Err(Failure::BadArgument(
                    "a call takes one file; send each in a call of its own",
                ));
            }
            (None, _) => {}
        }
    }
    Err(Failure::BadArgument("a part with name=\"file\" is required"))
}

/// What is said about the file: in a part of that name, in one without a name, or, as in forms, in a part for each
/// field.
fn words_of(parts: &[Part<'_>], file: &Part<'_>) -> Fields {
    let others = || parts.iter().filter(|part| !std::ptr::eq(*part, file));
    let named = |name: &str| others().find(|part| part.name.as_deref() == Some(name));
    let nameless = |is_json| others().find(|part| part.name.is_none() && part.is_json == is_json);
    if let Some(metadata) = named("metadata").or_else(|| nameless(true)) {
        return read_metadata(&metadata.words());
    }
    let fields = ["message", "from"].into_iter().filter_map(|name| {
        let words = named(name)?.words();
        Some((name.to_owned(), charset::text(&words).into_owned()))
    });
    let fields = Fields::from_pairs(fields);
    match nameless(false) {
        Some(text) if fields.some_text("message").is_none() => read_metadata(&text.words()).overlaid_by(fields),
        _ => fields,
    }
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
            // Some clients write a boundary twice; where nothing is, nothing is lost.
            let source = begin.replace(end).and_then(|begin| body.get(begin..at));
            if let Some(source) = source.filter(|source| !source.is_empty()) {
                parts.push(Part::read(source, End::Line)?);
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
    let rest = begin.filter(|_| !is_closed).and_then(|begin| body.get(begin..));
    if let Some(last) = rest.and_then(|rest| before_inline_end(rest, boundary)) {
        parts.push(Part::read(last, End::Inline)?);
        is_closed = true;
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

/// What stands before a last boundary that does not begin a line. With both of its dashes, and at the very end, it can
/// hardly be anything else.
fn before_inline_end<'a>(rest: &'a [u8], boundary: &[u8]) -> Option<&'a [u8]> {
    let rest = rest.trim_ascii_end().strip_suffix(b"--")?;
    rest.strip_suffix(boundary)?.strip_suffix(b"--")
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
    if let Some(mut object) = read_json_object(text) {
        // What is no text is shown as it was written.
        if let Some(message) = object
            .get_mut("message")
            .filter(|value| value.is_array() || value.is_object())
        {
            *message = Value::String(message.to_string());
        }
        return Fields::from_object(object);
    }
    let text = charset::text(text);
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
