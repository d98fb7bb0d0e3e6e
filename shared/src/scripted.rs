//! A server for tests, which gives its answers one after the other, the last one for good, and keeps what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does about a request.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// Sends these bytes.
    Send(String),
    /// Sends them after a while.
    Late(Duration, String),
    /// Closes the connection.
    Close,
    /// Says nothing.
    Stall,
}

/// A whole answer; `headers` end in a line break each.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Reaction {
    Reaction::Send(whole(status, headers, body))
}

/// The bytes of a whole answer.
pub(crate) fn whole(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A running server on loopback.
pub(crate) struct Scripted {
    /// Its address as a URL, without a slash at its end.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    /// Serves until the test's runtime ends.
    pub(crate) async fn start(reactions: Vec<Reaction>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, reactions.clone(), kept.clone()));
            }
        });
        Self {
            url,
            asked,
            connections,
        }
    }

    /// The requests so far, head and body.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many requests came so far.
    pub(crate) fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn serve(mut stream: TcpStream, reactions: Vec<Reaction>, asked: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read(&mut stream).await {
        let number = {
            let mut asked = asked.lock().unwrap();
            asked.push(request);
            asked.len() - 1
        };
        let (wait, bytes) = match reactions.get(number).or(reactions.last()).unwrap() {
            Reaction::Send(bytes) => (Duration::ZERO, bytes),
            Reaction::Late(wait, bytes) => (*wait, bytes),
            Reaction::Close => return,
            Reaction::Stall => std::future::pending().await,
        };
        tokio::time::sleep(wait).await;
        if stream.write_all(bytes.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap_or("0");
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            if body.len() >= length {
                return Some(request);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => request.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
            _ => return None,
        }
    }
}
