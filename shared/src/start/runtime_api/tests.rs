//! The client against a Runtime API that says what it is told to, on the wire.

use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::start::{Reply, StreamBody, serve};

/// What the API does with one request.
enum Say {
    /// Answers with this.
    This(String),
    /// Answers, and closes the connection a little later.
    AndLeave(String),
    /// Closes the connection without an answer.
    Nothing,
}

/// Everything that was asked, with the number of its connection, counted from 1.
type Asked = Arc<Mutex<Vec<(usize, String)>>>;

/// An API that does these things one after the other, on as many connections as are made, and then nothing more.
async fn api(script: Vec<Say>) -> (Arc<str>, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Asked::default();
    let kept = asked.clone();
    let script = Arc::new(Mutex::new(script.into_iter()));
    tokio::spawn(async move {
        for connection in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (script, kept) = (script.clone(), kept.clone());
            tokio::spawn(async move {
                while let Some(request) = request(&mut stream).await {
                    kept.lock().unwrap().push((connection, request));
                    let Some(say) = script.lock().unwrap().next() else {
                        break;
                    };
                    match say {
                        Say::This(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                        Say::AndLeave(answer) => return stream.write_all(answer.as_bytes()).await.unwrap(),
                        Say::Nothing => return,
                    }
                }
                // Whoever asks more than the script foresees waits.
                std::future::pending::<()>().await;
            });
        }
    });
    (address.as_str().into(), asked)
}

/// The next request of a connection, head and body.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8(read.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

fn event(id: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: 99\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn status(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n")
}

fn turn(id: &str) -> Turn {
    Turn {
        request_id: id.to_owned(),
        invocation_id: None,
    }
}

fn first_lines(asked: &Asked) -> Vec<(usize, String)> {
    let asked = asked.lock().unwrap();
    let line = |(connection, request): &(usize, String)| (*connection, request.lines().next().unwrap().to_owned());
    asked.iter().map(line).collect()
}

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1";

#[tokio::test]
async fn events_come_and_answers_go_on_one_connection() {
    let (address, asked) = api(vec![
        Say::This(event("a", "{}")),
        Say::This(status(202)),
        Say::This(event("b", "[]")),
        Say::This(status(202)),
    ])
    .await;
    let mut api = RuntimeApi::new(address.clone()).unwrap();
    assert_eq!(api.next().await.unwrap().1.unwrap(), b"{}");
    let named = Turn {
        invocation_id: Some(HeaderValue::from_static("i-1")),
        ..turn("a")
    };
    assert_eq!(api.answer(&named, b"1".to_vec()).await, Ok(None));
    assert_eq!(api.next().await.unwrap().1.unwrap(), b"[]");
    let error = InvocationError {
        error_type: "Unauthorized",
        error_message: "no",
    };
    assert_eq!(api.fail(&turn("b"), &error).await, Ok(None));
    let lines = first_lines(&asked);
    let expected = [
        (1, NEXT),
        (1, "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1"),
        (1, NEXT),
        (1, "POST /2018-06-01/runtime/invocation/b/error HTTP/1.1"),
    ];
    assert_eq!(lines, expected.map(|(connection, line)| (connection, line.to_owned())));
    let asked = asked.lock().unwrap();
    assert!(asked[0].1.contains(&format!("host: {address}\r\n")), "{}", asked[0].1);
    assert!(asked[1].1.contains("lambda-runtime-invocation-id: i-1\r\n") && asked[1].1.ends_with("\r\n\r\n1"));
    assert!(
        asked[3]
            .1
            .contains("lambda-runtime-function-error-type: Unauthorized\r\n")
    );
    let report = asked[3].1.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(report, r#"{"errorMessage":"no","errorType":"Unauthorized"}"#);
}

#[tokio::test]
async fn an_event_may_come_in_chunks_and_may_be_large() {
    let large = "x".repeat(3_000_000);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    let (address, _) = api(vec![Say::This(chunked), Say::This(event("a", &large))]).await;
    let mut api = RuntimeApi::new(address).unwrap();
    let event = api.next().await.unwrap().1.unwrap();
    assert!(event.starts_with(b"{}x") && event.len() == 2 + large.len());
    let event = api.next().await.unwrap().1.unwrap();
    assert_eq!(event, large.as_bytes());
    assert_eq!(event.capacity(), large.len(), "made in one go");
}

#[tokio::test]
async fn a_connection_that_has_gone_is_made_anew_once() {
    let (address, asked) = api(vec![
        Say::AndLeave(event("a", "{}")),
        Say::This(status(202)),
        Say::Nothing,
        Say::This(event("b", "{}")),
        Say::Nothing,
        Say::Nothing,
    ])
    .await;
    let mut api = RuntimeApi::new(address).unwrap();
    api.next().await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(api.answer(&turn("a"), b"1".to_vec()).await, Ok(None));
    assert_eq!(api.next().await.unwrap().1.unwrap(), b"{}");
    // Twice is too much.
    assert_eq!(api.answer(&turn("b"), b"1".to_vec()).await, Err(Broken::Unreachable));
    let connections: Vec<usize> = first_lines(&asked).iter().map(|(connection, _)| *connection).collect();
    assert_eq!(connections, [1, 2, 2, 3, 3, 4]);
}

#[tokio::test]
async fn what_the_api_does_not_want_is_told() {
    let (address, asked) = api(vec![
        Say::This(status(413)),
        Say::This(status(403)),
        Say::This(status(500)),
        Say::This(status(403)),
    ])
    .await;
    let mut api = RuntimeApi::new(address).unwrap();
    for expected in [413, 403, 500] {
        let answered = api.answer(&turn("a"), b"1".to_vec()).await;
        assert_eq!(answered, Ok(Some(StatusCode::from_u16(expected).unwrap())));
    }
    let next = api.next().await.map(|_| ());
    assert_eq!(next, Err(Broken::Refused(StatusCode::FORBIDDEN)));
    // Who refuses may wait for the rest of what was sent, or close.
    let connections: Vec<usize> = first_lines(&asked).iter().map(|(connection, _)| *connection).collect();
    assert_eq!(connections, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_large_answer_that_is_refused_unread_keeps_nobody_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        first.read_exact(&mut [0; 100]).await.unwrap();
        first.write_all(status(413).as_bytes()).await.unwrap();
        let (mut second, _) = listener.accept().await.unwrap();
        request(&mut second).await.unwrap();
        second.write_all(event("b", "{}").as_bytes()).await.unwrap();
        (first, second)
    });
    let mut api = RuntimeApi::new(address.as_str().into()).unwrap();
    let went_on = async {
        let answered = api.answer(&turn("a"), vec![b'x'; 16 * 1024 * 1024]).await;
        assert_eq!(answered, Ok(Some(StatusCode::PAYLOAD_TOO_LARGE)));
        api.next().await.unwrap().1.unwrap()
    };
    let event = tokio::time::timeout(Duration::from_secs(10), went_on).await.unwrap();
    assert_eq!(event, b"{}");
    server.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_was_taken_without_a_word_is_not_called_refused() {
    let (address, asked) = api(vec![
        Say::This(event("a", "{}")),
        Say::Nothing,
        Say::This(status(403)),
        Say::This(status(403)),
    ])
    .await;
    let mut api = RuntimeApi::new(address).unwrap();
    api.next().await.unwrap();
    assert_eq!(api.answer(&turn("a"), b"1".to_vec()).await, Ok(None));
    let answered = api.answer(&turn("a"), b"1".to_vec()).await;
    assert_eq!(answered, Ok(Some(StatusCode::FORBIDDEN)));
    assert_eq!(first_lines(&asked).len(), 4);
}

#[tokio::test]
async fn nothing_goes_over_a_connection_from_before_the_snapshot() {
    let (address, asked) = api(vec![
        Say::This(status(200)),
        Say::This(event("a", "{}")),
        Say::This(status(500)),
    ])
    .await;
    let mut api = RuntimeApi::new(address).unwrap();
    api.restored().await.unwrap();
    api.next().await.unwrap();
    assert_eq!(
        api.restored().await,
        Err(Broken::Refused(StatusCode::INTERNAL_SERVER_ERROR))
    );
    let restore = "GET /2018-06-01/runtime/restore/next HTTP/1.1";
    let expected = [(1, restore), (2, NEXT), (2, restore)];
    assert_eq!(
        first_lines(&asked),
        expected.map(|(connection, line)| (connection, line.to_owned()))
    );
}

#[tokio::test]
async fn a_refused_start_is_reported_with_every_line() {
    let (address, asked) = api(vec![Say::This(status(202))]).await;
    crate::start::refuse(
        address,
        "ConfigurationError",
        "A: is required\nB: must be true or false",
    )
    .await;
    let asked = asked.lock().unwrap();
    let (head, body) = asked[0].1.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /2018-06-01/runtime/init/error HTTP/1.1\r\n"));
    assert!(head.contains("lambda-runtime-function-error-type: ConfigurationError\r\n"));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["errorMessage"], "A: is required\nB: must be true or false");
    assert_eq!(body["errorType"], "ConfigurationError");
}

/// Streams one piece.
struct Once(Option<Bytes>);

impl StreamBody for Once {
    async fn next(&mut self) -> Result<Option<Bytes>, InvocationError> {
        Ok(self.0.take())
    }

    fn deadline(&self) -> crate::Deadline {
        crate::Deadline::after(Duration::from_secs(5))
    }

    fn late(&mut self) -> InvocationError {
        crate::start::PANICKED
    }

    fn refused(&mut self) {}

    fn delivered(&mut self) {}
}

#[tokio::test]
async fn a_worker_answers_each_event_as_its_handler_wants_and_outlives_a_panic() {
    let nameless = "HTTP/1.1 200 OK\r\nLambda-Runtime-Deadline-Ms: 99\r\nContent-Length: 2\r\n\r\n{}".to_owned();
    let timeless = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: d\r\nContent-Length: 2\r\n\r\n{}".to_owned();
    let (address, asked) = api(vec![
        Say::This(event("a", "whole")),
        Say::This(status(202)),
        Say::This(event("b", "panic")),
        Say::This(status(202)),
        Say::This(event("c", "fail")),
        Say::This(status(202)),
        Say::This(timeless),
        Say::This(status(202)),
        Say::This(event("e", "whole")),
        Say::This(status(413)),
        Say::AndLeave(event("f", "whole").replace("whole", "who")),
        Say::This(status(202)),
        Say::This(nameless),
    ])
    .await;
    let handler = |event: crate::start::RawEvent| async move {
        match event.payload.as_str() {
            "whole" => Ok(Reply::<_, Once>::Whole(event.context.deadline)),
            "panic" => panic!("s3cret"),
            _ => Err(InvocationError {
                error_type: "Own",
                error_message: "own",
            }),
        }
    };
    let ended = serve(address, 1, handler).await;
    assert_eq!(ended, Broken::Nameless);
    let told: Vec<String> = {
        let asked = asked.lock().unwrap();
        let posts = asked.iter().filter(|(_, request)| request.starts_with("POST"));
        posts
            .map(|(_, request)| {
                let (head, body) = request.split_once("\r\n\r\n").unwrap();
                let place = head.split(' ').nth(1).unwrap().rsplit("invocation/").next().unwrap();
                format!("{place} {body}")
            })
            .collect()
    };
    let expected = [
        "a/response 99",
        r#"b/error {"errorMessage":"InternalError","errorType":"InternalError"}"#,
        r#"c/error {"errorMessage":"own","errorType":"Own"}"#,
        r#"d/error {"errorMessage":"MalformedInvocation","errorType":"MalformedInvocation"}"#,
        "e/response 99",
        r#"f/error {"errorMessage":"MalformedInvocation","errorType":"MalformedInvocation"}"#,
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn several_workers_wait_side_by_side_and_each_outlives_a_fault() {
    let (address, asked) = api(vec![
        Say::This(status(500)),
        Say::This(status(500)),
        Say::This(status(500)),
        Say::This(event("a", "{}")),
        Say::This(status(202)),
    ])
    .await;
    let handler = |_| async { Ok(Reply::<u8, Once>::Whole(1)) };
    let serving = tokio::spawn(serve(address, 3, handler));
    // Three that fail, three that come back, one answer, and the one that has given it asks again.
    for _ in 0..500 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if asked.lock().unwrap().len() == 8 {
            break;
        }
    }
    let lines = first_lines(&asked);
    assert_eq!(lines.len(), 8, "{lines:?}");
    let mut first: Vec<usize> = lines.iter().take(3).map(|(connection, _)| *connection).collect();
    first.sort_unstable();
    assert_eq!(first, [1, 2, 3]);
    assert_eq!(lines.iter().filter(|(_, line)| line == NEXT).count(), 7);
    assert!(!serving.is_finished());
    serving.abort();
}

#[tokio::test]
async fn without_an_api_there_is_an_end() {
    let handler = |_| async { Ok(Reply::<u8, Once>::Whole(1)) };
    // Nothing listens on port 1.
    for (address, workers) in [("127.0.0.1:1", 1), ("127.0.0.1:1", 2), ("", 1), ("a\nb", 1)] {
        let ended = serve(address.into(), workers, handler).await;
        assert_eq!(ended, Broken::Unreachable, "{address:?}");
    }
}
