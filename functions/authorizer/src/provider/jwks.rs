//! Tokens that are verified here: signed JWTs (RFC 7519, RFC 9068), with the keys that their issuer publishes (RFC 7517).
//!
//! Nobody is asked whether such a token still counts: it does until it expires, or until its key is withdrawn.

mod jwt;
mod key_cache;
mod key_set;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode};
use serde_json::value::RawValue;
use shared::{Clock, Deadline};

pub(super) use jwt::{has_three_parts, unverified_issuer};

use super::Caller;
use crate::account::Account;
use crate::claims::{ClaimRules, Claims, ContextRules, PrincipalRules, Reply};
use crate::config::{Config, JwksConfig, ProviderConfig};
use crate::error::Problem;
use crate::token::AccessToken;
use crate::upstream::{Received, Target, Upstream};
use jwt::Header;
use key_cache::{KeyCache, KeyRules};
use key_set::KeySet;

/// Members that access tokens do not have and others do that the same keys sign: hashes and the nonce of an ID token (OpenID
/// Connect Core, 3.1.3.6 and 3.3.2.11; FAPI 1.0 part 2, 5.1), the events of a security event (RFC 8417), the parameters of an
/// answer to an authorization request (JARM, 2.1), the reply of an introspection (RFC 9701). None of these opens anything.
/// How and when somebody has logged in stands in access tokens, too (RFC 9068, section 2.2.1), and so tells nothing.
const OF_OTHER_KINDS: [&str; 10] = [
    "at_hash",
    "c_hash",
    "s_hash",
    "nonce",
    "events",
    "code",
    "error",
    "access_token",
    "id_token",
    "token_introspection",
];

/// What Keycloak calls its other tokens, in the payload's `typ`, in lower case. Its access tokens are of the type `Bearer`
/// (<https://github.com/keycloak/keycloak/blob/main/core/src/main/java/org/keycloak/util/TokenUtil.java>).
const OTHER_TYPES: [&str; 5] = ["id", "refresh", "offline", "logout", "serialized-id"];

/// A server that publishes its keys.
pub struct Jwks {
    upstream: Arc<Upstream>,
    target: Target,
    caller: Caller,
    algorithms: Vec<Algorithm>,
    require_typ_at_jwt: bool,
    keys: KeyCache,
    must: ClaimRules,
    principal: PrincipalRules,
    context: ContextRules,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks")
            .field("target", &self.target)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

impl Jwks {
    /// A server whose key document is at the target. Nothing is fetched yet.
    pub(super) fn new(
        (upstream, target): (Arc<Upstream>, Target),
        jwks: &JwksConfig,
        provider: &ProviderConfig,
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let attempt = upstream.request_timeout();
        let rules = KeyRules {
            ttl: jwks.ttl,
            stale: config.cache.stale,
            patience: attempt.min(config.upstream.total_budget),
            reserve: if config.permission.is_some() {
                attempt
            } else {
                Duration::ZERO
            },
        };
        Self {
            upstream,
            target,
            // Keys are for everybody.
            caller: Caller::Anonymous,
            algorithms: jwks.algorithms.clone(),
            require_typ_at_jwt: jwks.require_typ_at_jwt,
            keys: KeyCache::new(rules, clock.clone()),
            must: provider.claims.clone(),
            principal: provider.principal.clone(),
            context: config.context.clone(),
            clock,
        }
    }

    /// Who we are to the server: nobody.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The way to the server.
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// The claims of a token that is signed with one of the server's keys and whose time is now. All else about them is
    /// not checked yet.
    ///
    /// # Errors
    /// Why it is no such token; or, when the keys cannot be had, why.
    pub async fn verify(
        &self,
        token: &AccessToken<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Claims, Problem> {
        // Everything that needs no key first: what cannot be good moves no server.
        let text = token.reveal();
        let header = Header::read(text, self.require_typ_at_jwt)?;
        let algorithm = self
            .algorithms
            .iter()
            .copied()
            .find(|known| header.is_signed_by(*known));
        let algorithm = algorithm.ok_or(Problem::Algorithm)?;
        let kid = header.kid()?;
        let keys = self.keys_for(kid, deadline, account).await?;
        let payload = check_signature(text, &keys, kid, algorithm)?;
        self.read(payload.get().as_bytes())
    }

    async fn keys_for(&self, kid: &str, deadline: Deadline, account: &mut Account) -> Result<Arc<KeySet>, Problem> {
        let fetch = async |deadline: Deadline| {
            let exchange = &mut account.keys;
            let received = self.upstream.get(&self.target, deadline, exchange).await?;
            let keys = read_document(&received)?;
            account.keys_seen = Some((keys.found(), keys.usable()));
            Ok(keys)
        };
        let found = self.keys.find(kid, deadline, fetch).await;
        account.keys_failure = match &found {
            Ok(found) => found.failure,
            Err(problem) => Some(*problem).filter(|_| account.keys.attempts > 0),
        };
        let found = found?;
        if let Some(failure) = found.stale {
            account.stale_after(failure);
        }
        Ok(found.keys)
    }

    fn read(&self, payload: &[u8]) -> Result<Claims, Problem> {
        let reply = Reply::of_claims(payload)?;
        let kind = reply.text("typ").map(str::to_ascii_lowercase);
        let is_other = kind.is_some_and(|kind| OTHER_TYPES.contains(&kind.as_str()));
        if is_other || OF_OTHER_KINDS.iter().any(|name| reply.has(name)) {
            return Err(Problem::NotAccessToken);
        }
        let claims = Claims::new(&reply, &self.principal, &self.context);
        if !claims.is_well_typed() {
            return Err(Problem::MalformedJwt);
        }
        match claims.check_time(&self.must, self.clock.now_secs()) {
            Err(Problem::Expired) => Err(Problem::ExpiredJwt),
            Err(problem) => Err(problem),
            Ok(()) => Ok(claims),
        }
    }
}

/// The payload of a token, as the key of that name signed it.
fn check_signature(token: &str, keys: &KeySet, kid: &str, algorithm: Algorithm) -> Result<Box<RawValue>, Problem> {
    // The library checks the signature alone: time, issuer and audience are checked as introspection's are.
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let mut fitting = keys.of(kid, algorithm).peekable();
    if fitting.peek().is_none() {
        return Err(if keys.knows(kid) {
            Problem::Algorithm
        } else {
            Problem::UnknownKey
        });
    }
    let mut problem = Problem::BadSignature;
    for key in fitting {
        match decode::<Box<RawValue>>(token, key, &validation) {
            Ok(token) => return Ok(token.claims),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_)
                ) =>
            {
                problem = Problem::MalformedJwt;
            }
            Err(_) => {}
        }
    }
    Err(problem)
}

fn read_document(received: &Received) -> Result<KeySet, Problem> {
    match received.status {
        200 => KeySet::read(received.body.as_ref().ok_or(Problem::UpstreamInvalid)?),
        300..=399 => Err(Problem::UpstreamRedirect),
        401 => Err(Problem::UpstreamUnauthorized),
        403 => Err(Problem::UpstreamForbidden),
        400..=499 => Err(Problem::UpstreamConfig),
        500..=599 => Err(Problem::UpstreamStatus),
        _ => Err(Problem::UpstreamInvalid),
    }
}
