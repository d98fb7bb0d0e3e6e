//! HipChat's cards -> Slack's blocks. `read` takes a card as clients send it, `draw` lays it out, `block` is what
//! Slack calls the pieces.

mod block;
mod draw;
mod read;

pub use block::{Block, Element};
pub use read::Malformed;

/// A card: what a notification shows instead of its message, which stays its plain form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    style: Style,
    /// One line of 1 to 500 characters.
    title: String,
    /// Where the title leads.
    url: Option<String>,
    description: Option<Description>,
    /// An image's address, `https` alone.
    thumbnail: Option<String>,
    /// An image's address, `https` alone.
    icon: Option<String>,
    activity: Option<Activity>,
    attributes: Vec<Attribute>,
}

/// What a card is about, as far as that changes its look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `image` and `media`: the thumbnail is the thing itself.
    Picture,
    /// `application`, `link`, `file` and what HipChat did not know: the thumbnail is beside the title.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Description {
    text: String,
    is_html: bool,
}

/// The one line of a collapsed card.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Activity {
    html: String,
    icon: Option<String>,
}

/// A name and a value; one of the two may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attribute {
    label: String,
    value: String,
    url: Option<String>,
    /// The emoji of a lozenge's color.
    lozenge: Option<&'static str>,
}

/// A card as Slack shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The blocks of one attachment, within Slack's limits
    /// (<https://docs.slack.dev/reference/block-kit/blocks>); never empty.
    pub blocks: Vec<Block>,
    /// The card's visible text alone, not escaped: for when its message shows nothing.
    pub plain: String,
    /// Whether something did not fit.
    pub truncated: bool,
}

#[cfg(test)]
mod tests;
