//! The other side of Signature Version 4: checks what a function signed, with the keys that its environment holds.
//!
//! Source: AWS IAM User Guide, "Create a signed AWS API request". Paths and queries of the benchmark hold no character
//! that the canonical form would escape, so they are taken as they are sent.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::process::{ACCESS_KEY, REGION, SECRET_KEY, SESSION_TOKEN};
use crate::wire::Request;

/// Checks that a call is signed for `service` by the function's own role: by the look of it, or `thoroughly`, to the last byte.
///
/// # Errors
/// It is not; the text says why.
pub(crate) fn check(request: &Request<'_>, service: &str, thoroughly: bool) -> Result<(), String> {
    let authorization = Authorization::parse(text(request, "authorization")?)?;
    let date = text(request, "x-amz-date")?;
    let day = date.get(..8).ok_or("a short x-amz-date")?;
    let scope = format!("{day}/{REGION}/{service}/aws4_request");
    if authorization
        .credential
        .strip_prefix(ACCESS_KEY)
        .and_then(|rest| rest.strip_prefix('/'))
        != Some(scope.as_str())
    {
        return Err(format!("signed as {}, not for {scope}", authorization.credential));
    }
    if text(request, "x-amz-security-token")? != SESSION_TOKEN {
        return Err("another session token".to_owned());
    }
    for required in ["host", "x-amz-date", "x-amz-security-token"] {
        if !authorization.signed_headers.split(';').any(|name| name == required) {
            return Err(format!("{required} is not signed"));
        }
    }
    if !thoroughly {
        return Ok(());
    }
    let canonical = canonical_request(request, authorization.signed_headers)?;
    let expected = signature(SECRET_KEY, date, &scope, &canonical);
    if expected == authorization.signature {
        Ok(())
    } else {
        Err(format!("wrong signature for the canonical request {canonical:?}"))
    }
}

/// The three parts of `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`.
struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self, String> {
        let parts = header
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or("not signed with AWS4-HMAC-SHA256")?;
        let part = |name: &str| {
            let found = parts
                .split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| format!("no {name} in the Authorization header"))
        };
        Ok(Self {
            credential: part("Credential")?,
            signed_headers: part("SignedHeaders")?,
            signature: part("Signature")?,
        })
    }
}

fn canonical_request(request: &Request<'_>, signed_headers: &str) -> Result<String, String> {
    let target = std::str::from_utf8(request.target).map_err(|_| "a target that is not UTF-8")?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    let mut canonical = format!(
        "{}\n{path}\n{}\n",
        String::from_utf8_lossy(request.method),
        pairs.join("&")
    );
    for name in signed_headers.split(';') {
        canonical.push_str(&format!("{name}:{}\n", text(request, name)?));
    }
    canonical.push_str(&format!("\n{signed_headers}\n{}", hex(&Sha256::digest(request.body))));
    Ok(canonical)
}

/// The signature of a canonical request; `scope` is `day/region/service/aws4_request`.
fn signature(secret_key: &str, date: &str, scope: &str, canonical: &str) -> String {
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let first = format!("AWS4{secret_key}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| mac(&key, part));
    hex(&mac(&key, &to_sign))
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    // HMAC takes a key of any length, so there is no error to report.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text<'a>(request: &Request<'a>, name: &str) -> Result<&'a str, String> {
    let value = request.header(name).ok_or_else(|| format!("no {name}"))?;
    std::str::from_utf8(value).map_err(|_| format!("{name} is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_reproduced() {
        // AWS' signature test suite, case get-vanilla.
        let request = Request {
            method: b"GET",
            target: b"/",
            headers: b"Host:example.amazonaws.com\r\nX-Amz-Date:20150830T123600Z\r\n",
            body: b"",
        };
        let canonical = canonical_request(&request, "host;x-amz-date").unwrap();
        let scope = "20150830/us-east-1/service/aws4_request";
        let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        assert_eq!(
            signature(key, "20150830T123600Z", scope, &canonical),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
    }

    const SIGNED: &str = "host;x-amz-date;x-amz-security-token";
    const SCOPE: &str = "20251009/eu-west-1/lambda/aws4_request";

    fn headers(signature: &str, scope: &str, signed: &str) -> String {
        format!(
            "host: 127.0.0.1:1\r\nx-amz-date: 20251009T085320Z\r\nx-amz-security-token: {SESSION_TOKEN}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={signed}, Signature={signature}\r\n"
        )
    }

    fn outcome(headers: &str, body: &[u8], thoroughly: bool) -> Result<(), String> {
        let request = Request {
            method: b"POST",
            target: b"/signed/orders?b=2&a=1",
            headers: headers.as_bytes(),
            body,
        };
        check(&request, "lambda", thoroughly)
    }

    #[test]
    fn only_the_right_signature_passes_the_thorough_check() {
        let unsigned = headers("", SCOPE, SIGNED);
        let request = Request {
            method: b"POST",
            target: b"/signed/orders?b=2&a=1",
            headers: unsigned.as_bytes(),
            body: b"{}",
        };
        let good = signature(
            SECRET_KEY,
            "20251009T085320Z",
            SCOPE,
            &canonical_request(&request, SIGNED).unwrap(),
        );
        assert_eq!(outcome(&headers(&good, SCOPE, SIGNED), b"{}", true), Ok(()));
        assert!(
            outcome(&headers(&good, SCOPE, SIGNED), b"{ }", true)
                .unwrap_err()
                .starts_with("wrong signature")
        );
        assert_eq!(outcome(&headers("0", SCOPE, SIGNED), b"{}", false), Ok(()));
        assert!(outcome(&headers(&good, &SCOPE.replace("lambda", "s3"), SIGNED), b"{}", false).is_err());
        assert_eq!(
            outcome(&headers(&good, SCOPE, "host"), b"{}", false),
            Err("x-amz-date is not signed".to_owned())
        );
        assert_eq!(outcome("host: x\r\n", b"{}", false), Err("no authorization".to_owned()));
    }
}
