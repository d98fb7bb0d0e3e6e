//! The arguments of `chat.postMessage` (<https://docs.slack.dev/reference/methods/chat.postMessage>).

use serde::{Serialize, Serializer};
use shared::Secret;

use crate::message::Block;

/// Where a message is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A channel's id, `#name`, or a user's id for a direct message.
    Channel(&'a str),
    /// An incoming webhook, which knows its channel itself and does not let a message choose its sender's name. The
    /// URL is all that it takes to post, so it is a secret.
    Webhook(&'a Secret),
}

impl<'a> Target<'a> {
    /// The channel, where it is known.
    pub fn channel(&self) -> Option<&'a str> {
        match self {
            Self::Channel(channel) => Some(channel),
            Self::Webhook(_) => None,
        }
    }

    fn is_webhook(&self) -> bool {
        matches!(self, Self::Webhook(_))
    }
}

impl Serialize for Target<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.channel().unwrap_or_default())
    }
}

/// A message to a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Post<'a> {
    /// Where it goes: the member `channel`, which a webhook does not know.
    #[serde(rename = "channel", skip_serializing_if = "Target::is_webhook")]
    pub target: Target<'a>,
    /// Shown above the attachments; only a ping in it is sure to be heard.
    pub text: String,
    /// The message itself, one bar of colour beside each part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment<'a>>,
    /// The sender's name, which needs the scope `chat:write.customize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The timestamp of the message that this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_ts: Option<String>,
    /// Whether Slack adds previews of linked pages.
    pub unfurl_links: bool,
    /// Whether Slack adds previews of linked media.
    pub unfurl_media: bool,
}

/// A part of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attachment<'a> {
    /// `#RRGGBB`.
    pub color: &'a str,
    /// Plain text for notifications, escaped.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fallback: String,
    /// What it shows.
    #[serde(flatten)]
    pub content: Content<'a>,
}

/// What a part of a message shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Content<'a> {
    /// Markup.
    Text {
        /// Which members hold markup.
        mrkdwn_in: [&'a str; 1],
        /// The markup.
        text: String,
    },
    /// Blocks.
    Blocks {
        /// The blocks.
        blocks: Vec<Block>,
        /// Markup that stands for them where they cannot be shown.
        #[serde(skip)]
        text: String,
    },
}

impl Content<'_> {
    /// Markup.
    pub fn markup(text: String) -> Self {
        Self::Text {
            mrkdwn_in: ["text"],
            text,
        }
    }

    /// The markup, or what stands for the blocks.
    pub fn text(&self) -> &str {
        match self {
            Self::Text { text, .. } | Self::Blocks { text, .. } => text,
        }
    }
}

impl Default for Content<'_> {
    fn default() -> Self {
        Self::markup(String::new())
    }
}

impl Post<'_> {
    /// The same message as plain `text` without attachments, for when Slack cannot show them: cut to `limit`
    /// characters, not within an escape or a link.
    #[must_use]
    pub fn as_text(&self, limit: usize) -> Self {
        let parts: Vec<&str> = std::iter::once(self.text.as_str())
            .chain(self.attachments.iter().map(|attachment| attachment.content.text()))
            .filter(|part| !part.is_empty())
            .collect();
        Self {
            text: cut(&parts.join("\n"), limit),
            attachments: Vec::new(),
            ..self.clone()
        }
    }
}

/// At most so many characters of a markup, and not half an escape or a link.
pub(super) fn cut(markup: &str, limit: usize) -> String {
    if markup.chars().count() <= limit {
        return markup.to_owned();
    }
    let mut cut: String = markup.chars().take(limit.saturating_sub(1)).collect();
    // An escape or a link that the cut went through is left out.
    for (begin, end) in [('<', '>'), ('&', ';')] {
        if let Some(at) = cut.rfind(begin)
            && !cut.get(at..).is_some_and(|tail| tail.contains(end))
        {
            cut.truncate(at);
        }
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(texts: &[&str]) -> Post<'static> {
        Post {
            target: Target::Channel("C1"),
            text: "<!here>".to_owned(),
            attachments: texts
                .iter()
                .map(|text| Attachment {
                    content: Content::markup((*text).to_owned()),
                    ..Attachment::default()
                })
                .collect(),
            username: None,
            thread_ts: None,
            unfurl_links: false,
            unfurl_media: false,
        }
    }

    #[test]
    fn the_text_holds_everything_that_fits() {
        assert_eq!(post(&["a", "b"]).as_text(100).text, "<!here>\na\nb");
        for (text, expected) in [
            ("abcdefgh", "<!here>\nabc…"),
            ("a&amp;b", "<!here>\na…"),
            ("a<http://x|y>", "<!here>\na…"),
        ] {
            assert_eq!(post(&[text]).as_text(12).text, expected);
        }
        assert!(post(&["a"]).as_text(100).attachments.is_empty());
    }
}
