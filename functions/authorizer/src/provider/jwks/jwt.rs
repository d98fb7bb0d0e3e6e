//! The form of a signed JWT (RFC 7515, section 7.1) and its header, read without doubt or not at all. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;

use crate::claims::Reply;
use crate::error::Problem;

/// What a token's header says, as far as it counts. Keys and addresses of keys that a token brings along (`jwk`, `jku`,
/// `x5c`, `x5u`) count for nothing.
#[derive(Debug)]
pub(super) struct Header {
    algorithm: String,
    kid: Option<String>,
}

impl Header {
    /// Reads the header of a token, without a look at its signature.
    ///
    /// # Errors
    /// `MalformedJwt` for what is not three parts, holds a member twice, of a wrong type, or one that says that more must be
    /// understood (`crit`, RFC 7515, section 4.1.11). `NotAccessToken` for a type that is none (RFC 8725, section 3.11), or
    /// that is not told where `at_jwt` demands it (RFC 9068, section 4). `Algorithm` where none is named.
    pub(super) fn read(token: &str, at_jwt: bool) -> Result<Self, Problem> {
        let [header, ..] = parts(token).ok_or(Problem::MalformedJwt)?;
        let json = decoded(header).ok_or(Problem::MalformedJwt)?;
        let members = Reply::of_object(&json)?;
        if ["crit", "b64", "zip", "enc"].iter().any(|name| members.has(name)) {
            return Err(Problem::MalformedJwt);
        }
        let text = |name: &str| match members.text(name) {
            None if members.has(name) => Err(Problem::MalformedJwt),
            text => Ok(text),
        };
        let kind = text("typ")?.map(str::to_ascii_lowercase);
        match kind.as_deref() {
            Some("at+jwt" | "application/at+jwt") => {}
            None | Some("jwt") if !at_jwt => {}
            _ => return Err(Problem::NotAccessToken),
        }
        let algorithm = text("alg")?.ok_or(Problem::Algorithm)?.to_owned();
        let kid = text("kid")?.map(str::to_owned);
        Ok(Self { algorithm, kid })
    }

    /// The name of the key.
    ///
    /// # Errors
    /// `UnknownKey` where none is named: nobody tries one key after the other.
    pub(super) fn kid(&self) -> Result<&str, Problem> {
        self.kid.as_deref().ok_or(Problem::UnknownKey)
    }

    /// Whether this algorithm is the one that is named, to the letter.
    pub(super) fn is_signed_by(&self, algorithm: Algorithm) -> bool {
        let name = match algorithm {
            Algorithm::RS256 => "RS256",
            Algorithm::RS384 => "RS384",
            Algorithm::RS512 => "RS512",
            Algorithm::PS256 => "PS256",
            Algorithm::PS384 => "PS384",
            Algorithm::PS512 => "PS512",
            Algorithm::ES256 => "ES256",
            Algorithm::ES384 => "ES384",
            Algorithm::EdDSA => "EdDSA",
            // HMAC, and whatever comes.
            _ => return false,
        };
        self.algorithm == name
    }
}

/// Whether a token has the form of a signed JWT.
pub(crate) fn has_three_parts(token: &str) -> bool {
    parts(token).is_some()
}

/// The issuer that a token names, without a look at its signature: good to choose whom to ask, and for nothing else.
pub(crate) fn unverified_issuer(token: &str) -> Option<String> {
    let [_, payload, _] = parts(token)?;
    let json = decoded(payload)?;
    Reply::of_object(&json).ok()?.text("iss").map(str::to_owned)
}

fn parts(token: &str) -> Option<[&str; 3]> {
    let mut parts = token.split('.');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    let whole = parts.next().is_none() && three.iter().all(|part| !part.is_empty());
    whole.then_some(three)
}

/// Base64url without padding, each value in its one spelling.
fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

#[cfg(test)]
mod tests;
