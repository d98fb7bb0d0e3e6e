//! Whom the function trusts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::connection::ca_file;
use crate::support::event::{get, post};
use crate::support::function;
use crate::support::upstream::Upstream;

/// A TLS upstream for these names and the certificate authority that vouches for it, in PEM.
pub(crate) async fn tls_upstream(names: &[&str]) -> (Upstream, String) {
    let (acceptor, ca) = acceptor(names);
    (Upstream::tls(acceptor).await, ca)
}

/// What accepts TLS connections for these names, and the certificate authority that vouches for it, in PEM.
fn acceptor(names: &[&str]) -> (TlsAcceptor, String) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = rcgen::CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca_certificate.pem())
}

#[tokio::test]
async fn case_21_a_certificate_must_be_vouched_for() {
    let (upstream, ca) = tls_upstream(&["localhost"]).await;
    let file = std::env::temp_dir().join(format!("lambda-invoker-ca-{}.pem", std::process::id()));
    std::fs::write(&file, ca).unwrap();
    let url = |host: &str| format!("https://{host}:{}/", upstream.port);
    let ca_file = file.to_str().unwrap();
    let function = function(json!([
        {"uri": "/unknown", "function_uri": url("localhost")},
        {"uri": "/known", "function_uri": url("localhost"), "ca_file": ca_file},
        {"uri": "/other-name", "function_uri": url("127.0.0.1"), "ca_file": ca_file},
    ]))
    .await;
    std::fs::remove_file(file).unwrap();
    for (path, status) in [("/known", 200), ("/unknown", 502), ("/other-name", 502)] {
        let answer = function.call(&get(path).alb()).await;
        assert_eq!(answer.status, status, "{path} {}", answer.text());
        if status == 502 {
            assert_eq!(answer.error(), "upstream_tls");
        }
    }
}

#[tokio::test]
async fn a_plain_server_is_no_tls_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let function = function(json!([{"uri": "/", "function_uri": url}])).await;
    let answer = function.call(&get("/").alb()).await;
    assert_eq!((answer.status, answer.error().as_str()), (502, "upstream_tls"));
}

#[tokio::test]
async fn a_post_outlives_a_kept_connection_whose_tls_has_been_ended() {
    // As servers do after their keep-alive time: TLS is ended, and the connection stays open until we end it, too.
    let (acceptor, ca) = acceptor(&["localhost"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"tea") {
                stream.read_buf(&mut request).await.unwrap();
            }
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            // `close_notify` alone: the socket lives on.
            let (socket, session) = stream.get_mut();
            session.send_close_notify();
            let mut farewell = Vec::new();
            session.write_tls(&mut farewell).unwrap();
            socket.write_all(&farewell).await.unwrap();
            tokio::spawn(async move { while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {} });
        }
    });
    let file = ca_file("farewell", &ca);
    let route = json!({"uri": "/", "function_uri": format!("https://localhost:{port}/"), "ca_file": file});
    let function = function(json!([route])).await;
    std::fs::remove_file(file).unwrap();
    for posts in 1..=3 {
        let answer = function.call(&post("/", b"tea").alb()).await;
        assert_eq!(
            (answer.status, seen.load(Ordering::SeqCst)),
            (200, posts),
            "{}",
            answer.text()
        );
        // The farewell has arrived, and nobody has looked.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
