//! Whom connections trust: the system's certificate authorities, and a private one beside them. Always verified.

use std::sync::{Arc, OnceLock};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// TLS settings that are made when they are first needed: reading the system's certificates takes time that a start
/// does not have to spend. All clients that trust the same authorities share them, and with them resumed sessions.
#[derive(Default)]
pub(super) struct Trust {
    ca: Option<Arc<Vec<u8>>>,
    built: OnceLock<Option<TlsConnector>>,
}

impl Trust {
    /// Trusts the system's authorities and those in `ca`, in PEM.
    pub(super) fn new(ca: Option<Arc<Vec<u8>>>) -> Self {
        Self {
            ca,
            built: OnceLock::new(),
        }
    }

    /// Whether it trusts these authorities beside the system's.
    pub(super) fn is_for(&self, ca: Option<&Arc<Vec<u8>>>) -> bool {
        self.ca.as_ref() == ca
    }

    /// What starts TLS on a connection; `None` when the certificates in PEM cannot be used.
    pub(super) fn connector(&self) -> Option<&TlsConnector> {
        self.built.get_or_init(|| connector(self.ca.as_deref())).as_ref()
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

/// Whether a bundle of certificate authorities in PEM can be used.
///
/// # Errors
/// What is wrong with it: some of it is no certificate, or there is none in it.
pub fn check_authorities(pem: &[u8]) -> Result<(), &'static str> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "is not a PEM bundle")?;
        roots.add(certificate).map_err(|_| "is not a PEM bundle")?;
    }
    if roots.is_empty() {
        return Err("holds no certificate in PEM");
    }
    Ok(())
}

fn connector(ca: Option<&Vec<u8>>) -> Option<TlsConnector> {
    let mut roots = RootCertStore::empty();
    // A certificate of the system that cannot be read vouches for nobody; the others still do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = ca {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.ok()?).ok()?;
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_are_checked() {
        let broken = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        assert_eq!(check_authorities(broken), Err("is not a PEM bundle"));
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(check_authorities(no_certificate), Err("is not a PEM bundle"));
        assert_eq!(check_authorities(b"not PEM"), Err("holds no certificate in PEM"));
    }

    #[test]
    fn a_bundle_that_cannot_be_read_trusts_nobody() {
        let broken = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n".to_vec();
        assert!(Trust::new(Some(Arc::new(broken))).connector().is_none());
        assert!(Trust::new(None).connector().is_some());
    }
}
