//! Bodies in chunks (RFC 9112, section 7.1), decoded where they stand in the buffer.

use std::io;

use super::{find, invalid};

/// How far the decoding of one body has come.
#[derive(Debug)]
pub(super) struct Decoding {
    /// Where the next chunk begins, as sent.
    next: usize,
    /// Where the decoded body ends.
    end: usize,
}

impl Decoding {
    /// A body that begins at a place of the buffer.
    pub(super) fn at(start: usize) -> Self {
        Self {
            next: start,
            end: start,
        }
    }

    /// Decodes what is there of `buffer`; the end of the decoded body and of what was sent, `None` if more must be read.
    ///
    /// # Errors
    /// What is no chunk.
    pub(super) fn advance(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, usize)>> {
        loop {
            let rest = buffer.get(self.next..).unwrap_or_default();
            let Some(line_end) = find(rest, b"\r\n") else {
                return Ok(None);
            };
            let line = rest.get(..line_end).unwrap_or_default();
            let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            let size = std::str::from_utf8(size)
                .ok()
                .and_then(|digits| usize::from_str_radix(digits, 16).ok())
                .ok_or_else(|| invalid("a bad size of a chunk"))?;
            let data = self.next + line_end + 2;
            if size == 0 {
                // Trailers, if there are any, and an empty line: the size's own line end may be the first half of it.
                let tail = buffer.get(data - 2..).unwrap_or_default();
                return Ok(find(tail, b"\r\n\r\n").map(|at| (self.end, data - 2 + at + 4)));
            }
            let after = data.checked_add(size).and_then(|end| end.checked_add(2));
            let after = after.ok_or_else(|| invalid("a bad size of a chunk"))?;
            match buffer.get(after - 2..after) {
                None => return Ok(None),
                Some(b"\r\n") => {}
                Some(_) => return Err(invalid("a chunk that is longer than it says")),
            }
            buffer.copy_within(data..data + size, self.end);
            self.end += size;
            self.next = after;
        }
    }
}
