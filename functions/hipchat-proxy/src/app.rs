//! The function itself: one event in, one answer out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{Method, Request};
use shared::http::{FrontAnswer, pairs};
use shared::start::RawEvent;
use shared::telemetry::{Level, Telemetry};
use shared::{Clock, Deadline, Secret};

use crate::access::limits::{Limits, Standings};
use crate::access::{AllowList, Grant, token_of};
use crate::account::Account;
use crate::api::{
    Answer, Call, Fields, Markup, Need, Overlong, Parameter, Version, read_body, route, v1, v2, version_of,
};
use crate::error::Failure;
use crate::message::Message;
use crate::relay::{Destination, Manner, Relayed, relay};
use crate::rooms::{Directory, Fallback, Ping, RoomIndex};
use crate::slack::{Slack, SlackFailure};

/// What an answer needs to be on its way before Lambda ends the invocation.
const MARGIN: Duration = Duration::from_millis(500);

/// The function, built once by [`App::start`] and shared by all invocations.
pub struct App {
    pub(crate) directory: Directory,
    pub(crate) tokens: AllowList,
    pub(crate) limits: Limits,
    pub(crate) slack: Slack,
    pub(crate) manner: Manner,
    pub(crate) overlong: Overlong,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What is known of a request so far, whatever its end.
struct Visit {
    now_secs: u64,
    standings: Standings,
    /// How the first API's client wants its answer.
    markup: Markup,
    account: Account,
}

/// A room that a token covers, or the one that stands in for it.
struct Place<'a> {
    destination: Destination<'a>,
    /// The room's place among the flood counters.
    counter: usize,
}

impl App {
    /// Answers one event of any front, in that front's shape. Every answer bears the six rate-limit headers.
    pub async fn handle(&self, event: RawEvent) -> FrontAnswer {
        let invocation = self.telemetry.invocation(&event.context);
        let deadline = Deadline::from_context(&event.context, &*self.clock, MARGIN);
        let now_secs = self.clock.now_secs();
        let mut visit = Visit {
            now_secs,
            standings: self.limits.untouched(now_secs),
            markup: Markup::Json,
            account: Account::new(),
        };
        let (front, answer) = match shared::http::read(event.payload.get()) {
            Ok(inbound) => {
                let answer = self.answer(&inbound.request, deadline, &mut visit).await;
                (inbound.context.front, answer)
            }
            Err(unreadable) => {
                visit.account.detail = Some(unreadable.reason);
                (unreadable.front, visit.refuse(&Failure::Unreadable, Version::V2))
            }
        };
        visit
            .account
            .write(&self.telemetry, &invocation, front, answer.status());
        let mut response = answer.into_response();
        visit.standings.write(response.headers_mut());
        FrontAnswer::new(front, response)
    }

    async fn answer(&self, request: &Request<Bytes>, deadline: Deadline, visit: &mut Visit) -> Answer {
        if is_health_check(request) {
            visit.account.outcome = ("health", "health_check");
            return Answer::healthy();
        }
        let version = version_of(request.uri().path());
        visit.account.version = Some(version);
        match self.serve(request, deadline, visit).await {
            Ok(answer) => answer,
            Err(failure) => visit.refuse(&failure, version),
        }
    }

    /// The way of a request: its call, its token, its limits, its room, then what it asks for.
    async fn serve(&self, request: &Request<Bytes>, deadline: Deadline, visit: &mut Visit) -> Result<Answer, Failure> {
        let target = route(request.method(), request.uri().path())?;
        if target.need == Need::Nothing {
            return Err(Failure::Unsupported);
        }
        let query = Fields::from_pairs(pairs(request.uri().query().unwrap_or_default().as_bytes()));
        let body = read_body(request.headers(), request.body());
        let token = token_of(request.headers(), &query, &body);
        let is_test = query.flag("auth_test") == Parameter::True || body.flag("auth_test") == Parameter::True;
        let (fields, markup) = match target.version {
            Version::V1 => {
                let fields = query.overlaid_by(body);
                let markup = v1::markup(&fields);
                (fields, markup)
            }
            Version::V2 => (body, Ok(Markup::Json)),
        };
        visit.markup = *markup.as_ref().unwrap_or(&Markup::Json);
        let grant = self.admit(token, target.need, visit)?;
        visit.markup = markup?;
        let wanted = match target.version {
            Version::V1 if target.call == Call::RoomsMessage && !is_test => Some(v1::room(&fields)?),
            Version::V1 => fields.some_text("room_id"),
            Version::V2 => target.room,
        };
        let place = match &wanted {
            Some(wanted) => Some(self.place(grant, wanted)?),
            None => None,
        };
        if is_test {
            visit.account.outcome = ("tested", "auth_test");
            return Ok(Answer::accepted(visit.markup));
        }
        let message = match target.call {
            Call::Notification => v2::notification(&fields, self.overlong)?,
            Call::RoomsMessage => v1::message(&fields, self.overlong)?,
            Call::Other => return Err(Failure::Unsupported),
        };
        // Both calls that send name a room.
        let (Some(place), Some(wanted)) = (place, &wanted) else {
            return Err(Failure::UnknownPath);
        };
        self.send(&place, wanted, &message, grant, deadline, visit).await?;
        Ok(match target.version {
            Version::V1 => Answer::sent(visit.markup),
            Version::V2 => Answer::no_content(),
        })
    }

    /// Lets a token in: known, in time, within its limit, made for such a call.
    fn admit(&self, token: Option<Secret>, need: Need, visit: &mut Visit) -> Result<&Grant, Failure> {
        let token = token.ok_or(Failure::NoToken)?;
        let (number, grant) = self.tokens.find(&token, visit.now_secs)?;
        visit.account.label.clone_from(&grant.label);
        if !self.limits.count_request(number, visit.now_secs, &mut visit.standings) {
            return Err(Failure::TooManyRequests);
        }
        if !grant.may(need) {
            return Err(Failure::NoAccess);
        }
        Ok(grant)
    }

    /// Finds a room. Whether it exists is told only to a token that covers it.
    fn place<'a>(&'a self, grant: &Grant, wanted: &'a str) -> Result<Place<'a>, Failure> {
        let found = self.directory.find(wanted);
        if !grant.covers(wanted, found) {
            return Err(Failure::NoAccess);
        }
        match (
            found.and_then(|index| Some((index, self.directory.room(index)?))),
            self.directory.fallback(),
        ) {
            (Some((RoomIndex(counter), room)), _) => Ok(Place {
                destination: Destination::from(room),
                counter,
            }),
            (None, Fallback::Default(channel)) => Ok(Place {
                destination: Destination {
                    channel,
                    notify: Ping::None,
                    mentions: Ping::None,
                    unlisted: Some(wanted),
                },
                counter: self.directory.len(),
            }),
            (None, Fallback::Reject) => Err(Failure::UnknownRoom(wanted.to_owned())),
        }
    }

    /// Sends a message to a room that a client called `wanted`.
    async fn send(
        &self,
        place: &Place<'_>,
        wanted: &str,
        message: &Message,
        grant: &Grant,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<(), Failure> {
        visit.account.message(place.destination.channel, message);
        if !self
            .limits
            .count_message(place.counter, visit.now_secs, &mut visit.standings)
        {
            return Err(Failure::Flooded);
        }
        let people = self.directory.mentions();
        let label = grant.label.as_deref();
        let relayed = relay(
            &self.slack,
            self.manner,
            people,
            &place.destination,
            message,
            label,
            deadline,
        )
        .await;
        let result = match &relayed {
            Relayed::Empty => {
                visit.account.outcome = ("sent", "nothing_to_show");
                Ok(())
            }
            Relayed::Kept => {
                visit.account.outcome = ("sent", "dry_run");
                Ok(())
            }
            Relayed::Sent {
                delivery, truncated, ..
            } => {
                visit.account.outcome = ("sent", "posted");
                if *truncated || delivery.as_text {
                    visit.account.level = Level::Warn;
                }
                delivery
                    .result
                    .map_err(|failure| Failure::Slack(failure, wanted.to_owned()))
            }
        };
        visit.account.relayed(relayed);
        result
    }
}

impl Visit {
    /// The answer to a failure, by the ladder; over a limit it says when to come again.
    fn refuse(&mut self, failure: &Failure, version: Version) -> Answer {
        let rung = failure.rung(version);
        self.account.refused(&rung);
        let answer = Answer::error(rung.status, &rung.message, self.markup);
        let again = match failure {
            Failure::Slack(SlackFailure::Limited { retry_after }, _) => {
                self.standings.spend_until(self.now_secs.saturating_add(*retry_after));
                Some(*retry_after)
            }
            Failure::TooManyRequests | Failure::Flooded => {
                Some(self.standings.rate.reset.saturating_sub(self.now_secs))
            }
            Failure::WrongMethod(methods) => return answer.allowing(methods),
            _ => None,
        };
        match again {
            Some(seconds) => answer.retry_after(seconds),
            None => answer,
        }
    }
}

/// A load balancer asks whether the function lives; neither tokens nor Slack are touched for it.
fn is_health_check(request: &Request<Bytes>) -> bool {
    let asks = |agent: &http::HeaderValue| agent.as_bytes().starts_with(b"ELB-HealthChecker/");
    request.method() == Method::GET
        && (request.uri().path() == "/" || request.headers().get(USER_AGENT).is_some_and(asks))
}
