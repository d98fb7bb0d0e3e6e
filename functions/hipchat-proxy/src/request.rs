//! The way of a request: call, token, limits, room, message; and the answer to whatever ends it early.

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{Method, Request};
use shared::http::pairs;
use shared::telemetry::Level;
use shared::{Deadline, Secret};

use crate::App;
use crate::access::limits::Standings;
use crate::access::{Grant, token_of};
use crate::account::Account;
use crate::api::{Answer, Call, Fields, Markup, Need, Parameter, Version, read_body, route, v1, v2, version_of};
use crate::error::Failure;
use crate::message::Message;
use crate::relay::{Destination, Relayed, relay};
use crate::rooms::{Fallback, Ping, RoomIndex};
use crate::slack::SlackFailure;

/// What is known of a request so far, whatever its end.
pub(crate) struct Visit {
    now_secs: u64,
    pub(crate) standings: Standings,
    /// How the first API's client wants its answer.
    markup: Markup,
    pub(crate) account: Account,
}

/// A room that a token covers, or the one that stands in for it.
struct Place<'a> {
    destination: Destination<'a>,
    /// As the client called it.
    wanted: &'a str,
    /// The room's place among the flood counters.
    counter: usize,
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
        match self.serve(request, version, deadline, visit).await {
            Ok(answer) => answer,
            Err(failure) => visit.refuse(&failure, version),
        }
    }

    /// The way of a request: its call, its token, its limits, its room, then what it asks for.
    async fn serve(
        &self,
        request: &Request<Bytes>,
        version: Version,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Answer, Failure> {
        let query = Fields::from_pairs(pairs(request.uri().query().unwrap_or_default().as_bytes()));
        visit.markup = markup(version, &query).unwrap_or(Markup::Json);
        let target = route(request.method(), request.uri().path())?;
        if target.need == Need::Nothing {
            return Err(Failure::Unsupported);
        }
        let body = read_body(request.headers(), request.body());
        let token = token_of(request.headers(), &query, &body);
        let is_test = query.flag("auth_test") == Parameter::True || body.flag("auth_test") == Parameter::True;
        let fields = match version {
            Version::V1 => query.overlaid_by(body),
            Version::V2 => body,
        };
        let asked = markup(version, &fields);
        visit.markup = *asked.as_ref().unwrap_or(&Markup::Json);
        let grant = self.admit(token, target.need, visit)?;
        asked?;
        let wanted = match version {
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
        let place = place.ok_or(Failure::UnknownPath)?;
        // In the first API `from` is the whole name of the sender.
        let label = grant.label.as_deref().filter(|_| version == Version::V2);
        self.send(&place, &message, label, deadline, visit).await?;
        Ok(match version {
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
                wanted,
                counter,
            }),
            (None, Fallback::Default(channel)) => Ok(Place {
                destination: Destination {
                    channel,
                    notify: Ping::None,
                    mentions: Ping::None,
                    unlisted: Some(wanted),
                },
                wanted,
                counter: self.directory.len(),
            }),
            (None, Fallback::Reject) => Err(Failure::UnknownRoom(wanted.to_owned())),
        }
    }

    /// Sends a message; `label` is the name of the token that sent it.
    async fn send(
        &self,
        place: &Place<'_>,
        message: &Message,
        label: Option<&str>,
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
                    .map_err(|failure| Failure::Slack(failure, place.wanted.to_owned()))
            }
        };
        visit.account.relayed(relayed);
        result
    }
}

impl Visit {
    /// A visit of which nothing is known.
    pub(crate) fn new(now_secs: u64, standings: Standings) -> Self {
        Self {
            now_secs,
            standings,
            markup: Markup::Json,
            account: Account::new(),
        }
    }

    /// The answer to a failure, by the ladder; over a limit it says when to come again.
    pub(crate) fn refuse(&mut self, failure: &Failure, version: Version) -> Answer {
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
