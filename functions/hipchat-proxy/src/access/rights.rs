//! What a token is good for: what its holder may do, as far as it was made for that.

use super::Grant;
use crate::api::{Call, Need, Scopes};

/// What one token may do, and what it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights<'a> {
    /// What its holder may do.
    pub grant: &'a Grant,
    /// For which of that it was made.
    pub scopes: Scopes,
}

impl Rights<'_> {
    /// Whether the token may make such a call at all.
    pub fn may(&self, call: Call, need: Need) -> bool {
        self.grant.may(need) && self.scopes.cover(call, need)
    }

    /// The scopes that it has.
    pub fn scopes(&self) -> Scopes {
        self.scopes.and(Scopes::of(|need| self.grant.may(need)))
    }

    /// Whether it may see users.
    pub fn sees_users(&self) -> bool {
        self.grant.may(Need::SeeUsers) && self.scopes.show_users()
    }
}
