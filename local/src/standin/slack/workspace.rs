//! The workspace: channels, members, direct messages, and what was posted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

use super::SlackOptions;
use super::arguments::Code;
use super::message::Content;
use super::posted::{SlackMessage, SlackUser};
use crate::clock;

/// How many messages are kept; older ones go first.
const MAX_MESSAGES: usize = 5_000;

/// A channel of the workspace.
#[derive(Clone)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) topic: String,
}

/// Who posts and where to, beside the content.
pub(super) struct Envelope {
    pub(super) channel: String,
    pub(super) username: Option<String>,
    pub(super) icon: Option<String>,
    pub(super) thread_ts: Option<String>,
}

#[derive(Default)]
struct State {
    channels: Vec<Channel>,
    /// Ids of direct message channels by user id.
    direct: BTreeMap<String, String>,
    messages: VecDeque<SlackMessage>,
    posted: u64,
    last_micros: u128,
    epoch: u64,
    /// When each channel's latest messages were taken.
    taken: BTreeMap<String, VecDeque<Instant>>,
}

/// Everything that the stand-in keeps.
pub(super) struct Workspace {
    options: SlackOptions,
    /// The one token that is accepted now.
    token: Mutex<String>,
    state: Mutex<State>,
}

impl Workspace {
    pub(super) fn new(options: SlackOptions) -> Self {
        let channel = |(id, name): &(String, String)| Channel {
            id: id.clone(),
            name: name.trim_start_matches('#').to_owned(),
            topic: String::new(),
        };
        let channels = options.channels.iter().map(channel).collect();
        Self {
            token: Mutex::new(options.token.clone()),
            options,
            state: Mutex::new(State {
                channels,
                ..State::default()
            }),
        }
    }

    /// Compares in constant time, as Slack's own servers would.
    pub(super) fn knows_token(&self, token: &str) -> bool {
        let accepted = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.as_bytes().ct_eq(accepted.as_bytes()).into()
    }

    /// Accepts this token from now on, and no other.
    pub(super) fn rotate(&self, token: &str) {
        token.clone_into(&mut self.token.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn user_by_email(&self, email: &str) -> Option<&SlackUser> {
        self.options
            .users
            .iter()
            .find(|user| user.email.eq_ignore_ascii_case(email))
    }

    fn is_user(&self, id: &str) -> bool {
        let looks_like_one =
            id.len() > 1 && id.starts_with(['U', 'W']) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match self.options.users.as_slice() {
            [] => looks_like_one,
            users => users.iter().any(|user| user.id == id),
        }
    }

    pub(super) fn channels(&self) -> Vec<Channel> {
        self.lock().channels.clone()
    }

    /// Opens the direct message channel of a user; `None` if there is no such user.
    pub(super) fn open_direct(&self, user: &str) -> Option<String> {
        if !self.is_user(user) {
            return None;
        }
        Some(open(&mut self.lock(), user))
    }

    /// Sets a channel's topic.
    pub(super) fn set_topic(&self, id: &str, topic: &str) -> Result<(), Code> {
        let mut state = self.lock();
        if state.direct.values().any(|direct| direct == id) {
            return Err("method_not_supported_for_channel_type");
        }
        match state.channels.iter_mut().find(|channel| channel.id == id) {
            Some(channel) => {
                topic.clone_into(&mut channel.topic);
                Ok(())
            }
            None => Err("channel_not_found"),
        }
    }

    /// Keeps a message. The error `ratelimited` means that the channel has had enough for this second.
    pub(super) fn post(&self, envelope: Envelope, content: Content) -> Result<SlackMessage, Code> {
        let is_user = self.is_user(&envelope.channel);
        let mut state = self.lock();
        let name = envelope.channel.trim_start_matches('#');
        let found = state
            .channels
            .iter()
            .find(|channel| channel.id == envelope.channel || channel.name == name);
        let direct = state.direct.iter().find(|(_, id)| **id == envelope.channel);
        let (channel, channel_name) = match (found, direct) {
            (Some(channel), _) => (channel.id.clone(), channel.name.clone()),
            (None, Some((user, id))) => (id.clone(), user.clone()),
            (None, None) if is_user => (open(&mut state, &envelope.channel), envelope.channel.clone()),
            (None, None) => return Err("channel_not_found"),
        };
        if !state.takes(&channel, self.options.rate_per_channel) {
            return Err("ratelimited");
        }
        let now = clock::since_epoch();
        // Every message of the workspace has its own timestamp, and a later message a greater one.
        let micros = now.as_micros().max(state.last_micros + 1);
        state.last_micros = micros;
        state.posted += 1;
        let message = SlackMessage {
            seq: state.posted,
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
        };
        state.messages.push_back(message.clone());
        if state.messages.len() > MAX_MESSAGES {
            state.messages.pop_front();
        }
        Ok(message)
    }

    pub(super) fn messages_after(&self, seq: u64) -> Vec<SlackMessage> {
        self.lock()
            .messages
            .iter()
            .filter(|message| message.seq > seq)
            .cloned()
            .collect()
    }

    /// Changes whenever the messages are forgotten, so that a page knows that its own are old.
    pub(super) fn epoch(&self) -> u64 {
        self.lock().epoch
    }

    pub(super) fn forget(&self) {
        let mut state = self.lock();
        state.messages.clear();
        state.epoch += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(state: &mut State, user: &str) -> String {
    let number = state.direct.len() + 1;
    state
        .direct
        .entry(user.to_owned())
        .or_insert_with(|| format!("D{number:08}"))
        .clone()
}

impl State {
    fn takes(&mut self, channel: &str, rate: Option<u32>) -> bool {
        let Some(rate) = rate else {
            return true;
        };
        let taken = self.taken.entry(channel.to_owned()).or_default();
        taken.retain(|time| time.elapsed() < Duration::from_secs(1));
        if taken.len() >= usize::try_from(rate).unwrap_or(usize::MAX) {
            return false;
        }
        taken.push_back(Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_still_or_goes_back_repeats_no_timestamp() {
        let channels = vec![("C1".to_owned(), "one".to_owned())];
        let workspace = Workspace::new(SlackOptions {
            channels,
            ..SlackOptions::default()
        });
        workspace.lock().last_micros = 4_102_444_800_000_000;
        let post = || {
            let envelope = Envelope {
                channel: "C1".to_owned(),
                username: None,
                icon: None,
                thread_ts: None,
            };
            let content = Content {
                text: "x".to_owned(),
                attachments: Vec::new(),
                blocks: Vec::new(),
            };
            workspace.post(envelope, content).expect("it is taken").ts
        };
        assert_eq!([post(), post()], ["4102444800.000001", "4102444800.000002"]);
    }
}
