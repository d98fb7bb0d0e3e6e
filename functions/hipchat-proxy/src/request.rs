//! The way of a request: call, token, limits, room, what it asks for; and the answer to whatever ends it early.

mod act;
mod change;
mod look;
mod place;
mod share;
mod token;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, Method, Request, StatusCode};
use shared::http::{Front, FrontAnswer};
use shared::{Deadline, Secret};

use crate::App;
use crate::access::limits::Standings;
use crate::access::{AllowList, Grant, Rights, token_of};
use crate::account::Account;
use crate::api::{Answer, Base, Call, Fields, Markup, Need, Parameter, Version, read_body, route, v1, v2, version_of};
use crate::documents::Known;
use crate::error::Failure;
use crate::slack::SlackFailure;

use place::Place;

/// What is known of a request so far, whatever its end.
pub(crate) struct Visit {
    /// The invocation's id.
    invocation: String,
    now_ms: u64,
    now_secs: u64,
    pub(crate) standings: Standings,
    /// How the first API's client wants its answer.
    markup: Markup,
    /// The most bytes of an answer that the front takes.
    pub(crate) room: usize,
    pub(crate) account: Account,
}

/// A request whose token was let in, and whose room was found.
struct Order<'a> {
    call: Call,
    version: Version,
    known: &'a Known,
    grant: &'a Grant,
    /// Whether the token is good for seeing users.
    sees_users: bool,
    /// The room, if the call names one.
    place: Option<Place<'a>>,
    /// The user, if the call names one.
    user: Option<&'a str>,
    fields: &'a Fields,
    query: &'a Fields,
    base: Base,
    /// The path's segments behind the version, as they were sent.
    path: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
    deadline: Deadline,
    /// The most bytes that the answer may take.
    room: usize,
}

impl<'a> Order<'a> {
    /// The room of a call that has one.
    fn place(&self) -> Result<&Place<'a>, Failure> {
        self.place.as_ref().ok_or(Failure::UnknownPath)
    }
}

impl App {
    /// Answers a request.
    pub(crate) async fn answer(&self, request: &Request<Bytes>, deadline: Deadline, visit: &mut Visit) -> Answer {
        if is_health_check(request) {
            visit.account.outcome = ("health", "health_check");
            return Answer::healthy();
        }
        let version = version_of(request.uri().path());
        visit.account.version = Some(version);
        let answer = match self.serve(request, version, deadline, visit).await {
            Ok(answer) => answer,
            Err(failure) => visit.refuse(&failure, version, self.now_secs()),
        };
        if request.method() == Method::HEAD {
            answer.without_body()
        } else {
            answer
        }
    }

    pub(crate) fn now_secs(&self) -> u64 {
        self.clock.now_ms() / 1000
    }

    /// The way of a request: its call, its token, its limits, its room, then what it asks for.
    async fn serve(
        &self,
        request: &Request<Bytes>,
        version: Version,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Answer, Failure> {
        let path = request.uri().path();
        let query = Fields::from_encoded(request.uri().query().unwrap_or_default().as_bytes());
        visit.markup = markup(version, &query).unwrap_or(Markup::Json);
        let target = route(request.method(), path)?;
        let base = Base::of(self.policy.public_url.as_deref(), request);
        match target.call {
            Call::Capabilities => {
                visit.account.outcome = ("answered", "capabilities");
                let known = self.documents.current(visit.now_secs, deadline).await;
                let told = v2::capabilities(&base, !known.tokens.addons().is_empty());
                return Ok(Answer::document(StatusCode::OK, &told, Markup::Json));
            }
            Call::OauthToken => return self.issue_token(request, query, deadline, visit).await,
            Call::OauthSession => return self.describe_token(path, deadline, visit).await,
            _ => {}
        }
        let body = match target.call {
            // Its fields stand in one of its parts.
            Call::ShareFile => Fields::default(),
            _ => read_body(request.headers(), request.body()),
        };
        let token = token_of(request.headers(), &query, &body);
        let is_test = query.flag("auth_test") == Parameter::True || body.flag("auth_test") == Parameter::True;
        let fields = match version {
            Version::V1 => query.clone().overlaid_by(body),
            Version::V2 => body,
        };
        let asked = markup(version, &fields);
        visit.markup = *asked.as_ref().unwrap_or(&Markup::Json);
        let known = self.documents.for_token(token.as_ref(), visit.now_secs, deadline).await;
        let rights = self.admit(&known.tokens, token, (target.call, target.need), visit)?;
        let grant = rights.grant;
        asked?;
        let wanted = match (version, target.call) {
            (Version::V1, Call::Notify | Call::Topic | Call::Room | Call::History) if !is_test => {
                Some(v1::room(&fields)?)
            }
            (Version::V1, _) => fields.some_text("room_id"),
            (Version::V2, _) => target.room,
        };
        let place = match &wanted {
            Some(wanted) => Some(place::find(&known.directory, grant, wanted)?),
            None => None,
        };
        if let Some(room) = place.as_ref().and_then(Place::name) {
            visit.account.room = Some(room.to_owned());
        }
        if is_test {
            visit.account.outcome = ("tested", "auth_test");
            return Ok(Answer::accepted(visit.markup));
        }
        let user = match (version, target.call) {
            (Version::V1, Call::User) => Some(v1::user(&fields)?),
            _ => target.user,
        };
        let order = Order {
            call: target.call,
            version,
            known: &known,
            grant,
            sees_users: rights.sees_users(),
            place,
            user: user.as_deref(),
            fields: &fields,
            query: &query,
            base,
            path,
            headers: request.headers(),
            body: request.body(),
            deadline,
            room: visit.room,
        };
        match order.call {
            Call::Notify | Call::Message | Call::Reply | Call::ShareLink | Call::Topic => self.act(&order, visit).await,
            Call::ShareFile => self.share_file(&order, visit).await,
            Call::Change(change) => self.change(&order, change, visit),
            _ => look::look(&order, visit),
        }
    }

    /// Lets a token in: known, in time, within its limit, made for such a call.
    fn admit<'a>(
        &self,
        tokens: &'a AllowList,
        token: Option<Secret>,
        (call, need): (Call, Need),
        visit: &mut Visit,
    ) -> Result<Rights<'a>, Failure> {
        let token = token.ok_or(Failure::NoToken)?;
        let rights = tokens.find(&token, visit.now_secs)?;
        let grant = rights.grant;
        visit.account.label.clone_from(&grant.label);
        if !self
            .limits
            .count_request(grant.key(), visit.now_secs, &mut visit.standings)
        {
            return Err(Failure::TooManyRequests);
        }
        if !rights.may(call, need) {
            return Err(Failure::NoAccess);
        }
        Ok(rights)
    }
}

impl Visit {
    /// A visit of which nothing is known.
    pub(crate) fn new(invocation: String, now_ms: u64, standings: Standings) -> Self {
        Self {
            invocation,
            now_ms,
            now_secs: now_ms / 1000,
            standings,
            markup: Markup::Json,
            room: usize::MAX,
            account: Account::new(),
        }
    }

    /// An answer in the front's shape, with its rate-limit headers.
    pub(crate) fn told(&self, front: Front, answer: Answer) -> FrontAnswer {
        let mut response = answer.into_response();
        self.standings.write(response.headers_mut());
        FrontAnswer::new(front, response)
    }

    /// The answer to a failure, by the ladder; over a limit it says when to come again. `now` is
    /// the moment of the answer, in seconds: Slack may have taken its time.
    pub(crate) fn refuse(&mut self, failure: &Failure, version: Version, now: u64) -> Answer {
        let rung = failure.rung(version);
        self.account.refused(&rung);
        let answer = Answer::error(rung.status, &rung.message, self.markup);
        let again = match failure {
            Failure::Slack(SlackFailure::Limited { retry_after }, _) => {
                self.standings.spend_until(now.saturating_add(*retry_after));
                Some(*retry_after)
            }
            Failure::TooManyRequests | Failure::Flooded => Some(self.standings.rate.reset.saturating_sub(now).max(1)),
            Failure::WrongMethod(methods) => return answer.allowing(methods),
            _ => None,
        };
        match again {
            Some(seconds) => answer.retry_after(seconds),
            None => answer,
        }
    }
}

/// Only the first API lets a client choose.
fn markup(version: Version, fields: &Fields) -> Result<Markup, Failure> {
    match version {
        Version::V1 => v1::markup(fields),
        Version::V2 => Ok(Markup::Json),
    }
}

/// A load balancer asks whether the function lives; neither tokens nor Slack are touched for it.
fn is_health_check(request: &Request<Bytes>) -> bool {
    let asks = |agent: &http::HeaderValue| agent.as_bytes().starts_with(b"ELB-HealthChecker/");
    request.method() == Method::GET
        && (request.uri().path() == "/" || request.headers().get(USER_AGENT).is_some_and(asks))
}
