//! A listener before the load balancer that keeps what its clients write, byte by byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use local::front::{Authority, tls::SERVER_NAMES};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::Network;
use crate::stage::{Stage, listener};

/// What one connection carried, shared with the task that copies it, and whether it did so over TLS.
type Carried = (Arc<Mutex<Vec<u8>>>, bool);

/// An HTTPS and an HTTP listener. Dropping it closes both.
pub(super) struct Wire {
    network: Network,
    #[expect(dead_code, reason = "kept for its drop")]
    folder: TempDir,
    connections: Arc<Mutex<Vec<Carried>>>,
    accepting: [JoinHandle<()>; 2],
}

/// One request as it was written.
#[derive(Debug)]
pub(super) struct Written {
    /// Over TLS.
    pub(super) secure: bool,
    /// Method, target and version.
    pub(super) line: String,
    /// The header lines, their names in lower case.
    pub(super) head: Vec<String>,
    /// The body.
    pub(super) body: String,
}

impl Wire {
    /// Listens before the load balancer of `hipchat-proxy`, with a certificate for the names that HipChat had.
    pub(super) async fn before(stage: &Stage) -> Self {
        let addresses = stage.suite.addresses();
        let address = |url: &str| url.strip_prefix("http://").unwrap().to_owned();
        let authority = Authority::new(&SERVER_NAMES).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.ca_pem()).unwrap();
        let acceptor = TlsAcceptor::from(authority.server_config());
        let connections = Arc::default();
        let (https, secure) = listen(address(&addresses.hipchat_alb), Some(acceptor), &connections).await;
        let (http, plain) = listen(address(&addresses.hipchat_alb_single_value), None, &connections).await;
        Self {
            network: Network {
                https: https.to_string(),
                http: http.to_string(),
                ca_file: folder.path().join("ca.pem"),
            },
            folder,
            connections,
            accepting: [secure, plain],
        }
    }

    /// How clients come here.
    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    /// The requests since the last time.
    pub(super) fn take(&self) -> Vec<Written> {
        let connections = std::mem::take(&mut *self.connections.lock().unwrap());
        let written = |(carried, secure): &Carried| requests(&carried.lock().unwrap(), *secure);
        connections.iter().flat_map(written).collect()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for accepting in &self.accepting {
            accepting.abort();
        }
    }
}

async fn listen(
    behind: String,
    acceptor: Option<TlsAcceptor>,
    connections: &Arc<Mutex<Vec<Carried>>>,
) -> (SocketAddr, JoinHandle<()>) {
    let listener = listener().await;
    let address = listener.local_addr().unwrap();
    let connections = connections.clone();
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            let carried = Arc::default();
            connections
                .lock()
                .unwrap()
                .push((Arc::clone(&carried), acceptor.is_some()));
            tokio::spawn(async move {
                match acceptor {
                    Some(acceptor) => {
                        // A client that does not trust the certificate hangs up here.
                        if let Ok(outside) = acceptor.accept(stream).await {
                            carry(outside, behind, carried).await;
                        }
                    }
                    None => carry(stream, behind, carried).await,
                }
            });
        }
    });
    (address, accepting)
}

async fn carry(outside: impl AsyncRead + AsyncWrite, behind: String, carried: Arc<Mutex<Vec<u8>>>) {
    let Ok(inside) = TcpStream::connect(behind).await else {
        return;
    };
    let (mut from_client, mut to_client) = tokio::io::split(outside);
    let (mut from_server, mut to_server) = inside.into_split();
    let there = async {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            carried.lock().unwrap().extend_from_slice(&buffer[..length]);
            if to_server.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
        // Either side may leave without a word.
        let _ = to_server.shutdown().await;
    };
    let back = async {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    tokio::join!(there, back);
}

/// The requests that a connection carried, one behind the other.
fn requests(mut bytes: &[u8], secure: bool) -> Vec<Written> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("a whole head");
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let head: Vec<String> = lines
            .map(|line| match line.split_once(':') {
                Some((name, value)) => format!("{}:{value}", name.to_lowercase()),
                None => line.to_owned(),
            })
            .collect();
        let length = head.iter().find_map(|line| line.strip_prefix("content-length:"));
        let length = length.map_or(0, |length| length.trim().parse().unwrap());
        let body = &bytes[end + 4..end + 4 + length];
        all.push(Written {
            secure,
            line,
            head,
            body: String::from_utf8_lossy(body).into_owned(),
        });
        bytes = &bytes[end + 4 + length..];
    }
    all
}
