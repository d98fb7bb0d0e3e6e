//! What stands above a shared file: the message that came with it, and the sender where he has no name of his own.

use super::{Destination, Manner, head_lines, one_line, one_text, username};
use crate::message::{Message, render};
use crate::rooms::Directory;
use crate::slack::Target;

/// The text above a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// Slack's markup; empty when there is nothing to say.
    pub text: String,
    /// The sender's name in Slack.
    pub username: Option<String>,
    /// Whether the end of the message did not fit.
    pub truncated: bool,
}

/// Renders what is said about a file. `label` is the name of the token that sent it.
pub fn caption(
    manner: Manner,
    directory: &Directory,
    destination: &Destination<'_>,
    message: &Message,
    label: Option<&str>,
) -> Caption {
    let rules = manner.rules(directory, destination);
    let rendered = render(&message.text, message.format, rules);
    let from = message.from.as_deref().map(one_line);
    let username = match destination.target {
        Target::Channel(_) if manner.customize => username(label, from.as_deref()),
        _ => None,
    };
    let head = head_lines(manner, destination, from.as_deref().filter(|_| username.is_none()));
    let (text, truncated) = one_text(head, rendered.atoms);
    Caption {
        text: text.trim_end().to_owned(),
        username,
        truncated,
    }
}
