//! Servers with certificates: a private authority is trusted only if configured, and nothing else passes.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::fixture::*;
use crate::stub::Stub;

/// A server whose certificate names `host`, and its authority in PEM.
pub(crate) async fn server(host: &str, expired: bool) -> (String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    if expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let certificate = params.signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let _ = stream.read(&mut [0; 4096]).await;
                let body = reply(json!({})).to_string();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (url, authority.pem())
}

/// Asks a server at `url` with these authorities.
pub(crate) async fn ask(url: &str, bundle: &str) -> (Answered, Fixture) {
    let unused = Stub::playing(vec![ok()]);
    let variables = [
        ("AUTHZ_INTROSPECTION_URL", url),
        ("AUTHZ_CA_BUNDLE", bundle),
        ("AUTHZ_CONNECT_TIMEOUT_MS", "5000"),
    ];
    let fixture = Fixture::new(unused, &variables).await;
    (fixture.ask(&bearing(T1)).await, fixture)
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_configured() {
    let (url, authority) = server("localhost", false).await;
    let (answer, fixture) = ask(&url, &authority).await;
    assert_eq!(answer, allow("alice", W_REST));
    fixture.assert_line(json!({"attempts": 1}));
    let file = std::env::temp_dir().join(format!("authorizer-ca-{}.pem", std::process::id()));
    std::fs::write(&file, &authority).unwrap();
    let (answer, _fixture) = ask(&url, file.to_str().unwrap()).await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(answer, allow("alice", W_REST));
}

#[tokio::test]
async fn certificates_that_do_not_verify_are_not_tried_again() {
    let (url, authority) = server("localhost", false).await;
    let (_, other_authority) = server("localhost", false).await;
    let (other_name, for_other_name) = server("other.example.com", false).await;
    let (expired, for_expired) = server("localhost", true).await;
    assert!(authority != other_authority);
    for (url, bundle) in [
        (&url, ""),
        (&url, other_authority.as_str()),
        (&other_name, for_other_name.as_str()),
        (&expired, for_expired.as_str()),
    ] {
        let (answer, fixture) = ask(url, bundle).await;
        assert_eq!(answer, e500());
        fixture.assert_line(json!({"reason": "upstream_tls", "attempts": 1}));
    }
}

#[tokio::test]
async fn a_server_without_tls_is_no_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    let (answer, fixture) = ask(&url, "").await;
    assert_eq!(answer, e500());
    fixture.assert_line(json!({"reason": "upstream_tls", "attempts": 1}));
}

/// A server that restarts, or a balancer without one behind it.
#[tokio::test]
async fn a_connection_that_ends_before_tls_stands_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    let (answer, fixture) = ask(&url, "").await;
    assert_eq!(answer, e500());
    fixture.assert_line(json!({"reason": "upstream_connect", "attempts": 2}));
}

#[tokio::test]
async fn a_bundle_without_a_certificate_is_refused_at_start() {
    for bundle in [
        "-----BEGIN nothing",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let stub = Stub::playing(vec![ok()]);
        let variables = [
            ("AUTHZ_INTROSPECTION_URL", "https://localhost:1/"),
            ("AUTHZ_CA_BUNDLE", bundle),
        ];
        let problems = try_new(&stub, &variables).await.err().unwrap();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("AUTHZ_CA_BUNDLE: "), "{problems:?}");
    }
}
