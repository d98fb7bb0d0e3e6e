//! Events out of bytes, and where a prelude is.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue as Value, Message};
use proptest::prelude::*;

use super::events::Complete;
use super::*;

fn message(headers: &[(&'static str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut message = Message::new(Bytes::copy_from_slice(payload));
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, Value::String((*value).to_owned().into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn event(kind: &str, payload: &[u8]) -> Vec<u8> {
    message(&[(":message-type", "event"), (":event-type", kind)], payload)
}

/// All events of these bytes, which arrive in pieces of `size`; the error if they are malformed.
fn all(bytes: &[u8], size: usize) -> (Vec<Event>, bool) {
    let mut events = Events::default();
    let mut found = Vec::new();
    for piece in bytes.chunks(size) {
        events.take(piece);
        loop {
            match events.next() {
                Ok(Some(event)) => found.push(event),
                Ok(None) => break,
                Err(_) => return (found, false),
            }
        }
    }
    (found, true)
}

#[test]
fn events_are_read_however_they_arrive() {
    let mut bytes = event("PayloadChunk", b"one");
    bytes.extend(event("SomethingNew", b"?"));
    bytes.extend(event("PayloadChunk", b""));
    bytes.extend(event(
        "InvokeComplete",
        br#"{"ErrorCode":"Unhandled","ErrorDetails":"x","LogResult":"bG9n"}"#,
    ));
    bytes.extend(event("InvokeComplete", b"{}"));
    bytes.extend(message(
        &[(":message-type", "exception"), (":exception-type", "ServiceException")],
        b"{}",
    ));
    let failed = Event::Complete(Complete {
        error_code: Some("Unhandled".to_owned()),
        error_details: Some("x".to_owned()),
        log_result: Some("bG9n".to_owned()),
    });
    for size in [1, 7, bytes.len()] {
        let (found, good) = all(&bytes, size);
        assert!(good);
        assert_eq!(found.len(), 5);
        assert_eq!(found[0], Event::Chunk("one".into()));
        assert_eq!(found[1], Event::Chunk(Bytes::new()));
        assert_eq!(found[2], failed);
        assert_eq!(found[3], Event::Complete(Complete::default()));
        assert_eq!(found[4], Event::Failed("ServiceException".to_owned()));
    }
}

#[test]
fn an_end_that_tells_nothing_is_an_end() {
    let (found, good) = all(&event("InvokeComplete", b""), 64);
    assert!(good && found == [Event::Complete(Complete::default())], "{found:?}");
}

#[test]
fn a_long_event_is_one() {
    let long = vec![7; 20 * 1024 * 1024];
    let (found, good) = all(&event("PayloadChunk", &long), 4 * 1024 * 1024);
    assert!(good && found == [Event::Chunk(long.into())]);
}

#[test]
fn what_is_no_event_is_malformed() {
    assert!(!all(&event("InvokeComplete", b"no JSON"), 64).1);
    assert!(!all(&message(&[(":event-type", "PayloadChunk")], b""), 64).1);
    assert!(!all(b"HTTP/1.1 200 OK\r\n\r\n<html>", 64).1);
}

#[test]
fn a_prelude_is_known_as_soon_as_may_be() {
    for (start, expected) in [
        (&b"{\"statusCode\":200}\0\0\0\0\0\0\0\0body"[..], Found::Prelude(18)),
        (b"{\"statusCode\":200}\0\0\0\0\0\0\0", Found::Maybe),
        (b"{\"statusCode\":200}", Found::Maybe),
        (b"{\"statusCode\"", Found::Maybe),
        (b"", Found::Maybe),
        (b"data: 1\n\n", Found::Nothing),
        (b"{\"a\":1}\n{\"b\":2}", Found::Nothing),
        (b"{\"a\":1}\0\0\0\0body", Found::Nothing),
        (b"{a", Found::Nothing),
        (b"[1]", Found::Nothing),
    ] {
        assert_eq!(prelude::look(start), expected, "{}", String::from_utf8_lossy(start));
    }
    let long = |size: usize| format!("{{\"x\":\"{}\"}}\0\0\0\0\0\0\0\0", "v".repeat(size)).into_bytes();
    assert_eq!(prelude::look(&long(16 * 1024 - 16)), Found::Prelude(16 * 1024 - 8));
    assert_eq!(prelude::look(&long(16 * 1024 - 15)), Found::Nothing);
    assert_eq!(prelude::look(&long(16 * 1024 - 15)[..1000]), Found::Maybe);
}

/// What is found in a start that arrives in pieces of `size`, and after how many bytes.
fn found(start: &[u8], size: usize) -> (Found, usize) {
    let mut looking = Looking::default();
    let ends = (0..start.len()).step_by(size).map(|at| (at + size).min(start.len()));
    let mut last = (Found::Maybe, 0);
    for end in ends {
        last = (looking.at(&start[..end]), end);
        if last.0 != Found::Maybe {
            break;
        }
    }
    last
}

#[test]
fn small_pieces_are_not_looked_at_again_and_again() {
    let prelude = br#"{"statusCode":200,"headers":{"x":"}\"{","y":["a"]}}"#;
    let length = prelude.len();
    let start = [&prelude[..], &[0; 8], b"body"].concat();
    for size in [1, 3, 200] {
        let (found, after) = found(&start, size);
        assert_eq!(found, Found::Prelude(length), "{size}");
        assert!(after < length + 8 + size || size == 200, "{size} {after}");
    }
    // What is no prelude is known with the first byte that shows it.
    assert_eq!(found(b"  {\"a\":1}\n{\"b\":2}", 1), (Found::Nothing, 10));
    assert_eq!(found(b" data: 1", 1), (Found::Nothing, 2));
    let started = std::time::Instant::now();
    for start in [vec![b' '; 20_000], [&b"{\"a\":["[..], &b"{},".repeat(7000)].concat()] {
        assert_eq!(found(&start, 1), (Found::Nothing, 16 * 1024));
    }
    assert!(
        started.elapsed() < std::time::Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

proptest! {
    #[test]
    fn any_change_of_a_byte_is_seen(
        payload in proptest::collection::vec(any::<u8>(), 0..64),
        at in any::<proptest::sample::Index>(),
        change in 1u8..,
        size in 1usize..80,
    ) {
        let mut bytes = event("PayloadChunk", &payload);
        prop_assert_eq!(all(&bytes, size), (vec![Event::Chunk(payload.into())], true));
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        // Found out, or still waiting for what a changed length promises: never another event.
        prop_assert_eq!(all(&bytes, size).0, Vec::new());
    }

    #[test]
    fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..256), size in 1usize..64) {
        let _ = all(&bytes, size);
        let _ = found(&bytes, size);
        // Pieces change nothing about a prelude that is there.
        let whole = [b"{\"a\":1}\0\0\0\0\0\0\0\0", &bytes[..]].concat();
        prop_assert_eq!(found(&whole, size).0, Found::Prelude(7));
        let _ = prelude::look(&bytes);
    }
}
