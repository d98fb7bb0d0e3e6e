//! An upstream on a raw socket: it keeps what arrives byte for byte and answers what it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as it came over the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// Path and query of the request line.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() < 2, "{name}: {values:?}");
        values.first().copied()
    }
}

/// What the upstream does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes after a time.
    Late(Duration, Vec<u8>),
    /// Sends these bytes, then nothing, and keeps the connection.
    Stall(Vec<u8>),
    /// Sends these bytes and closes.
    Close(Vec<u8>),
}

#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

/// An answer with a length.
pub(crate) fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    out.extend_from_slice(body);
    out
}

impl Upstream {
    /// An upstream that answers everything with 200 and `ok`.
    pub(crate) async fn fine() -> Self {
        Self::reacting(Reaction::Send(http("200 OK", "Content-Type: text/plain\r\n", b"ok"))).await
    }

    pub(crate) async fn sending(bytes: Vec<u8>) -> Self {
        Self::reacting(Reaction::Send(bytes)).await
    }

    pub(crate) async fn reacting(reaction: Reaction) -> Self {
        Self::script(vec![reaction]).await
    }

    /// An upstream that reacts to its first request with the first of these, and so on; to all others with the last.
    pub(crate) async fn script(reactions: Vec<Reaction>) -> Self {
        let (upstream, listener) = Self::bind().await;
        let (seen, connections) = (upstream.seen.clone(), upstream.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, seen.clone(), reactions.clone()));
            }
        });
        upstream
    }

    /// An upstream that speaks TLS.
    pub(crate) async fn tls(acceptor: tokio_rustls::TlsAcceptor) -> Self {
        let (upstream, listener) = Self::bind().await;
        let (seen, connections) = (upstream.seen.clone(), upstream.connections.clone());
        let reactions = vec![Reaction::Send(http("200 OK", "", b"ok"))];
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, seen, reactions) = (acceptor.clone(), seen.clone(), reactions.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, seen, reactions).await;
                    }
                });
            }
        });
        upstream
    }

    async fn bind() -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        (upstream, listener)
    }

    /// A URL of this upstream.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    seen: Arc<Mutex<Vec<Seen>>>,
    reactions: Vec<Reaction>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let at = {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            seen.len() - 1
        };
        let (bytes, after) = match &reactions[at.min(reactions.len() - 1)] {
            Reaction::Send(bytes) => (bytes, ""),
            Reaction::Late(time, bytes) => {
                tokio::time::sleep(*time).await;
                (bytes, "")
            }
            Reaction::Stall(bytes) => (bytes, "stall"),
            Reaction::Close(bytes) => (bytes, "close"),
        };
        if stream.write_all(bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        match after {
            "stall" => tokio::time::sleep(Duration::from_secs(60)).await,
            "close" => return,
            _ => {}
        }
    }
}

/// Reads one request; `buffer` keeps what came after it.
async fn read_request<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<Seen> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    buffer.drain(..head_end + 4);
    let mut lines = head.split("\r\n");
    let mut seen = Seen {
        line: lines.next()?.to_owned(),
        ..Seen::default()
    };
    for line in lines {
        let (name, value) = line.split_once(':')?;
        seen.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = seen
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    assert_eq!(
        seen.header("transfer-encoding"),
        None,
        "bodies are sent with their length"
    );
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = buffer.drain(..length).collect();
    Some(seen)
}
