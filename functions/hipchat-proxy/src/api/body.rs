//! A request body -> named fields, as tolerantly as old clients need it: JSON whatever the content type says, else a form,
//! in parts or not; control characters and halves of surrogate pairs inside JSON strings.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::multipart::form_fields;
use super::{Fields, charset};

/// Reads a body. What is neither JSON nor a form gives fields that nobody asks for, and so a clear error about the
/// first one that is missing. Never fails.
pub fn read_body(headers: &HeaderMap, body: &[u8]) -> Fields {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let trimmed = body.trim_ascii();
    if trimmed.is_empty() {
        return Fields::default();
    }
    if trimmed.first() != Some(&b'{') {
        if let Some(fields) = form_fields(headers, body) {
            return fields;
        }
        if is_form(headers) {
            return Fields::from_encoded(body);
        }
    }
    match read_json(trimmed) {
        Some(Value::Object(object)) => Fields::from_object(object),
        Some(_) => Fields::from_object(Map::new()),
        None => Fields::from_encoded(body),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// A JSON object, as tolerantly read as the body of a request.
pub(super) fn read_json_object(text: &[u8]) -> Option<Map<String, Value>> {
    match read_json(text.trim_ascii())? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn read_json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body)
        .ok()
        .or_else(|| serde_json::from_str(&repair(&charset::text(body))).ok())
}

/// Makes JSON of what hand-written clients send: inside strings, control characters are escaped and the half of a
/// surrogate pair becomes U+FFFD. Everything else stays as it is.
fn repair(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut in_string = false;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => {
                in_string = !in_string;
                out.push(letter);
            }
            '\\' if in_string => {
                let escape = text.get(at..).unwrap_or_default();
                let length = push_escape(&mut out, escape);
                // The backslash is taken already.
                for _ in 1..length {
                    letters.next();
                }
            }
            control if in_string && control < ' ' => {
                let code = u32::from(control);
                out.push_str("\\u00");
                out.extend(char::from_digit(code >> 4, 16));
                out.extend(char::from_digit(code & 15, 16));
            }
            other => out.push(other),
        }
    }
    out
}

/// Copies one escape, which `text` begins with, and tells how many characters it took.
fn push_escape(out: &mut String, text: &str) -> usize {
    let Some(unit) = code_unit(text) else {
        let escape: String = text.chars().take(2).collect();
        out.push_str(&escape);
        return escape.chars().count();
    };
    let second = text.get(6..).and_then(code_unit);
    match (unit, second) {
        (0xd800..=0xdbff, Some(0xdc00..=0xdfff)) => {
            out.push_str(text.get(..12).unwrap_or_default());
            12
        }
        (0xd800..=0xdfff, _) => {
            out.push('\u{fffd}');
            6
        }
        _ => {
            out.push_str(text.get(..6).unwrap_or_default());
            6
        }
    }
}

/// The UTF-16 code unit of a `\uXXXX` that `text` begins with.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits
        .bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn message(content_type: Option<&'static str>, body: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(value) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
        }
        read_body(&headers, body.as_bytes()).text("message").ok().flatten()
    }

    #[test]
    fn json_and_forms_are_known_by_their_look() {
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        for (content_type, body, expected) in [
            (Some("application/json"), r#"{"message":"a"}"#, Some("a")),
            (form, r#" {"message":"a"} "#, Some("a")),
            (None, r#"{"message":"a"}"#, Some("a")),
            (Some("text/plain"), "\u{feff}{\"message\":\"a\"}\n", Some("a")),
            (form, "message=a+b%26&x=1", Some("a b&")),
            (None, "message=a+b%26&x=1", Some("a b&")),
            (Some("application/json"), "message=a", Some("a")),
            (form, "{message=a", None),
            (Some("application/json"), "[", None),
            (Some("application/json"), r#"["message"]"#, None),
            (Some("application/json"), "", None),
        ] {
            assert_eq!(
                message(content_type, body).as_deref(),
                expected,
                "{content_type:?} {body}"
            );
        }
    }

    #[test]
    fn hand_written_json_is_repaired() {
        let json = Some("application/json");
        assert_eq!(
            message(json, "{\"message\":\"a\tb\r\nc\u{1}\",\t\"x\":\n1}").as_deref(),
            Some("a\tb\r\nc\u{1}")
        );
        assert_eq!(
            message(json, r#"{"message":"\ud83d x \udc00\ud83d\ude00 \\ud83d \"\t"}"#).as_deref(),
            Some("\u{fffd} x \u{fffd}😀 \\ud83d \"\t")
        );
        assert_eq!(message(json, "{\"message\":\"a\\"), None);
        assert_eq!(message(json, r#"{"message":"\u12"#), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_windows_1252() {
        let fields = |body: &[u8]| read_body(&HeaderMap::new(), body);
        for body in [
            &b"{\"message\":\"caf\xe9 \x80\",\"from\":\"\xfc\"}"[..],
            b"message=caf%E9+%80&from=%fc",
            b"message=caf\xe9 \x80&from=%C3%BC",
            b"--B\nContent-Disposition: form-data; name=message\n\ncaf\xe9 \x80\n\
                --B\nContent-Disposition: form-data; name=from\n\n\xc3\xbc\n--B--",
        ] {
            assert_eq!(fields(body).text("message"), Ok(Some("café €".to_owned())));
            assert_eq!(fields(body).text("from"), Ok(Some("ü".to_owned())));
        }
        let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = "\u{feff}{\"message\":\"é\"}".encode_utf16();
            units.flat_map(order).collect()
        };
        for body in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(fields(&body).text("message"), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_body(&HeaderMap::new(), &body).text("message");
        }

        #[test]
        fn any_backslashes_are_read_without_panic(text in "[\\\\u\"d8dcé\t{}:]{0,40}") {
            let _ = repair(&text);
            let _ = read_body(&HeaderMap::new(), format!("{{\"message\":\"{text}").as_bytes());
        }

        #[test]
        fn good_strings_survive_the_repair(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(repair(&json), json);
        }
    }
}
