//! Token introspection (RFC 7662): one form posted, and what each answer means.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use shared::Deadline;
use url::form_urlencoded::byte_serialize;

use super::{Credential, SystemToken};
use crate::account::Account;
use crate::claims::{Claims, ContextRules, PrincipalRules, Reply};
use crate::error::Problem;
use crate::token::AccessToken;
use crate::upstream::{Received, Target, Upstream};

/// Who we are to the introspection endpoint.
#[derive(Debug)]
pub enum Caller {
    /// Nobody: the endpoint is protected by the network.
    Anonymous,
    /// A client by its id and secret.
    Client(Credential),
    /// The holder of a token from the configuration.
    Bearer(Credential),
    /// The holder of a token that is fetched when needed.
    SystemToken(Box<SystemToken>),
}

/// What the server says about a token.
#[derive(Debug, Clone, PartialEq)]
pub enum Introspected {
    /// It is active, and these are its claims, not yet checked.
    Active(Arc<Claims>),
    /// It is not active.
    Inactive,
}

/// An introspection endpoint.
#[derive(Debug)]
pub struct Introspection {
    upstream: Upstream,
    target: Target,
    caller: Caller,
    principal: PrincipalRules,
    context: ContextRules,
}

impl Introspection {
    /// The endpoint `target`, asked as `caller`.
    pub fn new(
        upstream: Upstream,
        target: Target,
        caller: Caller,
        principal: PrincipalRules,
        context: ContextRules,
    ) -> Self {
        Self {
            upstream,
            target,
            caller,
            principal,
            context,
        }
    }

    /// Whether a token is the one that we show to the endpoint.
    pub fn is_own(&self, token: &AccessToken<'_>) -> bool {
        match &self.caller {
            Caller::Anonymous | Caller::Client(_) => false,
            Caller::Bearer(own) => own.is(token.reveal()),
            Caller::SystemToken(system_token) => system_token.is(token.reveal()),
        }
    }

    /// Asks about a token.
    ///
    /// # Errors
    /// As the ladder names them: the endpoint's failures, never anything about the token.
    pub async fn ask(
        &self,
        token: &AccessToken<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Introspected, Problem> {
        let started = Instant::now();
        let received = self.post(token, deadline, account).await;
        account.introspection_took = Some(started.elapsed());
        self.read(&received?)
    }

    async fn post(
        &self,
        token: &AccessToken<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Received, Problem> {
        let token: String = byte_serialize(token.reveal().as_bytes()).collect();
        let form = Bytes::from(format!("token={token}&token_type_hint=access_token"));
        match &self.caller {
            Caller::Anonymous => {
                self.upstream
                    .post(&self.target, None, &form, deadline, &mut account.introspection)
                    .await
            }
            Caller::Client(own) | Caller::Bearer(own) => self.post_with(own, &form, deadline, account).await,
            Caller::SystemToken(system_token) => {
                self.post_with_system_token(system_token, &form, deadline, account)
                    .await
            }
        }
    }

    async fn post_with(
        &self,
        own: &Credential,
        form: &Bytes,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Received, Problem> {
        let shown = own.current();
        let header = Some(shown.header());
        let received = self
            .upstream
            .post(&self.target, header, form, deadline, &mut account.introspection)
            .await?;
        if received.status != 401 {
            return Ok(received);
        }
        // The secret may have been rotated. A new one gets one try.
        let Some(shown) = own.instead_of(&shown, deadline, account).await else {
            return Ok(received);
        };
        let header = Some(shown.header());
        self.upstream
            .post(&self.target, header, form, deadline, &mut account.introspection)
            .await
    }

    async fn post_with_system_token(
        &self,
        system_token: &SystemToken,
        form: &Bytes,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Received, Problem> {
        let held = system_token.get(&self.upstream, deadline, account).await?;
        let header = Some(held.header());
        let received = self
            .upstream
            .post(&self.target, header, form, deadline, &mut account.introspection)
            .await?;
        if received.status == 403 {
            // Mostly a scope that our client lacks; but some servers refuse a revoked caller so, too.
            system_token.forget_if_old(&held);
        }
        if received.status != 401 {
            return Ok(received);
        }
        // Our token was revoked, or the server forgot it. A fresh one gets one try.
        if !system_token.forget(&held) {
            return Ok(received);
        }
        let held = system_token.get(&self.upstream, deadline, account).await?;
        let header = Some(held.header());
        self.upstream
            .post(&self.target, header, form, deadline, &mut account.introspection)
            .await
    }

    fn read(&self, received: &Received) -> Result<Introspected, Problem> {
        match received.status {
            200 => {}
            300..=399 => return Err(Problem::UpstreamRedirect),
            // About our credentials, never about the client's token (RFC 7662, section 2.3).
            401 => return Err(Problem::UpstreamUnauthorized),
            403 => return Err(Problem::UpstreamForbidden),
            400..=499 => return Err(Problem::UpstreamConfig),
            500..=599 => return Err(Problem::UpstreamStatus),
            _ => return Err(Problem::UpstreamInvalid),
        }
        let body = received.body.as_ref().ok_or(Problem::UpstreamInvalid)?;
        let reply = Reply::read(body)?;
        if !reply.is_active() {
            return Ok(Introspected::Inactive);
        }
        Ok(Introspected::Active(Arc::new(Claims::new(
            &reply,
            &self.principal,
            &self.context,
        ))))
    }
}
