//! Requests as they arrive, in pieces and in chunks, and what the driver does not speak.

use super::*;

/// A stream that gives its bytes in pieces of a fixed size.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(into.len());
        into[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

const TWO: &[u8] =
    b"GET /next HTTP/1.1\r\nHost: x\r\n\r\nPOST /r HTTP/1.1\r\nhost:x\r\nCONTENT-Length: 5 \r\n\r\nhello";

#[test]
fn requests_are_the_same_however_they_arrive() {
    for size in 1..=TWO.len() {
        let mut stream = Pieces(TWO, size);
        let mut reader = Reader::default();
        let first = reader.next(&mut stream).unwrap().unwrap();
        assert_eq!(
            (first.method, first.target, first.body),
            (&b"GET"[..], &b"/next"[..], &b""[..])
        );
        assert_eq!(first.header("HOST"), Some(&b"x"[..]));
        assert_eq!(first.header("hos"), None);
        let second = reader.next(&mut stream).unwrap().unwrap();
        assert_eq!(
            (second.method, second.target, second.body),
            (&b"POST"[..], &b"/r"[..], &b"hello"[..])
        );
        assert_eq!(reader.next(&mut stream).unwrap(), None);
    }
}

#[test]
fn a_body_larger_than_the_buffer_is_read_whole() {
    let body = vec![b'x'; 3 * BUFFER_BYTES];
    let mut bytes = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(&body);
    let mut reader = Reader::default();
    assert_eq!(reader.next(Pieces(&bytes, 1000)).unwrap().unwrap().body, body);
}

#[test]
fn chunks_are_put_together_however_they_arrive() {
    let bytes: &[u8] = b"POST /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\nA\r\n0123456789\r\n\
        0\r\nlambda-runtime-function-error-type: x\r\n\r\nPOST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n\
        GET /c HTTP/1.1\r\n\r\n";
    for size in 1..=bytes.len() {
        let (mut stream, mut reader) = (Pieces(bytes, size), Reader::default());
        for (target, body) in [(b"/a", &b"hello 0123456789"[..]), (b"/b", b""), (b"/c", b"")] {
            let request = reader.next(&mut stream).unwrap().unwrap();
            assert_eq!((request.target, request.body), (&target[..], body), "{size}");
        }
        assert_eq!(reader.next(&mut stream).unwrap(), None);
    }
    let mut large = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..50 {
        large.extend_from_slice(b"2710\r\n");
        large.extend_from_slice(&[b'x'; 10_000]);
        large.extend_from_slice(b"\r\n");
    }
    large.extend_from_slice(b"0\r\n\r\n");
    let mut reader = Reader::default();
    assert_eq!(
        reader.next(Pieces(&large, 4000)).unwrap().unwrap().body,
        [b'x'; 500_000]
    );
}

#[test]
fn what_the_driver_does_not_speak_is_an_error() {
    for bytes in [
        &b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n"[..],
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nx\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhal",
        b"GET / HT",
    ] {
        assert!(
            Reader::default().next(Pieces(bytes, 7)).is_err(),
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn a_needle_is_found_where_it_stands() {
    assert_eq!(find(b"aab", b"ab"), Some(1));
    assert_eq!(find(b"abc", b"c"), Some(2));
    assert_eq!(find(b"abc", b"cd"), None);
    assert_eq!(find(b"", b"a"), None);
    assert_eq!(find(b"a", b""), None);
}
