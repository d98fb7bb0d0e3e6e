//! Streamed answers on the wire of the Runtime API: ended, broken off, refused and not taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::Deadline;

/// A body of these pieces: a number of bytes, or how it ends.
struct Script {
    pieces: Vec<Step>,
    until: Deadline,
    delivered: Arc<AtomicBool>,
    dropped: Arc<AtomicBool>,
    late: Arc<AtomicBool>,
    refused: Arc<AtomicBool>,
}

enum Step {
    Text(&'static str),
    Fail,
    Panic,
    Wait,
}

impl StreamBody for Script {
    async fn next(&mut self) -> Result<Option<Bytes>, InvocationError> {
        if self.pieces.is_empty() {
            return Ok(None);
        }
        match self.pieces.remove(0) {
            Step::Text(text) => Ok(Some(Bytes::from_static(text.as_bytes()))),
            Step::Fail => Err(InvocationError {
                error_type: "cut",
                error_message: "The answer was cut",
            }),
            Step::Panic => panic!("s3cret"),
            Step::Wait => std::future::pending().await,
        }
    }

    fn deadline(&self) -> Deadline {
        self.until
    }

    fn late(&mut self) -> InvocationError {
        self.late.store(true, Ordering::SeqCst);
        InvocationError {
            error_type: "late",
            error_message: "Too late",
        }
    }

    fn refused(&mut self) {
        self.refused.store(true, Ordering::SeqCst);
    }

    fn delivered(&mut self) {
        self.delivered.store(true, Ordering::SeqCst);
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
    }
}

fn turn(invocation_id: Option<&'static str>) -> Turn {
    Turn {
        request_id: "id-1".to_owned(),
        invocation_id: invocation_id.map(HeaderValue::from_static),
    }
}

/// What became of a post.
struct Posted {
    wire: String,
    delivered: bool,
    dropped: bool,
    late: bool,
    refused: bool,
}

/// Posts to a server that answers `answer` once it has read something that ends with `until`, and reads to the end.
async fn posted(pieces: Vec<Step>, until: &'static str, answer: &'static str) -> Posted {
    posted_within(Duration::from_secs(5), pieces, until, answer).await
}

async fn posted_within(time: Duration, pieces: Vec<Step>, until: &'static str, answer: &'static str) -> Posted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut wire = Vec::new();
        while !wire.ends_with(until.as_bytes()) && stream.read_buf(&mut wire).await.is_ok_and(|read| read > 0) {}
        if answer.is_empty() {
            return String::from_utf8(wire).unwrap();
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        // A connection that is aborted may end with a reset.
        while matches!(stream.read_buf(&mut wire).await, Ok(read) if read > 0) {}
        String::from_utf8(wire).unwrap()
    });
    let (delivered, dropped) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (late, refused) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let script = Script {
        pieces,
        until: Deadline::after(time),
        delivered: delivered.clone(),
        dropped: dropped.clone(),
        late: late.clone(),
        refused: refused.clone(),
    };
    let turn = turn(Some("inv-1"));
    let sent = tokio::spawn(async move { post(&api, &turn, b"{}\0".to_vec(), script).await });
    let _ = tokio::time::timeout(Duration::from_secs(5), sent)
        .await
        .expect("an end");
    Posted {
        wire: server.await.unwrap(),
        delivered: delivered.load(Ordering::SeqCst),
        dropped: dropped.load(Ordering::SeqCst),
        late: late.load(Ordering::SeqCst),
        refused: refused.load(Ordering::SeqCst),
    }
}

const TAKEN: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn a_whole_answer_goes_out_in_chunks_and_is_ended() {
    let posted = posted(vec![Step::Text("one"), Step::Text("two")], "0\r\n\r\n", TAKEN).await;
    let (head, body) = posted.wire.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\n"),
        "{head}"
    );
    for line in [
        "transfer-encoding: chunked",
        "content-type: application/vnd.awslambda.http-integration-response",
        "lambda-runtime-function-response-mode: streaming",
        "lambda-runtime-invocation-id: inv-1",
        "trailer: lambda-runtime-function-error-type",
        "trailer: lambda-runtime-function-error-body",
    ] {
        assert!(head.lines().any(|known| known == line), "{line}\n{head}");
    }
    assert_eq!(body, "3\r\n{}\0\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    assert!(posted.delivered && posted.dropped && !posted.refused);
}

#[tokio::test]
async fn an_error_in_the_middle_goes_into_trailers() {
    let posted = posted(
        vec![Step::Text("one"), Step::Fail, Step::Text("two")],
        "=\r\n\r\n",
        TAKEN,
    )
    .await;
    let (_, end) = posted.wire.split_once("3\r\none\r\n").unwrap();
    let report = STANDARD.encode(r#"{"errorMessage":"The answer was cut","errorType":"cut"}"#);
    assert_eq!(
        end,
        format!("0\r\nlambda-runtime-function-error-type: cut\r\nlambda-runtime-function-error-body: {report}\r\n\r\n")
    );
    assert!(!posted.delivered && posted.dropped);
}

#[tokio::test]
async fn a_panic_in_the_middle_is_an_error_that_tells_nothing() {
    let report = STANDARD.encode(r#"{"errorMessage":"InternalError","errorType":"InternalError"}"#);
    let end = format!("{report}\r\n\r\n").leak();
    let posted = posted(vec![Step::Text("one"), Step::Panic], end, TAKEN).await;
    assert!(posted.wire.contains("3\r\n{}\0\r\n"), "{}", posted.wire);
    let trailer = "one\r\n0\r\nlambda-runtime-function-error-type: InternalError\r\n";
    assert!(posted.wire.contains(trailer), "{}", posted.wire);
    assert!(!posted.delivered && posted.dropped);
}

#[tokio::test]
async fn a_body_that_nobody_wants_is_dropped_at_once() {
    for answer in ["", "HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"] {
        let posted = posted(vec![Step::Text("one"), Step::Wait], "one\r\n", answer).await;
        assert!(!posted.wire.contains("0\r\n\r\n"), "{}", posted.wire);
        assert!(!posted.delivered && posted.dropped && posted.refused, "{answer}");
    }
    let refused = Arc::<AtomicBool>::default();
    let script = Script {
        pieces: Vec::new(),
        until: Deadline::after(Duration::from_secs(5)),
        delivered: Arc::default(),
        dropped: Arc::default(),
        late: Arc::default(),
        refused: refused.clone(),
    };
    // Nothing listens on port 1.
    let posted = post("127.0.0.1:1", &turn(None), Vec::new(), script).await;
    assert_eq!(posted, Err(UNREACHABLE));
    assert!(refused.load(Ordering::SeqCst));
}

#[tokio::test]
async fn what_is_not_taken_in_time_is_given_up() {
    // The server reads the head and then nothing: what the connection holds is not enough for this.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = listener.local_addr().unwrap().to_string();
    let text: &'static str = "x".repeat(16 * 1024 * 1024).leak();
    let late = Arc::<AtomicBool>::default();
    let delivered = Arc::<AtomicBool>::default();
    let mut took = Duration::MAX;
    // The machine may have other things to do.
    for _ in 0..3 {
        let started = std::time::Instant::now();
        let script = Script {
            pieces: vec![Step::Text(text), Step::Text(text), Step::Text(text)],
            until: Deadline::after(Duration::from_millis(200)),
            delivered: delivered.clone(),
            dropped: Arc::default(),
            late: late.clone(),
            refused: Arc::default(),
        };
        post(&api, &turn(None), b"{}\0".to_vec(), script).await.unwrap();
        took = took.min(started.elapsed());
    }
    // All that comes after the deadline has one grace in common.
    assert!(took < Duration::from_millis(200) + STREAM_GRACE * 3 / 2, "{took:?}");
    assert!(late.load(Ordering::SeqCst) && !delivered.load(Ordering::SeqCst));

    // It reads all of it and says nothing.
    let posted = posted_within(Duration::from_millis(200), vec![Step::Text("one")], "never", TAKEN).await;
    assert!(posted.late && !posted.delivered, "{}", posted.wire);
}
