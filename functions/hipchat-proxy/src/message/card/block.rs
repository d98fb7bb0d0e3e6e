//! The blocks of Slack's Block Kit that cards are made of (<https://docs.slack.dev/reference/block-kit/blocks>).

use serde::Serialize;

/// A block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// A text, or fields in two columns, with an image beside them.
    Section {
        /// 1 to 3,000 characters; only a section with fields may do without.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Element>,
        /// 1 to 10 texts of 1 to 2,000 characters.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Element>,
        /// An image.
        #[serde(skip_serializing_if = "Option::is_none")]
        accessory: Option<Element>,
    },
    /// 1 to 10 small images and texts in one line.
    Context {
        /// Images and texts.
        elements: Vec<Element>,
    },
    /// An image of its own.
    Image {
        /// Its address, up to 3,000 characters.
        image_url: String,
        /// What stands for it, 1 to 2,000 characters, plain.
        alt_text: String,
    },
}

/// A text object, or an image within a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Element {
    /// Markup.
    Mrkdwn {
        /// Escaped.
        text: String,
        /// Always true: Slack must not take a name in the text for a mention.
        verbatim: bool,
    },
    /// An image.
    Image {
        /// Its address, up to 3,000 characters.
        image_url: String,
        /// What stands for it, 1 to 2,000 characters, plain.
        alt_text: String,
    },
}

impl Element {
    /// A text.
    pub(super) fn text(text: String) -> Self {
        Self::Mrkdwn { text, verbatim: true }
    }

    /// An image.
    pub(super) fn image(address: &str, alt: &str) -> Self {
        Self::Image {
            image_url: address.to_owned(),
            alt_text: alt.to_owned(),
        }
    }

    /// How much text it holds, in characters.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Mrkdwn { text, .. } => text.chars().count(),
            Self::Image { .. } => 0,
        }
    }
}

impl Block {
    /// A section of one text.
    pub(super) fn section(text: String) -> Self {
        Self::Section {
            text: Some(Element::text(text)),
            fields: Vec::new(),
            accessory: None,
        }
    }

    /// How much text it holds, in characters.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Section { text, fields, .. } => text.iter().chain(fields).map(Element::length).sum(),
            Self::Context { elements } => elements.iter().map(Element::length).sum(),
            Self::Image { .. } => 0,
        }
    }
}
