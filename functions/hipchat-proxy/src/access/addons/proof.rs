//! Self-contained tokens: `hpa2.<client>.<end>.<scopes>.<proof>`, where the proof is HMAC-SHA-256 (RFC 2104) over
//! everything that counts, the hash of the client's secret included.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::Secret;

use crate::api::Scopes;

/// What every token begins with; the number changes when its meaning does.
const PREFIX: &str = "hpa2.";

/// A key of HMAC.
#[derive(Debug, Clone)]
pub(super) struct Key(pub(super) Secret);

/// What a token claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// The client's id.
    pub(super) client: String,
    /// Seconds since the Unix epoch.
    pub(super) expires: u64,
    /// What it was made for.
    pub(super) scopes: Scopes,
}

impl Claim {
    /// The token; `None` for a key that cannot be used, which HMAC does not know.
    pub(super) fn token(&self, key: &Key, secret_sha256: &[u8; 32]) -> Option<String> {
        let proof = self.mac(key, secret_sha256)?.finalize().into_bytes();
        Some(format!(
            "{PREFIX}{}.{}.{}.{}",
            URL_SAFE_NO_PAD.encode(&self.client),
            self.expires,
            self.scopes.bits(),
            URL_SAFE_NO_PAD.encode(proof)
        ))
    }

    /// What a token claims, and its proof; `None` for a text of another shape.
    pub(super) fn read(token: &str) -> Option<(Self, Vec<u8>)> {
        let mut parts = token.strip_prefix(PREFIX)?.split('.');
        let (client, expires, scopes, proof) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if parts.next().is_some() || !is_number(expires) || !is_number(scopes) {
            return None;
        }
        let claim = Self {
            client: String::from_utf8(URL_SAFE_NO_PAD.decode(client).ok()?).ok()?,
            expires: expires.parse().ok()?,
            scopes: Scopes::from_bits(scopes.parse().ok()?),
        };
        Some((claim, URL_SAFE_NO_PAD.decode(proof).ok()?))
    }

    /// Whether the proof is that of this claim by this key; compared in constant time.
    pub(super) fn is_proven(&self, proof: &[u8], key: &Key, secret_sha256: &[u8; 32]) -> bool {
        let mac = self.mac(key, secret_sha256);
        mac.is_some_and(|mac| mac.verify_slice(proof).is_ok())
    }

    fn mac(&self, Key(key): &Key, secret_sha256: &[u8; 32]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).ok()?;
        mac.update(b"hipchat-proxy add-on token 2\0");
        mac.update(secret_sha256);
        mac.update(&self.expires.to_be_bytes());
        mac.update(&self.scopes.bits().to_be_bytes());
        mac.update(self.client.as_bytes());
        Some(mac)
    }
}
