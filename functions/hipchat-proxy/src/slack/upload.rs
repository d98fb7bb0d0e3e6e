//! A file for a channel, in Slack's three steps (<https://docs.slack.dev/messaging/working-with-files>): a place to put
//! it, its content, and the word that shows it. Nobody sees anything before the last step, so the first two may be
//! done again; the last one is never repeated unless Slack refused it.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use shared::Deadline;

use super::client::Address;
use super::deliver::{Errand, encode};
use super::post::cut;
use super::upload_url::{Home, checked};
use super::{Effort, Slack, SlackFailure};

/// How often a place is asked for and filled.
const ATTEMPTS: u32 = 2;

/// What is kept back of the time for the last step, at most.
const MOST_FOR_COMPLETION: Duration = Duration::from_secs(3);

/// With less time than this the last step is not begun: nobody would hear how it ended.
const LEAST_FOR_COMPLETION: Duration = Duration::from_millis(250);

/// What is left of the words above a file that Slack does not take, in characters: Slack's advice for any text.
const SHORT_COMMENT: usize = 4000;

/// A file and what is shown with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share<'a> {
    /// Id of the channel.
    pub channel: &'a str,
    /// The file's name, which is its title too.
    pub name: &'a str,
    /// Its content.
    pub content: Bytes,
    /// Markup above it; may be empty.
    pub comment: String,
    /// The sender's name, which needs the scope `chat:write.customize`.
    pub username: Option<String>,
}

#[derive(Deserialize)]
struct Ticket {
    upload_url: String,
    file_id: String,
}

#[derive(Serialize)]
struct Completion<'a> {
    files: [Titled<'a>; 1],
    channel_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    initial_comment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
}

#[derive(Serialize)]
struct Titled<'a> {
    id: &'a str,
    title: &'a str,
}

#[derive(Serialize)]
struct Opening<'a> {
    users: &'a str,
}

#[derive(Deserialize)]
struct Opened {
    channel: OpenedChannel,
}

#[derive(Deserialize)]
struct OpenedChannel {
    id: String,
}

impl Slack {
    /// Shares a file, before `deadline`.
    ///
    /// # Errors
    /// Why Slack did not show it, or may not have. Whatever fails before the last step leaves nothing behind that
    /// anybody could see.
    pub async fn share(&self, share: &Share<'_>, deadline: Deadline, effort: &mut Effort) -> Result<(), SlackFailure> {
        // A third of the time, as far as that is needed, belongs to the last step.
        let kept_back = (deadline.remaining() / 3).min(MOST_FOR_COMPLETION);
        let first_steps = deadline.capped(deadline.remaining().saturating_sub(kept_back));
        let id = self.put(share, first_steps, effort).await?;
        if deadline.remaining() < LEAST_FOR_COMPLETION {
            return Err(SlackFailure::OutOfTime);
        }
        let whole = self.complete(&id, share, &share.comment, deadline, effort).await;
        if whole != Err(SlackFailure::Content) || share.comment.chars().count() <= SHORT_COMMENT {
            return whole;
        }
        // Slack refused it, so nothing is shown yet; with fewer words it may be.
        effort.as_text = true;
        let comment = cut(&share.comment, SHORT_COMMENT);
        self.complete(&id, share, &comment, deadline, effort).await
    }

    /// The last step.
    async fn complete(
        &self,
        id: &str,
        share: &Share<'_>,
        comment: &str,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<(), SlackFailure> {
        let completion = Completion {
            files: [Titled { id, title: share.name }],
            channel_id: share.channel,
            initial_comment: comment,
            username: share.username.as_deref(),
        };
        let errand = Errand {
            address: Address::Method("files.completeUploadExternal"),
            body: encode(&completion)?,
            channel: Some(share.channel),
            post: None,
            repeatable: false,
        };
        self.deliver(errand, deadline, effort).await.map(drop)
    }

    /// Opens the direct channel of a user, given by the id; the channel's id.
    ///
    /// # Errors
    /// Why Slack did not.
    pub async fn open_direct(
        &self,
        user: &str,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<String, SlackFailure> {
        let errand = Errand {
            address: Address::Method("conversations.open"),
            body: encode(&Opening { users: user })?,
            channel: None,
            post: None,
            // It is the same channel however often it is opened.
            repeatable: true,
        };
        let answer = self.deliver(errand, deadline, effort).await?;
        let opened: Opened = serde_json::from_slice(&answer).map_err(|_| SlackFailure::Unavailable)?;
        Ok(opened.channel.id)
    }

    /// The first two steps; the file's id.
    async fn put(&self, share: &Share<'_>, deadline: Deadline, effort: &mut Effort) -> Result<String, SlackFailure> {
        let mut form = format!("length={}&filename=", share.content.len());
        // Writing to a String cannot fail.
        let _ = write!(form, "{}", utf8_percent_encode(share.name, NON_ALPHANUMERIC));
        let mut attempt = 1;
        loop {
            let answer = self
                .ask("files.getUploadURLExternal", form.clone(), deadline, effort)
                .await?;
            let ticket: Ticket = serde_json::from_slice(&answer).map_err(|_| SlackFailure::Unavailable)?;
            let Some(url) = checked(&ticket.upload_url, self.home()) else {
                effort.code = Some("bad_upload_url".to_owned());
                return Err(SlackFailure::Unexpected);
            };
            let errand = Errand {
                address: Address::Upload(&url),
                body: share.content.clone(),
                channel: None,
                post: None,
                repeatable: false,
            };
            match self.deliver(errand, deadline, effort).await {
                Ok(_) => return Ok(ticket.file_id),
                // The file may be there or not. A new place is sure to be empty.
                Err(SlackFailure::Unavailable) if attempt < ATTEMPTS => attempt += 1,
                Err(failure) => return Err(failure),
            }
        }
    }

    fn home(&self) -> Home<'_> {
        Home(&self.api_url)
    }
}
