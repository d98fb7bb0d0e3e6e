//! Who we are to the authorization server, and to whatever else is asked in the same name.

use bytes::Bytes;
use shared::Deadline;

use super::{Credential, SystemToken};
use crate::account::{Account, Exchange};
use crate::error::Problem;
use crate::upstream::{Received, Target, Upstream};

/// Who we are.
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

/// What is asked, and where its cost is noted.
#[derive(Debug)]
pub struct Question<'q> {
    /// Where it goes.
    pub target: &'q Target,
    /// What is posted.
    pub body: &'q Bytes,
    /// The place in the account for what is met on the way.
    pub exchange: fn(&mut Account) -> &mut Exchange,
    /// Whether an answer other than 401 refuses us, and not what was asked.
    pub refuses_us: fn(&Received) -> bool,
}

impl Caller {
    /// Whether a token is the one that we show.
    pub fn is(&self, token: &str) -> bool {
        match self {
            Self::Anonymous | Self::Client(_) => false,
            Self::Bearer(own) => own.is(token),
            Self::SystemToken(system_token) => system_token.is(token),
        }
    }

    /// Asks in our own name. Where that is refused with 401, a secret that was rotated or a fresh token gets one try.
    ///
    /// # Errors
    /// Those of [`Upstream::post`], and [`Problem::SystemToken`].
    pub async fn post(
        &self,
        upstream: &Upstream,
        question: &Question<'_>,
        deadline: Deadline,
        account: &mut Account,
    ) -> Result<Received, Problem> {
        match self {
            Self::Anonymous => {
                let exchange = (question.exchange)(account);
                upstream
                    .post(question.target, None, question.body, deadline, exchange)
                    .await
            }
            Self::Client(own) | Self::Bearer(own) => post_with_secret(own, upstream, question, deadline, account).await,
            Self::SystemToken(system_token) => {
                post_with_token(system_token, upstream, question, deadline, account).await
            }
        }
    }
}

async fn post_with_secret(
    own: &Credential,
    upstream: &Upstream,
    question: &Question<'_>,
    deadline: Deadline,
    account: &mut Account,
) -> Result<Received, Problem> {
    let shown = own.current();
    let (header, exchange) = (Some(shown.header()), (question.exchange)(account));
    let received = upstream
        .post(question.target, header, question.body, deadline, exchange)
        .await?;
    if received.status != 401 {
        return Ok(received);
    }
    // The secret may have been rotated. A new one gets one try.
    let Some(shown) = own.instead_of(&shown, deadline, account).await else {
        return Ok(received);
    };
    let (header, exchange) = (Some(shown.header()), (question.exchange)(account));
    upstream
        .post(question.target, header, question.body, deadline, exchange)
        .await
}

async fn post_with_token(
    system_token: &SystemToken,
    upstream: &Upstream,
    question: &Question<'_>,
    deadline: Deadline,
    account: &mut Account,
) -> Result<Received, Problem> {
    let held = system_token.get(upstream, deadline, account).await?;
    let (header, exchange) = (Some(held.header()), (question.exchange)(account));
    let received = upstream
        .post(question.target, header, question.body, deadline, exchange)
        .await?;
    if (question.refuses_us)(&received) {
        // Mostly a right that our client lacks; but some servers refuse a revoked caller so, too.
        system_token.forget_if_old(&held);
    }
    if received.status != 401 {
        return Ok(received);
    }
    // Our token was revoked, or the server forgot it. A fresh one gets one try.
    if !system_token.forget(&held) {
        return Ok(received);
    }
    let held = system_token.get(upstream, deadline, account).await?;
    let (header, exchange) = (Some(held.header()), (question.exchange)(account));
    upstream
        .post(question.target, header, question.body, deadline, exchange)
        .await
}
