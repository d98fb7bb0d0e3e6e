//! Signed access tokens (Hydra's JWT strategy) and the keys that the public port publishes for them.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::wire;
use super::Hydra;

/// A key with its name.
struct Key {
    kid: String,
    pair: KeyPair,
}

impl Key {
    fn new() -> io::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
        let kid = wire::random_text(16)?;
        Ok(Self { kid, pair })
    }

    fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256",
            "n": number(public.modulus().big_endian_without_leading_zero()),
            "e": number(public.exponent().big_endian_without_leading_zero()),
        })
    }

    fn sign(&self, claims: &Value) -> io::Result<String> {
        let header = json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
            .map_err(io::Error::other)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The published keys, the one that signs first. Made when they are first needed: that takes a while.
#[derive(Default)]
pub(super) struct SigningKeys(Mutex<Vec<Key>>);

impl SigningKeys {
    /// The document of keys (RFC 7517, section 5).
    pub(super) fn document(&self) -> io::Result<Value> {
        let keys: Vec<Value> = self.keys()?.iter().map(Key::jwk).collect();
        Ok(json!({"keys": keys}))
    }

    fn sign(&self, claims: &Value) -> io::Result<String> {
        let keys = self.keys()?;
        keys.first().ok_or(io::ErrorKind::NotFound)?.sign(claims)
    }

    fn keys(&self) -> io::Result<MutexGuard<'_, Vec<Key>>> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.is_empty() {
            keys.push(Key::new()?);
        }
        Ok(keys)
    }
}

impl Hydra {
    /// Makes a signed access token with exactly these claims. Introspection does not know it.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn mint_jwt(&self, claims: &Value) -> io::Result<String> {
        self.provider.keys.sign(claims)
    }

    /// Signs with a new key from now on; those before stay published.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn rotate_keys(&self) -> io::Result<()> {
        let key = Key::new()?;
        self.provider.keys.keys()?.insert(0, key);
        Ok(())
    }

    /// Publishes no key any longer but the one that signs.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn withdraw_old_keys(&self) -> io::Result<()> {
        self.provider.keys.keys()?.truncate(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// The name of the key whose signature a token bears, as the document tells it.
    fn verify(token: &str, document: &Value) -> Option<String> {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let header: Value = serde_json::from_slice(&decoded(message.split('.').next().unwrap())).unwrap();
        let key = document["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["kid"] == header["kid"])?;
        let number = |name: &str| decoded(key[name].as_str().unwrap());
        let public = RsaPublicKeyComponents {
            n: number("n"),
            e: number("e"),
        };
        public
            .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decoded(signature))
            .unwrap();
        Some(key["kid"].as_str().unwrap().to_owned())
    }

    #[test]
    fn tokens_are_signed_by_the_first_of_the_published_keys() {
        let keys = SigningKeys::default();
        let claims = json!({"sub": "alice"});
        let token = keys.sign(&claims).unwrap();
        assert_eq!(
            decoded(token.split('.').nth(1).unwrap()),
            claims.to_string().into_bytes()
        );
        let old = verify(&token, &keys.document().unwrap()).unwrap();
        keys.keys().unwrap().insert(0, Key::new().unwrap());
        let new = verify(&keys.sign(&claims).unwrap(), &keys.document().unwrap()).unwrap();
        assert_ne!(old, new);
        assert_eq!(verify(&token, &keys.document().unwrap()), Some(old));
        keys.keys().unwrap().truncate(1);
        assert_eq!(verify(&token, &keys.document().unwrap()), None);
    }
}
