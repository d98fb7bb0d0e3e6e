//! The way to a target: its name resolved and checked, a connection, a tunnel through a proxy if need be, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::address::may_connect;
use super::tls::Trust;
use super::wire::{Record, Wire};
use super::{ClientKey, Place, SendError};

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The longest answer of a proxy to `CONNECT`, in bytes.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

/// Connects to the place of `key`, through its proxy if it has one.
pub(super) async fn connect(key: &ClientKey, trust: &Trust) -> Result<(Box<dyn Stream>, Arc<Record>), SendError> {
    let connecting = async {
        // The name behind a proxy is the proxy's to resolve.
        let stream = tcp(key.proxy.as_ref().unwrap_or(&key.place)).await?;
        let (mut wire, record) = Wire::new(stream);
        if key.proxy.is_some() {
            tunnel(&mut wire, &key.place).await?;
        }
        if !key.https {
            return Ok((Box::new(wire) as Box<dyn Stream>, record));
        }
        let connector = trust.connector().ok_or(SendError::Tls)?;
        let name = ServerName::try_from(key.place.host.clone()).map_err(|_| SendError::Tls)?;
        let stream = connector.connect(name, wire).await.map_err(|error| handshake(&error))?;
        Ok((Box::new(stream) as Box<dyn Stream>, record))
    };
    timeout(key.connect_timeout, connecting)
        .await
        .unwrap_or(Err(SendError::ConnectTimeout))
}

/// The peer cannot be trusted, does not trust us, or speaks no TLS; anything else is the network's fault.
fn handshake(error: &io::Error) -> SendError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => SendError::Tls,
        _ => SendError::Connect,
    }
}

async fn tcp(place: &Place) -> Result<TcpStream, SendError> {
    let addresses = addresses(place).await.map_err(|_| SendError::Connect)?;
    let allowed: Vec<SocketAddr> = addresses
        .iter()
        .copied()
        .filter(|address| may_connect(address.ip(), place.is_loopback()))
        .collect();
    if allowed.is_empty() && !addresses.is_empty() {
        return Err(SendError::AddressRefused);
    }
    // A host with several addresses gets a second chance before the time for connecting is over.
    const PATIENCE: Duration = Duration::from_millis(300);
    let (last, earlier) = allowed.split_last().ok_or(SendError::Connect)?;
    for address in earlier {
        if let Ok(Ok(stream)) = timeout(PATIENCE, TcpStream::connect(address)).await {
            return ready(stream);
        }
    }
    ready(TcpStream::connect(last).await.map_err(|_| SendError::Connect)?)
}

fn ready(stream: TcpStream) -> Result<TcpStream, SendError> {
    stream.set_nodelay(true).map_err(|_| SendError::Connect)?;
    Ok(stream)
}

async fn addresses(place: &Place) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = place.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, place.port)]);
    }
    Ok(lookup_host((place.host.as_str(), place.port)).await?.collect())
}

/// Asks a proxy for a tunnel (RFC 9110, section 9.3.6).
async fn tunnel(wire: &mut Wire, place: &Place) -> Result<(), SendError> {
    let authority = place.authority();
    let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    wire.write_all(request.as_bytes())
        .await
        .map_err(|_| SendError::Connect)?;
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"\r\n\r\n") {
        // The other side of a tunnel speaks only when spoken to, so nothing of it is read here.
        let read = wire.read_buf(&mut answer).await.map_err(|_| SendError::Connect)?;
        if read == 0 || answer.len() > MAX_PROXY_ANSWER {
            return Err(SendError::Connect);
        }
    }
    let is_open = answer.starts_with(b"HTTP/1.") && answer.get(8..10) == Some(b" 2");
    if is_open { Ok(()) } else { Err(SendError::Connect) }
}
