//! HipChat tokens: who is let in, to which calls and rooms, until when.
//!
//! ```json
//! [{"sha256": "<hex of the token's SHA-256>", "kind": "v2_user", "label": "ci", "rooms": ["*"], "users": true,
//!   "read": true, "expires": "2027-01-01T00:00:00Z"}]
//! ```
//!
//! `kind` is `v2_user`, `v2_room`, `v1_admin` or `v1_notification`; every kind is taken by both APIs. `v2_room` and
//! `v1_notification` may send notifications, and read where `read` is true; the others may do what their flags
//! allow. `rooms` (names, or `*` for all) defaults to none, `users` and `read` to false, `expires` to never.

pub mod addons;
mod document;
pub mod limits;
mod rights;

use std::collections::HashSet;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use shared::Secret;
use subtle::ConstantTimeEq;

use crate::api::{Fields, Need, Scopes};
use crate::error::Failure;
use crate::rooms::{Directory, RoomIndex};

use addons::AddOns;
use limits::TokenKey;

pub use document::read;
pub use rights::Rights;

/// What a token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// A person's token of the second API.
    #[default]
    V2User,
    /// A room's notification token of the second API.
    V2Room,
    /// An admin token of the first API.
    V1Admin,
    /// A notification token of the first API.
    V1Notification,
}

impl Kind {
    fn only_sends(self) -> bool {
        matches!(self, Self::V2Room | Self::V1Notification)
    }
}

/// The rooms of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// All of them, also those that are not listed.
    All,
    /// These.
    Some {
        /// Positions in the directory.
        listed: HashSet<RoomIndex>,
        /// Names in lower case, those without a room in the directory too.
        names: HashSet<String>,
    },
}

/// What one token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    sha256: [u8; 32],
    kind: Kind,
    /// The token's name for people, which stands before `from` in Slack.
    pub label: Option<String>,
    rooms: Coverage,
    users: bool,
    read: bool,
    /// Seconds since the Unix epoch.
    expires: Option<u64>,
}

/// The allow-list.
#[derive(Debug, Default)]
pub struct AllowList {
    grants: Vec<Grant>,
    addons: AddOns,
}

impl AllowList {
    /// An allow-list of these grants.
    pub fn new(grants: Vec<Grant>) -> Self {
        Self {
            grants,
            addons: AddOns::default(),
        }
    }

    /// The same list, and the tokens that these add-ons fetch.
    #[must_use]
    pub fn with_addons(mut self, addons: AddOns) -> Self {
        self.addons = addons;
        self
    }

    /// The add-ons.
    pub fn addons(&self) -> &AddOns {
        &self.addons
    }

    /// How long a token still lasts, in seconds; `None` for one without an end.
    pub fn seconds_left(&self, token: &Secret, now_secs: u64) -> Option<u64> {
        match self.listed(token) {
            Some(grant) => Some(grant.expires?.saturating_sub(now_secs)),
            None => self.addons.seconds_left(token, now_secs),
        }
    }

    fn listed(&self, token: &Secret) -> Option<&Grant> {
        let digest: [u8; 32] = Sha256::digest(token.reveal().as_bytes()).into();
        let mut found = None;
        for grant in &self.grants {
            if bool::from(grant.sha256.ct_eq(&digest)) {
                found = Some(grant);
            }
        }
        found
    }

    /// Finds the token that a request shows: one of the list, or one that an add-on fetched. The time taken does not tell how much of
    /// a hash was right: every entry is compared, in constant time.
    ///
    /// # Errors
    /// [`Failure::UnknownToken`] or [`Failure::ExpiredToken`].
    pub fn find(&self, token: &Secret, now_secs: u64) -> Result<Rights<'_>, Failure> {
        let Some(grant) = self.listed(token) else {
            return self.addons.find(token, now_secs);
        };
        if grant.expires.is_some_and(|expires| expires <= now_secs) {
            return Err(Failure::ExpiredToken);
        }
        Ok(Rights {
            grant,
            scopes: Scopes::ALL,
        })
    }
}

impl Grant {
    /// What the token's requests are counted by.
    pub fn key(&self) -> TokenKey {
        self.sha256
    }

    /// Whether the token covers this room of the directory.
    pub fn covers_listed(&self, room: RoomIndex) -> bool {
        self.covers("", Some(room))
    }

    /// Whether such a call may be made at all.
    pub fn may(&self, need: Need) -> bool {
        match need {
            Need::Nothing | Need::Send => true,
            Need::Read => self.read,
            Need::Users => self.users && !self.kind.only_sends(),
            Need::SeeUsers => self.read && self.may(Need::Users),
            Need::Act => !self.kind.only_sends(),
        }
    }

    /// Whether the token covers a room that a client called `wanted` and the directory found, or not, as `found`.
    pub fn covers(&self, wanted: &str, found: Option<RoomIndex>) -> bool {
        match (&self.rooms, found) {
            (Coverage::All, _) => true,
            (Coverage::Some { listed, .. }, Some(index)) => listed.contains(&index),
            (Coverage::Some { names, .. }, None) => names.contains(&wanted.to_lowercase()),
        }
    }
}

impl Coverage {
    /// The coverage that a token's list of names means in `directory`.
    pub fn of(names: &[String], directory: &Directory) -> Self {
        if names.iter().any(|name| name == "*") {
            return Self::All;
        }
        Self::Some {
            listed: names.iter().filter_map(|name| directory.find(name)).collect(),
            names: names.iter().map(|name| name.to_lowercase()).collect(),
        }
    }
}

/// The token that a request shows, in the order of the places where clients put it: `Authorization: Bearer`, the
/// query's `auth_token`, the body's `auth_token`. An empty one counts as absent.
pub fn token_of(headers: &HeaderMap, query: &Fields, body: &Fields) -> Option<Secret> {
    let bearer = headers.get_all(AUTHORIZATION).iter().find_map(|value| {
        // A token with bytes that no token has is a wrong one, not an absent one.
        let value = String::from_utf8_lossy(value.as_bytes());
        let (scheme, token) = value.trim_start().split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
    });
    bearer
        .or_else(|| query.some_text("auth_token"))
        .or_else(|| body.some_text("auth_token"))
        .map(Secret::new)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use shared::http::pairs;

    use super::*;

    fn query(text: &str) -> Fields {
        Fields::from_pairs(pairs(text.as_bytes()))
    }

    #[test]
    fn a_token_is_looked_for_in_its_places_in_order() {
        for (header, in_query, in_body, expected) in [
            (Some("Bearer h"), "auth_token=q", "auth_token=b", Some("h")),
            (Some("bearer  h "), "auth_token=q", "", Some("h")),
            (Some("Bearer "), "auth_token=q", "auth_token=b", Some("q")),
            (Some("Bearer é"), "auth_token=q", "", Some("é")),
            (Some("Basic aDpo"), "auth_token=", "auth_token=b", Some("b")),
            (None, "auth_token=&auth_token=t%2BA", "", Some("t+A")),
            (None, "", "token=x", None),
            (None, "", "auth_token=", None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = header {
                headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let token = token_of(&headers, &query(in_query), &query(in_body));
            assert_eq!(
                token.as_ref().map(Secret::reveal),
                expected,
                "{header:?} {in_query} {in_body}"
            );
        }
    }
}
