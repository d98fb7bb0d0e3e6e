//! Just enough HTTP/1.1 for loopback: requests with a `Content-Length`, usually taken with one `read`, or in chunks.

mod chunked;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::ops::Range;

use chunked::Decoding;

/// One request, borrowed from the connection's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method, as sent.
    pub method: &'a [u8],
    /// The request target, as sent.
    pub target: &'a [u8],
    /// The header lines, each ended by CRLF.
    pub headers: &'a [u8],
    /// The body: `Content-Length` bytes, or all chunks.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first value of a header, compared without case; `None` if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        header(self.headers, name)
    }
}

/// Where the parts of a request stand in the buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    method: Range<usize>,
    target: Range<usize>,
    headers: Range<usize>,
    body: Range<usize>,
    chunked: bool,
}

/// Reads requests from a stream, reusing one buffer.
#[derive(Debug)]
pub struct Reader {
    buffer: Vec<u8>,
    filled: usize,
    taken: usize,
}

/// Large enough that every ordinary exchange needs one `read`.
const BUFFER_BYTES: usize = 64 * 1024;

/// A request that is larger than this is a mistake of the function under measure.
const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;

impl Default for Reader {
    fn default() -> Self {
        Self {
            buffer: vec![0; BUFFER_BYTES],
            filled: 0,
            taken: 0,
        }
    }
}

impl Reader {
    /// The next request; `None` when the peer closed the connection between requests.
    ///
    /// # Errors
    /// A broken connection, a request that is cut off, or one that this reader does not speak (chunked, malformed, huge).
    pub fn next(&mut self, mut stream: impl Read) -> io::Result<Option<Request<'_>>> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        let head = loop {
            if let Some(head) = parse_head(self.buffer.get(..self.filled).unwrap_or_default())? {
                break head;
            }
            if self.filled == self.buffer.len() {
                return Err(invalid("a request head is larger than the buffer"));
            }
            if self.fill(&mut stream)? == 0 {
                return if self.filled == 0 {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        };
        let body = if head.chunked {
            self.chunks(head.body.start, &mut stream)?
        } else {
            self.sized(head.body.end, &mut stream)?;
            head.body
        };
        let part = |range: Range<usize>| self.buffer.get(range).unwrap_or_default();
        Ok(Some(Request {
            method: part(head.method),
            target: part(head.target),
            headers: part(head.headers),
            body: part(body),
        }))
    }

    /// Reads on to the end of a body of a known length.
    fn sized(&mut self, end: usize, stream: &mut impl Read) -> io::Result<()> {
        if end > MAX_REQUEST_BYTES {
            return Err(invalid("a request is too large"));
        }
        if end > self.buffer.len() {
            self.buffer.resize(end, 0);
        }
        while self.filled < end {
            self.more(stream)?;
        }
        self.taken = end;
        Ok(())
    }

    /// Reads on to the end of a body in chunks; gives where it stands, decoded.
    fn chunks(&mut self, start: usize, stream: &mut impl Read) -> io::Result<Range<usize>> {
        let mut decoding = Decoding::at(start);
        loop {
            let filled = self.buffer.get_mut(..self.filled).unwrap_or_default();
            if let Some((end, taken)) = decoding.advance(filled)? {
                self.taken = taken;
                return Ok(start..end);
            }
            if self.filled == self.buffer.len() {
                if self.filled >= MAX_REQUEST_BYTES {
                    return Err(invalid("a request is too large"));
                }
                self.buffer.resize(self.filled * 2, 0);
            }
            self.more(stream)?;
        }
    }

    fn more(&mut self, stream: &mut impl Read) -> io::Result<()> {
        if self.fill(stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn fill(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        let read = stream.read(self.buffer.get_mut(self.filled..).unwrap_or_default())?;
        self.filled += read;
        Ok(read)
    }
}

/// Finds a complete head at the start of `bytes`; `None` if more must be read.
fn parse_head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = bytes.get(..end + 2).unwrap_or_default();
    let line_end = find(head, b"\r\n").unwrap_or_default();
    let line = head.get(..line_end).unwrap_or_default();
    let method = line
        .iter()
        .position(|byte| *byte == b' ')
        .ok_or_else(|| invalid("no method"))?;
    let target = line
        .iter()
        .rposition(|byte| *byte == b' ')
        .ok_or_else(|| invalid("no target"))?;
    if target <= method || line.get(target + 1..) != Some(b"HTTP/1.1".as_slice()) {
        return Err(invalid("not an HTTP/1.1 request line"));
    }
    let headers = head.get(line_end + 2..).unwrap_or_default();
    let chunked = match header(headers, "transfer-encoding") {
        None => false,
        Some(coding) if coding.eq_ignore_ascii_case(b"chunked") => true,
        Some(_) => return Err(invalid("a transfer coding that the driver does not speak")),
    };
    let length = match header(headers, "content-length") {
        None => 0,
        Some(digits) => std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse::<usize>().ok())
            .ok_or_else(|| invalid("a bad Content-Length"))?,
    };
    let body = end + 4;
    Ok(Some(Head {
        method: 0..method,
        target: method + 1..target,
        headers: line_end + 2..end + 2,
        body: body..body.saturating_add(length),
        chunked,
    }))
}

/// The first value of a header among lines that each end with CRLF.
fn header<'a>(lines: &'a [u8], name: &str) -> Option<&'a [u8]> {
    lines.split(|byte| *byte == b'\n').find_map(|line| {
        let (field, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        field.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    })
}

/// The position of `needle` in `bytes`.
#[must_use]
pub fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(offset) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + offset;
        if bytes.get(at..)?.starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
