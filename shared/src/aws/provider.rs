//! Where credentials come from, kept for their time: asked for once however many want them, and anew before they expire.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Credentials;
use super::container::Container;
use crate::{Clock, Deadline, Env};

/// Credentials are asked for anew when they have less than this left.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);

/// After an attempt, credentials that still last are used for so long before the next one. Also after one that succeeded: some
/// sources give credentials that are as good as over.
const NEXT_ATTEMPT_MS: u64 = 10_000;

/// Nobody waits for longer than this while credentials are in memory that last for a while.
const LONGEST_REFRESH: Duration = Duration::from_secs(1);

/// What lasts for less time than this is worth a longer wait: soon there will be nothing.
const LITTLE_LEFT: Duration = Duration::from_secs(60);

/// A failure is kept for as long as it took, but no less than this: one that comes at once must not be asked for by every
/// request.
const SHORTEST_FAILURE: Duration = Duration::from_millis(500);

/// No failure is kept for longer than this.
const LONGEST_FAILURE: Duration = Duration::from_secs(5);

/// Why there are no credentials: a stable word, or the code of the service that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(pub String);

/// Credentials that are being asked for.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Credentials, Unavailable>> + Send + 'a>>;

/// What credentials are asked of: it answers each time anew.
pub trait Source: Send + Sync {
    /// Asks for credentials as of `now_ms`, in milliseconds since the Unix epoch. Whoever waits gives up after `within`.
    fn ask(&self, now_ms: u64, within: Duration) -> Asking<'_>;

    /// What it is called.
    fn word(&self) -> &'static str;

    /// What is said of it when it did not answer in time: a word that ends in `_timeout`.
    fn timeout_word(&self) -> &'static str;
}

/// Where credentials come from.
pub struct Provider {
    origin: Origin,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    /// Whoever holds it asks; all others wait for the same answer.
    asking: tokio::sync::Mutex<()>,
}

enum Origin {
    /// These, for good.
    Fixed(Credentials),
    /// Asked for when they are needed.
    Asked(Box<dyn Source>),
}

#[derive(Default)]
struct Kept {
    credentials: Option<Credentials>,
    /// No attempt before this moment, in milliseconds since the Unix epoch, while the credentials last.
    not_before_ms: u64,
    /// The last attempt, if it failed.
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
    /// how a function with SnapStart has them. Profiles, web identity and instance metadata are not looked for.
    pub fn of_function(env: &dyn Env, clock: Arc<dyn Clock>) -> Self {
        match Credentials::from_env(env) {
            Some(credentials) => Self::fixed(credentials, clock),
            None => Self::asking(Container::from_env(env, clock.clone()), clock),
        }
    }

    /// These, for good.
    pub fn fixed(credentials: Credentials, clock: Arc<dyn Clock>) -> Self {
        Self::new(Origin::Fixed(credentials), clock)
    }

    /// What `source` answers.
    pub fn asking(source: impl Source + 'static, clock: Arc<dyn Clock>) -> Self {
        Self::new(Origin::Asked(Box::new(source)), clock)
    }

    fn new(origin: Origin, clock: Arc<dyn Clock>) -> Self {
        Self {
            origin,
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
    /// target that does; and no more than a second while there are credentials that still last, or half of the time when those
    /// last for less than a minute. An attempt that failed speaks for those that waited for it, and for those that come in as
    /// much time again, half a second at least: a source that hangs does not cost everybody the same, and one that refuses at
    /// once is not asked by everybody. One that was ended for want of time speaks only for those that have no more of it.
    ///
    /// # Errors
    /// [`Unavailable`] when no source has any that have not expired.
    pub async fn credentials(&self, left: Duration) -> Result<Credentials, Unavailable> {
        let source = match &self.origin {
            Origin::Fixed(credentials) => return Ok(credentials.clone()),
            Origin::Asked(source) => source.as_ref(),
        };
        if let Some(credentials) = self.remembered() {
            return Ok(credentials);
        }
        self.failed_lately(left)?;
        let wait = left / 4 * 3;
        let deadline = Deadline::after(wait);
        let (_turn, wait) = match (self.asking.try_lock(), self.unexpired()) {
            (Ok(turn), None) => (turn, wait),
            (Ok(turn), Some(credentials)) => {
                let most = match credentials.lasts(self.clock.now_ms()) < LITTLE_LEFT {
                    true => LONGEST_REFRESH.max(left / 2),
                    false => LONGEST_REFRESH,
                };
                (turn, wait.min(most))
            }
            // Somebody else asks already, and what is due to be replaced is not yet bad.
            (Err(_), Some(credentials)) => return Ok(credentials),
            (Err(_), None) => {
                let turn = tokio::time::timeout(wait, self.asking.lock()).await;
                (turn.map_err(|_| timed_out(source))?, deadline.remaining())
            }
        };
        // Somebody else may have asked meanwhile.
        if let Some(credentials) = self.remembered() {
            return Ok(credentials);
        }
        self.failed_lately(wait / 3 * 4)?;
        let started = Instant::now();
        let asked = tokio::time::timeout(wait, source.ask(self.clock.now_ms(), wait)).await;
        let asked = asked.unwrap_or_else(|_| Err(timed_out(source)));
        let asked = asked.and_then(|credentials| {
            if credentials.lasts(self.clock.now_ms()).is_zero() {
                return Err(Unavailable("expired".to_owned()));
            }
            Ok(credentials)
        });
        let not_before_ms = self.clock.now_ms() + NEXT_ATTEMPT_MS;
        match asked {
            Ok(credentials) => {
                let mut kept = self.kept();
                kept.not_before_ms = not_before_ms;
                kept.credentials = Some(credentials.clone());
                kept.failed = None;
                Ok(credentials)
            }
            Err(unavailable) => {
                self.kept().not_before_ms = not_before_ms;
                self.unexpired()
                    .ok_or_else(|| self.fail(unavailable, wait, started.elapsed()))
            }
        }
    }

    /// Whether there may be other credentials after those in use.
    pub fn is_renewable(&self) -> bool {
        matches!(self.origin, Origin::Asked(_))
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
        let lasts = credentials.lasts(now_ms);
        let good = lasts > REFRESH_BEFORE || (lasts > Duration::ZERO && now_ms < kept.not_before_ms);
        good.then(|| credentials.clone())
    }

    fn unexpired(&self) -> Option<Credentials> {
        let now_ms = self.clock.now_ms();
        let last = self.kept().credentials.clone()?;
        (!last.lasts(now_ms).is_zero()).then_some(last)
    }

    /// Keeps a failure.
    fn fail(&self, why: Unavailable, wait: Duration, took: Duration) -> Unavailable {
        let speaks_for = took.clamp(SHORTEST_FAILURE, LONGEST_FAILURE);
        let millis = u64::try_from(speaks_for.as_millis()).unwrap_or_default();
        self.kept().failed = Some(Failed {
            why: why.clone(),
            given: is_ours(&why).then_some(wait),
            until_ms: self.clock.now_ms() + millis,
        });
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
}

fn timed_out(source: &dyn Source) -> Unavailable {
    Unavailable(source.timeout_word().to_owned())
}

/// Whether it was us who gave up, here or where what a role is assumed with is asked for.
fn is_ours(why: &Unavailable) -> bool {
    why.0.ends_with("_timeout")
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match &self.origin {
            Origin::Fixed(_) => "fixed",
            Origin::Asked(source) => source.word(),
        };
        write!(f, "Provider({word})")
    }
}
