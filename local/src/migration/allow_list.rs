//! An entry of the allow-list `HIPCHAT_TOKENS`, made of a token that is seen nowhere.

use hipchat_proxy::access;
use hipchat_proxy::rooms::Directory;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use shared::Secret;

/// What kind of token HipChat took it for; the kind limits the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A user's token of the second API
    #[value(name = "v2_user")]
    V2User,
    /// A room's notification token of the second API
    #[value(name = "v2_room")]
    V2Room,
    /// An administrator's token of the first API
    #[value(name = "v1_admin")]
    V1Admin,
    /// A notification token of the first API
    #[value(name = "v1_notification")]
    V1Notification,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::V2User => "v2_user",
            Self::V2Room => "v2_room",
            Self::V1Admin => "v1_admin",
            Self::V1Notification => "v1_notification",
        }
    }
}

/// What a token may do.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// What logs call it.
    pub label: Option<String>,
    /// Names or ids of rooms, or `*` for all.
    pub rooms: Vec<String>,
    /// Whether it may write to users.
    pub users: bool,
    /// Whether it may read lists of rooms and users.
    pub read: bool,
    /// When it ends: RFC 3339, such as `2027-01-01T00:00:00Z`.
    pub expires: Option<String>,
}

impl Entry {
    /// The entry, checked by the function's own reader.
    ///
    /// # Errors
    /// One sentence for each problem that the function would have with it.
    pub fn document(&self, sha256: &str) -> Result<Value, Vec<String>> {
        let mut members = Map::new();
        members.insert("sha256".to_owned(), json!(sha256));
        members.insert("kind".to_owned(), json!(self.kind.name()));
        if let Some(label) = &self.label {
            members.insert("label".to_owned(), json!(label));
        }
        members.insert("rooms".to_owned(), json!(self.rooms));
        members.insert("users".to_owned(), json!(self.users));
        members.insert("read".to_owned(), json!(self.read));
        if let Some(expires) = &self.expires {
            members.insert("expires".to_owned(), json!(expires));
        }
        let list = json!([members]);
        access::read(&list.to_string(), &Directory::default())?;
        Ok(Value::Object(members))
    }
}

/// The SHA-256 of a token in hexadecimal digits. One line break at the end belongs to how the token came, not to it.
///
/// # Errors
/// There is no token, or it holds what no token of HipChat's does; the sentence does not repeat it.
pub fn sha256_of(input: &Secret) -> Result<String, String> {
    let text = input.reveal();
    let token = text.strip_suffix('\n').unwrap_or(text);
    let token = token.strip_suffix('\r').unwrap_or(token);
    if token.is_empty() {
        return Err("standard input holds no token".to_owned());
    }
    if let Some((line, _)) = token.lines().enumerate().nth(1) {
        return Err(format!("line {}: one token at a time", line + 1));
    }
    if token.contains('\u{feff}') {
        return Err("line 1: a byte order mark stands in the token; save it without one".to_owned());
    }
    if token
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err("line 1: the token holds a space or a control character".to_owned());
    }
    Ok(Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect())
}
