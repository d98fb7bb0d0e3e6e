//! Reading and writing the text formats that several stand-ins speak: forms, queries, Base64, random names.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A form's or a query's names and values, decoded, in order.
pub(crate) fn form_pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// A form as a JSON object; a name that comes twice has a list of its values.
pub(crate) fn form_object(text: &str) -> Value {
    let mut object = serde_json::Map::new();
    for (name, value) in form_pairs(text) {
        match object.get_mut(&name) {
            None => drop(object.insert(name, Value::String(value))),
            Some(Value::Array(values)) => values.push(Value::String(value)),
            Some(first) => *first = Value::Array(vec![first.take(), Value::String(value)]),
        }
    }
    Value::Object(object)
}

/// The media type of a message in lower case, without parameters; empty when there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// All headers by lower-case name, repeats joined with `", "`; bytes that are not UTF-8 are replaced.
pub(crate) fn header_object(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut object: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        object
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push_str(", ");
                joined.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    object
}

/// A body as text and the name of its encoding: `utf-8`, or `base64` for bytes that are not UTF-8.
pub(crate) fn body_text(body: &[u8]) -> (String, &'static str) {
    match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), "utf-8"),
        Err(_) => (STANDARD.encode(body), "base64"),
    }
}

/// The token of `Authorization: Bearer <token>` (RFC 6750, section 2.1); the scheme in any case.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    credentials(headers, "bearer")
}

/// User and password of `Authorization: Basic` (RFC 7617) as they stand there, before any form decoding.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn credentials<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}

/// Decodes `%XX` escapes; `None` when the bytes are not UTF-8.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(|text| text.into_owned())
}

/// An answer with a JSON body.
pub(crate) fn json_answer(status: StatusCode, value: &impl serde::Serialize) -> Response<Body> {
    // The stand-ins' own documents have string keys only, so this cannot fail; an empty body would show if it did.
    let text = serde_json::to_string(value).unwrap_or_default();
    typed_answer(status, "application/json", text)
}

/// An answer with a body of the given type.
pub(crate) fn typed_answer(status: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer without a body.
pub(crate) fn empty_answer(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// `len` bytes of the operating system's randomness in URL-safe Base64.
///
/// # Errors
/// The random source cannot be read.
pub(crate) fn random_text(len: usize) -> std::io::Result<String> {
    let mut bytes = vec![0; len];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| std::io::Error::other("no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_an_object() {
        let value = form_object("a=1&b=x+y%26&a=2&a=3&flag");
        assert_eq!(
            value,
            serde_json::json!({"a": ["1", "2", "3"], "b": "x y&", "flag": ""})
        );
    }

    #[test]
    fn repeated_headers_are_joined() {
        let mut headers = HeaderMap::new();
        headers.append("X-One", HeaderValue::from_static("a"));
        headers.append("x-one", HeaderValue::from_static("b"));
        assert_eq!(header_object(&headers).get("x-one").map(String::as_str), Some("a, b"));
    }

    #[test]
    fn basic_credentials_keep_colons_in_the_password() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("bASIC dTpwOnE="));
        assert_eq!(basic(&headers), Some(("u".to_owned(), "p:q".to_owned())));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic ???"));
        assert_eq!(basic(&headers), None);
    }
}
