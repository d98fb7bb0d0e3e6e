//! What the backend is told about a token: `$context.authorizer.*`, a flat map of texts.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::reply::{Member, Reply};
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

/// The context of one token.
#[derive(Debug, Clone, PartialEq)]
pub struct Context(Vec<(String, String)>);

impl Context {
    pub(super) fn new(reply: &Reply<'_>, rules: &ContextRules) -> Self {
        let mut pairs = Vec::with_capacity(rules.claims.len());
        for name in &rules.claims {
            if let Some(value) = reply.get(name).and_then(|member| claim_text(name, member)) {
                pairs.push((name.clone(), value));
            }
        }
        if let Some(Member::Object(ext)) = reply.get("ext") {
            for (key, path) in &rules.ext {
                let member = path.iter().try_fold(ext, |value, name| value.get(name));
                if let Some(value) = member.and_then(ext_text) {
                    pairs.push((key.clone(), value));
                }
            }
        }
        Self(pairs)
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The context as JSON has no more bytes than this.
    pub fn at_most_bytes(&self) -> usize {
        /// Quotes, colon and comma; every byte of a value may need an escape.
        const FRAME: usize = 6;
        const MOST_PER_BYTE: usize = 6;
        let pair = |(key, value): &(String, String)| key.len() + MOST_PER_BYTE * value.len() + FRAME;
        2 + self.0.iter().map(pair).sum::<usize>()
    }

    pub(super) fn size(&self) -> usize {
        let pair = |(key, value): &(String, String)| key.len() + value.len() + 2 * size_of::<String>();
        self.0.iter().map(pair).sum()
    }

    /// The context with one part less, when the whole is too large: what came from `ext`, the last first, then
    /// `scope`, then `aud`. `None` when nothing is left that may be dropped.
    pub fn shortened(&self) -> Option<Self> {
        let pairs = &self.0;
        let at = pairs
            .iter()
            .rposition(|(key, _)| key.starts_with("ext_"))
            .or_else(|| pairs.iter().position(|(key, _)| key == "scope"))
            .or_else(|| pairs.iter().position(|(key, _)| key == "aud"))?;
        let mut pairs = pairs.clone();
        pairs.remove(at);
        Some(Self(pairs))
    }
}

impl Serialize for Context {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The text of a top-level claim. Times are written as whole numbers however the server wrote them.
fn claim_text(name: &str, member: &Member<'_>) -> Option<String> {
    match (name, member) {
        ("exp" | "nbf", member) => match moment(Some(member)) {
            Typed::Is(seconds) => Some(seconds.to_string()),
            Typed::Absent | Typed::Wrong => None,
        },
        ("aud", Member::Texts(audiences)) => bounded(&audiences.join(" ")),
        (_, Member::Text(text)) => bounded(text),
        (_, Member::Number(number)) => Some(number.to_string()),
        (_, Member::Flag(flag)) => Some(flag.to_string()),
        (_, Member::Null | Member::Texts(_) | Member::Object(_) | Member::Mixed) => None,
    }
}

fn ext_text(value: &Value) -> Option<String> {
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
