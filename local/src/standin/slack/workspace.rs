//! The workspace: channels, members, direct messages, and what was posted.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq;

use super::SlackOptions;
use super::arguments::Code;
use super::channel::Channel;
use super::files::{Files, SlackFile};
use super::message::Content;
use super::posted::{SlackMessage, SlackUser};
use super::state::{Envelope, State, open, takes};

/// Everything that the stand-in keeps.
pub(super) struct Workspace {
    options: SlackOptions,
    /// The one token that is accepted now.
    token: Mutex<String>,
    state: Mutex<State>,
}

impl Workspace {
    pub(super) fn new(options: SlackOptions) -> Self {
        let channels = options.channels.iter();
        let channels = channels.map(|(id, name)| Channel::new(&options, id, name)).collect();
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

    pub(super) fn users(&self) -> &[SlackUser] {
        &self.options.users
    }

    /// Opens the direct message channel of a user; `None` if there is no such user.
    pub(super) fn open_direct(&self, user: &str) -> Option<String> {
        if !self.is_user(user) {
            return None;
        }
        Some(open(&mut self.lock(), user))
    }

    /// Sets a channel's topic, which takes a member.
    pub(super) fn set_topic(&self, id: &str, topic: &str) -> Result<(), Code> {
        let mut state = self.lock();
        let channel = state.channel(id)?;
        channel.open_to_members()?;
        topic.clone_into(&mut channel.topic);
        Ok(())
    }

    pub(super) fn topic(&self, id: &str) -> Option<String> {
        self.lock().channel(id).ok().map(|channel| channel.topic.clone())
    }

    /// Joins a public channel.
    pub(super) fn join(&self, id: &str) -> Result<Channel, Code> {
        let mut state = self.lock();
        let channel = state.channel(id)?;
        if channel.is_archived {
            return Err("is_archived");
        }
        if channel.is_private {
            return Err("method_not_supported_for_channel_type");
        }
        channel.is_member = true;
        Ok(channel.clone())
    }

    /// The channel of a webhook.
    pub(super) fn webhook(&self, path: &str) -> Option<String> {
        let webhooks = self.options.webhooks.iter();
        let mut found = webhooks.filter(|(known, _)| bool::from(known.as_bytes().ct_eq(path.as_bytes())));
        found.next().map(|(_, channel)| channel.clone())
    }

    /// Counts a call of a method; false when there were too many within a minute.
    pub(super) fn takes_call(&self, method: &str) -> bool {
        let mut state = self.lock();
        takes(
            state.called.entry(method.to_owned()).or_default(),
            self.options.rate_per_method,
            Duration::from_secs(60),
        )
    }

    /// Keeps a message, or gives the one that has the same `client_msg_id` already. The error `ratelimited` means that
    /// the channel has had enough for this second.
    pub(super) fn post(&self, envelope: Envelope, content: Content) -> Result<SlackMessage, Code> {
        let is_user = self.is_user(&envelope.channel);
        let mut state = self.lock();
        let (channel, channel_name) = state.place(&envelope, is_user, self.options.only_members_post)?;
        let known = envelope.client_msg_id.clone().map(|id| (channel.clone(), id));
        if let Some(seq) = known.as_ref().and_then(|known| state.known.get(known)) {
            let message = state.messages.iter().find(|message| message.seq == *seq);
            return message.cloned().ok_or("duplicate_message_not_found");
        }
        let taken = state.taken.entry(channel.clone()).or_default();
        if !takes(taken, self.options.rate_per_channel, Duration::from_secs(1)) {
            return Err("ratelimited");
        }
        let message = state.keep((channel, channel_name), envelope, content, Vec::new());
        if let Some(known) = known {
            state.known.insert(known, message.seq);
        }
        Ok(message)
    }

    /// Completes files of these ids under their titles, all of them or none, and each once however many ask at once;
    /// with an envelope it keeps a message that shows them. The channel is given by its id, and the app must be in it.
    pub(super) fn complete(
        &self,
        wanted: &[(String, Option<String>)],
        envelope: Option<Envelope>,
        comment: String,
    ) -> Result<Vec<SlackFile>, Code> {
        let mut state = self.lock();
        let files = state.files.ready(wanted)?;
        if let Some(envelope) = envelope {
            share(&mut state, envelope, comment, &files)?;
        }
        state.files.complete(&files);
        Ok(files)
    }

    /// The files, those that nobody sees yet among them.
    pub(super) fn files<T>(&self, work: impl FnOnce(&mut Files) -> T) -> T {
        work(&mut self.lock().files)
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

/// Keeps a message that shows files.
fn share(state: &mut State, envelope: Envelope, comment: String, files: &[SlackFile]) -> Result<(), Code> {
    let is_direct = state.direct.values().any(|direct| *direct == envelope.channel);
    if !is_direct {
        let channel = state.channel(&envelope.channel)?;
        channel.open_to_members().map_err(|code| match code {
            "is_archived" => "invalid_channel",
            code => code,
        })?;
    }
    let place = state.place(&envelope, false, true)?;
    let content = Content {
        text: comment,
        attachments: Vec::new(),
        blocks: Vec::new(),
    };
    state.keep(place, envelope, content, files.to_vec());
    Ok(())
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
                client_msg_id: None,
                by_webhook: false,
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
