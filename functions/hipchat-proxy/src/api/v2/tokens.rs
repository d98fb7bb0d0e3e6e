//! The scopes of tokens, and what answers tell of a token.

use serde_json::{Map, Value, json};

use crate::api::Need;

/// HipChat's scopes that mean something here, by name and title, and what a token must be allowed for each.
const SCOPES: [(&str, &str, Need); 4] = [
    ("send_notification", "Send Notification", Need::Send),
    ("send_message", "Send Message", Need::Act),
    ("view_group", "View Group", Need::SeeUsers),
    ("view_room", "View Room", Need::Read),
];

/// The scopes of a token that may do so much.
pub fn scopes(may: impl Fn(Need) -> bool) -> Vec<&'static str> {
    let granted = SCOPES.iter().filter(|(_, _, need)| may(*need));
    granted.map(|(name, ..)| *name).collect()
}

/// All scopes, as capabilities list them.
pub(super) fn available_scopes() -> Value {
    let entry = |(name, title, _): &(&str, &str, Need)| ((*name).to_owned(), json!({"id": name, "name": title}));
    Value::Object(SCOPES.iter().map(entry).collect::<Map<_, _>>())
}

/// The answer to a client that fetched a token (RFC 6749, section 5.1), with HipChat's two members about the group.
pub fn issued_token(token: &str, expires_in: u64, scopes: &[&str]) -> Value {
    json!({
        "access_token": token,
        "token_type": "bearer",
        "expires_in": expires_in,
        "scope": scopes.join(" "),
        "group_id": 1,
        "group_name": "HipChat",
    })
}

/// What is told about a token to whoever holds it; `left` is how many seconds it lasts, `None` for ever.
pub fn described_token(token: &str, left: Option<u64>, scopes: &[&str]) -> Value {
    json!({
        "access_token": token,
        "expires_in": left,
        "group": {"id": 1, "name": "HipChat"},
        "owner_type": "client",
        "scopes": scopes,
    })
}
