//! Issuers of signed tokens: keys, the documents that publish them, tokens good and odd.

use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::stub::{self, Act, Stub};

/// The issuer of the tests' tokens.
pub(crate) const ISSUER: &str = "https://auth.example.com/";
/// Where key documents are.
pub(crate) const KEYS: &str = "/jwks.json";

enum Pair {
    Rsa(&'static RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A key and its name.
pub(crate) struct Key {
    pub(crate) kid: &'static str,
    pub(crate) alg: &'static str,
    pair: Pair,
}

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub(crate) fn p256(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self {
            kid,
            alg: "ES256",
            pair: Pair::P256(pair),
        }
    }

    /// All of them are the same: making one takes long.
    pub(crate) fn rsa(kid: &'static str, alg: &'static str) -> Self {
        static PAIR: OnceLock<RsaKeyPair> = OnceLock::new();
        let pair = PAIR.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        Self {
            kid,
            alg,
            pair: Pair::Rsa(pair),
        }
    }

    pub(crate) fn ed25519(kid: &'static str) -> Self {
        Self {
            kid,
            alg: "EdDSA",
            pair: Pair::Ed25519(Ed25519KeyPair::generate().unwrap()),
        }
    }

    /// The public part (RFC 7517).
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                json!({"kty": "RSA", "n": encoded(public.modulus().big_endian_without_leading_zero()),
                       "e": encoded(public.exponent().big_endian_without_leading_zero())})
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
            }
            Pair::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key())}),
        };
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = if self.alg == "PS256" {
                    &RSA_PSS_SHA256
                } else {
                    &RSA_PKCS1_SHA256
                };
                pair.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// Signs any texts as header and payload.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", encoded(header), encoded(payload));
        let signature = encoded(self.signature(message.as_bytes()));
        format!("{message}.{signature}")
    }

    pub(crate) fn header(&self) -> Value {
        json!({"alg": self.alg, "kid": self.kid, "typ": "JWT"})
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    /// A good token.
    pub(crate) fn good(&self) -> String {
        self.token(&claims(json!({})))
    }

    /// A good token, but for members of its header; `null` takes a member out.
    pub(crate) fn with_header(&self, changes: Value) -> String {
        let header = changed(self.header(), changes);
        self.sign(&header.to_string(), &claims(json!({})).to_string())
    }
}

fn changed(mut members: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.as_object_mut().unwrap().remove(name);
        } else {
            members[name] = value.clone();
        }
    }
    members
}

/// Good claims, as Hydra's JWTs have them, with changes; `null` takes a member out.
pub(crate) fn claims(changes: Value) -> Value {
    let good = json!({
        "iss": ISSUER, "sub": "alice", "client_id": "web", "scp": ["orders.read"], "aud": ["orders-api"],
        "exp": 1_760_003_600, "iat": 1_759_999_900, "nbf": 1_759_999_900, "jti": "5b1c", "ext": {},
    });
    changed(good, changes)
}

/// A document of keys that a server publishes and changes.
#[derive(Clone)]
pub(crate) struct Published(Arc<Mutex<Act>>);

impl Published {
    pub(crate) fn new(keys: &[&Key]) -> Self {
        Self(Arc::new(Mutex::new(Self::act(keys))))
    }

    fn act(keys: &[&Key]) -> Act {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        stub::json(200, json!({"keys": keys}))
    }

    /// Publishes these keys from now on.
    pub(crate) fn now(&self, keys: &[&Key]) {
        self.now_does(Self::act(keys));
    }

    /// Answers so from now on.
    pub(crate) fn now_does(&self, act: Act) {
        *self.0.lock().unwrap() = act;
    }

    /// A server that publishes it, and introspects by `introspect`.
    pub(crate) fn stub(&self, mut introspect: impl FnMut(&stub::Seen) -> Act + Send + 'static) -> Stub {
        let published = self.0.clone();
        Stub::new(move |seen| match seen.path.as_str() {
            KEYS => published.lock().unwrap().clone(),
            _ => introspect(seen),
        })
    }
}
