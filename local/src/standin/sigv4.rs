//! Checks Signature Version 4 (AWS-HMAC-SHA256, header form) from the documentation alone.
//!
//! Written after AWS's page "Create a signed AWS API request" and independent of the crate that the functions sign with, so that
//! the two can be held against each other. The canonical request is made from the request as it arrived, byte for byte.

mod authorization;
mod canonical;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use self::authorization::Authorization;
use crate::clock;

/// The payload hash of a request whose body is not signed.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// A request as it arrived.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query as they stood in the request line.
    pub target: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

/// How a service makes the canonical path of the wire path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathRule {
    /// Percent-encode the wire path once more: all services but Amazon S3.
    pub encode: bool,
    /// Remove dot segments and repeated slashes: all services but Amazon S3.
    pub normalize: bool,
}

/// Who may sign, and what for.
#[derive(Clone)]
pub struct Rules {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token that must come with it; `None` for keys without one.
    pub session_token: Option<String>,
    /// Whether the session token must be among the signed headers, as it must for all but a few services.
    pub session_token_signed: bool,
    /// The region of the credential scope.
    pub region: String,
    /// The service of the credential scope, such as `lambda`.
    pub service: &'static str,
    /// The service's way with paths.
    pub path: PathRule,
    /// How far the request's clock may be off, in seconds.
    pub skew_secs: u64,
}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the AWS error, such as `InvalidSignatureException`.
    pub code: &'static str,
    /// What was wrong, in AWS's words where it has some.
    pub message: String,
    /// The canonical request as it was made here, when the signature itself is wrong.
    pub canonical_request: Option<String>,
    /// The string to sign as it was made here, when the signature itself is wrong.
    pub string_to_sign: Option<String>,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            canonical_request: None,
            string_to_sign: None,
        }
    }

    fn incomplete(message: impl Into<String>) -> Self {
        Self::new("IncompleteSignatureException", message)
    }

    fn signature(message: impl Into<String>) -> Self {
        Self::new("InvalidSignatureException", message)
    }

    fn token() -> Self {
        Self::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    }
}

/// Checks a request's signature at the time `now` (Unix seconds).
///
/// # Errors
/// The first thing that is wrong, in the order: credentials missing or unreadable, date, scope, key and token, signed headers,
/// payload hash, signature.
pub fn verify(request: SignedRequest<'_>, rules: &Rules, now: u64) -> Result<(), Refusal> {
    let authorization = Authorization::read(request.headers)?;
    let date = request_date(request.headers)?;
    check_clock(&date, rules.skew_secs, now)?;
    authorization.check_scope(&date, &rules.region, rules.service)?;
    check_identity(&authorization, request.headers, rules)?;
    authorization.check_signed_headers(request.headers, rules.session_token_signed)?;
    let payload = payload_hash(request)?;
    let canonical_request = canonical::request(request, &authorization.signed_headers, rules.path, &payload);
    let string_to_sign = string_to_sign(&date, &authorization.scope(), &canonical_request);
    let expected = signature(&rules.secret_access_key, &authorization, &string_to_sign);
    if bool::from(expected.as_bytes().ct_eq(authorization.signature.as_bytes())) {
        return Ok(());
    }
    let message = "The request signature we calculated does not match the signature you provided. \
                   Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    let mut refusal = Refusal::signature(message);
    refusal.canonical_request = Some(canonical_request);
    refusal.string_to_sign = Some(string_to_sign);
    Err(refusal)
}

fn string_to_sign(date: &str, scope: &str, canonical_request: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        sha256_hex(canonical_request.as_bytes())
    )
}

/// The chain of keys from the secret to the signature, in lower-case hexadecimal.
fn signature(secret: &str, authorization: &Authorization, string_to_sign: &str) -> String {
    let start = format!("AWS4{secret}").into_bytes();
    let parts = [
        &authorization.date,
        &authorization.region,
        &authorization.service,
        "aws4_request",
    ];
    let key = parts.iter().fold(start, |key, part| hmac_sha256(&key, part.as_bytes()));
    hex(&hmac_sha256(&key, string_to_sign.as_bytes()))
}

fn request_date(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut values = headers.get_all("x-amz-date").iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(date), None) => Ok(date.trim().to_owned()),
        _ => Err(Refusal::incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )),
    }
}

fn check_clock(date: &str, skew: u64, now: u64) -> Result<(), Refusal> {
    let Some(signed) = clock::parse_amz_date(date) else {
        return Err(Refusal::incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'."
        )));
    };
    let (early, late) = (now.saturating_sub(skew), now.saturating_add(skew));
    if signed < early {
        let limit = clock::amz_date(early);
        return Err(Refusal::signature(format!(
            "Signature expired: {date} is now earlier than {limit}"
        )));
    }
    if signed > late {
        let limit = clock::amz_date(late);
        return Err(Refusal::signature(format!(
            "Signature not yet current: {date} is still later than {limit}"
        )));
    }
    Ok(())
}

fn check_identity(authorization: &Authorization, headers: &HeaderMap, rules: &Rules) -> Result<(), Refusal> {
    let tokens: Vec<&[u8]> = headers
        .get_all("x-amz-security-token")
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    let token_matches = match (&rules.session_token, tokens.as_slice()) {
        (None, []) => true,
        (Some(expected), [token]) => bool::from(expected.as_bytes().ct_eq(token)),
        _ => false,
    };
    let key_matches = bool::from(
        rules
            .access_key_id
            .as_bytes()
            .ct_eq(authorization.access_key_id.as_bytes()),
    );
    if key_matches && token_matches {
        Ok(())
    } else {
        Err(Refusal::token())
    }
}

/// The last line of the canonical request: the header that says it, or the hash of the body.
fn payload_hash(request: SignedRequest<'_>) -> Result<String, Refusal> {
    let actual = sha256_hex(request.body);
    match request.headers.get("x-amz-content-sha256") {
        None => Ok(actual),
        Some(value) if value.as_bytes() == actual.as_bytes() => Ok(actual),
        Some(value) if value.as_bytes() == UNSIGNED_PAYLOAD.as_bytes() => Ok(UNSIGNED_PAYLOAD.to_owned()),
        Some(_) => Err(Refusal::signature(
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )),
    }
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length, so there is no other outcome; an empty key would make every signature wrong.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
