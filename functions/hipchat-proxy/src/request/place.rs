//! The room that a request is about: found for a token that covers it, and where its messages go.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use shared::{Deadline, Secret};

use super::Visit;
use crate::App;
use crate::access::Grant;
use crate::access::limits::Counter;
use crate::api::message_id;
use crate::api::v2::RoomView;
use crate::error::{Failure, Subject};
use crate::rooms::{Directory, Fallback, Ping, Room, RoomIndex, User, slug};
use crate::slack::{SlackFailure, Target};

/// How long the channel of a thread is looked for.
const THREAD_LOOK: Duration = Duration::from_secs(1);

/// A room that a token covers, or what stands in for it.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// As the client called it; decoded once more for a room that is not listed.
    wanted: Cow<'a, str>,
    pub(super) spot: Spot<'a>,
}

/// Where a room is.
#[derive(Debug)]
pub(super) enum Spot<'a> {
    /// In the directory.
    Listed(&'a Room),
    /// Nowhere; its messages go to this channel.
    Default(&'a str),
    /// Nowhere; its messages go to the channel of this name, if there is one.
    Slug(String),
}

/// Where messages go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address<'a> {
    Channel(Cow<'a, str>),
    Webhook(&'a Secret),
}

/// Finds a room. Whether it exists is told only to a token that covers it.
pub(super) fn find<'a>(directory: &'a Directory, grant: &Grant, wanted: &'a str) -> Result<Place<'a>, Failure> {
    let found: Option<RoomIndex> = directory.find(wanted);
    // Some clients encode names twice. One spelling decides on access, on the channel and on the limits.
    let wanted = match found {
        Some(_) => Cow::Borrowed(wanted),
        None => percent_decode_str(wanted).decode_utf8_lossy(),
    };
    if !grant.covers(&wanted, found) {
        return Err(Failure::NoAccess);
    }
    let spot = match (found.and_then(|index| directory.room(index)), directory.fallback()) {
        (Some(room), _) => Spot::Listed(room),
        (None, Fallback::Default(channel)) => Spot::Default(channel),
        (None, Fallback::Slug) => Spot::Slug(slug(&wanted)),
        (None, Fallback::Reject) => return Err(Failure::Unknown(Subject::Room(wanted.into_owned()))),
    };
    Ok(Place { wanted, spot })
}

impl<'a> Place<'a> {
    pub(super) fn subject(&self) -> Subject {
        Subject::Room(self.wanted.clone().into_owned())
    }

    /// The name in logs and metrics: the directory's, not what a client made up.
    pub(super) fn name(&self) -> Option<&'a str> {
        match self.spot {
            Spot::Listed(room) => Some(&room.name),
            Spot::Default(_) | Spot::Slug(_) => None,
        }
    }

    pub(super) fn counter(&self) -> Counter {
        match &self.spot {
            Spot::Listed(room) => Counter::Room(room.id),
            Spot::Default(_) => Counter::Unlisted,
            Spot::Slug(slug) => Counter::Channel(slug.clone()),
        }
    }

    /// The room as answers show it. One that only a look-up in Slack could find is not shown.
    ///
    /// # Errors
    /// [`Failure::Unknown`].
    pub(super) fn view(&self) -> Result<RoomView<'_>, Failure> {
        match self.spot {
            Spot::Listed(room) => Ok(room.into()),
            Spot::Default(_) => Ok(RoomView {
                id: 0,
                name: &self.wanted,
            }),
            Spot::Slug(_) => Err(Failure::Unknown(self.subject())),
        }
    }

    /// Whom `notify` calls, and whom mentions call.
    pub(super) fn pings(&self) -> (Ping, Ping) {
        match self.spot {
            Spot::Listed(room) => (room.notify, room.mentions),
            Spot::Default(_) | Spot::Slug(_) => (Ping::None, Ping::None),
        }
    }

    /// The name that stands in the first line.
    pub(super) fn unlisted(&self) -> Option<&str> {
        matches!(self.spot, Spot::Default(_)).then_some(&*self.wanted)
    }
}

impl Address<'_> {
    pub(super) fn target(&self) -> Target<'_> {
        match self {
            Self::Channel(channel) => Target::Channel(channel),
            Self::Webhook(url) => Target::Webhook(url),
        }
    }
}

impl App {
    /// Where the messages of a room go.
    pub(super) async fn address_of<'a>(
        &self,
        place: &'a Place<'_>,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Address<'a>, Failure> {
        Ok(match &place.spot {
            Spot::Listed(room) => match (&room.webhook, &room.channel) {
                (Some(url), _) => Address::Webhook(url),
                (None, Some(channel)) => Address::Channel(Cow::Borrowed(channel)),
                // The document's reading lets no such room through.
                (None, None) => return Err(Failure::Unknown(place.subject())),
            },
            Spot::Default(channel) => Address::Channel(Cow::Borrowed(channel)),
            Spot::Slug(slug) => Address::Channel(Cow::Owned(
                self.channel_id(slug, deadline, visit)
                    .await
                    .map_err(|failure| Failure::Slack(failure, place.subject()))?
                    .ok_or_else(|| Failure::Unknown(place.subject()))?,
            )),
        })
    }

    /// The id of the channel whose topic a room's is.
    pub(super) async fn topic_channel_of<'a>(
        &self,
        place: &'a Place<'_>,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Cow<'a, str>, Failure> {
        let channel = match &place.spot {
            Spot::Listed(room) => room.channel.as_deref().ok_or(Failure::NoTopic)?,
            // It is the topic of all rooms that are not listed.
            Spot::Default(_) => return Err(Failure::NoTopic),
            Spot::Slug(_) => "",
        };
        self.id_of_channel(channel, place, deadline, visit).await
    }

    /// The id of the channel that a room's files go to.
    pub(super) async fn file_channel_of<'a>(
        &self,
        place: &'a Place<'_>,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Cow<'a, str>, Failure> {
        let channel = match &place.spot {
            Spot::Listed(room) => room.channel.as_deref().ok_or(Failure::NoFiles)?,
            Spot::Default(channel) => channel,
            Spot::Slug(_) => "",
        };
        self.id_of_channel(channel, place, deadline, visit).await
    }

    /// The id of a channel that the directory calls by it, or by its name; of one that it does not hold by its slug.
    async fn id_of_channel<'a>(
        &self,
        channel: &'a str,
        place: &'a Place<'_>,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Cow<'a, str>, Failure> {
        let name = match (&place.spot, channel.strip_prefix('#')) {
            (Spot::Slug(slug), _) => slug,
            (_, Some(name)) => name,
            (_, None) => return Ok(Cow::Borrowed(channel)),
        };
        let found = self.channel_id(name, deadline, visit).await;
        let found = found.map_err(|failure| Failure::Slack(failure, place.subject()))?;
        found.map(Cow::Owned).ok_or_else(|| match place.spot {
            // The client made the name up; nobody has to act.
            Spot::Slug(_) => Failure::Unknown(place.subject()),
            Spot::Listed(_) | Spot::Default(_) => Failure::Slack(SlackFailure::ChannelGone, place.subject()),
        })
    }

    /// The message that `parent` names, if it is one of this channel that we posted: others are answered nowhere.
    pub(super) async fn thread_of(
        &self,
        parent: Option<&str>,
        address: &Address<'_>,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Option<String> {
        let (channel, ts) = message_id::decode(parent?)?;
        let Address::Channel(here) = address else { return None };
        let is_here = match here.strip_prefix('#') {
            None => here == channel,
            Some(name) => {
                // A thread is worth a short look, not the message.
                let deadline = deadline.capped(THREAD_LOOK);
                let id = self.channel_id(name, deadline, visit).await.ok().flatten();
                id.is_some_and(|id| id == channel)
            }
        };
        is_here.then_some(ts)
    }

    /// The Slack id of a person: the directory's, else that of the e-mail address.
    pub(super) async fn slack_id_of(
        &self,
        wanted: &str,
        user: Option<&User>,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<String, Failure> {
        let subject = || Subject::User(wanted.to_owned());
        if let Some(id) = user.and_then(|user| user.slack_id.as_ref()) {
            return Ok(id.clone());
        }
        let email = email_of(wanted, user).ok_or_else(|| Failure::Unknown(subject()))?;
        if self.policy.dry_run {
            // The address is nobody's business in a log.
            return Ok("unknown".to_owned());
        }
        let (now, effort) = (visit.now_secs, &mut visit.account.effort);
        let found = self.workspace.person(&self.slack, email, now, deadline, effort).await;
        found
            .map_err(|failure| Failure::Slack(failure, subject()))?
            .ok_or_else(|| Failure::Unknown(subject()))
    }

    /// The id of a channel by its name. A dry run asks nobody.
    pub(super) async fn channel_id(
        &self,
        name: &str,
        deadline: Deadline,
        visit: &mut Visit,
    ) -> Result<Option<String>, SlackFailure> {
        if self.policy.dry_run {
            // Nor does it log a name that a client may have made up.
            return Ok(Some("unlisted".to_owned()));
        }
        let (now, effort) = (visit.now_secs, &mut visit.account.effort);
        self.workspace
            .channel_id(&self.slack, name, now, deadline, effort)
            .await
    }
}

/// The address by which a person can be looked up: the directory's, or what the client itself gave.
pub(super) fn email_of<'a>(wanted: &'a str, user: Option<&'a User>) -> Option<&'a str> {
    let given = wanted.trim();
    let is_email = |text: &str| {
        let parts = text.split_once('@');
        parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) && !text.contains(char::is_whitespace)
    };
    match user {
        Some(user) => user.email.as_deref(),
        None => Some(given).filter(|given| is_email(given)),
    }
}
