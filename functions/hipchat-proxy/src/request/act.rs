//! The calls that do something in Slack: messages and topics.

use http::StatusCode;
use serde_json::json;
use shared::Deadline;
use shared::telemetry::Level;

use super::place::{Address, Place, email_of};
use super::{Order, Visit};
use crate::App;
use crate::access::limits::Counter;
use crate::api::{Answer, Call, Fields, Overlong, Version, v1, v2};
use crate::error::{Failure, Subject};
use crate::message::Message;
use crate::relay::{Destination, Look, compose};
use crate::rooms::{Ping, User};
use crate::slack::{Post, Posted, SlackFailure, Target};

/// Whom a message is for.
pub(super) enum Recipient<'a> {
    Room(&'a Place<'a>),
    Person { wanted: &'a str, user: Option<&'a User> },
}

impl<'a> Recipient<'a> {
    /// The room or the user of an order. A user is unknown when nothing leads to him.
    pub(super) fn of(order: &'a Order<'_>) -> Result<Self, Failure> {
        let Some(wanted) = order.user else {
            return Ok(Self::Room(order.place()?));
        };
        let user = order.known.directory.find_user(wanted);
        let reachable = user.is_some_and(|user| user.slack_id.is_some()) || email_of(wanted, user).is_some();
        if !reachable {
            return Err(Failure::Unknown(Subject::User(wanted.to_owned())));
        }
        Ok(Self::Person { wanted, user })
    }

    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Room(place) => place.subject(),
            Self::Person { wanted, .. } => Subject::User((*wanted).to_owned()),
        }
    }

    pub(super) fn counter(&self) -> Counter {
        match self {
            Self::Room(place) => place.counter(),
            Self::Person { wanted, user } => Counter::Person(match user {
                Some(user) => user.id.to_string(),
                None => wanted.to_lowercase(),
            }),
        }
    }
}

/// A message and how it is sent.
struct Sending {
    message: Message,
    look: Look,
    /// The id of the message that it answers.
    parent: Option<String>,
}

impl App {
    /// Does what an order asks of Slack.
    pub(super) async fn act(&self, order: &Order<'_>, visit: &mut Visit) -> Result<Answer, Failure> {
        if order.call == Call::Topic {
            return self.set_topic(order, visit).await;
        }
        let recipient = Recipient::of(order)?;
        let sending = read(
            order.call,
            order.version,
            &recipient,
            order.fields,
            self.policy.overlong,
        )?;
        let posted = self.send(order, &recipient, &sending, visit).await?;
        Ok(match (order.version, order.call, recipient) {
            (Version::V1, ..) => Answer::sent(visit.markup),
            (Version::V2, Call::Message, Recipient::Room(_)) => {
                let (status, told) = v2::said_answer(posted.as_ref(), visit.now_ms);
                Answer::document(status, &told, visit.markup)
            }
            (Version::V2, ..) => Answer::no_content(),
        })
    }

    /// Sends a message; what Slack told of it, if it was posted to a channel.
    async fn send(
        &self,
        order: &Order<'_>,
        recipient: &Recipient<'_>,
        sending: &Sending,
        visit: &mut Visit,
    ) -> Result<Option<Posted>, Failure> {
        let message = &sending.message;
        visit.account.message(message);
        let counter = recipient.counter();
        if !self.limits.count_message(counter, visit.now_secs, &mut visit.standings) {
            return Err(Failure::Flooded);
        }
        let (address, (notify, mentions), unlisted) = match recipient {
            Recipient::Room(place) => (
                self.address_of(place, order.deadline, visit).await?,
                place.pings(),
                place.unlisted(),
            ),
            Recipient::Person { wanted, user } => {
                let id = self.slack_id_of(wanted, *user, order.deadline, visit).await?;
                (Address::Channel(id.into()), (Ping::None, Ping::None), None)
            }
        };
        visit.account.channel = Some(address.target().channel().unwrap_or("webhook").to_owned());
        let destination = Destination {
            target: address.target(),
            notify,
            mentions,
            unlisted,
            thread_ts: self
                .thread_of(sending.parent.as_deref(), &address, order.deadline, visit)
                .await,
        };
        // In the first API `from` is the whole name of the sender.
        let label = order.grant.label.as_deref().filter(|_| order.version == Version::V2);
        let directory = &order.known.directory;
        let Some(letter) = compose(
            self.policy.manner,
            directory,
            &destination,
            message,
            sending.look,
            label,
        ) else {
            visit.account.outcome = ("sent", "nothing_to_show");
            return Ok(None);
        };
        visit.account.letter(&letter);
        if self.policy.dry_run {
            visit.account.outcome = ("sent", "dry_run");
            return Ok(None);
        }
        let posted = self
            .post(&letter.post, order.deadline, visit)
            .await
            .map_err(|failure| Failure::Slack(failure, recipient.subject()))?;
        if letter.truncated || visit.account.effort.as_text {
            visit.account.level = Level::Warn;
        }
        visit.account.outcome = ("sent", "posted");
        Ok(posted.filter(|_| matches!(letter.post.target, Target::Channel(_))))
    }

    /// Posts a message. A channel that must be joined is joined by its id, so one that has only a name is looked up.
    async fn post(
        &self,
        post: &Post<'_>,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Option<Posted>, SlackFailure> {
        let invocation = visit.invocation.clone();
        let posted = self
            .slack
            .post(post, &invocation, deadline, &mut visit.account.effort)
            .await;
        let name = post.target.channel().and_then(|channel| channel.strip_prefix('#'));
        let not_in = visit.account.effort.code.as_deref() == Some("not_in_channel");
        match (posted, name) {
            (Err(SlackFailure::ChannelGone), Some(name)) if not_in => {
                let id = self.channel_id(name, deadline, visit).await?;
                let id = id.ok_or(SlackFailure::ChannelGone)?;
                let post = Post {
                    target: Target::Channel(&id),
                    ..post.clone()
                };
                self.slack
                    .post(&post, &invocation, deadline, &mut visit.account.effort)
                    .await
            }
            (posted, _) => posted,
        }
    }

    async fn set_topic(&self, order: &Order<'_>, visit: &mut Visit) -> Result<Answer, Failure> {
        let place = order.place()?;
        let topic = v2::topic(order.fields)?;
        let channel = self.topic_channel_of(place, order.deadline, visit).await?;
        visit.account.channel = Some(channel.clone().into_owned());
        visit.account.outcome = ("sent", "dry_run");
        if !self.policy.dry_run {
            let effort = &mut visit.account.effort;
            let set = self.slack.set_topic(&channel, &topic, order.deadline, effort).await;
            set.map_err(|failure| Failure::Slack(failure, place.subject()))?;
            visit.account.outcome = ("sent", "topic_set");
        }
        Ok(match order.version {
            Version::V1 => Answer::document(StatusCode::OK, &json!({"status": "ok"}), visit.markup),
            Version::V2 => Answer::no_content(),
        })
    }
}

/// Reads what is to be sent.
fn read(
    call: Call,
    version: Version,
    recipient: &Recipient<'_>,
    fields: &Fields,
    overlong: Overlong,
) -> Result<Sending, Failure> {
    let (message, look, parent) = match (call, version, recipient) {
        (Call::Notify, Version::V1, _) => (v1::message(fields, overlong)?, Look::Notification, None),
        (Call::Notify, Version::V2, _) => (
            v2::notification(fields, overlong)?,
            Look::Notification,
            fields.some_text("attach_to"),
        ),
        (Call::Reply, ..) => (
            v2::room_message(fields, overlong)?,
            Look::Said,
            Some(v2::parent(fields)?),
        ),
        (Call::ShareLink, ..) => (v2::shared_link(fields, overlong)?, Look::Said, None),
        (_, _, Recipient::Person { .. }) => (v2::user_message(fields, overlong)?, Look::Said, None),
        (_, _, Recipient::Room(_)) => (v2::room_message(fields, overlong)?, Look::Said, None),
    };
    Ok(Sending { message, look, parent })
}
