//! Fronts whose certificate is for a name that leads elsewhere yet, asked by `smoke` and `replay`.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::front::Authority;
use crate::migration::{Stage, read_exchanges};
use crate::smoke::{self, Fronts, Hipchat, Invoker};

/// A front with a certificate for these names, which says 401 to everything.
struct Front {
    port: u16,
    ca: String,
    heads: Arc<Mutex<Vec<Head>>>,
}

/// The name that TLS was asked for, and the head of the request.
type Head = (Option<String>, String);

impl Front {
    async fn with(names: &[&str]) -> Self {
        let authority = Authority::new(names).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(authority.server_config());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let name = stream.get_ref().1.server_name().map(str::to_owned);
                    let mut head = vec![0; 4096];
                    let length = stream.read(&mut head).await.unwrap();
                    let head = String::from_utf8(head[..length].to_vec()).unwrap();
                    seen.lock().unwrap().push((name, head.to_lowercase()));
                    let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                    stream.write_all(answer).await.unwrap();
                    let _ = stream.shutdown().await;
                });
            }
        });
        let ca = authority.ca_pem().to_owned();
        Self { port, ca, heads }
    }

    /// The URL by which a new load balancer is known.
    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    async fn smoke(&self, host: Option<&str>) -> Vec<String> {
        let host = host.map(str::to_owned);
        let fronts = Fronts {
            hipchat: Some(Hipchat {
                url: self.url(),
                host: host.clone(),
                token: None,
            }),
            invoker: Some(Invoker {
                url: self.url() + "/base/",
                host,
                path: None,
                is_api: false,
            }),
            ..Fronts::default()
        };
        let checks = smoke::run(&fronts, Some(self.ca.as_bytes())).await.unwrap();
        checks.into_iter().map(|check| check.came).collect()
    }

    async fn replay(&self, host: Option<&str>) -> Result<String, String> {
        let stage = Stage::new(&self.url(), host, None, Some(self.ca.as_bytes())).unwrap();
        let exchanges = read_exchanges("r", b"GET /v2/room?a=b%20c HTTP/1.1\nHost: recorded\n\n").unwrap();
        Ok(stage.replay(&exchanges[0]).await?.text)
    }
}

#[tokio::test]
async fn a_host_is_asked_for_by_its_name_where_the_url_leads() {
    let front = Front::with(&["api.hipchat.com"]).await;
    assert_eq!(front.smoke(Some("api.hipchat.com")).await, ["401"; 3]);
    let told = front.replay(Some("api.hipchat.com")).await.unwrap();
    assert!(told.contains("+ 401"), "{told}");
    let heads = front.heads.lock().unwrap().clone();
    let lines: Vec<_> = heads.iter().map(|(_, head)| head.lines().next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "get / http/1.1",
            "post /v2/room/smoke/notification?auth_test=true http/1.1",
            "get /base/smoke-test-of-a-path-without-a-route http/1.1",
            "get /v2/room?a=b%20c http/1.1",
        ]
    );
    for (name, head) in heads {
        assert_eq!(name.as_deref(), Some("api.hipchat.com"));
        assert!(head.contains("\r\nhost: api.hipchat.com\r\n"), "{head}");
        assert_eq!(head.matches("host:").count(), 1, "{head}");
    }
}

#[tokio::test]
async fn it_is_told_why_there_is_no_connection() {
    let front = Front::with(&["api.hipchat.com"]).await;
    for host in [None, Some("www.hipchat.com")] {
        for came in front.smoke(host).await {
            assert!(
                came.starts_with("no connection: invalid peer certificate: certificate not valid for name")
                    && came.contains("api.hipchat.com"),
                "{came}"
            );
        }
        let told = front.replay(host).await.unwrap_err();
        assert!(told.contains("certificate not valid for name"), "{told}");
    }
    let stranger = Stage::new(&front.url(), Some("api.hipchat.com"), None, None).unwrap();
    let exchanges = read_exchanges("r", b"GET / HTTP/1.1\n\n").unwrap();
    let told = stranger.replay(&exchanges[0]).await.unwrap_err();
    assert!(told.contains("invalid peer certificate: UnknownIssuer"), "{told}");
    assert!(front.heads.lock().unwrap().is_empty());
}

#[test]
fn what_is_no_host_is_told() {
    for host in ["", "a b", "api.hipchat.com/v2", "\n"] {
        let made = Caller::new("http://127.0.0.1:9", Some(host), None, Duration::from_secs(1));
        assert_eq!(made.unwrap_err(), "the host is no host", "{host:?}");
    }
    // An address is asked for where the URL leads; so is a URL that leads nowhere.
    for (url, host) in [("http://127.0.0.1:9/a/", "10.0.0.1:8080"), ("http://no such", "x")] {
        let made = Caller::new(url, Some(host), None, Duration::from_secs(1)).unwrap();
        assert_eq!(made.base, url.trim_end_matches('/'));
    }
    let made = Caller::new("http://127.0.0.1:9/a/", Some("x:1"), None, Duration::from_secs(1)).unwrap();
    assert_eq!(made.base, "http://x:9/a");
}
