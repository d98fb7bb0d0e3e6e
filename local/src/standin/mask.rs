//! What a record must not keep: replaces secrets in headers, queries, forms and JSON with `***`.

use std::borrow::Cow;

use serde_json::Value;

use super::wire::percent_decoded;

/// What stands in place of a secret.
const MASK: &str = "***";

/// Members of forms, queries and JSON documents whose values are secrets, in lower case.
const SECRET_MEMBERS: [&str; 9] = [
    "access_token",
    "assertion",
    "client_secret",
    "refresh_token",
    "secretstring",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
];

fn is_secret_member(name: &str) -> bool {
    SECRET_MEMBERS.contains(&name.to_ascii_lowercase().as_str())
}

/// A header's value as it may be kept. Of credentials the scheme stays, of a Signature Version 4 `Authorization` also
/// the first four characters of the key id, the scope and the names of the signed headers.
pub(crate) fn header<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    match name.to_ascii_lowercase().as_str() {
        "authorization" | "proxy-authorization" => Cow::Owned(authorization(value)),
        "cookie" | "cookies" | "set-cookie" | "x-api-key" | "x-amz-security-token" => Cow::Borrowed(MASK),
        _ => Cow::Borrowed(value),
    }
}

fn authorization(value: &str) -> String {
    let Some((scheme, rest)) = value.trim().split_once(' ') else {
        return MASK.to_owned();
    };
    if scheme != "AWS4-HMAC-SHA256" {
        return format!("{scheme} {MASK}");
    }
    let parts = rest.split(',').map(|part| match part.trim().split_once('=') {
        Some(("SignedHeaders", names)) => format!("SignedHeaders={names}"),
        Some(("Credential", credential)) => {
            let (key, scope) = credential.split_once('/').unwrap_or((credential, ""));
            let start: String = key.chars().take(4).collect();
            format!("Credential={start}{MASK}/{scope}")
        }
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    });
    format!("{scheme} {}", parts.collect::<Vec<_>>().join(", "))
}

/// A query or a form with the values of its secret members replaced; everything else byte for byte as it was.
pub(crate) fn pairs(text: &str) -> String {
    let masked = text.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if percent_decoded(name).is_some_and(|name| is_secret_member(&name)) => {
            Cow::Owned(format!("{name}={MASK}"))
        }
        _ => Cow::Borrowed(pair),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// Replaces secrets in a JSON document at any depth, also in headers that an event carries. True when there were any.
pub(crate) fn json(value: &mut Value) -> bool {
    let mut any = false;
    match value {
        Value::Array(items) => {
            for item in items {
                any |= json(item);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                any |= match is_secret_member(name) {
                    true => replace(member),
                    false => json_header(name, member) | json(member),
                };
            }
        }
        _ => {}
    }
    any
}

fn replace(member: &mut Value) -> bool {
    // A switch or an absent value is no secret, and tests like to see it.
    if matches!(member, Value::Null | Value::Bool(_)) {
        return false;
    }
    *member = Value::from(MASK);
    true
}

fn json_header(name: &str, member: &mut Value) -> bool {
    let mut any = false;
    match member {
        Value::String(text) => {
            let masked = header(name, text);
            any = masked != text.as_str();
            if any {
                *text = masked.into_owned();
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut().filter(|item| item.is_string()) {
                any |= json_header(name, item);
            }
        }
        _ => {}
    }
    any
}

/// A text body as it may be kept, and its parsed form: the document of a JSON body, an object for a form, else null.
pub(crate) fn body(text: &str, media_type: &str) -> (String, Value) {
    if let Ok(mut value) = serde_json::from_str::<Value>(text) {
        return match json(&mut value) {
            true => (value.to_string(), value),
            false => (text.to_owned(), value),
        };
    }
    if media_type == "application/x-www-form-urlencoded" {
        let masked = pairs(text);
        let object = super::wire::form_object(&masked);
        return (masked, object);
    }
    let lower = text.to_ascii_lowercase();
    if SECRET_MEMBERS.iter().any(|name| lower.contains(&format!("\"{name}\""))) {
        // A document that is cut off or broken, with a secret somewhere in it.
        return (MASK.to_owned(), Value::Null);
    }
    (pairs(text), Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn headers_keep_their_scheme() {
        let cases = [
            ("authorization", "Bearer abc", "Bearer ***"),
            ("Authorization", "Basic dTpw", "Basic ***"),
            ("authorization", "abc", "***"),
            ("cookie", "a=b", "***"),
            ("X-Api-Key", "k", "***"),
            ("x-amz-security-token", "t", "***"),
            ("accept", "*/*", "*/*"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=abcd",
                "AWS4-HMAC-SHA256 Credential=AKID***/20150830/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=***",
            ),
        ];
        for (name, value, expected) in cases {
            assert_eq!(header(name, value), expected, "{name}: {value}");
        }
    }

    #[test]
    fn bodies_lose_their_secrets() {
        let form = "application/x-www-form-urlencoded";
        let cases = [
            (
                "token=abc&token_type_hint=access_token",
                form,
                "token=***&token_type_hint=access_token",
            ),
            ("to%6Ben=abc&x=a+b", form, "to%6Ben=***&x=a+b"),
            (
                "client_id=web&client_secret=a&refresh_token=b&x=c",
                form,
                "client_id=web&client_secret=***&refresh_token=***&x=c",
            ),
            ("token=abc&x=1", "", "token=***&x=1"),
            (r#"{"a": 1,  "b": "x"}"#, "application/json", r#"{"a": 1,  "b": "x"}"#),
            (
                r#"{"a":{"token":"x"},"SecretString":"y"}"#,
                form,
                r#"{"SecretString":"***","a":{"token":"***"}}"#,
            ),
            (r#"{"access_token":"x","#, "application/json", "***"),
            (
                r#"{"headers":{"Authorization":"Bearer x"},"cookies":["a=b"]}"#,
                "",
                r#"{"cookies":["***"],"headers":{"Authorization":"Bearer ***"}}"#,
            ),
            (
                r#"{"multiValueHeaders":{"x-api-key":["a","b"]},"token":null}"#,
                "",
                r#"{"multiValueHeaders":{"x-api-key":["***","***"]},"token":null}"#,
            ),
        ];
        for (text, media_type, expected) in cases {
            assert_eq!(body(text, media_type).0, expected, "{text}");
        }
        assert_eq!(body("token=abc&a=b", form).1, json!({"token": "***", "a": "b"}));
        assert_eq!(body("hello", "text/plain").1, Value::Null);
    }
}
