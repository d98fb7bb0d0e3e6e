//! The answer of `InvokeWithResponseStream`: events in the frames of `application/vnd.amazon.eventstream`
//! (<https://smithy.io/2.0/aws/amazon-eventstream.html>).

use flate2::Crc;

/// Two lengths and two checksums.
const OVERHEAD: usize = 16;

/// The type of a header's value: a string.
const STRING: u8 = 7;

/// The events of a reply in chunks that ends well, as Lambda sends a response: its prelude, eight NUL bytes, its body.
pub(super) fn of(prelude: &str, body: &str) -> Vec<u8> {
    let chunk = |bytes: &[u8]| event("PayloadChunk", "application/octet-stream", bytes);
    [
        chunk(prelude.as_bytes()),
        chunk(&[0; 8]),
        chunk(body.as_bytes()),
        event("InvokeComplete", "application/json", b"{}"),
    ]
    .concat()
}

fn event(name: &str, media_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in [
        (":event-type", name),
        (":content-type", media_type),
        (":message-type", "event"),
    ] {
        headers.extend(u8::try_from(name.len()).unwrap_or(u8::MAX).to_be_bytes());
        headers.extend(name.bytes());
        headers.push(STRING);
        headers.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        headers.extend(value.bytes());
    }
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = Vec::new();
    frame.extend(number(OVERHEAD + headers.len() + payload.len()));
    frame.extend(number(headers.len()));
    frame.extend(checksum(&frame));
    frame.extend(headers);
    frame.extend(payload);
    frame.extend(checksum(&frame));
    frame
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_the_specification_has_it() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926_u32.to_be_bytes());
        let frame = event("PayloadChunk", "application/octet-stream", b"hello");
        let number = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap()) as usize;
        let (length, headers) = (number(0), 12 + number(4));
        assert_eq!(length, frame.len());
        assert!(frame[12..headers].starts_with(b"\x0b:event-type\x07\x00\x0cPayloadChunk"));
        assert_eq!(&frame[headers..length - 4], b"hello");
        assert_eq!(frame[8..12], checksum(&frame[..8]));
        assert_eq!(frame[length - 4..], checksum(&frame[..length - 4]));
    }
}
