//! What the stand-ins answer: complete HTTP responses, built once.

mod events;

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::session::excerpt;
use crate::upstream::{API_KEY, CLIENT, DEAD_TOKEN, GOOD_TOKEN, POOR_TOKEN, SLACK_TOKEN};
use crate::wire::find;

/// The body of a signed or keyed endpoint, and of the function behind the Invoke API.
const ORDERS: &str = r#"{"orders":[{"id":42,"state":"open","lines":3},{"id":43,"state":"shipped","lines":1}]}"#;

/// The sizes of the documents below `/signed/sized/`, in bytes.
pub(crate) const SIZES: [u64; 7] = [1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/// All answers.
#[derive(Debug)]
pub(crate) struct Replies {
    pub(crate) floor: Vec<u8>,
    pub(crate) slack: Vec<u8>,
    pub(crate) endpoint: Vec<u8>,
    pub(crate) megabyte: Vec<u8>,
    pub(crate) invoke: Vec<u8>,
    pub(crate) invoke_streamed: Vec<u8>,
    active: Vec<u8>,
    scopeless: Vec<u8>,
    inactive: Vec<u8>,
    secrets: Vec<(&'static str, Vec<u8>)>,
    /// Built with the first question: most runs ask for none of them.
    sized: OnceLock<Vec<Vec<u8>>>,
}

impl Replies {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let claims = |scope: &str| {
            format!(
                r#"{{"active":true,{scope}"client_id":"web","sub":"alice","exp":{},"iat":{},"nbf":{},"aud":["orders-api"],"iss":"https://auth.example.com/","token_type":"Bearer","token_use":"access_token"}}"#,
                now + 86_400,
                now - 60,
                now - 60,
            )
        };
        let target = serde_json::json!({
            "statusCode": 200,
            "headers": {"content-type": "application/json"},
            "body": ORDERS,
            "isBase64Encoded": false,
        });
        Self {
            floor: json(&claims("")),
            slack: json(
                r#"{"ok":true,"channel":"C0BENCH","ts":"1503435956.000247","message":{"type":"message","subtype":"bot_message","text":"","ts":"1503435956.000247","bot_id":"B0BENCH"}}"#,
            ),
            endpoint: json(ORDERS),
            megabyte: json(&document(1_048_576)),
            invoke: json(&target.to_string()),
            invoke_streamed: streamed(),
            active: json(&claims(r#""scope":"orders.read","#)),
            scopeless: json(&claims("")),
            inactive: json(r#"{"active":false}"#),
            secrets: vec![
                ("bench/client-secret", secret("bench/client-secret", CLIENT.1)),
                ("bench/slack-token", secret("bench/slack-token", SLACK_TOKEN)),
                ("bench/api-key", secret("bench/api-key", API_KEY)),
            ],
            sized: OnceLock::new(),
        }
    }

    /// The answer about the token in an introspection's form.
    pub(crate) fn introspection(&self, form: &[u8]) -> Result<&[u8], String> {
        let about = |token: &str| find(form, token.as_bytes()).is_some();
        if about(GOOD_TOKEN) {
            Ok(&self.active)
        } else if about(POOR_TOKEN) {
            Ok(&self.scopeless)
        } else if about(DEAD_TOKEN) {
            Ok(&self.inactive)
        } else {
            Err(format!("an unknown token in {}", excerpt(form)))
        }
    }

    /// A document of as many bytes as the path ends with, one of [`SIZES`].
    pub(crate) fn sized(&self, bytes: &[u8]) -> Result<&[u8], String> {
        let known = || SIZES.iter().map(|bytes| json(&document(*bytes as usize))).collect();
        let documents = self.sized.get_or_init(known);
        let asked = SIZES.iter().position(|size| size.to_string().as_bytes() == bytes);
        asked
            .and_then(|at| documents.get(at))
            .map(Vec::as_slice)
            .ok_or_else(|| format!("no document of {} bytes", excerpt(bytes)))
    }

    /// The answer to `GetSecretValue`.
    pub(crate) fn secret(&self, body: &[u8]) -> Result<&[u8], String> {
        let asked = self
            .secrets
            .iter()
            .find(|(name, _)| find(body, name.as_bytes()).is_some());
        asked
            .map(|(_, reply)| reply.as_slice())
            .ok_or_else(|| format!("an unknown secret in {}", excerpt(body)))
    }
}

/// The same orders in a document of so many bytes, at least 200.
fn document(bytes: usize) -> String {
    let orders = ORDERS.strip_suffix('}').unwrap_or(ORDERS);
    let start = format!(r#"{orders},"note":""#);
    let note = "x".repeat(bytes.saturating_sub(start.len() + 2));
    format!(r#"{start}{note}"}}"#)
}

fn json(body: &str) -> Vec<u8> {
    response("application/json", body)
}

/// `GetSecretValue`'s output in AWS JSON 1.1.
fn secret(name: &str, value: &str) -> Vec<u8> {
    let output = serde_json::json!({
        "ARN": format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-AbCdEf"),
        "CreatedDate": 1_760_000_000.0,
        "Name": name,
        "SecretString": value,
        "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1",
        "VersionStages": ["AWSCURRENT"],
    });
    response("application/x-amz-json-1.1", &output.to_string())
}

fn response(content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// The same orders as a reply that a function streams: one HTTP chunk with all events.
fn streamed() -> Vec<u8> {
    let prelude = r#"{"statusCode":200,"headers":{"content-type":"application/json"}}"#;
    let events = events::of(prelude, ORDERS);
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
    let length = format!("{:x}\r\n", events.len());
    [head.as_bytes(), length.as_bytes(), &events, b"\r\n0\r\n\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_their_size() {
        let replies = Replies::new();
        for size in SIZES {
            let reply = replies.sized(size.to_string().as_bytes()).unwrap();
            let body = find(reply, b"\r\n\r\n").unwrap() + 4;
            assert_eq!((reply.len() - body) as u64, size);
            let document: serde_json::Value = serde_json::from_slice(&reply[body..]).unwrap();
            assert_eq!(document["orders"][0]["id"], 42);
        }
        assert!(replies.sized(b"5").is_err());
    }

    #[test]
    fn answers_go_to_the_right_question() {
        let replies = Replies::new();
        let text = |reply: Result<&[u8], String>| String::from_utf8(reply.unwrap().to_vec()).unwrap();
        let form = |token: &str| format!("token={token}&token_type_hint=access_token").into_bytes();
        assert!(text(replies.introspection(&form(GOOD_TOKEN))).contains(r#""scope":"orders.read""#));
        let poor = text(replies.introspection(&form(POOR_TOKEN)));
        assert!(poor.contains(r#""active":true"#) && !poor.contains("scope"), "{poor}");
        assert!(text(replies.introspection(&form(DEAD_TOKEN))).ends_with(r#"{"active":false}"#));
        assert!(replies.introspection(b"token=x").is_err());
        assert!(text(replies.secret(br#"{"SecretId":"bench/slack-token"}"#)).contains(SLACK_TOKEN));
        assert!(replies.secret(b"{}").is_err());
    }
}
