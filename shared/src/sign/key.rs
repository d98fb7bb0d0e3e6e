//! Signing keys: derived once for a day, a scope and a secret.

use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Hex, Scope, SignError};
use crate::Secret;
use crate::aws::Credentials;

/// The signing key that was used last. One is enough for a target: its scope and its credentials change once a day or
/// more seldom.
#[derive(Debug, Default)]
pub struct SigningKeys(Mutex<Option<Arc<Kept>>>);

struct Kept {
    date: String,
    region: String,
    service: String,
    secret: Secret,
    /// Has taken in the key already, and is copied for each signature.
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[redacted] for {}/{}/{}", self.date, self.region, self.service)
    }
}

impl SigningKeys {
    /// The signature of `to_sign`. `date` is the scope's day, such as `20150830`.
    pub(super) fn sign(
        &self,
        credentials: &Credentials,
        date: &str,
        scope: &Scope<'_>,
        to_sign: &str,
    ) -> Result<Hex, SignError> {
        let kept = self.of(credentials.secret_access_key().reveal(), date, scope)?;
        let mac = kept.mac.clone().chain_update(to_sign);
        Ok(Hex::of(&mac.finalize().into_bytes().into()))
    }

    fn of(&self, secret: &str, date: &str, scope: &Scope<'_>) -> Result<Arc<Kept>, SignError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = last.as_ref()
            && kept.date == date
            && kept.region == scope.region
            && kept.service == scope.service
            && kept.secret.matches(secret)
        {
            return Ok(kept.clone());
        }
        let kept = Arc::new(Kept {
            date: date.to_owned(),
            region: scope.region.to_owned(),
            service: scope.service.to_owned(),
            secret: Secret::new(secret),
            mac: derive(secret, [date, scope.region, scope.service, "aws4_request"])?,
        });
        *last = Some(kept.clone());
        Ok(kept)
    }
}

/// The signing key: the secret, hashed with one part of the scope after the other
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature>).
fn derive(secret: &str, scope: [&str; 4]) -> Result<Hmac<Sha256>, SignError> {
    let mut prefixed = zeroize::Zeroizing::new(Vec::with_capacity(4 + secret.len()));
    prefixed.extend_from_slice(b"AWS4");
    prefixed.extend_from_slice(secret.as_bytes());
    let mut mac = keyed(&prefixed)?;
    for part in scope {
        mac = keyed(&mac.chain_update(part).finalize().into_bytes())?;
    }
    Ok(mac)
}

fn keyed(key: &[u8]) -> Result<Hmac<Sha256>, SignError> {
    Hmac::new_from_slice(key).map_err(|_| SignError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_until_something_of_it_changes() {
        let keys = SigningKeys::default();
        let signature = |kept: &Kept| kept.mac.clone().chain_update("text").finalize().into_bytes();
        let scope = Scope {
            region: "eu-west-1",
            service: "lambda",
            at_ms: 1_440_938_160_000,
        };
        let first = keys.of("secret", "20150830", &scope).unwrap();
        assert!(Arc::ptr_eq(&first, &keys.of("secret", "20150830", &scope).unwrap()));
        let next_day = Scope {
            at_ms: scope.at_ms + 86_400_000,
            ..scope
        };
        let us = Scope {
            region: "us-east-1",
            ..scope
        };
        let api = Scope {
            service: "execute-api",
            ..scope
        };
        for (secret, date, scope) in [
            ("other", "20150830", &scope),
            ("secret", "20150831", &next_day),
            ("secret", "20150830", &us),
            ("secret", "20150830", &api),
        ] {
            let other = keys.of(secret, date, scope).unwrap();
            assert_ne!(signature(&other), signature(&first), "{date}");
            assert!(Arc::ptr_eq(&other, &keys.of(secret, date, scope).unwrap()));
        }
        assert_eq!(
            signature(&keys.of("secret", "20150830", &scope).unwrap()),
            signature(&first)
        );
        assert!(!format!("{keys:?}").contains("secret"));
    }
}
