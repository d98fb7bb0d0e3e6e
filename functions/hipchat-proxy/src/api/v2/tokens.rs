//! What answers tell of scopes and tokens.

use serde_json::{Map, Value, json};

use crate::api::{Scopes, scope_titles};

/// All scopes, as capabilities list them.
pub(super) fn available_scopes() -> Value {
    let entry = |(name, title): (&str, &str)| (name.to_owned(), json!({"id": name, "name": title}));
    Value::Object(scope_titles().map(entry).collect::<Map<_, _>>())
}

/// The answer to a client that fetched a token (RFC 6749, section 5.1), with HipChat's two members about the group.
pub fn issued_token(token: &str, expires_in: u64, scopes: Scopes) -> Value {
    json!({
        "access_token": token,
        "token_type": "bearer",
        "expires_in": expires_in,
        "scope": scopes.names().join(" "),
        "group_id": 1,
        "group_name": "HipChat",
    })
}

/// What is told about a token to whoever holds it; `left` is how many seconds it lasts, `None` for ever.
pub fn described_token(token: &str, left: Option<u64>, scopes: Scopes) -> Value {
    json!({
        "access_token": token,
        "expires_in": left,
        "group": {"id": 1, "name": "HipChat"},
        "owner_type": "client",
        "scopes": scopes.names(),
    })
}
