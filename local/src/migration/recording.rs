//! Recorded requests of old clients: raw HTTP, or a JSON list of exchanges with what was answered.
//!
//! An exchange has `method`, `target` (path and query as sent), `headers` (pairs in order), `body`, `body_encoding`
//! (`utf-8` or `base64`) and, where it was recorded, `answered` (`status`, `headers`, `body`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{json_problem, line_of};

/// A request, and what it was answered when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The method as sent.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The recorded answer.
    pub recorded: Option<Recorded>,
    /// The line of the file where it begins.
    pub line: usize,
}

/// A recorded answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recorded {
    /// HTTP status.
    pub status: u16,
    /// Headers as recorded.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    #[serde(default)]
    pub body: String,
}

#[derive(Deserialize)]
struct Written {
    method: String,
    target: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    body_encoding: Option<String>,
    #[serde(default)]
    answered: Option<Recorded>,
}

/// Reads a file: JSON when it begins with `[` or `{`, else one raw request.
///
/// # Errors
/// A sentence with the line.
pub fn read_exchanges(file: &str, content: &[u8]) -> Result<Vec<Exchange>, String> {
    let is_json = content.trim_ascii_start().starts_with(b"[") || content.trim_ascii_start().starts_with(b"{");
    if !is_json {
        return raw(file, content).map(|exchange| vec![exchange]);
    }
    let text = std::str::from_utf8(content).map_err(|_| format!("{file}: is not UTF-8"))?;
    let items: Vec<&RawValue> = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text),
        false => serde_json::from_str(text).map(|one| vec![one]),
    }
    .map_err(|error| json_problem(file, &error))?;
    if items.is_empty() {
        return Err(format!("{file}: holds no request"));
    }
    items.into_iter().map(|item| written(file, text, item.get())).collect()
}

fn written(file: &str, text: &str, item: &str) -> Result<Exchange, String> {
    let line = line_of(text, item);
    let Written {
        method,
        target,
        headers,
        body,
        body_encoding,
        answered,
    } = serde_json::from_str(item).map_err(|error| {
        let at = line + error.line() - 1;
        format!("{file}: line {at}: no exchange: it needs method, target, headers as pairs, body; status in what was answered")
    })?;
    let body = match body_encoding.as_deref() {
        None | Some("utf-8") => body.into_bytes(),
        Some("base64") => STANDARD
            .decode(body)
            .map_err(|_| format!("{file}: line {line}: the body is not Base64"))?,
        Some(_) => return Err(format!("{file}: line {line}: body_encoding must be utf-8 or base64")),
    };
    check_target(file, line, &target)?;
    Ok(Exchange {
        method,
        target,
        headers,
        body,
        recorded: answered,
        line,
    })
}

/// A request as it goes over the wire (RFC 9112); line feeds alone do as well.
fn raw(file: &str, content: &[u8]) -> Result<Exchange, String> {
    let (head, body) = split(content);
    let head = std::str::from_utf8(head).map_err(|_| format!("{file}: the head of the request is not UTF-8"))?;
    let mut lines = (1..).zip(head.lines());
    let (_, first) = lines.next().unwrap_or((1, ""));
    let words: Vec<&str> = first.split(' ').collect();
    let (method, target) = match words.as_slice() {
        [method, target @ .., version] if version.starts_with("HTTP/") && !target.is_empty() => {
            (*method, target.join(" "))
        }
        _ => {
            return Err(format!(
                "{file}: line 1: must be a request line such as POST /v2/room/7/notification HTTP/1.1"
            ));
        }
    };
    let mut headers = Vec::new();
    let mut chunked = None;
    for (line, header) in lines {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("{file}: line {line}: must be a header, or empty where the head ends"))?;
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") {
                return Err(format!(
                    "{file}: line {line}: of the transfer codings, chunked alone is known"
                ));
            }
            chunked = Some(line);
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    check_target(file, 1, &target)?;
    let joined = chunked.map(|line| {
        joined(body).ok_or_else(|| {
            format!("{file}: line {line}: the body is not in whole chunks; without this header it is sent as it stands")
        })
    });
    // Editors end a file with a line break that the body does not have.
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(body.len());
    let body = match joined {
        Some(joined) => joined?,
        None => body.get(..length).unwrap_or(body).to_vec(),
    };
    Ok(Exchange {
        method: method.to_owned(),
        target,
        headers,
        body,
        recorded: None,
        line: 1,
    })
}

/// The content of chunks (RFC 9112, section 7.1), without extensions and trailers; nothing where the last one is missing.
fn joined(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let end = body.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(body.get(..end)?).ok()?;
        let digits = line.split(';').next()?.trim();
        let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let length = usize::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)?;
        body = body.get(end + 1..)?;
        if length == 0 {
            return Some(content);
        }
        let (chunk, rest) = body.split_at_checked(length)?;
        content.extend_from_slice(chunk);
        body = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    }
}

fn split(content: &[u8]) -> (&[u8], &[u8]) {
    for (at, _) in content.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let rest = content.get(at + 1..).unwrap_or_default();
        let body = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"));
        if let Some(body) = body {
            return (content.get(..at).unwrap_or_default(), body);
        }
    }
    (content, &[])
}

fn check_target(file: &str, line: usize, target: &str) -> Result<(), String> {
    if target.starts_with('/') {
        Ok(())
    } else {
        Err(format!("{file}: line {line}: the target must begin with /"))
    }
}
