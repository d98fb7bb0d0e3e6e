//! An upstream's own check of a signature, written from the specification alone: it knows nothing but the bytes that
//! arrived and the secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::upstream::Seen;

/// What a good signature tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) signed_headers: Vec<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The signature of a canonical request, step by step.
pub(crate) fn signature(canonical: &str, secret: &str, date_time: &str, region: &str, service: &str) -> String {
    let date = &date_time[..8];
    let hash = hex(&Sha256::digest(canonical));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{date}/{region}/{service}/aws4_request\n{hash}");
    let key = [date, region, service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, step| keyed(&key, step));
    hex(&keyed(&key, &to_sign))
}

/// Checks a request as AWS does: the signature over what arrived, the scope, that nothing is left unsigned that matters,
/// and that nothing is signed that a hop may change.
pub(crate) fn verify(seen: &Seen, access_key: &str, secret: &str, token: Option<&str>) -> Result<Verified, String> {
    let authorization = seen.header("authorization").ok_or("no authorization")?;
    let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no SigV4")?;
    let part = |name: &str| {
        let mut parts = rest.split(", ");
        parts
            .find_map(|part| part.strip_prefix(&format!("{name}=")))
            .ok_or(format!("no {name}"))
    };
    let scope: Vec<&str> = part("Credential")?.split('/').collect();
    let [key, date, region, service, "aws4_request"] = scope[..] else {
        return Err(format!("scope {scope:?}"));
    };
    let date_time = seen.header("x-amz-date").ok_or("no date")?;
    if key != access_key || !date_time.starts_with(date) {
        return Err(format!("key {key}, date {date_time}"));
    }
    if seen.header("x-amz-security-token") != token {
        return Err("token".to_owned());
    }
    let names: Vec<&str> = part("SignedHeaders")?.split(';').collect();
    if !names.is_sorted() || !names.contains(&"host") {
        return Err(format!("signed headers {names:?}"));
    }
    for (name, _) in &seen.headers {
        let name = name.to_lowercase();
        if name.starts_with("x-amz-") && !names.contains(&name.as_str()) {
            return Err(format!("{name} is not signed"));
        }
    }
    let may_change = |name: &&&str| !matches!(**name, "host" | "content-type") && !name.starts_with("x-amz-");
    if let Some(name) = names.iter().find(may_change) {
        return Err(format!("{name} is signed"));
    }
    let canonical = canonical_request(seen, &names, service);
    let expected = signature(&canonical, secret, date_time, region, service);
    if part("Signature")? != expected {
        return Err(format!("signature over\n{canonical}"));
    }
    Ok(Verified {
        region: region.to_owned(),
        service: service.to_owned(),
        signed_headers: names.iter().map(|name| (*name).to_owned()).collect(),
    })
}

fn canonical_request(seen: &Seen, names: &[&str], service: &str) -> String {
    let (path, query) = seen.target().split_once('?').unwrap_or((seen.target(), ""));
    let path = if service == "s3" {
        path.to_owned()
    } else {
        encode_again(&normalize(path))
    };
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
        .collect();
    pairs.sort_unstable();
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers: String = names
        .iter()
        .map(|name| {
            let values: Vec<String> = seen
                .all(name)
                .iter()
                .map(|value| {
                    value
                        .split(' ')
                        .filter(|word| !word.is_empty())
                        .collect::<Vec<_>>()
                        .join(" ")
                })
                .collect();
            format!("{name}:{}\n", values.join(","))
        })
        .collect();
    format!(
        "{}\n{path}\n{}\n{headers}\n{}\n{}",
        seen.line.split(' ').next().unwrap(),
        query.join("&"),
        names.join(";"),
        hex(&Sha256::digest(&seen.body))
    )
}

/// Slashes in a row become one; dot segments do not arrive here.
fn normalize(path: &str) -> String {
    let mut out = String::new();
    for letter in path.chars() {
        if !(letter == '/' && out.ends_with('/')) {
            out.push(letter);
        }
    }
    out
}

fn encode_again(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
