//! The second API: what its calls may hold, checked as HipChat documented it, and the objects of its answers.

mod objects;
mod page;
mod tokens;

pub(in crate::api) use objects::mention_name;
pub use objects::{RoomView, capabilities, created, room, rooms, statistics, user, users};
pub use page::Page;
pub use tokens::{described_token, issued_token};

use http::StatusCode;
use serde_json::{Value, json};

use super::{Fields, Overlong, Parameter, message_id};
use crate::error::Failure;
use crate::message::{Card, Color, Format, Message};
use crate::slack::Posted;

/// The longest message, in Unicode scalar values.
pub const MAX_MESSAGE: usize = 10_000;

/// The longest `from`, in Unicode scalar values.
const MAX_FROM: usize = 64;

/// The longest topic, in Unicode scalar values; Slack's is the same.
const MAX_TOPIC: usize = 250;

/// Reads a notification: `message` of 1 to 10,000 characters; `message_format` `html` (the default) or `text`;
/// `color`; `notify`; `from` of up to 64 characters; `card`. Unknown fields are ignored.
///
/// # Errors
/// [`Failure::BadArgument`] naming the field.
pub fn notification(fields: &Fields, overlong: Overlong) -> Result<Message, Failure> {
    let text = message_text(fields, overlong)?;
    let format = format(fields, Format::Html, Format::Text)?;
    let bad_color = Failure::BadArgument("color must be one of yellow, green, red, purple, gray, random");
    let color = match fields.text("color") {
        Ok(name) => Color::parse(&name.unwrap_or_default()).ok_or(bad_color)?,
        Err(_) => return Err(bad_color),
    };
    let from = fields
        .text("from")
        .map_err(|_| Failure::BadArgument("from must be a text"))?
        .filter(|from| !from.trim().is_empty());
    if from.as_ref().is_some_and(|from| from.chars().count() > MAX_FROM) {
        return Err(Failure::BadArgument("from must not be longer than 64 characters"));
    }
    let (card, odd) = read_card(fields);
    Ok(Message {
        text,
        format,
        color,
        odd,
        notify: fields.flag("notify") == Parameter::True,
        from,
        card,
    })
}

/// Reads what is said to a room: `message` alone counts, beside the sender's name that some clients give.
///
/// # Errors
/// [`Failure::BadArgument`] naming the field.
pub fn room_message(fields: &Fields, overlong: Overlong) -> Result<Message, Failure> {
    Ok(said(message_text(fields, overlong)?, Format::Said, fields))
}

/// Reads what is said to a user: `message`; `message_format` `text` (the default) or `html`; `card`.
///
/// # Errors
/// [`Failure::BadArgument`] naming the field.
pub fn user_message(fields: &Fields, overlong: Overlong) -> Result<Message, Failure> {
    let text = message_text(fields, overlong)?;
    let format = format(fields, Format::Said, Format::Said)?;
    let (card, odd) = read_card(fields);
    let color = fields.some_text("color").and_then(|color| Color::parse(&color));
    Ok(Message {
        color: color.unwrap_or_default(),
        odd,
        card,
        ..said(text, format, fields)
    })
}

/// Reads a shared link: `link` is required, `message` stands for it.
///
/// # Errors
/// [`Failure::BadArgument`] naming the field.
pub fn shared_link(fields: &Fields, overlong: Overlong) -> Result<Message, Failure> {
    let bad_link = Failure::BadArgument("link must be an absolute URL");
    let link = fields
        .some_text("link")
        .ok_or(Failure::BadArgument("link is required"))?;
    let link: String = link.trim().chars().filter(|letter| !letter.is_control()).collect();
    let is_link = ["http://", "https://", "ftp://", "mailto:"].iter().any(|scheme| {
        let start = link.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && link.len() > scheme.len()
    });
    if !is_link || link.chars().count() > 2000 {
        return Err(bad_link);
    }
    let text = optional_text(fields, overlong)?;
    let markup = format!("<a href=\"{}\">{}</a>", escape(&link), escape(&text));
    Ok(said(markup, Format::Html, fields))
}

/// Reads what is said about a file: `message`, which may be absent, as a person would say it.
///
/// # Errors
/// [`Failure::BadArgument`] naming the field.
pub fn file_message(fields: &Fields, overlong: Overlong) -> Result<Message, Failure> {
    Ok(said(optional_text(fields, overlong)?, Format::Said, fields))
}

/// The field `message` of a call that has something else to show.
fn optional_text(fields: &Fields, overlong: Overlong) -> Result<String, Failure> {
    match fields.text("message") {
        Ok(None) => Ok(String::new()),
        Ok(Some(text)) if text.trim().is_empty() => Ok(String::new()),
        _ => message_text(fields, overlong),
    }
}

/// The id of the message that a reply answers, in either of the two spellings that clients use.
///
/// # Errors
/// [`Failure::BadArgument`] when there is none.
pub fn parent(fields: &Fields) -> Result<String, Failure> {
    ["parentMessageId", "parent_message_id"]
        .into_iter()
        .find_map(|name| fields.some_text(name))
        .ok_or(Failure::BadArgument("parentMessageId is required"))
}

/// Reads a topic, in both APIs: up to 250 characters; an empty one takes it away.
///
/// # Errors
/// [`Failure::BadArgument`] when it is missing, no text or too long.
pub fn topic(fields: &Fields) -> Result<String, Failure> {
    let topic = fields
        .text("topic")
        .map_err(|_| Failure::BadArgument("topic must be a text"))?
        .ok_or(Failure::BadArgument("topic is required"))?;
    if topic.chars().count() > MAX_TOPIC {
        return Err(Failure::BadArgument("topic must not be longer than 250 characters"));
    }
    Ok(topic)
}

/// The answer to a message that was said to a room: 201 with its id and its moment. `posted` is what Slack told of it.
pub fn said_answer(posted: Option<&Posted>, now_ms: u64) -> (StatusCode, Value) {
    let told = posted.map(|posted| (posted.channel.as_str(), posted.ts.as_str()));
    let answer = json!({
        "id": message_id::encode(told, now_ms),
        "timestamp": message_id::moment(told.map(|(_, ts)| ts), now_ms),
    });
    (StatusCode::CREATED, answer)
}

fn said(text: String, format: Format, fields: &Fields) -> Message {
    let from = fields.some_text("from").filter(|from| !from.trim().is_empty());
    Message {
        text,
        format,
        color: Color::default(),
        odd: None,
        notify: false,
        from: from.map(|from| from.chars().take(MAX_FROM).collect()),
        card: None,
    }
}

/// `message_format`: absent, `html` or `text`.
fn format(fields: &Fields, absent: Format, text: Format) -> Result<Format, Failure> {
    let bad = Failure::BadArgument("message_format must be html or text");
    let Ok(format) = fields.text("message_format") else {
        return Err(bad);
    };
    match format.unwrap_or_default().to_ascii_lowercase().as_str() {
        "" => Ok(absent),
        "html" => Ok(Format::Html),
        "text" => Ok(text),
        _ => Err(bad),
    }
}

/// The card, if there is a whole one, and a word for one that is not: its message stands for it.
fn read_card(fields: &Fields) -> (Option<Card>, Option<&'static str>) {
    match fields.value("card").map(Card::read) {
        None => (None, None),
        Some(Ok(card)) => (Some(card), None),
        Some(Err(malformed)) => (None, Some(malformed.word())),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The field `message` of both APIs.
///
/// # Errors
/// [`Failure::BadArgument`] when it is missing, empty, no text or too long.
pub fn message_text(fields: &Fields, overlong: Overlong) -> Result<String, Failure> {
    let text = fields
        .text("message")
        .map_err(|_| Failure::BadArgument("message must be a text"))?
        .filter(|text| !text.is_empty())
        .ok_or(Failure::BadArgument("message is required"))?;
    // A character takes at least one byte, so most messages need not be counted.
    if text.len() <= MAX_MESSAGE || text.chars().count() <= MAX_MESSAGE {
        return Ok(text);
    }
    match overlong {
        Overlong::Reject => Err(Failure::BadArgument("message must not be longer than 10000 characters")),
        Overlong::Truncate => {
            let mut cut: String = text.chars().take(MAX_MESSAGE - 3).collect();
            cut.push_str("...");
            Ok(cut)
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
