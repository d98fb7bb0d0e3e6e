//! The echoing endpoint: tells the caller what arrived, or whatever its query asks for.

use axum::body::Body;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::super::wire::{body_text, form_pairs, header_object, json_answer};
use super::target_of;

/// The longest binary answer, in bytes: above every limit of Lambda and its fronts.
const MAX_BYTES: usize = 16 * 1024 * 1024;
const MAX_COOKIES: usize = 50;

/// The endpoint that asks for an API key.
pub(super) fn with_key(api_key: &str, parts: &Parts, body: &[u8]) -> Response<Body> {
    let mut keys = parts.headers.get_all("x-api-key").iter();
    let known = match (keys.next(), keys.next()) {
        (Some(key), None) => bool::from(key.as_bytes().ct_eq(api_key.as_bytes())),
        _ => false,
    };
    if known {
        echo(parts, body, "api-key")
    } else {
        json_answer(StatusCode::FORBIDDEN, &json!({"message": "Forbidden"}))
    }
}

/// The request as JSON: `method`, `target`, `headers`, `body` with its `body_encoding`, and by which way it came.
pub(super) fn echo(parts: &Parts, body: &[u8], via: &str) -> Response<Body> {
    let wish = match Wish::read(parts.uri.query().unwrap_or_default()) {
        Ok(wish) => wish,
        Err(problem) => return json_answer(StatusCode::BAD_REQUEST, &json!({"message": problem})),
    };
    let mut response = match wish.bytes {
        Some(len) => {
            let mut response = Response::new(Body::from(pattern(len)));
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            response
        }
        None => {
            let (text, encoding) = body_text(body);
            let echo = json!({
                "method": parts.method.as_str(),
                "target": target_of(parts),
                "headers": header_object(&parts.headers),
                "body": text,
                "body_encoding": encoding,
                "via": via,
            });
            json_answer(StatusCode::OK, &echo)
        }
    };
    *response.status_mut() = wish.status;
    if matches!(wish.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
    }
    for number in 1..=wish.cookies {
        if let Ok(cookie) = HeaderValue::try_from(format!("cookie{number}=value{number}; Path=/; HttpOnly")) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// Bytes that are no text in any encoding that matters: 255, 254, ... 0, 255, ...
fn pattern(len: usize) -> Vec<u8> {
    (0..=u8::MAX).rev().cycle().take(len).collect()
}

/// What the query asks the endpoint to answer.
struct Wish {
    status: StatusCode,
    bytes: Option<usize>,
    cookies: usize,
}

impl Wish {
    fn read(query: &str) -> Result<Self, String> {
        let mut wish = Self {
            status: StatusCode::OK,
            bytes: None,
            cookies: 0,
        };
        for (name, value) in form_pairs(query) {
            match name.as_str() {
                "status" => {
                    let code = value.parse().ok().filter(|code| (200..=599).contains(code));
                    wish.status = code
                        .and_then(|code| StatusCode::from_u16(code).ok())
                        .ok_or("status: 200 to 599")?;
                }
                "bytes" => {
                    wish.bytes = Some(number(&value, MAX_BYTES).ok_or_else(|| format!("bytes: 0 to {MAX_BYTES}"))?)
                }
                "cookies" => {
                    wish.cookies = number(&value, MAX_COOKIES).ok_or_else(|| format!("cookies: 0 to {MAX_COOKIES}"))?
                }
                _ => {}
            }
        }
        Ok(wish)
    }
}

fn number(text: &str, max: usize) -> Option<usize> {
    text.parse().ok().filter(|number| *number <= max)
}
