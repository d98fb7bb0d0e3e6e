//! Add-ons: clients that fetch a token of a few hours for themselves (`oauth/token`, RFC 6749, section 4.4).
//!
//! ```json
//! [{"id": "ci-addon", "secret_sha256": "<hex of the secret's SHA-256>", "token": {"kind": "v2_user", "rooms": ["*"]}}]
//! ```
//!
//! `token` says what the client's tokens may do, as in the allow-list. Execution environments share nothing, so a token
//! says for whom and until when it is, and which scopes it was asked for, and a key that all of them know proves it. A client that goes from the list, or
//! gets another secret, takes its tokens with it.

mod document;
mod proof;

use sha2::{Digest, Sha256};
use shared::Secret;
use subtle::ConstantTimeEq;

use super::{Grant, Rights, TokenKey};
use crate::api::Scopes;
use crate::error::Failure;
use proof::{Claim, Key};

pub use document::read;

/// How long a token lasts, in seconds, as HipChat's did.
const LIFETIME_SECS: u64 = 8 * 60 * 60;

/// An add-on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Client {
    id: String,
    secret_sha256: [u8; 32],
    /// What its tokens may do.
    grant: Grant,
}

/// The add-ons, and the keys that prove their tokens: the first one makes them, each is believed.
#[derive(Debug, Default)]
pub struct AddOns {
    clients: Vec<Client>,
    keys: Vec<Key>,
}

/// A token that was made.
#[derive(Debug)]
pub struct Issued<'a> {
    /// The token.
    pub token: Secret,
    /// How long it lasts, in seconds.
    pub lasts_secs: u64,
    /// What it may do.
    pub grant: &'a Grant,
}

impl AddOns {
    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Makes a token for a client that shows its secret; with these scopes, as far as the client may do what they are for.
    ///
    /// # Errors
    /// [`Failure::UnknownClient`].
    pub fn issue(&self, id: &str, secret: &Secret, scopes: Scopes, now_secs: u64) -> Result<Issued<'_>, Failure> {
        let digest: [u8; 32] = Sha256::digest(secret.reveal().as_bytes()).into();
        let client = self.client(id).ok_or(Failure::UnknownClient)?;
        let key = self.keys.first().ok_or(Failure::UnknownClient)?;
        let is_alive = client.grant.expires.is_none_or(|expires| now_secs < expires);
        if !bool::from(client.secret_sha256.ct_eq(&digest)) || !is_alive {
            return Err(Failure::UnknownClient);
        }
        let claim = Claim {
            client: id.to_owned(),
            expires: now_secs
                .saturating_add(LIFETIME_SECS)
                .min(client.grant.expires.unwrap_or(u64::MAX)),
            scopes,
        };
        let token = claim.token(key, &client.secret_sha256);
        Ok(Issued {
            token: Secret::new(token.ok_or(Failure::UnknownClient)?),
            lasts_secs: claim.expires.saturating_sub(now_secs),
            grant: &client.grant,
        })
    }

    /// What a token may do, if it is one that was made here.
    ///
    /// # Errors
    /// [`Failure::UnknownToken`] or [`Failure::ExpiredToken`].
    pub fn find(&self, token: &Secret, now_secs: u64) -> Result<Rights<'_>, Failure> {
        let (claim, proof) = Claim::read(token.reveal()).ok_or(Failure::UnknownToken)?;
        let client = self.client(&claim.client).ok_or(Failure::UnknownToken)?;
        let is_proven = |key: &Key| claim.is_proven(&proof, key, &client.secret_sha256);
        if !self.keys.iter().any(is_proven) {
            return Err(Failure::UnknownToken);
        }
        let ends = client.grant.expires.unwrap_or(u64::MAX).min(claim.expires);
        if ends <= now_secs {
            return Err(Failure::ExpiredToken);
        }
        Ok(Rights {
            grant: &client.grant,
            scopes: claim.scopes,
        })
    }

    /// Whether a token looks like one that another environment made, with a key or for a client that is not known here
    /// yet.
    pub fn may_be_news(&self, token: &Secret, now_secs: u64) -> bool {
        let is_alive = Claim::read(token.reveal()).is_some_and(|(claim, _)| now_secs < claim.expires);
        is_alive && matches!(self.find(token, now_secs), Err(Failure::UnknownToken))
    }

    /// How long a token still lasts, in seconds; `None` for one that was not made here.
    pub fn seconds_left(&self, token: &Secret, now_secs: u64) -> Option<u64> {
        let Rights { grant, .. } = self.find(token, now_secs).ok()?;
        let (claim, _) = Claim::read(token.reveal())?;
        Some(
            grant
                .expires
                .unwrap_or(u64::MAX)
                .min(claim.expires)
                .saturating_sub(now_secs),
        )
    }

    fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }
}

/// What the requests of a client's tokens are counted by, however many it fetches.
fn key_of(id: &str) -> TokenKey {
    Sha256::digest(format!("add-on {id}").as_bytes()).into()
}

#[cfg(test)]
#[path = "addons/tests.rs"]
mod tests;
