//! The story of one message: rendered, put into the envelope that Slack shows, posted once.

use shared::Deadline;

use crate::message::{Atom, Emoticons, Mark, Mentions, Message, Rendered, Rules, escape, lay_out, render};
use crate::rooms::{Ping, Room};
use crate::slack::{Attachment, Delivery, Post, Slack};

/// The longest text of one attachment, in characters.
const PART_LIMIT: usize = 7500;

/// The most attachments of one message.
const MAX_PARTS: usize = 20;

/// The longest plain text for notifications, in characters.
const FALLBACK_LIMIT: usize = 1000;

/// The longest sender's name in Slack, in characters.
const USERNAME_LIMIT: usize = 80;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination<'a> {
    /// Slack's channel.
    pub channel: &'a str,
    /// Whom `notify` calls.
    pub notify: Ping,
    /// Whom `@all` and `@here` call.
    pub mentions: Ping,
    /// The name of a room that is not listed, which then stands in the first line.
    pub unlisted: Option<&'a str>,
}

impl<'a> From<&'a Room> for Destination<'a> {
    fn from(room: &'a Room) -> Self {
        Self {
            channel: &room.channel,
            notify: room.notify,
            mentions: room.mentions,
            unlisted: None,
        }
    }
}

/// How messages are relayed; the operator's choice.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Posts under the sender's name.
    pub customize: bool,
    /// Breaks characters that would format.
    pub strict: bool,
    /// Posts nothing.
    pub dry_run: bool,
}

/// What became of a message that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Relayed {
    /// Slack was asked.
    Sent {
        /// What it said.
        delivery: Delivery,
        /// How many attachments there were.
        parts: usize,
        /// Whether the end of the message did not fit.
        truncated: bool,
    },
    /// The message shows nothing, so nothing was posted.
    Empty,
    /// A dry run.
    Kept,
}

/// Relays a message. `label` is the name of the token that sent it.
pub async fn relay(
    slack: &Slack,
    manner: Manner,
    people: &Mentions,
    destination: &Destination<'_>,
    message: &Message,
    label: Option<&str>,
    deadline: Deadline,
) -> Relayed {
    let rendered = render(
        &message.text,
        message.format,
        Rules {
            mentions: destination.mentions,
            people,
            emoticons: &Emoticons::default(),
            strict: manner.strict,
        },
    );
    if rendered.atoms.is_empty() {
        return Relayed::Empty;
    }
    if manner.dry_run {
        return Relayed::Kept;
    }
    let (post, truncated) = envelope(manner, destination, message, label, rendered);
    Relayed::Sent {
        parts: post.attachments.len(),
        truncated,
        delivery: slack.post(&post, deadline).await,
    }
}

/// Puts a rendered message into its envelope; the flag tells whether its end did not fit.
fn envelope<'a>(
    manner: Manner,
    destination: &Destination<'a>,
    message: &Message,
    label: Option<&str>,
    rendered: Rendered,
) -> (Post<'a>, bool) {
    let from = message.from.as_deref().map(one_line);
    let username = if manner.customize {
        username(label, from.as_deref())
    } else {
        None
    };
    let mut atoms = Vec::new();
    if let Some(room) = destination.unlisted {
        atoms.push(Atom::Text(format!("[{}]", escape(&one_line(room), manner.strict))));
        atoms.push(Atom::Newline);
    }
    if let (None, Some(from)) = (&username, &from) {
        atoms.push(Atom::Open(Mark::Bold));
        atoms.push(Atom::Text(escape(from, manner.strict)));
        atoms.push(Atom::Close(Mark::Bold));
        atoms.push(Atom::Newline);
    }
    atoms.extend(rendered.atoms);
    let notified = if message.notify { destination.notify } else { Ping::None };
    let color = message.color.hex(&message.text);
    let laid = lay_out(&atoms, PART_LIMIT, MAX_PARTS);
    let mut fallback = Some(fallback(&rendered.plain));
    let attachments = laid
        .parts
        .into_iter()
        .map(|text| Attachment {
            color,
            fallback: fallback.take().unwrap_or_default(),
            mrkdwn_in: ["text"],
            text,
        })
        .collect();
    let post = Post {
        channel: destination.channel,
        // A ping inside an attachment is not sure to be heard.
        text: rendered.ping.max(notified).token().to_owned(),
        attachments,
        username,
        unfurl_links: false,
        unfurl_media: false,
    };
    (post, laid.truncated)
}

/// `<token's label> · <from>`, or the one that there is.
fn username(label: Option<&str>, from: Option<&str>) -> Option<String> {
    let name = match (label.map(one_line), from) {
        (Some(label), Some(from)) => format!("{label} · {from}"),
        (Some(label), None) => label,
        (None, Some(from)) => from.to_owned(),
        (None, None) => return None,
    };
    Some(name.chars().take(USERNAME_LIMIT).collect())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The visible text, escaped so that nothing in it is live, and short.
fn fallback(plain: &str) -> String {
    let mut letters = plain.chars();
    let short: String = letters.by_ref().take(FALLBACK_LIMIT).collect();
    let mut fallback = escape(&short, false);
    if letters.next().is_some() {
        fallback.push('…');
    }
    fallback
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
