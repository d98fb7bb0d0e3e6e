//! A card as clients send it: what must be there is, the rest is taken as far as it can be understood.

use serde_json::Value;

use super::{Activity, Attribute, Card, Description, Style};
use crate::message::link::{fits, safe_address};

/// The longest title, in characters; HipChat's own limit.
const LONGEST_TITLE: usize = 500;

/// The longest text that is looked at, in characters. HipChat took 1,000 of a description.
const LONGEST_TEXT: usize = 10_000;

/// The longest label or value of an attribute that is looked at, in characters. HipChat took 50 of a label.
const LONGEST_VALUE: usize = 1000;

/// Why a card is none. Its message is what is shown then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Neither an object nor the JSON text of one.
    NotAnObject,
    /// `style` is missing.
    NoStyle,
    /// `id` is missing.
    NoId,
    /// `title` is missing or empty.
    NoTitle,
}

impl Malformed {
    /// The word in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAnObject => "card_not_an_object",
            Self::NoStyle => "card_without_style",
            Self::NoId => "card_without_id",
            Self::NoTitle => "card_without_title",
        }
    }
}

impl Card {
    /// Reads the parameter `card`: an object, or its JSON as a text, as forms hold it. Unknown fields and those of odd
    /// types are ignored.
    ///
    /// # Errors
    /// [`Malformed`] where `style`, `id` or `title` is missing.
    pub fn read(card: &Value) -> Result<Self, Malformed> {
        match card {
            Value::Object(_) => Self::from_object(card),
            Value::String(json) => match serde_json::from_str::<Value>(json) {
                Ok(card) if card.is_object() => Self::from_object(&card),
                _ => Err(Malformed::NotAnObject),
            },
            _ => Err(Malformed::NotAnObject),
        }
    }

    fn from_object(card: &Value) -> Result<Self, Malformed> {
        let style = text(card.get("style"), LONGEST_VALUE).ok_or(Malformed::NoStyle)?;
        if !matches!(card.get("id"), Some(Value::String(_) | Value::Number(_))) {
            return Err(Malformed::NoId);
        }
        let title = line(card.get("title"), LONGEST_TITLE).ok_or(Malformed::NoTitle)?;
        let attributes = card.get("attributes").and_then(Value::as_array);
        let style = match style.to_ascii_lowercase().as_str() {
            "image" | "media" => Style::Picture,
            _ => Style::Other,
        };
        // A picture that Slack will not load can at least be followed.
        let thing = card.get("thumbnail").filter(|_| style == Style::Picture);
        Ok(Self {
            style,
            title,
            url: destination(card.get("url")).or_else(|| destination(thing?.get("url"))),
            description: card.get("description").and_then(description),
            thumbnail: picture(card.get("thumbnail")),
            icon: picture(card.get("icon")),
            activity: card.get("activity").and_then(activity),
            attributes: attributes.into_iter().flatten().filter_map(attribute).collect(),
        })
    }
}

/// A text that is not blank; a number is its text.
fn text(value: Option<&Value>, longest: usize) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.chars().take(longest).collect(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!crate::message::shows_nothing(&text)).then_some(text)
}

/// A text in one line.
fn line(value: Option<&Value>, longest: usize) -> Option<String> {
    let text = text(value, LONGEST_TEXT)?;
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    if line.chars().count() <= longest {
        return Some(line);
    }
    Some(line.chars().take(longest.saturating_sub(1)).chain(['…']).collect())
}

/// Where the card or an attribute leads, as much of it as is looked at: nothing shows more.
fn destination(value: Option<&Value>) -> Option<String> {
    let address: String = value?.as_str()?.trim_start().chars().take(LONGEST_TEXT).collect();
    safe_address(&address)
}

fn link(value: Option<&Value>) -> Option<String> {
    destination(value).filter(|address| fits(address))
}

/// The address of an image: a text, or the `url` of an object. Slack refuses a whole message for one that it cannot
/// read, so it must look like one.
fn picture(value: Option<&Value>) -> Option<String> {
    let value = value?;
    let address = link(Some(value.get("url").unwrap_or(value)))?;
    let fits = address
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("https://"))
        && address.is_ascii()
        && !address.contains([' ', '<', '>', '"', '|', '\\', '^', '`', '{', '}']);
    fits.then_some(address)
}

fn description(value: &Value) -> Option<Description> {
    let (value, format) = match value {
        Value::Object(object) => (object.get("value"), object.get("format").and_then(Value::as_str)),
        value => (Some(value), None),
    };
    Some(Description {
        text: text(value, LONGEST_TEXT)?,
        is_html: format.is_some_and(|format| format.eq_ignore_ascii_case("html")),
    })
}

fn activity(value: &Value) -> Option<Activity> {
    Some(Activity {
        html: text(Some(value.get("html").unwrap_or(value)), LONGEST_TEXT)?,
        icon: picture(value.get("icon")),
    })
}

/// An attribute's value may be an object or, against the documentation, a text.
fn attribute(attribute: &Value) -> Option<Attribute> {
    let value = attribute.get("value");
    let inner = |name: &str| value.and_then(|value| value.get(name));
    let label = line(attribute.get("label"), LONGEST_VALUE);
    let shown = line(inner("label"), LONGEST_VALUE).or_else(|| line(value, LONGEST_VALUE));
    if label.is_none() && shown.is_none() {
        return None;
    }
    Some(Attribute {
        label: label.unwrap_or_default(),
        value: shown.unwrap_or_default(),
        url: destination(inner("url")),
        lozenge: inner("style").and_then(Value::as_str).and_then(lozenge),
    })
}

/// Slack has no lozenges: their color is an emoji.
fn lozenge(style: &str) -> Option<&'static str> {
    Some(match style.to_ascii_lowercase().as_str() {
        "lozenge-success" => ":large_green_circle:",
        "lozenge-error" => ":red_circle:",
        "lozenge-current" => ":large_yellow_circle:",
        "lozenge-complete" => ":white_check_mark:",
        "lozenge-moved" => ":arrow_right:",
        _ => return None,
    })
}
