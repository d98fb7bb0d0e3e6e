//! A HipChat message -> Slack markup. Pure: nothing here knows of clocks, networks or variables.
//!
//! Architecture invariant: what a message holds reaches Slack as escaped text. A raw `<` in the output is written by
//! this module alone, for a link, a mention of the directory or a ping that the operator allowed.

mod card;
mod color;
mod emoticon;
mod html;
mod link;
mod markup;
mod mention;
mod parts;
mod text;

pub use card::{Block, Card, Drawn, Element, Malformed};
pub use color::Color;
pub use emoticon::Emoticons;
pub use markup::{Atom, Mark, escape};
pub use mention::Mentions;
pub use parts::{Laid, lay_out};

use crate::rooms::Ping;

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// HipChat's subset of HTML: no mentions, no emoticons, no links but `<a>`.
    Html,
    /// Like a person's message: mentions, emoticons, bare URLs.
    Text,
    /// A text that is sent as a person's message: one that begins with `/code`, `/quote` or `/me` is shown so.
    Said,
}

impl Format {
    /// The word in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Text | Self::Said => "text",
        }
    }
}

/// A message as a client sent it, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// 1 to 10,000 characters.
    pub text: String,
    /// How `text` is written.
    pub format: Format,
    /// The bar beside it.
    pub color: Color,
    /// What the client said that HipChat did not know, or a card that is none; a stable word for the log.
    pub odd: Option<&'static str>,
    /// Whether the room may be called.
    pub notify: bool,
    /// The sender's name; not empty.
    pub from: Option<String>,
    /// What is shown instead of `text`, where Slack can.
    pub card: Option<Card>,
}

/// What the operator decided about rendering.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Whom `@all` and `@here` call.
    pub mentions: Ping,
    /// Who can be mentioned.
    pub people: &'a Mentions,
    /// What stands for emoticons.
    pub emoticons: &'a Emoticons,
    /// Whether characters that format text in Slack are broken with zero-width spaces.
    pub strict: bool,
}

/// A message as Slack shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The markup, in pieces that say where it may be cut.
    pub atoms: Vec<Atom>,
    /// The visible text alone, not escaped.
    pub plain: String,
    /// Whom the text itself calls.
    pub ping: Ping,
}

/// Renders a message's text. One that shows nothing has no markup.
pub fn render(text: &str, format: Format, rules: Rules<'_>) -> Rendered {
    let mut rendered = match format {
        Format::Html => html::render(text, rules.strict),
        Format::Text => text::render(text, rules),
        Format::Said => text::render_said(text, rules),
    };
    if shows_nothing(&rendered.plain) {
        rendered.atoms.clear();
    }
    rendered
}

/// Whether a text leaves no trace on a screen.
fn shows_nothing(text: &str) -> bool {
    let invisible = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().all(invisible)
}

#[cfg(test)]
mod properties;
