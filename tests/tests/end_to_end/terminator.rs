//! TLS with a certificate of an authority that nobody knows, in front of a server that speaks plain HTTP.

use local::front::Authority;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::stage::listener;

/// A listener that ends TLS and passes the bytes on. Dropping it closes the listener.
pub(crate) struct Terminator {
    url: String,
    authority: String,
    accepting: JoinHandle<()>,
}

impl Terminator {
    /// Listens in front of `url`, which is `http://` with an address and a port.
    pub(crate) async fn before(url: &str) -> Self {
        let behind = url.strip_prefix("http://").unwrap().to_owned();
        let authority = Authority::new(&["localhost"]).unwrap();
        let acceptor = TlsAcceptor::from(authority.server_config());
        let listener = listener().await;
        let port = listener.local_addr().unwrap().port();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                tokio::spawn(async move {
                    // A caller that does not trust the certificate hangs up here.
                    let Ok(mut outside) = acceptor.accept(stream).await else {
                        return;
                    };
                    let Ok(mut inside) = TcpStream::connect(behind).await else {
                        return;
                    };
                    // Either side may leave without a word.
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
        Self {
            url: format!("https://localhost:{port}"),
            authority: authority.ca_pem().to_owned(),
            accepting,
        }
    }

    /// Base URL without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The authority's certificate, PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
