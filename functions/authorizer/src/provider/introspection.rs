//! Token introspection (RFC 7662): one form posted, and what each answer means.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use shared::Deadline;
use url::form_urlencoded::byte_serialize;

use super::caller::{Caller, Question};
use crate::account::Account;
use crate::claims::{Claims, ContextRules, PrincipalRules, Reply};
use crate::error::Problem;
use crate::token::AccessToken;
use crate::upstream::{Received, Target, Upstream};

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
    upstream: Arc<Upstream>,
    target: Target,
    caller: Caller,
    principal: PrincipalRules,
    context: ContextRules,
}

impl Introspection {
    /// The endpoint `target`, asked as `caller`.
    pub fn new(
        upstream: Arc<Upstream>,
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

    /// Who we are to the endpoint.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The way to the endpoint.
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// Whether a token is the one that we show to the endpoint.
    pub fn is_own(&self, token: &AccessToken<'_>) -> bool {
        self.caller.is(token.reveal())
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
        let question = Question {
            target: &self.target,
            body: &form,
            exchange: |account| &mut account.introspection,
            refuses_us: |received| received.status == 403,
        };
        self.caller.post(&self.upstream, &question, deadline, account).await
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
