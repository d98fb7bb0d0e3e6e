//! What the endpoint answers: a JSON object of credentials, read strictly.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Secret;
use crate::aws::Credentials;
use crate::clock::parse_rfc3339;

/// The credentials in an answer: all four members are there, and nothing in them that a header does not take. A `Code` other
/// than `Success` makes it an error of the endpoint's.
pub(super) fn read(body: &[u8]) -> Option<Credentials> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    if answer.code.is_some_and(|code| code != "Success") {
        return None;
    }
    let (id, secret, token) = (answer.access_key_id?, answer.secret_access_key?, answer.token?);
    // A signature names the id among other things, and the token is a header's whole value.
    let good_id = id.reveal().bytes().all(|byte| byte.is_ascii_graphic());
    let good_token = token
        .reveal()
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if id.is_empty() || !good_id || secret.is_empty() || token.is_empty() || !good_token {
        return None;
    }
    let expires_at_ms = parse_rfc3339(&answer.expiration?)?.checked_mul(1000)?;
    Some(Credentials::new(id, secret, Some(token), Some(expires_at_ms)))
}

#[derive(Default)]
struct Answer {
    code: Option<String>,
    access_key_id: Option<Secret>,
    secret_access_key: Option<Secret>,
    token: Option<Secret>,
    expiration: Option<String>,
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

/// Reads the members, whose names are spelt in any case, two of them in two ways: endpoints differ.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Answer, A::Error> {
        let mut answer = Answer::default();
        while let Some(mut name) = members.next_key::<String>()? {
            name.make_ascii_lowercase();
            let known_already = match name.as_str() {
                "code" => answer.code.replace(members.next_value()?).is_some(),
                "accesskeyid" => answer.access_key_id.replace(members.next_value()?).is_some(),
                "secretaccesskey" => answer.secret_access_key.replace(members.next_value()?).is_some(),
                "token" | "sessiontoken" => answer.token.replace(members.next_value()?).is_some(),
                "expiration" | "expiresat" => answer.expiration.replace(members.next_value()?).is_some(),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    false
                }
            };
            if known_already {
                return Err(A::Error::custom("a member stands there twice"));
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"RoleArn":"arn:aws:iam::1:role/r","AccessKeyId":"ASIA1","SecretAccessKey":"a/b+c",
        "Token":"t+/==","Expiration":"2026-03-01T13:00:00Z","Deep":{"Token":["x",{}]},"Number":1e9}"#;

    #[test]
    fn credentials_are_read_from_an_answer() {
        for (from, to) in [
            ("", ""),
            ("AccessKeyId", "accessKeyID"),
            ("\"Token\":\"t", "\"SessionToken\":\"t"),
            ("Expiration", "ExpiresAt"),
            ("\"Number\"", "\"Code\":\"Success\",\"Number\""),
            ("13:00:00Z", "13:00:00.000Z"),
            ("a/b+c", "a\\/b\\u002bc"),
        ] {
            let credentials = read(GOOD.replacen(from, to, 1).as_bytes()).expect(to);
            assert_eq!(credentials.access_key_id(), "ASIA1");
            assert_eq!(credentials.secret_access_key().reveal(), "a/b+c");
            assert_eq!(credentials.session_token().unwrap().reveal(), "t+/==");
            assert_eq!(credentials.expires_at_ms(), Some(1_772_370_000_000), "{to}");
        }
        let spaced = read(GOOD.replacen("t+/==", "t u", 1).as_bytes()).unwrap();
        assert_eq!(spaced.session_token().unwrap().reveal(), "t u");
    }

    #[test]
    fn anything_else_is_no_answer() {
        for (from, to) in [
            ("\"AccessKeyId\"", "\"KeyId\""),
            ("\"SecretAccessKey\"", "\"Secret\""),
            ("\"Token\":\"t", "\"Tok\":\"t"),
            ("Expiration", "Until"),
            ("\"ASIA1\"", "\"\""),
            ("\"ASIA1\"", "null"),
            ("\"ASIA1\"", "7"),
            ("\"a/b+c\"", "\"\""),
            ("t+/==", ""),
            ("t+/==", "t\\r\\nx-injected: 1"),
            ("t+/==", "t\\u007f"),
            ("t+/==", "t\u{e9}"),
            ("ASIA1", "ASIA1\\n"),
            ("ASIA1", "ASIA 1"),
            ("ASIA1", "ASI\u{c4}"),
            ("2026-03-01T13:00:00Z", "tomorrow"),
            ("2026-03-01T13:00:00Z", "9999-99-99T00:00:00Z"),
            ("\"Number\"", "\"Code\":\"Failed\",\"Number\""),
            ("\"Number\"", "\"sessiontoken\":\"other\",\"Number\""),
            ("1e9}", "1e9"),
            ("1e9}", "1e9}}"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            assert!(read(text.as_bytes()).is_none(), "{from} -> {to}");
        }
        for text in ["", "null", "[]", "\"x\"", "404: not found", "<html>", "{}", "\u{0}"] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(read(b"{\"AccessKeyId\":\"\xff\"}").is_none());
        let deep = "[".repeat(100_000);
        assert!(read(format!("{{\"x\":{deep}").as_bytes()).is_none());
    }
}
