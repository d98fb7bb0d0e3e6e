//! The outbound HTTP client: verified TLS, no redirects, no proxies from the environment, no hidden retries.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response};

/// How a client connects.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// `User-Agent` of every request, such as `authorizer/0.1.0`.
    pub user_agent: &'static str,
    /// Time for TCP and TLS together.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
    /// How many unused connections a host keeps.
    pub idle_connections: usize,
    /// Certificate authorities in PEM that are trusted beside the system's.
    pub ca_bundle: Option<Vec<u8>>,
    /// Whether any URL is `https`. Without it the system's roots are not even read, which saves start-up time;
    /// an `https` URL then fails, since nothing is trusted.
    pub https: bool,
}

impl ClientOptions {
    /// The suite's defaults: connect within 500 ms, keep four idle connections a host for 60 s, trust the
    /// system's roots.
    pub fn new(user_agent: &'static str) -> Self {
        Self {
            user_agent,
            connect_timeout: Duration::from_millis(500),
            idle_timeout: Duration::from_secs(60),
            idle_connections: 4,
            ca_bundle: None,
            https: true,
        }
    }
}

/// Why no client could be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError(&'static str);

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ClientError {}

/// Builds the one client of an upstream. Certificates are always verified; there is no switch.
///
/// # Errors
/// When the CA bundle holds no certificate in PEM, or TLS cannot be set up.
pub fn client(options: &ClientOptions) -> Result<Client, ClientError> {
    let mut builder = Client::builder()
        .user_agent(options.user_agent)
        .redirect(Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(options.idle_timeout)
        .pool_max_idle_per_host(options.idle_connections);
    if !options.https {
        builder = builder.tls_certs_only(std::iter::empty());
    } else if let Some(pem) = &options.ca_bundle {
        let certificates = Certificate::from_pem_bundle(pem).map_err(|_| ClientError("is not a PEM bundle"))?;
        if certificates.is_empty() {
            return Err(ClientError("holds no certificate in PEM"));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|_| ClientError("TLS cannot be set up"))
}

/// Why a body could not be read.
#[derive(Debug)]
pub enum BodyError {
    /// It is larger than the limit.
    TooLarge,
    /// The connection failed, or time ran out, while it arrived.
    Transport(reqwest::Error),
}

/// Reads a whole body of at most `limit` bytes; a larger one is given up as soon as that is known.
///
/// # Errors
/// [`BodyError`].
pub async fn read_body(mut response: Response, limit: usize) -> Result<Bytes, BodyError> {
    let announced = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge);
    }
    let Some(first) = response.chunk().await.map_err(BodyError::Transport)? else {
        return Ok(Bytes::new());
    };
    if first.len() > limit {
        return Err(BodyError::TooLarge);
    }
    if announced == Some(first.len()) {
        return Ok(first);
    }
    let mut body = BytesMut::from(first);
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Transport)? {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers every connection with `answer` once it has read something.
    async fn serve(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(answer).await;
            }
        });
        url
    }

    fn plain() -> Client {
        client(&ClientOptions {
            https: false,
            ..ClientOptions::new("test/1")
        })
        .unwrap()
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        for answer in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        ] {
            let url = serve(answer).await;
            let response = plain().get(&url).send().await.unwrap();
            assert_eq!(read_body(response, 5).await.unwrap(), "hello");
            let response = plain().get(&url).send().await.unwrap();
            assert!(matches!(read_body(response, 4).await, Err(BodyError::TooLarge)));
        }
        let url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell").await;
        let client = client(&ClientOptions {
            https: false,
            ..ClientOptions::new("test/1")
        })
        .unwrap();
        let response = client
            .get(&url)
            .timeout(Duration::from_millis(300))
            .send()
            .await
            .unwrap();
        assert!(matches!(read_body(response, 100).await, Err(BodyError::Transport(_))));
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let url = serve(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
        assert_eq!(plain().get(&url).send().await.unwrap().status(), 302);
    }

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        let with = |pem: &[u8]| ClientOptions {
            ca_bundle: Some(pem.to_vec()),
            ..ClientOptions::new("test/1")
        };
        assert_eq!(
            client(&with(b"not PEM")).unwrap_err().to_string(),
            "holds no certificate in PEM"
        );
        let broken = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        assert_eq!(client(&with(broken)).unwrap_err().to_string(), "is not a PEM bundle");
    }
}
