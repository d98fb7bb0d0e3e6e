//! The token that we ourselves need at the introspection endpoint of some servers: fetched by the client credentials
//! grant (RFC 6749, section 4.4), kept, renewed before it expires.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderValue;
use serde::Deserialize;
use shared::{Clock, Deadline, Secret};
use url::form_urlencoded::Serializer;

use super::Credential;
use super::credential::bearer_header;
use crate::account::Account;
use crate::error::Problem;
use crate::flight::Flights;
use crate::upstream::{Received, Target, Upstream};

/// A token is renewed so long before its end, or at half of its life if that is shorter.
const MARGIN_SECS: u64 = 60;
/// A token is not given up for a refusal that may have another reason before it has this age.
const MIN_AGE_MS: u64 = 10_000;
/// The life of a token whose reply does not tell.
const UNTOLD_LIFE_SECS: u64 = 300;

/// A token that was fetched.
#[derive(Debug)]
pub struct Held {
    token: Secret,
    header: HeaderValue,
    fetched_at_ms: u64,
    renew_at_ms: u64,
    /// Whether it was fetched because the one before was refused.
    is_replacement: bool,
}

impl Held {
    /// `Authorization` with this token.
    pub fn header(&self) -> &HeaderValue {
        &self.header
    }
}

/// The token endpoint, and the token that it gave.
pub struct SystemToken {
    target: Target,
    client: Credential,
    form: Bytes,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Arc<Held>>>,
    /// Whether the token before was dropped because it was refused.
    was_refused: AtomicBool,
    /// One fetch serves all who wait.
    fetching: Flights<(), Arc<Held>>,
}

impl std::fmt::Debug for SystemToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SystemToken")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A successful reply (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    token_type: Option<String>,
    expires_in: Option<u64>,
}

/// An error reply (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl SystemToken {
    /// Tokens from the endpoint `target` for `client`, for a scope and an audience if not empty.
    pub fn new(target: Target, client: Credential, scope: &str, audience: &str, clock: Arc<dyn Clock>) -> Self {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", scope), ("audience", audience)] {
            if !value.is_empty() {
                form.append_pair(name, value);
            }
        }
        Self {
            target,
            client,
            form: Bytes::from(form.finish()),
            clock,
            held: Mutex::new(None),
            was_refused: AtomicBool::new(false),
            fetching: Flights::default(),
        }
    }

    /// Whether `token` is the one held.
    pub fn is(&self, token: &str) -> bool {
        self.peek().is_some_and(|held| held.token.matches(token))
    }

    /// The token, fetched if there is none or its time is nearly over.
    ///
    /// # Errors
    /// [`Problem::SystemToken`], with the endpoint's error code in the account.
    pub async fn get(
        &self,
        upstream: &Upstream,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Arc<Held>, Problem> {
        if let Some(held) = self.current() {
            return Ok(held);
        }
        let fetch = async || self.fetch(upstream, deadline, account).await;
        self.fetching.join(&(), deadline, fetch).await
    }

    async fn fetch(
        &self,
        upstream: &Upstream,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Arc<Held>, Problem> {
        let shown = self.client.current();
        let mut fetched = self.post(shown.header(), upstream, deadline, account).await;
        // The secret may have been rotated. A new one gets one try.
        if is_client_refused(account)
            && let Some(shown) = self.client.instead_of(&shown, deadline, account).await
        {
            account.oauth_error = None;
            fetched = self.post(shown.header(), upstream, deadline, account).await;
        }
        let held = fetched.map_err(|problem| {
            if account.oauth_error.is_none() && problem != Problem::SystemToken {
                account.oauth_error = Some(problem.verdict().reason);
            }
            Problem::SystemToken
        })?;
        let held = Arc::new(Held {
            is_replacement: self.was_refused.swap(false, Ordering::Relaxed),
            ..held
        });
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held.clone());
        Ok(held)
    }

    async fn post(
        &self,
        authorization: &HeaderValue,
        upstream: &Upstream,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Held, Problem> {
        let asked_at_ms = self.clock.now_ms();
        let exchange = &mut account.system_token;
        let received = upstream
            .post(&self.target, Some(authorization), &self.form, deadline, exchange)
            .await?;
        read(&received, asked_at_ms, account)
    }

    /// Drops a token that was refused, unless another has taken its place already. Tells whether another is worth a try:
    /// where a token and its replacement are refused one after the other, it is not for the token's own sake.
    pub fn forget(&self, refused: &Arc<Held>) -> bool {
        if refused.is_replacement && self.is_young(refused) {
            return false;
        }
        self.replace(refused);
        true
    }

    /// Drops a token that may have been refused for itself, unless it is so new that another would fare no better.
    pub fn forget_if_old(&self, refused: &Arc<Held>) {
        if !self.is_young(refused) {
            self.replace(refused);
        }
    }

    fn replace(&self, refused: &Arc<Held>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, refused)) {
            *held = None;
            self.was_refused.store(true, Ordering::Relaxed);
        }
    }

    fn is_young(&self, held: &Held) -> bool {
        self.clock.now_ms().saturating_sub(held.fetched_at_ms) < MIN_AGE_MS
    }

    fn peek(&self) -> Option<Arc<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The token held, while it need not be renewed by the wall clock.
    fn current(&self) -> Option<Arc<Held>> {
        let now_ms = self.clock.now_ms();
        self.peek()
            .filter(|held| (held.fetched_at_ms..held.renew_at_ms).contains(&now_ms))
    }
}

fn read(received: &Received, asked_at_ms: u64, account: &mut Account) -> Result<Held, Problem> {
    let body = received.body.as_deref().unwrap_or_default();
    if received.status != 200 {
        account.oauth_error = serde_json::from_slice::<Refused>(body)
            .ok()
            .and_then(|refused| known_code(&refused.error));
        return Err(Problem::SystemToken);
    }
    let granted: Granted = serde_json::from_slice(body).map_err(|_| Problem::UpstreamInvalid)?;
    let is_bearer = granted
        .token_type
        .is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let header = bearer_header(&granted.access_token).filter(|_| is_bearer && !granted.access_token.is_empty());
    let life_secs = granted.expires_in.unwrap_or(UNTOLD_LIFE_SECS);
    let margin_secs = MARGIN_SECS.min(life_secs / 2);
    Ok(Held {
        token: granted.access_token,
        header: header.ok_or(Problem::UpstreamInvalid)?,
        fetched_at_ms: asked_at_ms,
        renew_at_ms: asked_at_ms.saturating_add((life_secs - margin_secs).saturating_mul(1000)),
        is_replacement: false,
    })
}

/// Whether the endpoint does not know the client by this secret (RFC 6749, section 5.2).
fn is_client_refused(account: &Account) -> bool {
    account.system_token.status == Some(401) || account.oauth_error == Some("invalid_client")
}

/// An error code that is known, in words of our own: what an endpoint writes there may be what we showed to it.
fn known_code(code: &str) -> Option<&'static str> {
    /// Those of RFC 6749, sections 5.2 and 4.1.2.1, of RFC 8707, section 2, and of Hydra 0.x and 1.x.
    const KNOWN: [&str; 14] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
        "invalid_target",
        "request_unauthorized",
        "request_forbidden",
        "misconfiguration",
        "not_found",
    ];
    KNOWN.into_iter().find(|known| *known == code)
}
