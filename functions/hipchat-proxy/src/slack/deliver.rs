//! What is asked of Slack, and what is done about its answers. A message is sent again only when it surely was not
//! posted: no connection came about, or Slack answered that it did not take it. Only with a `client_msg_id`, by which
//! Slack itself knows a message that it has already, is one sent again whose answer was lost.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shared::Deadline;

use super::client::{Address, wait};
use super::outcome::{Verdict, is_stale_token};
use super::{Post, Slack, SlackFailure, Target, client_id};

/// What is left of a message that Slack does not take with attachments: more than this, Slack would cut itself.
const PLAIN_TEXT_LIMIT: usize = 39_000;

/// The longest `Retry-After` that is waited for, in seconds. Clients give up after 3 s, some of them, and send their
/// message once more: what is posted then stands there twice.
const LONGEST_WAIT: u64 = 2;

/// Before a question whose answer was lost is asked again.
const REPEAT_PAUSE: Duration = Duration::from_millis(200);

/// What one request of a client took on Slack's side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effort {
    /// How many requests were made or tried.
    pub attempts: u32,
    /// Slack's word for the last refusal.
    pub code: Option<String>,
    /// Time spent with Slack, waits included.
    pub took: Duration,
    /// Whether Slack took the message only as plain text, or only fewer words above a file.
    pub as_text: bool,
}

/// A message that Slack took.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Posted {
    /// The channel's id.
    pub channel: String,
    /// The message's timestamp, which identifies it in its channel.
    pub ts: String,
}

/// One thing to do.
pub(super) struct Errand<'a> {
    pub(super) address: Address<'a>,
    pub(super) body: Bytes,
    /// The channel that the app joins if it is not in it.
    pub(super) channel: Option<&'a str>,
    /// The message, which can be sent once more in a simpler form, and the invocation's id.
    pub(super) post: Option<(Cow<'a, Post<'a>>, &'a str)>,
    /// Whether it may be sent again when its answer is lost.
    pub(super) repeatable: bool,
}

/// What an errand has used up of its second chances: each is given once.
#[derive(Default)]
struct Chances {
    waited: bool,
    reread: bool,
    joined: bool,
    as_text: bool,
    unthreaded: bool,
    repeated: bool,
}

#[derive(Serialize)]
struct PostBody<'a> {
    #[serde(flatten)]
    post: &'a Post<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<String>,
}

impl Slack {
    /// Posts a message: in one call, once, before `deadline`. `invocation` is the invocation's id, which no other
    /// message has. A webhook does not tell what it posted.
    ///
    /// # Errors
    /// Why Slack did not take it, or may not have taken it.
    pub async fn post(
        &self,
        post: &Post<'_>,
        invocation: &str,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Option<Posted>, SlackFailure> {
        let address = match post.target {
            Target::Channel(_) => Address::Method("chat.postMessage"),
            Target::Webhook(url) => Address::Webhook(url),
        };
        let errand = Errand {
            address,
            body: self.body_of(post, invocation)?,
            channel: post.target.channel(),
            post: Some((Cow::Borrowed(post), invocation)),
            repeatable: self.client_msg_id && post.target.channel().is_some(),
        };
        let answer = self.deliver(errand, deadline, effort).await?;
        // What cannot be read here was posted all the same.
        Ok(serde_json::from_slice(&answer).ok())
    }

    /// Sets a channel's topic, given by its id.
    ///
    /// # Errors
    /// Why Slack did not.
    pub async fn set_topic(
        &self,
        channel: &str,
        topic: &str,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<(), SlackFailure> {
        #[derive(Serialize)]
        struct SetTopic<'a> {
            channel: &'a str,
            topic: &'a str,
        }
        let errand = Errand {
            address: Address::Method("conversations.setTopic"),
            body: encode(&SetTopic { channel, topic })?,
            channel: Some(channel),
            post: None,
            repeatable: false,
        };
        self.deliver(errand, deadline, effort).await.map(drop)
    }

    /// Asks a method that changes nothing; `form` is its arguments.
    pub(super) async fn ask(
        &self,
        method: &'static str,
        form: String,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Bytes, SlackFailure> {
        let errand = Errand {
            address: Address::Form(method),
            body: form.into(),
            channel: None,
            post: None,
            repeatable: true,
        };
        self.deliver(errand, deadline, effort).await
    }

    pub(super) async fn deliver(
        &self,
        errand: Errand<'_>,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Bytes, SlackFailure> {
        let started = Instant::now();
        let result = self.insist(errand, deadline, effort).await;
        effort.took += started.elapsed();
        result
    }

    async fn insist(
        &self,
        mut errand: Errand<'_>,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Bytes, SlackFailure> {
        let mut chances = Chances::default();
        loop {
            let sent = self.authorization();
            let (failure, code) = match self.call(errand.address, &errand.body, deadline, effort).await {
                Ok(Verdict::Done(answer)) => return Ok(answer),
                Ok(Verdict::Refused(failure, code)) => (failure, Cow::Owned(code)),
                Err(failure) => (failure, Cow::Borrowed("no_answer")),
            };
            effort.code = Some(code.clone().into_owned());
            // Slack refused, or asks nothing of who asks twice, so that none of these can post a message twice.
            let again = match failure {
                SlackFailure::Limited { retry_after } => {
                    retry_after <= LONGEST_WAIT
                        && once(&mut chances.waited)
                        && wait(Duration::from_secs(retry_after), deadline).await
                }
                SlackFailure::Credentials => {
                    is_stale_token(&code) && once(&mut chances.reread) && self.reread_token(&sent, deadline).await
                }
                SlackFailure::ChannelGone if code == "not_in_channel" => match errand.channel {
                    Some(channel) => once(&mut chances.joined) && self.join(channel, deadline, effort).await?,
                    None => false,
                },
                SlackFailure::Content | SlackFailure::Unexpected | SlackFailure::Forbidden => {
                    self.simplify(&mut errand, failure, &code, &mut chances, effort)?
                }
                SlackFailure::Unavailable if !code.starts_with("duplicate") => {
                    errand.repeatable && once(&mut chances.repeated) && wait(REPEAT_PAUSE, deadline).await
                }
                _ => false,
            };
            if !again {
                return Err(failure);
            }
        }
    }

    /// Puts a message that Slack refuses as it is into a simpler form, if there is one: as plain text, or beside the
    /// thread that it cannot join.
    fn simplify(
        &self,
        errand: &mut Errand<'_>,
        failure: SlackFailure,
        code: &str,
        chances: &mut Chances,
        effort: &mut Effort,
    ) -> Result<bool, SlackFailure> {
        let Some((post, invocation)) = &mut errand.post else {
            return Ok(false);
        };
        if post.thread_ts.is_some() && is_of_thread(code) && once(&mut chances.unthreaded) {
            post.to_mut().thread_ts = None;
        } else if failure == SlackFailure::Content && !post.attachments.is_empty() && once(&mut chances.as_text) {
            *post = Cow::Owned(post.as_text(PLAIN_TEXT_LIMIT));
            effort.as_text = true;
        } else {
            return Ok(false);
        }
        errand.body = self.body_of(post, invocation)?;
        Ok(true)
    }

    fn body_of(&self, post: &Post<'_>, invocation: &str) -> Result<Bytes, SlackFailure> {
        let known = self.client_msg_id && post.target.channel().is_some();
        // A message that was refused with its attachments is another one without.
        let form = if post.attachments.is_empty() {
            "text"
        } else {
            "attachments"
        };
        encode(&PostBody {
            post,
            client_msg_id: known.then(|| client_id::of(&[invocation, form])),
        })
    }

    /// Joins a public channel, given by its id; whether Slack let the app in.
    ///
    /// # Errors
    /// What says nothing about the channel: it may let the app in at another time.
    async fn join(&self, channel: &str, deadline: Deadline, effort: &mut Effort) -> Result<bool, SlackFailure> {
        #[derive(Serialize)]
        struct Join<'a> {
            channel: &'a str,
        }
        if !channel.starts_with('C') {
            return Ok(false);
        }
        let body = encode(&Join { channel })?;
        let address = Address::Method("conversations.join");
        match self.call(address, &body, deadline, effort).await? {
            Verdict::Done(_) => Ok(true),
            Verdict::Refused(
                failure @ (SlackFailure::Limited { .. } | SlackFailure::Unavailable | SlackFailure::Credentials),
                code,
            ) => {
                effort.code = Some(code);
                Err(failure)
            }
            Verdict::Refused(..) => Ok(false),
        }
    }
}

/// Whether Slack refuses the thread, not the message.
fn is_of_thread(code: &str) -> bool {
    matches!(
        code,
        "cannot_reply_to_message"
            | "invalid_thread_ts"
            | "thread_not_found"
            | "message_not_found"
            | "restricted_action_non_threadable_channel"
    )
}

fn once(used: &mut bool) -> bool {
    !std::mem::replace(used, true)
}

pub(super) fn encode(arguments: &impl Serialize) -> Result<Bytes, SlackFailure> {
    serde_json::to_vec(arguments)
        .map(Bytes::from)
        .map_err(|_| SlackFailure::Unexpected)
}
