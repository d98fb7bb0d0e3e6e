//! Frames of `application/vnd.amazon.eventstream`
//! (<https://smithy.io/2.0/aws/amazon-eventstream.html>).

use bytes::{BufMut, Bytes, BytesMut};

/// The media type of such a stream.
pub(super) const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";

/// Prelude, its checksum and the message's checksum, in bytes.
const OVERHEAD: usize = 16;
/// The type of a header value that is a string.
const STRING: u8 = 7;

/// One event: its name, the media type of its payload, its payload.
pub(super) fn event(name: &str, content_type: &str, payload: &[u8]) -> Bytes {
    let mut headers = BytesMut::new();
    for (name, value) in [
        (":event-type", name),
        (":content-type", content_type),
        (":message-type", "event"),
    ] {
        headers.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        headers.put_slice(name.as_bytes());
        headers.put_u8(STRING);
        headers.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        headers.put_slice(value.as_bytes());
    }
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut frame = BytesMut::with_capacity(OVERHEAD + headers.len() + payload.len());
    frame.put_u32(length(OVERHEAD + headers.len() + payload.len()));
    frame.put_u32(length(headers.len()));
    frame.put_u32(crc32(&frame));
    frame.put_slice(&headers);
    frame.put_slice(payload);
    frame.put_u32(crc32(&frame));
    frame.freeze()
}

/// CRC-32 as in gzip (RFC 1952, section 8).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let start = (crc ^ u32::from(*byte)) & 0xff;
        (crc >> 8) ^ TABLE.get(start as usize).copied().unwrap_or_default()
    })
}

const TABLE: [u32; 256] = table();

#[expect(
    clippy::indexing_slicing,
    reason = "computed at build time, where a wrong index is a build error"
)]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let (mut value, mut bit) = (at as u32, 0);
        while bit < 8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ 0xedb8_8320
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_well_known_one() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn a_frame_has_its_lengths_and_checksums() {
        let frame = event("PayloadChunk", "application/octet-stream", b"hello");
        let number = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
        assert_eq!(number(0) as usize, frame.len());
        assert_eq!(number(8), crc32(&frame[..8]));
        let headers = 12 + number(4) as usize;
        assert_eq!(&frame[headers..frame.len() - 4], b"hello");
        assert_eq!(number(frame.len() - 4), crc32(&frame[..frame.len() - 4]));
        assert!(frame[12..headers].starts_with(b"\x0b:event-type\x07\x00\x0cPayloadChunk"));
    }
}
