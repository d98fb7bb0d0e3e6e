//! What one request cost and met on its way. How that stands in the log line and the metrics is in `line`.

mod hint;
mod line;

use std::time::Duration;

use http::HeaderValue;
use shared::start::Context;
use shared::telemetry::{Invocation, Telemetry};

use crate::error::Problem;

/// How the cache took part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheUse {
    /// It is switched off, or the request never got that far.
    #[default]
    Off,
    /// It knew the claims.
    Hit,
    /// It knew nothing.
    Miss,
    /// It knew that the token is refused.
    Negative,
    /// It knew claims whose time is over, and the authorization server failed.
    Stale,
}

impl CacheUse {
    fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Negative => "neg",
            Self::Stale => "stale",
        }
    }
}

/// What came of reading our own secret again, after it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reread {
    /// It was rotated.
    Changed,
    /// It is the same.
    Unchanged,
    /// It could not be read, or cannot be used.
    Failed,
}

impl Reread {
    fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// What the server of permissions said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permitted {
    /// The action that it was asked about.
    pub action: String,
    /// Yes or no; nothing when it failed.
    pub is_allowed: Option<bool>,
}

impl Permitted {
    fn word(&self) -> &'static str {
        match self.is_allowed {
            Some(true) => "allowed",
            Some(false) => "denied",
            None => "failed",
        }
    }
}

/// What was seen of one upstream.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// The invocation's X-Ray trace header, which the questions continue.
    pub trace: Option<HeaderValue>,
    /// How often it was asked.
    pub attempts: u32,
    /// The last status.
    pub status: Option<u16>,
    /// The last answer's media type, if it is one of a few: what a server writes there may be what we showed to it.
    pub content_type: Option<&'static str>,
    /// The length of the last answer's body in bytes, if it was read.
    pub bytes: Option<usize>,
}

impl Exchange {
    /// Counts an attempt and forgets what the one before met.
    pub fn attempt(&mut self) {
        *self = Self {
            trace: self.trace.take(),
            attempts: self.attempts + 1,
            ..Self::default()
        };
    }
}

/// The account of one request.
#[derive(Debug)]
pub struct Account {
    invocation: Invocation,
    /// How the cache took part.
    pub cache: CacheUse,
    /// The failure that stale claims stood in for.
    covered: Option<Problem>,
    /// The name of the server that answers for the token, where several are configured.
    pub provider: Option<String>,
    /// The fetching of a server's keys.
    pub keys: Exchange,
    /// How many keys the server's document has, and how many of them are of use.
    pub keys_seen: Option<(usize, usize)>,
    /// Why keys could not be fetched, whether or not those from before stand in.
    pub keys_failure: Option<Problem>,
    /// The introspection.
    pub introspection: Exchange,
    /// How long the introspection took, with everything that it needed.
    pub introspection_took: Option<Duration>,
    /// The check of the permission.
    pub permission: Exchange,
    /// How long it took, with everything that it needed.
    pub permission_took: Option<Duration>,
    /// What came of it, if it was asked for.
    pub permitted: Option<Permitted>,
    /// The fetching of a token for ourselves.
    pub system_token: Exchange,
    /// The token endpoint's error code (RFC 6749, section 5.2), or what went wrong instead.
    pub oauth_error: Option<&'static str>,
    /// What came of reading our own secret again.
    pub reread: Option<Reread>,
    /// The beginning of the token's cache key.
    pub fingerprint: Option<[u8; 4]>,
}

impl Account {
    /// Begins the account of an invocation.
    pub fn begin(telemetry: &Telemetry, context: &Context) -> Self {
        let trace = context.xray_trace_id.as_deref();
        let exchange = Exchange {
            trace: trace.and_then(|trace| HeaderValue::from_str(trace).ok()),
            ..Exchange::default()
        };
        Self {
            invocation: telemetry.invocation(context),
            cache: CacheUse::default(),
            covered: None,
            provider: None,
            keys: exchange.clone(),
            keys_seen: None,
            keys_failure: None,
            introspection: exchange.clone(),
            introspection_took: None,
            permission: exchange.clone(),
            permission_took: None,
            permitted: None,
            system_token: exchange,
            oauth_error: None,
            reread: None,
            fingerprint: None,
        }
    }

    /// Whether the failure is that of the server of permissions.
    fn permission_failed(&self) -> bool {
        self.permitted
            .as_ref()
            .is_some_and(|permitted| permitted.is_allowed.is_none())
    }

    /// Stale claims stand in for this failure.
    pub fn stale_after(&mut self, failure: Problem) {
        self.cache = CacheUse::Stale;
        self.covered = Some(failure);
    }
}
