//! A file for a room or a user.

use bytes::Bytes;
use shared::telemetry::Level;

use super::act::Recipient;
use super::{Order, Visit};
use crate::App;
use crate::api::{Answer, shared_file, v2};
use crate::error::Failure;
use crate::relay::{Destination, caption};
use crate::rooms::Ping;
use crate::slack::{Share, Target};

impl App {
    /// Shares the file of a request. It is read as a whole before anything is asked of Slack.
    pub(super) async fn share_file(&self, order: &Order<'_>, visit: &mut Visit) -> Result<Answer, Failure> {
        if self.policy.file_limit == 0 {
            return Err(Failure::Unsupported);
        }
        let recipient = Recipient::of(order)?;
        let (file, fields) = shared_file(order.headers, order.body)?;
        let message = v2::file_message(&fields, self.policy.overlong)?;
        visit.account.message(&message);
        visit.account.file_bytes = Some(u32::try_from(file.content.len()).unwrap_or(u32::MAX));
        if file.content.len() > self.policy.file_limit {
            return Err(Failure::FileTooLarge(self.policy.file_limit));
        }
        let counter = recipient.counter();
        if !self.limits.count_message(counter, visit.now_secs, &mut visit.standings) {
            return Err(Failure::Flooded);
        }
        let (channel, mentions, unlisted) = match &recipient {
            Recipient::Room(place) => {
                let channel = self.file_channel_of(place, order.deadline, visit).await?;
                (channel.into_owned(), place.pings().1, place.unlisted())
            }
            Recipient::Person { wanted, user } => {
                let id = self.slack_id_of(wanted, *user, order.deadline, visit).await?;
                (id, Ping::None, None)
            }
        };
        visit.account.channel = Some(channel.clone());
        let destination = Destination {
            target: Target::Channel(&channel),
            notify: Ping::None,
            mentions,
            unlisted,
            thread_ts: None,
        };
        let label = order.grant.label.as_deref();
        let directory = &order.known.directory;
        let caption = caption(self.policy.manner, directory, &destination, &message, label);
        if self.policy.dry_run {
            visit.account.outcome = ("sent", "dry_run");
            return Ok(Answer::no_content());
        }
        let failed = |failure| Failure::Slack(failure, recipient.subject());
        let effort = &mut visit.account.effort;
        let channel = match recipient {
            Recipient::Room(_) => channel,
            // A file goes to a channel alone, which a user's id is not.
            Recipient::Person { .. } => self
                .slack
                .open_direct(&channel, order.deadline, effort)
                .await
                .map_err(failed)?,
        };
        let share = Share {
            channel: &channel,
            name: &file.name,
            content: Bytes::from(file.content),
            comment: caption.text,
            username: caption.username,
        };
        self.slack.share(&share, order.deadline, effort).await.map_err(failed)?;
        if caption.truncated || visit.account.effort.as_text {
            visit.account.level = Level::Warn;
        }
        visit.account.outcome = ("sent", "file_shared");
        Ok(Answer::no_content())
    }
}
