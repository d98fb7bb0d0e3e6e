//! Signing keys: derived once for a day, a scope and a secret.

use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use shared::Secret;

use super::Scope;

/// The signing key that was used last. One is enough for a target: its scope and its credentials change once a day or
/// more seldom.
#[derive(Debug, Default)]
pub struct SigningKeys(Mutex<Option<Arc<Kept>>>);

struct Kept {
    date: String,
    region: String,
    service: String,
    secret: Secret,
    key: Vec<u8>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[redacted] for {}/{}/{}", self.date, self.region, self.service)
    }
}

impl SigningKeys {
    /// The signature of `to_sign`, in hex. `date` is the scope's day, such as `20150830`.
    pub(super) fn sign(&self, credentials: &Credentials, date: &str, scope: &Scope<'_>, to_sign: &str) -> String {
        let kept = self.of(credentials.secret_access_key(), date, scope);
        calculate_signature(&kept.key, to_sign.as_bytes())
    }

    fn of(&self, secret: &str, date: &str, scope: &Scope<'_>) -> Arc<Kept> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = last.as_ref()
            && kept.date == date
            && kept.region == scope.region
            && kept.service == scope.service
            && kept.secret.matches(secret)
        {
            return kept.clone();
        }
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(scope.at_ms);
        let kept = Arc::new(Kept {
            date: date.to_owned(),
            region: scope.region.to_owned(),
            service: scope.service.to_owned(),
            secret: Secret::new(secret),
            key: generate_signing_key(secret, at, scope.region, scope.service)
                .as_ref()
                .to_vec(),
        });
        *last = Some(kept.clone());
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_until_something_of_it_changes() {
        let keys = SigningKeys::default();
        let scope = Scope {
            region: "eu-west-1",
            service: "lambda",
            at_ms: 1_440_938_160_000,
        };
        let first = keys.of("secret", "20150830", &scope);
        assert!(Arc::ptr_eq(&first, &keys.of("secret", "20150830", &scope)));
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
            let other = keys.of(secret, date, scope);
            assert_ne!(other.key, first.key, "{date}");
            assert!(Arc::ptr_eq(&other, &keys.of(secret, date, scope)));
        }
        assert_eq!(keys.of("secret", "20150830", &scope).key, first.key);
        assert!(!format!("{keys:?}").contains("secret"));
    }
}
