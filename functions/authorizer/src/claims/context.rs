//! What the backend is told about a token: `$context.authorizer.*`, a flat map of texts.

use std::fmt::Write;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::reply::Reply;
use super::{Typed, moment};

/// The longest value, in bytes.
const MAX_VALUE: usize = 1024;

/// Names that API Gateway sets itself under `$context.authorizer`.
const RESERVED: [&str; 8] = [
    "principalId",
    "claims",
    "error",
    "latency",
    "integrationLatency",
    "integrationStatus",
    "requestId",
    "status",
];

/// Which claims become context.
#[derive(Debug, Clone, Default)]
pub struct ContextRules {
    /// Members of the reply, in the order of the context.
    pub claims: Vec<String>,
    /// Members inside `ext`: the key in the context, and the path to the member.
    pub ext: Vec<(String, Vec<String>)>,
}

/// Whether API Gateway takes `key` as a context key: 1 to 64 letters, digits and underscores.
pub fn is_context_key(key: &str) -> bool {
    (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether API Gateway sets `key` itself.
pub fn is_reserved_key(key: &str) -> bool {
    RESERVED.contains(&key)
}

/// The context of one token, written down once when its claims are read.
#[derive(Debug, Clone)]
pub struct Context {
    pairs: Vec<(String, String)>,
    json: Box<RawValue>,
}

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.pairs == other.pairs
    }
}

impl Context {
    pub(super) fn new(reply: &Reply, rules: &ContextRules) -> Self {
        let mut pairs = Vec::new();
        for name in &rules.claims {
            if let Some(value) = reply.get(name).and_then(|value| claim_text(name, value)) {
                pairs.push((name.clone(), value));
            }
        }
        for (key, path) in &rules.ext {
            let member = path
                .iter()
                .try_fold(reply.get("ext"), |value, name| value.map(|value| value.get(name)));
            if let Some(value) = member.flatten().and_then(plain_text) {
                pairs.push((key.clone(), value));
            }
        }
        Self::from_pairs(pairs)
    }

    fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        let json = write_object(&pairs).unwrap_or_default();
        Self { pairs, json }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The length of the context as JSON, in bytes.
    pub fn json_len(&self) -> usize {
        self.json.get().len()
    }

    pub(super) fn size(&self) -> usize {
        self.json_len()
            + self
                .pairs
                .iter()
                .map(|(key, value)| key.len() + value.len())
                .sum::<usize>()
    }

    /// The context with one part less, when the whole is too large: what came from `ext`, the last first, then
    /// `scope`, then `aud`. `None` when nothing is left that may be dropped.
    pub fn shortened(&self) -> Option<Self> {
        let at = self
            .pairs
            .iter()
            .rposition(|(key, _)| key.starts_with("ext_"))
            .or_else(|| self.pairs.iter().position(|(key, _)| key == "scope"))
            .or_else(|| self.pairs.iter().position(|(key, _)| key == "aud"))?;
        let mut pairs = self.pairs.clone();
        pairs.remove(at);
        Some(Self::from_pairs(pairs))
    }
}

impl Serialize for Context {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.json.get() == "null" {
            return Err(S::Error::custom("the context could not be written"));
        }
        self.json.serialize(serializer)
    }
}

fn write_object(pairs: &[(String, String)]) -> Option<Box<RawValue>> {
    let mut json = String::with_capacity(256);
    for (key, value) in pairs {
        json.push(if json.is_empty() { '{' } else { ',' });
        // Keys are plain letters; values are escaped.
        write!(json, "\"{key}\":{}", serde_json::to_string(value).ok()?).ok()?;
    }
    if json.is_empty() {
        json.push('{');
    }
    json.push('}');
    RawValue::from_string(json).ok()
}

/// The text of a top-level claim. Times are written as whole numbers however the server wrote them.
fn claim_text(name: &str, value: &Value) -> Option<String> {
    match (name, value) {
        ("exp" | "nbf", value) => match moment(Some(value)) {
            Typed::Is(seconds) => Some(seconds.to_string()),
            Typed::Absent | Typed::Wrong => None,
        },
        ("aud", Value::Array(items)) => {
            let audiences: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            bounded(&audiences?.join(" "))
        }
        (_, value) => plain_text(value),
    }
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => bounded(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(_) | Value::Object(_) | Value::Null => None,
    }
}

/// A text without control characters, cut at a character's end; `None` when it is empty or itself a JSON object or
/// array, which API Gateway fails on when it answers from its cache.
fn bounded(text: &str) -> Option<String> {
    let mut kept: String = text.chars().filter(|letter| !letter.is_control()).collect();
    if kept.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(&kept).is_ok() {
        return None;
    }
    let end = kept.floor_char_boundary(MAX_VALUE);
    kept.truncate(end);
    (!kept.is_empty()).then_some(kept)
}
