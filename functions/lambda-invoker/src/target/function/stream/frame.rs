//! The frames that events come in: two lengths and their checksum, headers, a payload, and a checksum over all of it; pure
//! (<https://smithy.io/2.0/aws/amazon-eventstream.html>).

use bytes::{Bytes, BytesMut};

/// Two lengths and their checksum.
const PRELUDE: usize = 12;

/// A checksum.
const CHECKSUM: usize = 4;

/// The longest frame, in bytes: 24 MB of payload and 128 KB of headers, as botocore takes them.
const LONGEST: usize = 24 * 1024 * 1024 + 128 * 1024 + PRELUDE + CHECKSUM;

/// Bytes that are no frames, a checksum that is wrong, a length that cannot be, a header that is none; or a frame that is
/// no event.
#[derive(Debug)]
pub(super) struct Malformed;

/// One frame, whose checksums are right.
#[derive(Debug)]
pub(super) struct Frame {
    headers: Bytes,
    /// The payload, which shares the buffer's memory.
    pub(super) payload: Bytes,
}

impl Frame {
    /// Takes the first frame out of a buffer; `None` until all of it is there. Lengths that cannot be are found out with the
    /// twelfth byte, before anybody waits for what they promise.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Self>, Malformed> {
        let Some(prelude) = buffer.first_chunk::<PRELUDE>() else {
            return Ok(None);
        };
        let [length, headers, checksum] = number_of(prelude);
        if !(PRELUDE + CHECKSUM..=LONGEST).contains(&length)
            || headers > length - PRELUDE - CHECKSUM
            || crc32fast::hash(&prelude[..PRELUDE - CHECKSUM]) as usize != checksum
        {
            return Err(Malformed);
        }
        if buffer.len() < length {
            return Ok(None);
        }
        let mut whole = buffer.split_to(length);
        let checksum = whole.split_off(length - CHECKSUM);
        if crc32fast::hash(&whole).to_be_bytes() != *checksum {
            return Err(Malformed);
        }
        let mut headers_and_payload = whole.freeze().split_off(PRELUDE);
        let payload = headers_and_payload.split_off(headers);
        Ok(Some(Self {
            headers: headers_and_payload,
            payload,
        }))
    }

    /// The headers, the first that cannot be read as the last one.
    pub(super) fn headers(&self) -> Headers<'_> {
        Headers(&self.headers)
    }
}

fn number_of(prelude: &[u8; PRELUDE]) -> [usize; 3] {
    let mut numbers = [0; 3];
    for (number, bytes) in numbers.iter_mut().zip(prelude.chunks_exact(4)) {
        *number = bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
    }
    numbers
}

/// Names and values of headers; values that are no text are passed over.
#[derive(Debug)]
pub(super) struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    fn read(&mut self) -> Option<(&'a str, Option<&'a str>)> {
        let [length] = *self.array()?;
        let name = self.text(usize::from(length))?;
        let [kind] = *self.array()?;
        let length = match kind {
            // True, false.
            0 | 1 => 0,
            // Whole numbers.
            2 => 1,
            3 => 2,
            4 => 4,
            // A whole number, a moment.
            5 | 8 => 8,
            // Bytes, text.
            6 | 7 => usize::from(u16::from_be_bytes(*self.array()?)),
            // A UUID.
            9 => 16,
            _ => return None,
        };
        if kind == 7 {
            return Some((name, Some(self.text(length)?)));
        }
        self.bytes(length)?;
        Some((name, None))
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(length)?).ok()
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Result<(&'a str, Option<&'a str>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let header = self.read();
        if header.is_none() {
            self.0 = &[];
        }
        Some(header.ok_or(Malformed))
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::DateTime;
    use aws_smithy_types::event_stream::{Header, HeaderValue as Value, Message};

    use super::*;

    /// A frame of these bytes with checksums that are right.
    fn sealed(length: u32, headers: u32, rest: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::new();
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&headers.to_be_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        bytes.extend_from_slice(rest);
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        bytes
    }

    #[test]
    fn frames_are_read_as_awss_own_codec_writes_them() {
        let values = [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("byte", Value::Byte(-1)),
            ("short", Value::Int16(-2)),
            ("int", Value::Int32(-3)),
            ("long", Value::Int64(-4)),
            ("bytes", Value::ByteArray(Bytes::from_static(b"\xff\x07"))),
            (":event-type", Value::String("PayloadChunk".into())),
            ("", Value::String("".into())),
            ("moment", Value::Timestamp(DateTime::from_secs(1))),
            ("uuid", Value::Uuid(u128::MAX)),
            ("last", Value::String("caf\u{e9}".into())),
        ];
        let mut message = Message::new(Bytes::from_static(b"payload"));
        for (name, value) in values {
            message = message.add_header(Header::new(name, value));
        }
        let mut written = Vec::new();
        write_message_to(&message, &mut written).unwrap();
        written.extend_from_slice(b"next");
        let mut buffer = BytesMut::from(&written[..]);
        let frame = Frame::take(&mut buffer).unwrap().unwrap();
        assert_eq!((&frame.payload[..], &buffer[..]), (&b"payload"[..], &b"next"[..]));
        let texts: Vec<(&str, &str)> = frame
            .headers()
            .filter_map(|header| header.map(|(name, text)| Some((name, text?))).unwrap())
            .collect();
        assert_eq!(
            texts,
            [(":event-type", "PayloadChunk"), ("", ""), ("last", "caf\u{e9}")]
        );
        assert_eq!(frame.headers().count(), 12);
    }

    #[test]
    fn lengths_that_cannot_be_are_found_out_at_once() {
        let longest = u32::try_from(LONGEST).unwrap();
        for (length, headers, fine) in [
            (16, 0, true),
            (15, 0, false),
            (0, 0, false),
            (17, 1, true),
            (17, 2, false),
            (16, u32::MAX, false),
            (longest, 0, true),
            (longest + 1, 0, false),
            (u32::MAX, 0, false),
        ] {
            let mut bytes = sealed(length, headers, b"");
            bytes.truncate(PRELUDE);
            assert_eq!(matches!(Frame::take(&mut bytes), Ok(None)), fine, "{length} {headers}");
            bytes.truncate(PRELUDE - 1);
            assert!(matches!(Frame::take(&mut bytes), Ok(None)));
        }
    }

    #[test]
    fn a_header_that_is_none_ends_the_frame() {
        for (headers, good, malformed) in [
            (&b"\x01a\x00\x01b\x01"[..], 2, false),
            (b"\x01a\x00\x01b", 1, true),
            (b"\x01a\x00\x05b\x00", 1, true),
            (b"\x01a\x0a", 0, true),
            (b"\x01\xff\x00", 0, true),
            (b"\x01a\x07\x00\x01\xff", 0, true),
            (b"\x01a\x07\x00\x02x", 0, true),
            (b"\x01a\x07\x00", 0, true),
            (b"\x01a\x09123456789012345", 0, true),
            (b"\x00", 0, true),
        ] {
            let length = u32::try_from(headers.len()).unwrap();
            let mut bytes = sealed(16 + length, length, headers);
            let frame = Frame::take(&mut bytes).unwrap().unwrap();
            let read: Vec<_> = frame.headers().collect();
            assert_eq!(read.iter().filter(|header| header.is_ok()).count(), good, "{headers:?}");
            assert_eq!(read.iter().any(Result::is_err), malformed, "{headers:?}");
        }
    }
}
