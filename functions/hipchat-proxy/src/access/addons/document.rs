//! The add-ons' JSON document and their keys -> who may fetch a token.

use shared::Secret;

use super::proof::Key;
use super::{AddOns, Client, key_of};
use crate::access::document::{hex_digest, read_rights};
use crate::config::document::Document;
use crate::rooms::Directory;

const VARIABLE: &str = "HIPCHAT_OAUTH_CLIENTS";
const KEY_VARIABLE: &str = "HIPCHAT_OAUTH_KEY";

/// The shortest key, in bytes: as long as what it makes (RFC 2104, section 3).
const SHORTEST_KEY: usize = 32;

/// The longest id, in bytes.
const LONGEST_ID: usize = 128;

/// Reads the document and the keys, one or more between white space; `directory` tells which rooms names mean.
///
/// # Errors
/// One line for each problem: variable, JSON path and what is wanted, no values.
pub fn read(clients: &str, keys: &str, directory: &Directory) -> Result<AddOns, Vec<String>> {
    let mut document = Document::new(VARIABLE);
    let mut known: Vec<Client> = Vec::new();
    for mut members in document.list(clients) {
        let place = members.at("id");
        let id = members.required(&mut document, "id");
        let hash = members.required(&mut document, "secret_sha256");
        let secret_sha256 = hash.as_deref().and_then(hex_digest);
        if hash.is_some() && secret_sha256.is_none() {
            document.problem(&members.at("secret_sha256"), "must be 64 hexadecimal digits");
        }
        let has_token = members.has("token");
        let token = members.object(&mut document, "token");
        if !has_token {
            document.problem(&members.at("token"), "is required");
        }
        members.finish(&mut document);
        let key = key_of(id.as_deref().unwrap_or_default());
        let grant = token.map(|members| read_rights(&mut document, members, key, directory));
        // A colon would end the id where it is shown with its secret (RFC 7617, section 2).
        if id.as_ref().is_some_and(|id| id.contains(':') || id.len() > LONGEST_ID) {
            document.problem(&place, "must be at most 128 bytes long and hold no colon");
        }
        if known.iter().any(|client| Some(&client.id) == id.as_ref()) {
            document.problem(&place, "is the id of another client of the list");
        }
        if let (Some(id), Some(secret_sha256), Some(grant)) = (id, secret_sha256, grant) {
            known.push(Client {
                id,
                secret_sha256,
                grant,
            });
        }
    }
    let mut problems = document.into_problems();
    let keys: Vec<Key> = keys.split_whitespace().map(|key| Key(Secret::new(key))).collect();
    if keys.is_empty() || keys.iter().any(|Key(key)| key.reveal().len() < SHORTEST_KEY) {
        problems.push(format!(
            "{KEY_VARIABLE}: must be one or more keys of at least {SHORTEST_KEY} characters, each on a line"
        ));
    }
    if problems.is_empty() {
        Ok(AddOns { clients: known, keys })
    } else {
        Err(problems)
    }
}
