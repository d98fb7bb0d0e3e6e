//! What we show to the authorization server: a header made of a secret, and made anew when the secret was rotated.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use shared::{Clock, Deadline, Secret, SecretSource, Secrets};
use url::form_urlencoded::byte_serialize;

use crate::account::{Account, Reread};
use crate::config::ClientConfig;

/// A refused secret is read again at most once in this time, whatever comes of it.
const REREAD_PAUSE: Duration = Duration::from_secs(10);

/// How a secret becomes the value of `Authorization`.
#[derive(Debug, Clone)]
pub(super) enum Scheme {
    /// `Basic …`, with a client's id (RFC 6749, section 2.3.1).
    Basic(ClientConfig),
    /// `Bearer …` (RFC 6750, section 2.1).
    Bearer,
}

/// A secret and the header that shows it.
pub(super) struct Shown {
    secret: Secret,
    header: HeaderValue,
}

impl Shown {
    /// `Authorization` with this secret.
    pub(super) fn header(&self) -> &HeaderValue {
        &self.header
    }
}

/// A secret from the configuration that may change while we run.
pub struct Credential {
    scheme: Scheme,
    source: SecretSource,
    secrets: Arc<Secrets>,
    clock: Arc<dyn Clock>,
    shown: Mutex<Arc<Shown>>,
    /// When it was last read again; held while reading, so that all who were refused share one read.
    reread_at_ms: tokio::sync::Mutex<Option<u64>>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

impl Credential {
    /// The credential that `source` was read as; `None` when it cannot stand in a header.
    pub(super) fn new(
        scheme: Scheme,
        source: SecretSource,
        secret: Secret,
        secrets: Arc<Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let shown = scheme.show(secret)?;
        Some(Self {
            scheme,
            source,
            secrets,
            clock,
            shown: Mutex::new(Arc::new(shown)),
            reread_at_ms: tokio::sync::Mutex::new(None),
        })
    }

    /// What is shown now.
    pub(super) fn current(&self) -> Arc<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether `token` is the secret itself.
    pub(super) fn is(&self, token: &str) -> bool {
        self.current().secret.matches(token)
    }

    /// What to show instead of what was refused; `None` when there is nothing else: the secret stands in the
    /// configuration itself, is unchanged, cannot be read, or was read again a moment ago.
    pub(super) async fn instead_of(
        &self,
        refused: &Arc<Shown>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Option<Arc<Shown>> {
        if matches!(self.source, SecretSource::Plain(_)) {
            return None;
        }
        let reread = tokio::time::timeout(deadline.remaining(), self.reread(refused, deadline, account)).await;
        reread.unwrap_or_else(|_| {
            account.reread = Some(Reread::Failed);
            None
        })
    }

    async fn reread(&self, refused: &Arc<Shown>, deadline: Deadline, account: &mut Account) -> Option<Arc<Shown>> {
        let mut reread_at_ms = self.reread_at_ms.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, refused) {
            // Somebody else was refused the same, and has read it already.
            return Some(current);
        }
        let now_ms = self.clock.now_ms();
        let age = reread_at_ms.and_then(|at_ms| now_ms.checked_sub(at_ms));
        if age.is_some_and(|age_ms| u128::from(age_ms) < REREAD_PAUSE.as_millis()) {
            return None;
        }
        *reread_at_ms = Some(now_ms);
        let read = self.secrets.refresh(&self.source, Duration::ZERO, deadline).await;
        let shown = match read {
            Ok(secret) if secret == current.secret => {
                account.reread = Some(Reread::Unchanged);
                return None;
            }
            Ok(secret) => self.scheme.show(secret),
            Err(_) => None,
        };
        account.reread = Some(if shown.is_some() {
            Reread::Changed
        } else {
            Reread::Failed
        });
        let shown = Arc::new(shown?);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown.clone();
        Some(shown)
    }
}

impl Scheme {
    fn show(&self, secret: Secret) -> Option<Shown> {
        let header = match self {
            Self::Basic(client) => basic_header(client, &secret),
            Self::Bearer => bearer_header(&secret),
        }?;
        Some(Shown { secret, header })
    }
}

fn basic_header(client: &ClientConfig, secret: &Secret) -> Option<HeaderValue> {
    let encoded = |text: &str| {
        if client.form_encoded {
            byte_serialize(text.as_bytes()).collect()
        } else {
            text.to_owned()
        }
    };
    let pair = Secret::new(format!("{}:{}", encoded(&client.id), encoded(secret.reveal())));
    sensitive(&format!("Basic {}", STANDARD.encode(pair.reveal())))
}

/// `Authorization: Bearer …` (RFC 6750, section 2.1); `None` when the token cannot stand in a header.
pub(super) fn bearer_header(token: &Secret) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {}", token.reveal()))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
