//! AWS credentials: keys of the table, those of the function's role, and those of roles that are assumed with them.
//!
//! Of the SDK's default chain a function meets two sources, the environment and the container. Profiles, web identity
//! and instance metadata are not looked for.

mod answer;
mod providers;
mod sts;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use shared::aws::{container_credentials, environment_credentials, sdk_http_client};
use shared::{Clock, Deadline, Env};

use crate::routes::Keys;
pub use providers::Providers;
use sts::Role;
pub(crate) use sts::is_stale_word;

/// Credentials are asked for anew when they have less than this left.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);

/// After a refresh that failed, credentials that still last are used for so long before the next attempt.
const NEXT_ATTEMPT_MS: u64 = 10_000;

/// Nobody waits for longer than this while credentials are in memory that still last.
const LONGEST_REFRESH: Duration = Duration::from_secs(1);

/// A failure that took less time than this costs nobody much.
const LONG: Duration = Duration::from_millis(250);

/// No failure is kept for longer than this.
const LONGEST_FAILURE: Duration = Duration::from_secs(5);

/// Why there are no credentials: a stable word, or the code of the service that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(pub String);

/// Where credentials come from.
pub struct Provider {
    source: Source,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    /// Whoever holds it asks; all others wait for the same answer.
    asking: tokio::sync::Mutex<()>,
}

enum Source {
    /// These, for good.
    Fixed(Credentials),
    /// The container's, set up on first use.
    Container(tokio::sync::OnceCell<SharedCredentialsProvider>),
    /// Those of a role.
    Role(Box<Role>),
}

#[derive(Default)]
struct Kept {
    credentials: Option<Credentials>,
    /// No attempt before this moment, in milliseconds since the Unix epoch, while the credentials last.
    not_before_ms: u64,
    /// The last attempt, if it failed and took long.
    failed: Option<Failed>,
}

/// An attempt that failed.
struct Failed {
    why: Unavailable,
    /// How much time it was given, if it was us who ended it.
    given: Option<Duration>,
    /// Until when nobody else tries, in milliseconds since the Unix epoch.
    until_ms: u64,
}

impl Provider {
    /// The function's own credentials: the three variables that Lambda sets, or else what a container gets, which is
    /// how a function with SnapStart has them.
    pub fn of_function(env: &dyn Env, clock: Arc<dyn Clock>) -> Self {
        Self::new(
            match environment_credentials(env, "environment") {
                Some(credentials) => Source::Fixed(credentials),
                None => Source::Container(tokio::sync::OnceCell::new()),
            },
            clock,
        )
    }

    /// Keys of the route table.
    pub fn of_keys(keys: &Keys, clock: Arc<dyn Clock>) -> Self {
        let token = keys.session_token.as_ref().map(|token| token.reveal().to_owned());
        let credentials = Credentials::new(keys.access_key.reveal(), keys.secret_key.reveal(), token, None, "route");
        Self::new(Source::Fixed(credentials), clock)
    }

    fn new(source: Source, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            clock,
            kept: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// The clock that credentials expire by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The credentials, from memory while they last. Callers that ask at the same moment wait for the same answer. It
    /// takes at most three quarters of the time that is `left` for all, so that a source that hangs is told from a
    /// target that does; and no more than a second while there are credentials that still last. An attempt that took long
    /// and failed speaks for those that come in as much time again: a source that hangs does not cost everybody the same. One
    /// that was ended for want of time speaks only for those that have no more of it.
    ///
    /// # Errors
    /// [`Unavailable`] when no source has any that have not expired.
    pub async fn credentials(&self, left: Duration) -> Result<Credentials, Unavailable> {
        if let Source::Fixed(credentials) = &self.source {
            return Ok(credentials.clone());
        }
        if let Some(credentials) = self.remembered() {
            return Ok(credentials);
        }
        self.failed_lately(left)?;
        let wait = left / 4 * 3;
        let deadline = Deadline::after(wait);
        let (_turn, wait) = match (self.asking.try_lock(), self.unexpired()) {
            (Ok(turn), None) => (turn, wait),
            (Ok(turn), Some(_)) => (turn, wait.min(LONGEST_REFRESH)),
            // Somebody else asks already, and what is due to be replaced is not yet bad.
            (Err(_), Some(credentials)) => return Ok(credentials),
            (Err(_), None) => {
                let turn = tokio::time::timeout(wait, self.asking.lock()).await;
                (turn.map_err(|_| self.timed_out())?, deadline.remaining())
            }
        };
        // Somebody else may have asked meanwhile.
        if let Some(credentials) = self.remembered() {
            return Ok(credentials);
        }
        self.failed_lately(wait / 3 * 4)?;
        let started = Instant::now();
        // Boxed: most requests never ask, and a role may be assumed with another role.
        let asked = tokio::time::timeout(wait, Box::pin(self.ask(wait))).await;
        let asked = asked.unwrap_or_else(|_| Err(self.timed_out()));
        let asked = asked.and_then(|credentials| {
            if lasts(&credentials, self.clock.now_ms()).is_zero() {
                return Err(Unavailable("expired".to_owned()));
            }
            Ok(credentials)
        });
        match asked {
            Ok(credentials) => {
                let mut kept = self.kept();
                kept.credentials = Some(credentials.clone());
                kept.failed = None;
                Ok(credentials)
            }
            Err(unavailable) => {
                self.kept().not_before_ms = self.clock.now_ms() + NEXT_ATTEMPT_MS;
                self.unexpired()
                    .ok_or_else(|| self.fail(unavailable, wait, started.elapsed()))
            }
        }
    }

    /// Whether there may be other credentials after those in use.
    pub fn is_renewable(&self) -> bool {
        !matches!(self.source, Source::Fixed(_))
    }

    /// Forgets credentials that a service has called expired or unknown. Whether there is any hope for others.
    pub fn forget(&self, credentials: &Credentials) -> bool {
        if !self.is_renewable() {
            return false;
        }
        let mut kept = self.kept();
        // Somebody else may have got new ones meanwhile.
        if kept.credentials.as_ref() == Some(credentials) {
            *kept = Kept::default();
        }
        true
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> Option<Credentials> {
        let kept = self.kept();
        let credentials = kept.credentials.as_ref()?;
        let now_ms = self.clock.now_ms();
        let lasts = lasts(credentials, now_ms);
        let good = lasts > REFRESH_BEFORE || (lasts > Duration::ZERO && now_ms < kept.not_before_ms);
        good.then(|| credentials.clone())
    }

    fn unexpired(&self) -> Option<Credentials> {
        let now_ms = self.clock.now_ms();
        let last = self.kept().credentials.clone()?;
        (!lasts(&last, now_ms).is_zero()).then_some(last)
    }

    /// Keeps a failure that took long.
    fn fail(&self, why: Unavailable, wait: Duration, took: Duration) -> Unavailable {
        if took >= LONG {
            let millis = u64::try_from(took.min(LONGEST_FAILURE).as_millis()).unwrap_or_default();
            self.kept().failed = Some(Failed {
                why: why.clone(),
                given: is_ours(&why).then_some(wait),
                until_ms: self.clock.now_ms() + millis,
            });
        }
        why
    }

    /// Whether an attempt failed lately that had about as much time as there is `left` now.
    fn failed_lately(&self, left: Duration) -> Result<(), Unavailable> {
        let wait = left / 4 * 3;
        match &self.kept().failed {
            // Of one route's requests each has a little more or less.
            Some(failed)
                if self.clock.now_ms() < failed.until_ms
                    && failed.given.is_none_or(|given| wait <= given + given / 8) =>
            {
                Err(failed.why.clone())
            }
            _ => Ok(()),
        }
    }

    fn timed_out(&self) -> Unavailable {
        let word = match self.source {
            Source::Role(_) => "sts_timeout",
            Source::Fixed(_) | Source::Container(_) => "container_timeout",
        };
        Unavailable(word.to_owned())
    }

    async fn ask(&self, within: Duration) -> Result<Credentials, Unavailable> {
        match &self.source {
            Source::Fixed(credentials) => Ok(credentials.clone()),
            Source::Container(provider) => {
                let provider = provider
                    .get_or_init(|| async { container_credentials(sdk_http_client()) })
                    .await;
                let asked = provider.provide_credentials().await;
                asked.map_err(|_| Unavailable("container".to_owned()))
            }
            Source::Role(role) => role.assume(self.clock.now_ms(), within).await,
        }
    }
}

/// Whether it was us who gave up, here or where what a role is assumed with is asked for.
fn is_ours(why: &Unavailable) -> bool {
    why.0.ends_with("_timeout")
}

/// How long credentials last.
fn lasts(credentials: &Credentials, now_ms: u64) -> Duration {
    let now = std::time::UNIX_EPOCH + Duration::from_millis(now_ms);
    match credentials.expiry() {
        Some(expiry) => expiry.duration_since(now).unwrap_or_default(),
        None => Duration::MAX,
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.source {
            Source::Fixed(_) => "Provider(fixed)",
            Source::Container(_) => "Provider(container)",
            Source::Role(_) => "Provider(role)",
        })
    }
}
