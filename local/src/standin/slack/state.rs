//! What the workspace keeps: channels, direct messages, what was posted and when.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::arguments::Code;
use super::channel::Channel;
use super::files::{Files, SlackFile};
use super::message::Content;
use super::posted::SlackMessage;
use crate::clock;

/// How many messages are kept; older ones go first.
const MAX_MESSAGES: usize = 5_000;

/// Who posts and where to, beside the content.
pub(super) struct Envelope {
    pub(super) channel: String,
    pub(super) username: Option<String>,
    pub(super) icon: Option<String>,
    pub(super) thread_ts: Option<String>,
    /// By which a message that comes twice is known.
    pub(super) client_msg_id: Option<String>,
    /// Whether a webhook posts, which is in its channel.
    pub(super) by_webhook: bool,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) channels: Vec<Channel>,
    /// Ids of direct message channels by user id.
    pub(super) direct: BTreeMap<String, String>,
    pub(super) messages: VecDeque<SlackMessage>,
    pub(super) posted: u64,
    pub(super) last_micros: u128,
    pub(super) epoch: u64,
    pub(super) files: Files,
    /// When each channel's latest messages were taken.
    pub(super) taken: BTreeMap<String, VecDeque<Instant>>,
    /// When each method's latest calls were taken.
    pub(super) called: BTreeMap<String, VecDeque<Instant>>,
    /// The numbers of messages by channel and `client_msg_id`.
    pub(super) known: BTreeMap<(String, String), u64>,
}

impl State {
    /// Keeps a message in its place, a channel's id and name.
    pub(super) fn keep(
        &mut self,
        (channel, channel_name): (String, String),
        envelope: Envelope,
        content: Content,
        files: Vec<SlackFile>,
    ) -> SlackMessage {
        // Every message of the workspace has its own timestamp, and a later message a greater one.
        let micros = clock::since_epoch().as_micros().max(self.last_micros + 1);
        self.last_micros = micros;
        self.posted += 1;
        let message = SlackMessage {
            seq: self.posted,
            at: shared::clock::rfc3339(clock::epoch_millis()),
            channel,
            channel_name,
            ts: format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
            username: envelope.username.unwrap_or_else(|| "local app".to_owned()),
            icon: envelope.icon,
            thread_ts: envelope.thread_ts,
            text: content.text,
            attachments: content.attachments,
            blocks: content.blocks,
            files,
        };
        self.messages.push_back(message.clone());
        if self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
        message
    }

    /// A channel by its id, as an app sees it.
    pub(super) fn channel(&mut self, id: &str) -> Result<&mut Channel, Code> {
        if self.direct.values().any(|direct| direct == id) {
            return Err("method_not_supported_for_channel_type");
        }
        let found = self.channels.iter_mut().find(|channel| channel.id == id);
        found.filter(|channel| channel.is_seen()).ok_or("channel_not_found")
    }

    /// Id and name of the channel that a message goes to.
    pub(super) fn place(
        &mut self,
        envelope: &Envelope,
        is_user: bool,
        only_members: bool,
    ) -> Result<(String, String), Code> {
        let name = envelope.channel.trim_start_matches('#');
        let found = self
            .channels
            .iter()
            .find(|channel| channel.id == envelope.channel || channel.name == name)
            .filter(|channel| channel.is_seen() || envelope.by_webhook);
        if let Some(channel) = found {
            if channel.is_archived {
                return Err("is_archived");
            }
            if only_members && !channel.is_member && !envelope.by_webhook {
                return Err("not_in_channel");
            }
            return Ok((channel.id.clone(), channel.name.clone()));
        }
        if let Some((user, id)) = self.direct.iter().find(|(_, id)| **id == envelope.channel) {
            return Ok((id.clone(), user.clone()));
        }
        if !is_user {
            return Err("channel_not_found");
        }
        Ok((open(self, &envelope.channel), envelope.channel.clone()))
    }
}

/// Whether one more fits into a window of time.
pub(super) fn takes(taken: &mut VecDeque<Instant>, rate: Option<u32>, window: Duration) -> bool {
    let Some(rate) = rate else {
        return true;
    };
    taken.retain(|time| time.elapsed() < window);
    if taken.len() >= usize::try_from(rate).unwrap_or(usize::MAX) {
        return false;
    }
    taken.push_back(Instant::now());
    true
}

pub(super) fn open(state: &mut State, user: &str) -> String {
    let number = state.direct.len() + 1;
    state
        .direct
        .entry(user.to_owned())
        .or_insert_with(|| format!("D{number:08}"))
        .clone()
}
