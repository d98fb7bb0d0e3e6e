//! Tokens for add-ons: one is made for a client that shows its secret, and told about to whoever holds it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};
use percent_encoding::percent_decode_str;
use shared::{Deadline, Secret};

use super::Visit;
use crate::App;
use crate::api::{Answer, Call, Fields, Need, Scopes, read_body, v2};
use crate::error::Failure;

impl App {
    /// `POST oauth/token`: the grant of client credentials. Its parameters stand in the body, or, with some clients, in
    /// the query.
    pub(super) async fn issue_token(
        &self,
        request: &Request<Bytes>,
        query: Fields,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Answer, Failure> {
        let fields = query.overlaid_by(read_body(request.headers(), request.body()));
        let (id, secret) = credentials(request.headers(), &fields).ok_or(Failure::UnknownClient)?;
        let known = self.documents.current(visit.now_secs, deadline).await;
        let wanted = Scopes::named(&fields.some_text("scope").unwrap_or_default());
        let asked = wanted.unwrap_or(Scopes::ALL);
        let issued = known.tokens.addons().issue(&id, &secret, asked, visit.now_secs)?;
        visit.account.label.clone_from(&issued.grant.label);
        if fields.some_text("grant_type").as_deref() != Some("client_credentials") {
            return Err(Failure::BadArgument("grant_type must be client_credentials"));
        }
        let key = issued.grant.key();
        if !self.limits.count_request(key, visit.now_secs, &mut visit.standings) {
            return Err(Failure::TooManyRequests);
        }
        let own = Scopes::of(|need| issued.grant.may(need));
        if wanted.is_none() || (asked != Scopes::ALL && asked.and(own) != asked) {
            return Err(Failure::InvalidScope(own));
        }
        visit.account.outcome = ("answered", "token_issued");
        let told = v2::issued_token(issued.token.reveal(), issued.lasts_secs, asked.and(own));
        Ok(Answer::document(StatusCode::OK, &told, visit.markup).unstored())
    }

    /// `GET oauth/token/{token}`: what a token may do, for whoever holds it.
    pub(super) async fn describe_token(
        &self,
        path: &str,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Answer, Failure> {
        let last = path.rsplit('/').find(|segment| !segment.is_empty()).unwrap_or_default();
        let token = Secret::new(percent_decode_str(last).decode_utf8_lossy());
        let known = self.documents.for_token(Some(&token), visit.now_secs, deadline).await;
        let left = known.tokens.seconds_left(&token, visit.now_secs);
        let rights = self.admit(
            &known.tokens,
            Some(token.clone()),
            (Call::OauthSession, Need::Nothing),
            visit,
        )?;
        visit.account.outcome = ("answered", "token_described");
        let told = v2::described_token(token.reveal(), left, rights.scopes());
        Ok(Answer::document(StatusCode::OK, &told, visit.markup).unstored())
    }
}

/// Id and secret of a client: `Authorization: Basic` (RFC 7617), else two fields (RFC 6749, section 2.3.1).
fn credentials(headers: &HeaderMap, fields: &Fields) -> Option<(String, Secret)> {
    let basic = headers.get_all(AUTHORIZATION).iter().find_map(|value| {
        let (scheme, encoded) = value.to_str().ok()?.trim_start().split_once(' ')?;
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (id, secret) = text.split_once(':')?;
        scheme
            .eq_ignore_ascii_case("basic")
            .then(|| (id.to_owned(), Secret::new(secret)))
    });
    basic.or_else(|| {
        let secret = fields.some_text("client_secret")?;
        Some((fields.some_text("client_id")?, Secret::new(secret)))
    })
}
