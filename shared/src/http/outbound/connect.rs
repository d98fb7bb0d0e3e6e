//! The way to a target: its name resolved and checked, a connection, a tunnel through a proxy if need be, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::address::{may_connect, serves_credentials};
use super::tls::Trust;
use super::wire::{Record, Wire};
use super::{ClientKey, Place, Reach, SendError};

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The longest answer of a proxy to `CONNECT`, in bytes.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

/// A host with several addresses gets a second chance before the time for connecting is over.
const PATIENCE: Duration = Duration::from_millis(300);

/// Connects to the place of `key`, through its proxy if it has one.
pub(super) async fn connect(key: &ClientKey, trust: &Trust) -> Result<(Box<dyn Stream>, Arc<Record>), SendError> {
    let connecting = async {
        // The name behind a proxy is the proxy's to resolve.
        let place = key.proxy.as_ref().unwrap_or(&key.place);
        let addresses = addresses(place).await.map_err(|_| SendError::Connect)?;
        let stream = tcp(place, &addresses, key.reach).await?;
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
        io::ErrorKind::InvalidData => SendError::Tls,
        _ => SendError::Connect,
    }
}

/// Connects to the first of a place's addresses that answers. Each of them is looked at right before: what a name meant
/// at the start, or at the last connection, says nothing.
async fn tcp(place: &Place, addresses: &[SocketAddr], reach: Reach) -> Result<TcpStream, SendError> {
    let allowed: Vec<SocketAddr> = addresses
        .iter()
        .copied()
        .filter(|address| match reach {
            Reach::Anywhere => true,
            Reach::Guarded => may_connect(address.ip(), place.is_loopback()),
            Reach::ContainerCredentials => serves_credentials(address.ip()),
        })
        .collect();
    let all_needed = reach == Reach::ContainerCredentials;
    if (allowed.is_empty() || all_needed) && allowed.len() < addresses.len() {
        return Err(SendError::AddressRefused);
    }
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_or_the_metadata_service_leads_nowhere() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let metadata: SocketAddr = "169.254.169.254:80".parse().unwrap();
        for (host, addresses, expected) in [
            ("localhost", vec![here], Ok(())),
            ("127.0.0.1", vec![here], Ok(())),
            ("localhost", vec![nobody, here], Ok(())),
            ("localhost", vec![metadata, here], Ok(())),
            ("rebound.example.com", vec![here], Err(SendError::AddressRefused)),
            ("localhost.example.com", vec![here], Err(SendError::AddressRefused)),
            (
                "rebound.example.com",
                vec![metadata, here],
                Err(SendError::AddressRefused),
            ),
            ("169.254.169.254", vec![metadata], Err(SendError::AddressRefused)),
            ("localhost", vec![metadata], Err(SendError::AddressRefused)),
            ("localhost", vec![nobody], Err(SendError::Connect)),
            ("empty.example.com", vec![], Err(SendError::Connect)),
        ] {
            let place = Place {
                host: host.to_owned(),
                port: here.port(),
            };
            let result = tcp(&place, &addresses, Reach::Guarded).await.map(|_| ());
            assert_eq!(result, expected, "{host} {addresses:?}");
        }
    }

    #[tokio::test]
    async fn credentials_of_a_container_are_asked_for_on_this_machine() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let elsewhere: SocketAddr = "192.0.2.1:80".parse().unwrap();
        for (addresses, expected) in [
            (vec![here], Ok(())),
            (vec![elsewhere], Err(SendError::AddressRefused)),
            (vec![here, elsewhere], Err(SendError::AddressRefused)),
            (vec![elsewhere, here], Err(SendError::AddressRefused)),
            (vec![], Err(SendError::Connect)),
        ] {
            let place = Place {
                host: "credentials.example.com".to_owned(),
                port: here.port(),
            };
            let result = tcp(&place, &addresses, Reach::ContainerCredentials).await.map(|_| ());
            assert_eq!(result, expected, "{addresses:?}");
        }
    }
}
