//! A Slack on loopback: HTTP/1.1 with kept connections, records what it is asked, answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What to answer once.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Status, extra header lines, body.
    Http(u16, String, String),
    /// Waits before the usual answer.
    Slow(Duration),
    /// Reads the request and closes without an answer.
    Hang,
    /// Answers well and then closes the connection.
    Close,
    /// Half of an answer.
    Half,
}

impl Reply {
    pub(crate) fn ok_false(code: &str) -> Self {
        Self::Http(200, String::new(), json!({"ok": false, "error": code}).to_string())
    }

    pub(crate) fn limited(seconds: u64) -> Self {
        let body = r#"{"ok":false,"error":"ratelimited"}"#.to_owned();
        Self::Http(429, format!("Retry-After: {seconds}\r\n"), body)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) path: String,
    /// The lines of the head, in lower case but for values.
    pub(crate) head: String,
    /// The arguments, from JSON or a form.
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) raw: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    replies: VecDeque<Reply>,
    connections: usize,
}

pub(crate) struct SlackStub {
    port: u16,
    state: Arc<Mutex<State>>,
    left: Arc<Notify>,
}

impl SlackStub {
    /// One that goes on while the function under test is frozen: it lives on a thread of its own.
    pub(crate) fn on_its_own() -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                sender.send(Self::start().await).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().unwrap()
    }

    /// Closes all connections on which nothing happens.
    pub(crate) fn hang_up(&self) {
        self.left.notify_waiters();
    }

    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let left = Arc::new(Notify::new());
        let leaving = left.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, shared.clone(), leaving.clone()));
            }
        });
        Self { port, state, left }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    /// Answers the next requests so, then well again.
    pub(crate) fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().replies.extend(replies);
    }

    /// Forgets the answers that nobody asked for.
    pub(crate) fn will_no_more(&self) {
        self.state.lock().unwrap().replies.clear();
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    /// An incoming webhook of this Slack.
    pub(crate) fn webhook(&self) -> String {
        format!("http://127.0.0.1:{}/services/T1/B1/hook-s3cret", self.port)
    }

    /// The paths of all calls, without `/api/`.
    pub(crate) fn methods(&self) -> Vec<String> {
        let calls = self.calls().into_iter();
        calls
            .map(|call| call.path.trim_start_matches("/api/").to_owned())
            .collect()
    }

    /// The bodies of all calls of `chat.postMessage`.
    pub(crate) fn posts(&self) -> Vec<Value> {
        let calls = self.calls();
        calls
            .into_iter()
            .filter(|call| call.path == "/api/chat.postMessage")
            .map(|call| call.body)
            .collect()
    }

    pub(crate) fn forget(&self) {
        self.state.lock().unwrap().calls.clear();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>, left: Arc<Notify>) {
    let mut buffer = Vec::new();
    loop {
        let call = tokio::select! {
            call = read_call(&mut stream, &mut buffer) => call,
            () = left.notified() => return,
        };
        let Some(call) = call else { return };
        let reply = {
            let mut state = state.lock().unwrap();
            state.calls.push(call.clone());
            state.replies.pop_front()
        };
        let good = good(&call);
        let (status, extra, body) = match &reply {
            Some(Reply::Http(status, extra, body)) => (*status, extra.as_str(), body.clone()),
            Some(Reply::Hang) => return,
            Some(Reply::Half) => {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":tr")
                    .await;
                return;
            }
            Some(Reply::Slow(pause)) => {
                tokio::time::sleep(*pause).await;
                (200, "", good)
            }
            Some(Reply::Close) | None => (200, "", good),
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\n{extra}Content-Length: {}\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        if matches!(reply, Some(Reply::Close)) {
            return;
        }
    }
}

/// What a well-meaning Slack answers: of two pages of channels, of one person.
fn good(call: &Call) -> String {
    let answer = match call.path.as_str() {
        "/api/conversations.list" => match call.body["cursor"].as_str() {
            None => json!({"ok": true, "channels": [{"id": "C200", "name": "ops", "is_archived": false}],
                "response_metadata": {"next_cursor": "dGVhbQ=="}}),
            Some("dGVhbQ==") => json!({"ok": true, "channels": [{"id": "C300", "name": "lost-and-found"}],
                "response_metadata": {"next_cursor": ""}}),
            Some(_) => json!({"ok": false, "error": "invalid_cursor"}),
        },
        "/api/users.lookupByEmail" if call.body["email"] == "d+1@example.com" => {
            json!({"ok": true, "user": {"id": "U4", "name": "d"}})
        }
        "/api/users.lookupByEmail" => json!({"ok": false, "error": "users_not_found"}),
        "/api/files.getUploadURLExternal" => {
            let host = call.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
            json!({"ok": true, "upload_url": format!("http://{host}/upload/v1/key"), "file_id": "F1"})
        }
        "/api/files.completeUploadExternal" => json!({"ok": true, "files": call.body["files"]}),
        "/api/conversations.open" => json!({"ok": true, "channel": {"id": "D1"}}),
        path if path.starts_with("/upload/") => return format!("OK - {}", call.raw.len()),
        path if path.starts_with("/services/") => return "ok".to_owned(),
        _ => {
            json!({"ok": true, "channel": call.body["channel"], "ts": "1503435956.000247", "message": call.body})
        }
    };
    answer.to_string()
}

fn arguments(head: &str, body: &[u8]) -> Value {
    if head
        .to_lowercase()
        .contains("content-type: application/x-www-form-urlencoded")
    {
        let pairs = shared::http::pairs(body).map(|(name, value)| (name, json!(value)));
        return Value::Object(pairs.collect());
    }
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

async fn read_call(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Call> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
            let length: usize = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length:")
                        .map(|value| value.trim().parse().unwrap())
                })
                .unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                let raw = buffer[end + 4..end + 4 + length].to_vec();
                let body = arguments(&head, &raw);
                buffer.drain(..end + 4 + length);
                let mut first = head.lines().next().unwrap_or_default().split(' ');
                let (method, path) = (first.next(), first.next());
                assert_eq!(method, Some("POST"));
                return Some(Call {
                    path: path.unwrap_or_default().to_owned(),
                    head,
                    body,
                    raw,
                });
            }
        }
        let mut chunk = [0; 8192];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}
