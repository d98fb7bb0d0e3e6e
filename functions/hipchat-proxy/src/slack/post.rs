//! The arguments of `chat.postMessage` (<https://docs.slack.dev/reference/methods/chat.postMessage>).

use serde::Serialize;

/// A message to a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Post<'a> {
    /// Channel id, or `#name`.
    pub channel: &'a str,
    /// Shown above the attachments; only a ping in it is sure to be heard.
    pub text: String,
    /// The message itself, one bar of colour beside each part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment<'a>>,
    /// The sender's name, which needs the scope `chat:write.customize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
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
    /// Which members hold markup.
    pub mrkdwn_in: [&'a str; 1],
    /// Markup.
    pub text: String,
}

impl Post<'_> {
    /// The same message as plain `text` without attachments, for when Slack cannot show them: cut to `limit`
    /// characters, not within an escape or a link.
    #[must_use]
    pub fn as_text(&self, limit: usize) -> Self {
        let parts: Vec<&str> = std::iter::once(self.text.as_str())
            .chain(self.attachments.iter().map(|attachment| attachment.text.as_str()))
            .filter(|part| !part.is_empty())
            .collect();
        let whole = parts.join("\n");
        let text = if whole.chars().count() <= limit {
            whole
        } else {
            let mut cut: String = whole.chars().take(limit.saturating_sub(1)).collect();
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
        };
        Self {
            text,
            attachments: Vec::new(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(texts: &[&str]) -> Post<'static> {
        Post {
            channel: "C1",
            text: "<!here>".to_owned(),
            attachments: texts
                .iter()
                .map(|text| Attachment {
                    text: (*text).to_owned(),
                    ..Attachment::default()
                })
                .collect(),
            ..Post::default()
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
