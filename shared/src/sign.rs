//! AWS Signature Version 4 in the `authorization` header
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
//!
//! The caller hands over exactly what goes over the wire, and says which headers count: nothing is re-encoded and no
//! header is signed that a hop may change.

mod canonical;
mod key;
pub mod query;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

pub use canonical::Canonical;
pub use key::SigningKeys;

use crate::Secret;
use crate::aws::Credentials;
use crate::clock::Utc;

const X_AMZ_CONTENT_SHA256: &str = "x-amz-content-sha256";
const X_AMZ_DATE: &str = "x-amz-date";
const X_AMZ_SECURITY_TOKEN: &str = "x-amz-security-token";

/// What is signed for: credential scope and moment.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Region, such as `eu-west-1`.
    pub region: &'a str,
    /// Service, such as `lambda` or `execute-api`.
    pub service: &'a str,
    /// Milliseconds since the Unix epoch; the day is part of the scope.
    pub at_ms: u64,
}

/// A request as it goes over the wire.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<'a> {
    /// Method.
    pub method: &'a str,
    /// The `host` header's value.
    pub host: &'a str,
    /// Path and query of the request line.
    pub target: &'a str,
    /// The headers that are signed beside `host`, names in lower case, repeats one by one.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body.
    pub body: &'a [u8],
}

/// Why a request could not be signed: its target is no legal request target, or a header is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignError;

/// Signs a request: the headers to add, `authorization` among them.
///
/// # Errors
/// [`SignError`] when the request line or a header is malformed.
pub fn sign(
    request: &Unsigned<'_>,
    credentials: &Credentials,
    scope: &Scope<'_>,
    canonical: Canonical,
    keys: &SigningKeys,
) -> Result<Vec<(HeaderName, HeaderValue)>, SignError> {
    if request.host.is_empty() || !request.host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SignError);
    }
    let date_time = date_time(scope.at_ms);
    let date = date_time.get(..8).unwrap_or_default();
    let hash;
    let payload_hash = if canonical.unsigned_payload {
        "UNSIGNED-PAYLOAD"
    } else {
        hash = sha256(request.body);
        hash.as_str()
    };
    let token = credentials.session_token().map(Secret::reveal);

    let mut headers = Vec::with_capacity(request.headers.len() + 4);
    headers.push(("host", request.host));
    headers.extend_from_slice(request.headers);
    headers.push((X_AMZ_DATE, &date_time));
    if let Some(token) = token.filter(|_| canonical.sign_session_token) {
        headers.push((X_AMZ_SECURITY_TOKEN, token));
    }
    if canonical.payload_header {
        headers.push((X_AMZ_CONTENT_SHA256, payload_hash));
    }
    let (text, signed_names) = canonical.request(request.method, request.target, &mut headers, payload_hash)?;

    let credential_scope = [date, "/", scope.region, "/", scope.service, "/aws4_request"].concat();
    let hash = sha256(text.as_bytes());
    let to_sign = [
        "AWS4-HMAC-SHA256\n",
        &date_time,
        "\n",
        &credential_scope,
        "\n",
        hash.as_str(),
    ]
    .concat();
    let signature = keys.sign(credentials, date, scope, &to_sign)?;
    let authorization = [
        "AWS4-HMAC-SHA256 Credential=",
        credentials.access_key_id(),
        "/",
        &credential_scope,
        ", SignedHeaders=",
        &signed_names,
        ", Signature=",
        signature.as_str(),
    ]
    .concat();

    let mut added = Vec::with_capacity(4);
    added.push((HeaderName::from_static(X_AMZ_DATE), value(&date_time)?));
    if let Some(token) = token {
        added.push((HeaderName::from_static(X_AMZ_SECURITY_TOKEN), value(token)?));
    }
    if canonical.payload_header {
        added.push((HeaderName::from_static(X_AMZ_CONTENT_SHA256), value(payload_hash)?));
    }
    added.push((AUTHORIZATION, value(&authorization)?));
    Ok(added)
}

/// The headers of a request that are signed: `content-type`, every `x-amz-…` and those of `extra`. Anything else may be
/// changed on the way. A `content-type` whose canonical form is read in two ways (tabs, characters outside ASCII) is
/// left unsigned.
///
/// # Errors
/// [`SignError`] when any other of them has such a value: it would have to be signed.
pub fn signed_headers<'a>(headers: &'a HeaderMap, extra: &[HeaderName]) -> Result<Vec<(&'a str, &'a str)>, SignError> {
    let mut signed = Vec::with_capacity(2);
    for name in headers.keys() {
        let required = name.as_str().starts_with("x-amz-") || extra.contains(name);
        if !required && name != CONTENT_TYPE {
            continue;
        }
        // Repeats are signed as one: either all of them or none.
        let values: Option<Vec<&str>> = headers.get_all(name).iter().map(plain).collect();
        match values {
            Some(values) => signed.extend(values.into_iter().map(|value| (name.as_str(), value))),
            None if required => return Err(SignError),
            None => {}
        }
    }
    Ok(signed)
}

fn plain(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().filter(|text| !text.contains('\t'))
}

fn value(text: &str) -> Result<HeaderValue, SignError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| SignError)?;
    value.set_sensitive(true);
    Ok(value)
}

/// ISO 8601 basic format, such as `20150830T123600Z`.
fn date_time(at_ms: u64) -> String {
    let at = Utc::from_epoch_ms(at_ms);
    let mut out = String::with_capacity(16);
    for pair in [at.year / 100, at.year, at.month, at.day] {
        push_two_digits(pair, &mut out);
    }
    out.push('T');
    for pair in [at.hour, at.minute, at.second] {
        push_two_digits(pair, &mut out);
    }
    out.push('Z');
    out
}

fn push_two_digits(number: u64, out: &mut String) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(char::from(b'0' + u8::try_from(digit).unwrap_or_default()));
    }
}

fn sha256(bytes: &[u8]) -> Hex {
    Hex::of(&Sha256::digest(bytes).into())
}

/// 32 bytes in hexadecimal.
struct Hex([u8; 64]);

impl Hex {
    fn of(bytes: &[u8; 32]) -> Self {
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        let mut out = [0; 64];
        for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Self(out)
    }

    fn as_str(&self) -> &str {
        // Every byte is a digit.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;
