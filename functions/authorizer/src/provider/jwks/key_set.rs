//! A document of keys (RFC 7517, section 5): those in it that verify signatures, each for what it is good for. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::Problem;

/// More keys than any issuer publishes.
const MOST_KEYS: usize = 100;

/// The keys of an issuer.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<Key>,
    found: usize,
}

#[derive(Debug)]
struct Key {
    kid: String,
    /// The only algorithm, where the document says so.
    algorithm: Option<String>,
    kind: Kind,
    key: DecodingKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

#[derive(Deserialize)]
struct Document<'d> {
    #[serde(borrow)]
    keys: Vec<&'d RawValue>,
}

/// The members of a key that anything is made of (RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
}

impl KeySet {
    /// Reads a document. Keys that are of no use here are left out, be it all of them: without a name, of an unknown type, for
    /// encryption, too small, symmetric, or published with their private part.
    ///
    /// # Errors
    /// [`Problem::UpstreamInvalid`] for what is no such document, or holds too many keys.
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        let document: Document<'_> = serde_json::from_slice(body).map_err(|_| Problem::UpstreamInvalid)?;
        if document.keys.len() > MOST_KEYS {
            return Err(Problem::UpstreamInvalid);
        }
        let found = document.keys.len();
        let keys = document.keys.into_iter();
        let keys = keys.filter_map(|key| Key::new(serde_json::from_str(key.get()).ok()?));
        let keys = keys.collect();
        Ok(Self { keys, found })
    }

    /// How many keys the document has.
    pub(super) fn found(&self) -> usize {
        self.found
    }

    /// How many of them are of use.
    pub(super) fn usable(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is a key of this name.
    pub(super) fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }

    /// The keys of this name that verify this algorithm's signatures: mostly one, but two of different types may share a
    /// name (RFC 7517, section 4.5).
    pub(super) fn of<'s>(&'s self, kid: &'s str, algorithm: Algorithm) -> impl Iterator<Item = &'s DecodingKey> {
        let fits = move |key: &&Key| key.kid == kid && key.fits(algorithm);
        self.keys.iter().filter(fits).map(|key| &key.key)
    }
}

impl Key {
    fn new(jwk: Jwk) -> Option<Self> {
        // A private key that everybody can read proves nothing.
        if jwk.d.is_some() {
            return None;
        }
        let for_signatures = jwk.r#use.as_deref().is_none_or(|what| what == "sig");
        let may_verify = jwk
            .key_ops
            .as_ref()
            .is_none_or(|list| list.iter().any(|what| what == "verify"));
        let kid = jwk.kid.clone().filter(|kid| !kid.is_empty())?;
        if !for_signatures || !may_verify {
            return None;
        }
        let (kind, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (Kind::Rsa, rsa(&jwk)?),
            ("EC", Some("P-256")) => (Kind::P256, elliptic(&jwk, 32)?),
            ("EC", Some("P-384")) => (Kind::P384, elliptic(&jwk, 48)?),
            ("OKP", Some("Ed25519")) => (Kind::Ed25519, edwards(&jwk)?),
            _ => return None,
        };
        Some(Self {
            kid,
            algorithm: jwk.alg,
            kind,
            key,
        })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Kind::Rsa,
            Algorithm::ES256 => Kind::P256,
            Algorithm::ES384 => Kind::P384,
            Algorithm::EdDSA => Kind::Ed25519,
            _ => return false,
        };
        let name = format!("{algorithm:?}");
        self.kind == kind && self.algorithm.as_ref().is_none_or(|only| *only == name)
    }
}

/// 2048 to 8192 bits (RFC 7518, section 3.3), with an exponent that is odd and not 1.
fn rsa(jwk: &Jwk) -> Option<DecodingKey> {
    let (n, e) = (number(jwk.n.as_ref()?)?, number(jwk.e.as_ref()?)?);
    let bits = n.len() * 8 - usize::try_from(n.first()?.leading_zeros()).ok()?;
    let is_odd = e.last()? % 2 == 1;
    if !(2048..=8192).contains(&bits) || e == [1] || !is_odd || e.len() > 4 {
        return None;
    }
    Some(DecodingKey::from_rsa_raw_components(&n, &e))
}

/// Both coordinates in their full length (RFC 7518, section 6.2.1.2).
fn elliptic(jwk: &Jwk, bytes: usize) -> Option<DecodingKey> {
    let (x, y) = (jwk.x.as_ref()?, jwk.y.as_ref()?);
    let is_whole = |text: &String| decoded(text).is_some_and(|value| value.len() == bytes);
    if !is_whole(x) || !is_whole(y) {
        return None;
    }
    DecodingKey::from_ec_components(x, y).ok()
}

fn edwards(jwk: &Jwk) -> Option<DecodingKey> {
    let x = jwk.x.as_ref()?;
    decoded(x).filter(|value| value.len() == 32)?;
    DecodingKey::from_ed_components(x).ok()
}

/// The bytes of a positive number, without zeros before them, which some servers write.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = decoded(text)?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    bytes.get(start..).map(<[u8]>::to_vec)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests;
