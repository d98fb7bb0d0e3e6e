//! The tokens that were given out, and what introspection says of each.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::wire;
use super::HydraVersion;
use crate::clock;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It opens resources.
    Access,
    /// It gets further access tokens. Every version introspects it too, and calls it active.
    Refresh,
}

/// A token that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) kind: Kind,
    pub(super) client_id: String,
    pub(super) subject: String,
    pub(super) scope: String,
    /// Unix seconds.
    pub(super) issued_at: u64,
    /// Unix seconds.
    pub(super) expires_at: u64,
}

/// What is known about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Given out, neither expired nor revoked.
    Granted(Grant),
    /// Made for a test: the text of the introspection reply.
    Minted(String),
}

/// All live tokens of a provider.
pub(super) struct Tokens {
    prefixed: bool,
    known: Mutex<HashMap<String, Known>>,
}

impl Tokens {
    pub(super) fn new(version: HydraVersion) -> Self {
        Self {
            prefixed: version.prefixes_tokens(),
            known: Mutex::default(),
        }
    }

    /// Gives out a token to a client, for a subject.
    pub(super) fn grant(
        &self,
        kind: Kind,
        client_id: &str,
        subject: &str,
        scope: &str,
        lifespan_secs: u64,
    ) -> io::Result<String> {
        let now = clock::unix_now();
        let token = self.random(kind)?;
        let grant = Grant {
            kind,
            client_id: client_id.to_owned(),
            subject: subject.to_owned(),
            scope: scope.to_owned(),
            issued_at: now,
            expires_at: now.saturating_add(lifespan_secs),
        };
        let mut known = self.lock();
        known.retain(|_, known| !matches!(known, Known::Granted(grant) if grant.expires_at <= now));
        known.insert(token.clone(), Known::Granted(grant));
        Ok(token)
    }

    /// Makes a token with a given introspection reply.
    pub(super) fn mint(&self, reply: String) -> io::Result<String> {
        let token = self.random(Kind::Access)?;
        self.lock().insert(token.clone(), Known::Minted(reply));
        Ok(token)
    }

    /// What is known about a token; `None` for an unknown, revoked or expired one.
    pub(super) fn find(&self, token: &str) -> Option<Known> {
        let known = self.lock().get(token)?.clone();
        match &known {
            Known::Granted(grant) if grant.expires_at <= clock::unix_now() => None,
            _ => Some(known),
        }
    }

    pub(super) fn revoke(&self, token: &str) {
        self.lock().remove(token);
    }

    /// As Hydra writes them: two random words of URL-safe Base64, since 2.0 with a prefix that tells the kind.
    fn random(&self, kind: Kind) -> io::Result<String> {
        let prefix = match kind {
            _ if !self.prefixed => "",
            Kind::Access => "ory_at_",
            Kind::Refresh => "ory_rt_",
        };
        Ok(format!("{prefix}{}.{}", wire::random_text(32)?, wire::random_text(32)?))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True when every scope of `wanted` is among those of `granted`; both separated by spaces.
pub(super) fn covers(granted: &str, wanted: &str) -> bool {
    let granted: BTreeSet<&str> = granted.split_ascii_whitespace().collect();
    wanted.split_ascii_whitespace().all(|scope| granted.contains(scope))
}
