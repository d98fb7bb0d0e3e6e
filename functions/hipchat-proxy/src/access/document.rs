//! The allow-list's JSON document -> grants.

use shared::clock::parse_rfc3339;

use super::limits::TokenKey;
use super::{AllowList, Coverage, Grant, Kind};
use crate::config::document::{Document, Members};
use crate::rooms::Directory;

const VARIABLE: &str = "HIPCHAT_TOKENS";
const KINDS: &[(&str, Kind)] = &[
    ("v2_user", Kind::V2User),
    ("v2_room", Kind::V2Room),
    ("v1_admin", Kind::V1Admin),
    ("v1_notification", Kind::V1Notification),
];

/// Reads the document; `directory` tells which rooms the tokens' names mean.
///
/// # Errors
/// One line for each problem: variable, JSON path and what is wanted, no values.
pub fn read(text: &str, directory: &Directory) -> Result<AllowList, Vec<String>> {
    let mut document = Document::new(VARIABLE);
    let mut grants: Vec<Grant> = Vec::new();
    for members in document.list(text) {
        let place = members.at("sha256");
        let Some(grant) = read_grant(&mut document, members, directory) else {
            continue;
        };
        if grants.iter().any(|known| known.sha256 == grant.sha256) {
            document.problem(&place, "is the hash of another token of the list");
        }
        grants.push(grant);
    }
    let problems = document.into_problems();
    if problems.is_empty() {
        Ok(AllowList::new(grants))
    } else {
        Err(problems)
    }
}

fn read_grant(document: &mut Document, mut members: Members, directory: &Directory) -> Option<Grant> {
    let hash = members.required(document, "sha256");
    let sha256 = hash.as_deref().and_then(hex_digest);
    if hash.is_some() && sha256.is_none() {
        document.problem(&members.at("sha256"), "must be 64 hexadecimal digits");
    }
    let grant = read_rights(document, members, sha256.unwrap_or_default(), directory);
    sha256.is_some().then_some(grant)
}

/// Reads what a token may do; its requests are counted by `key`.
pub(super) fn read_rights(
    document: &mut Document,
    mut members: Members,
    key: TokenKey,
    directory: &Directory,
) -> Grant {
    // Absent is a problem of its own: a kind that gives more than was meant would be a weaker setting.
    let has_kind = members.has("kind");
    let kind = members.choice(document, "kind", KINDS);
    if !has_kind {
        document.problem(&members.at("kind"), "is required");
    }
    let label = members.text(document, "label");
    let rooms = members.texts(document, "rooms");
    let users = members.flag(document, "users");
    let read = members.flag(document, "read");
    let expires_text = members.text(document, "expires");
    let expires = expires_text.as_deref().and_then(parse_rfc3339);
    if expires_text.is_some() && expires.is_none() {
        document.problem(&members.at("expires"), "must be a moment such as 2027-01-01T00:00:00Z");
    }
    members.finish(document);
    Grant {
        sha256: key,
        kind,
        label,
        rooms: Coverage::of(&rooms, directory),
        users,
        read,
        expires,
    }
}

pub(super) fn hex_digest(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut digits = text.chars().map(|digit| digit.to_digit(16));
    let mut digest = [0; 32];
    for byte in &mut digest {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};
    use shared::Secret;

    use super::*;
    use crate::api::Need;
    use crate::error::Failure;
    use crate::rooms;

    fn directory() -> Directory {
        rooms::read(r#"{"rooms": [{"name": "Dev Ops", "id": 7, "channel": "C100", "aliases": ["do"]}, {"name": "Ops", "channel": "C200"}]}"#)
            .unwrap()
    }

    fn hash(token: &str) -> String {
        Sha256::digest(token.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn list(entries: &[String]) -> AllowList {
        read(&format!("[{}]", entries.join(",")), &directory()).unwrap()
    }

    #[test]
    fn a_token_is_found_by_its_hash_and_ends_with_its_time() {
        let list = list(&[
            format!(r#"{{"sha256": "{}", "kind": "v2_user"}}"#, hash("a")),
            format!(
                r#"{{"sha256": "{}", "kind": "v2_user", "expires": "2027-01-01T00:00:00Z"}}"#,
                hash("b").to_uppercase()
            ),
        ]);
        let expires = 1_798_761_600;
        let key = |token: &str| -> [u8; 32] { Sha256::digest(token.as_bytes()).into() };
        assert_eq!(list.find(&Secret::new("a"), expires).unwrap().grant.key(), key("a"));
        assert_eq!(list.find(&Secret::new("b"), expires - 1).unwrap().grant.key(), key("b"));
        assert_eq!(list.find(&Secret::new("b"), expires), Err(Failure::ExpiredToken));
        assert_eq!(list.find(&Secret::new("A"), 0), Err(Failure::UnknownToken));
        assert_eq!(list.find(&Secret::new(""), 0), Err(Failure::UnknownToken));
    }

    #[test]
    fn kinds_and_flags_limit_the_calls() {
        let may = |entry: &str| {
            let list = list(&[format!(r#"{{"sha256": "{}", {entry}}}"#, hash("a"))]);
            let grant = list.find(&Secret::new("a"), 0).unwrap();
            [Need::Send, Need::Read, Need::Users, Need::SeeUsers, Need::Act].map(|need| grant.grant.may(need))
        };
        assert_eq!(may(r#""kind": "v2_user""#), [true, false, false, false, true]);
        assert_eq!(
            may(r#""kind": "v2_user", "users": true"#),
            [true, false, true, false, true]
        );
        assert_eq!(
            may(r#""kind": "v1_admin", "read": true, "users": true"#),
            [true, true, true, true, true]
        );
        assert_eq!(
            may(r#""kind": "v2_room", "read": true, "users": true"#),
            [true, true, false, false, false]
        );
        assert_eq!(may(r#""kind": "v1_notification""#), [true, false, false, false, false]);
    }

    #[test]
    fn rooms_are_covered_by_any_of_their_names() {
        let directory = directory();
        let covers = |rooms: &str, wanted: &str| {
            let list = list(&[format!(
                r#"{{"sha256": "{}", "kind": "v2_room", "rooms": {rooms}}}"#,
                hash("a")
            )]);
            list.find(&Secret::new("a"), 0)
                .unwrap()
                .grant
                .covers(wanted, directory.find(wanted))
        };
        for wanted in ["Dev Ops", "dev ops", "7", "do", "Dev%20Ops"] {
            assert!(covers(r#"["dev ops"]"#, wanted) && covers(r#"["7"]"#, wanted) && covers(r#"["*"]"#, wanted));
            assert!(!covers(r#"["Ops"]"#, wanted) && !covers("[]", wanted));
        }
        assert!(covers(r#"["Gone"]"#, "gone") && covers(r#"["*"]"#, "gone") && !covers(r#"["Ops"]"#, "gone"));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = format!(
            r#"[{{"sha256": "{0}", "kind": "v2_user"}}, {{"sha256": "{0}", "kind": "v2_user"}}, {{"sha256": "xyz", "kind": "root"}},
                {{"expires": "tomorrow", "read": "maybe", "rooms": "*", "token": "s3cret"}}]"#,
            hash("a")
        );
        assert_eq!(
            read(&text, &directory()).unwrap_err(),
            [
                "HIPCHAT_TOKENS: [1].sha256: is the hash of another token of the list",
                "HIPCHAT_TOKENS: [2].sha256: must be 64 hexadecimal digits",
                "HIPCHAT_TOKENS: [2].kind: must be one of v2_user, v2_room, v1_admin, v1_notification",
                "HIPCHAT_TOKENS: [3].sha256: is required",
                "HIPCHAT_TOKENS: [3].kind: is required",
                "HIPCHAT_TOKENS: [3].rooms: must be a list of texts",
                "HIPCHAT_TOKENS: [3].read: must be true or false",
                "HIPCHAT_TOKENS: [3].expires: must be a moment such as 2027-01-01T00:00:00Z",
                "HIPCHAT_TOKENS: [3].token: is not known",
            ]
        );
    }
}
