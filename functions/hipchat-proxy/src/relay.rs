//! The story of one message: rendered, and put into the one envelope that Slack takes or does not take.

mod caption;

pub use caption::{Caption, caption};

use crate::message::{Atom, Block, Element, Mark, Message, Rendered, Rules, escape, lay_out, render};
use crate::rooms::{Directory, Ping};
use crate::slack::{Attachment, Content, Post, Target};

/// The longest text of one attachment, in characters.
const PART_LIMIT: usize = 7500;

/// The most attachments of one message.
const MAX_PARTS: usize = 20;

/// The longest message without attachments, in characters: Slack cuts at 40,000.
const TEXT_LIMIT: usize = 39_000;

/// The longest plain text for notifications, in characters.
const FALLBACK_LIMIT: usize = 1000;

/// The longest sender's name in Slack, in characters.
const USERNAME_LIMIT: usize = 80;

/// The longest first line of a card, in characters: Slack's limit of a context's text.
const LINE_LIMIT: usize = 2000;

/// The most blocks of a card.
const MAX_BLOCKS: usize = 50;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination<'a> {
    /// The channel or webhook.
    pub target: Target<'a>,
    /// Whom `notify` calls.
    pub notify: Ping,
    /// Whom `@all` and `@here` call.
    pub mentions: Ping,
    /// The name of a room that is not listed, which then stands in the first line.
    pub unlisted: Option<&'a str>,
    /// The message that this one answers.
    pub thread_ts: Option<String>,
}

/// How a message looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A bar of colour beside it.
    Notification,
    /// Like what a person says; a card has its bar all the same.
    Said,
}

/// How messages are relayed; the operator's choice.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Posts under the sender's name.
    pub customize: bool,
    /// Breaks characters that would format.
    pub strict: bool,
}

impl Manner {
    /// How the text of a message to this destination is rendered.
    fn rules<'a>(self, directory: &'a Directory, destination: &Destination<'_>) -> Rules<'a> {
        Rules {
            mentions: destination.mentions,
            people: directory.mentions(),
            emoticons: directory.emoticons(),
            strict: self.strict,
        }
    }
}

/// A message ready to be posted.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter<'a> {
    /// What is posted: in one call, so that Slack takes all of it or nothing.
    pub post: Post<'a>,
    /// Whether the end of the message did not fit.
    pub truncated: bool,
}

/// Renders a message and puts it into its envelope; `None` when it shows nothing. `label` is the name of the token that
/// sent it.
pub fn compose<'a>(
    manner: Manner,
    directory: &Directory,
    destination: &Destination<'a>,
    message: &Message,
    look: Look,
    label: Option<&str>,
) -> Option<Letter<'a>> {
    let rules = manner.rules(directory, destination);
    let rendered = render(&message.text, message.format, rules);
    let drawn = message.card.as_ref().map(|card| card.draw(rules));
    if rendered.atoms.is_empty() && drawn.is_none() {
        return None;
    }
    let from = message.from.as_deref().map(one_line);
    // A webhook has its own sender's name.
    let username = match destination.target {
        Target::Channel(_) if manner.customize => username(label, from.as_deref()),
        _ => None,
    };
    let head = head_lines(manner, destination, from.as_deref().filter(|_| username.is_none()));
    let ping = if message.notify { destination.notify } else { Ping::None };
    let mut post = Post {
        target: destination.target,
        // A ping inside an attachment is not sure to be heard.
        text: rendered.ping.max(ping).token().to_owned(),
        attachments: Vec::new(),
        username,
        thread_ts: destination.thread_ts.clone(),
        unfurl_links: false,
        unfurl_media: false,
    };
    let color = message.color.hex(&message.text);
    let truncated;
    if let Some(drawn) = drawn {
        let plain = if rendered.plain.trim().is_empty() {
            &drawn.plain
        } else {
            &rendered.plain
        };
        let mut blocks = drawn.blocks;
        truncated = drawn.truncated | put_first(&mut blocks, &head);
        let stand_in = if rendered.atoms.is_empty() {
            vec![Atom::Text(fallback(plain))]
        } else {
            rendered.atoms
        };
        post.attachments.push(Attachment {
            color,
            fallback: fallback(plain),
            content: Content::Blocks {
                blocks,
                text: one_text(head, stand_in).0,
            },
        });
    } else if look == Look::Said {
        (post.text, truncated) = one_text(head, rendered.atoms);
    } else {
        let Rendered { atoms, plain, .. } = rendered;
        let laid = lay_out(&joined(head, atoms), PART_LIMIT, MAX_PARTS);
        truncated = laid.truncated;
        let mut fallback = Some(fallback(&plain));
        post.attachments = laid
            .parts
            .into_iter()
            .map(|text| Attachment {
                color,
                fallback: fallback.take().unwrap_or_default(),
                content: Content::markup(text),
            })
            .collect();
    }
    Some(Letter { post, truncated })
}

/// The lines before the message: the room, if it is not listed, and the sender, if he has no name of his own in Slack.
fn head_lines(manner: Manner, destination: &Destination<'_>, from: Option<&str>) -> Vec<Atom> {
    let mut atoms = Vec::new();
    if let Some(room) = destination.unlisted {
        atoms.push(Atom::Text(format!("[{}]", escape(&one_line(room), manner.strict))));
        atoms.push(Atom::Newline);
    }
    if let Some(from) = from {
        atoms.push(Atom::Open(Mark::Bold));
        atoms.push(Atom::Text(escape(from, manner.strict)));
        atoms.push(Atom::Close(Mark::Bold));
        atoms.push(Atom::Newline);
    }
    atoms
}

fn joined(mut head: Vec<Atom>, atoms: Vec<Atom>) -> Vec<Atom> {
    head.extend(atoms);
    head
}

/// The whole as one text; the flag tells whether its end did not fit.
fn one_text(head: Vec<Atom>, atoms: Vec<Atom>) -> (String, bool) {
    let laid = lay_out(&joined(head, atoms), TEXT_LIMIT, 1);
    (laid.parts.into_iter().next().unwrap_or_default(), laid.truncated)
}

/// Puts lines above a card; the flag tells whether its last block had to make room.
fn put_first(blocks: &mut Vec<Block>, head: &[Atom]) -> bool {
    let Some((Atom::Newline, lines)) = head.split_last() else {
        return false;
    };
    let Some(text) = lay_out(lines, LINE_LIMIT, 1).parts.into_iter().next() else {
        return false;
    };
    let elements = vec![Element::Mrkdwn { text, verbatim: true }];
    blocks.insert(0, Block::Context { elements });
    let full = blocks.len() > MAX_BLOCKS;
    blocks.truncate(MAX_BLOCKS);
    full
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
