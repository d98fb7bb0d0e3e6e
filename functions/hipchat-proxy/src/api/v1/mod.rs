//! The first API: parameters in query and form alike, what it was lenient about, and the objects of its answers.

mod objects;

pub use objects::{created_room, history, room as room_object, rooms, user as user_object, users};

use super::v2::message_text;
use super::{Fields, Markup, Overlong, Parameter};
use crate::error::Failure;
use crate::message::{Color, Format, Message};

/// A sender's name is cut here, never refused.
const MAX_FROM: usize = 64;

/// Which markup the answer has: `format=json` (the default) or `format=xml`.
///
/// # Errors
/// [`Failure::UnknownFormat`].
pub fn markup(fields: &Fields) -> Result<Markup, Failure> {
    match fields.some_text("format") {
        None => Ok(Markup::Json),
        Some(format) if format.eq_ignore_ascii_case("json") => Ok(Markup::Json),
        Some(format) if format.eq_ignore_ascii_case("xml") => Ok(Markup::Xml),
        Some(_) => Err(Failure::UnknownFormat),
    }
}

/// The room that a call is about.
///
/// # Errors
/// [`Failure::BadArgument`] when `room_id` is missing or empty.
pub fn room(fields: &Fields) -> Result<String, Failure> {
    fields
        .some_text("room_id")
        .ok_or(Failure::BadArgument("room_id is required"))
}

/// The user that a call is about: a number or an e-mail address.
///
/// # Errors
/// [`Failure::BadArgument`] when `user_id` is missing or empty.
pub fn user(fields: &Fields) -> Result<String, Failure> {
    fields
        .some_text("user_id")
        .ok_or(Failure::BadArgument("user_id is required"))
}

/// Reads the message of `rooms/message`: `message` and `from` are required; an unknown `message_format` is html, an
/// unknown `color` yellow.
///
/// # Errors
/// [`Failure::BadArgument`] naming the parameter.
pub fn message(fields: &Fields, overlong: Overlong) -> Result<Message, Failure> {
    let text = message_text(fields, overlong)?;
    let from = fields
        .some_text("from")
        .filter(|from| !from.trim().is_empty())
        .ok_or(Failure::BadArgument("from is required"))?;
    let color = fields.some_text("color").map(|color| Color::parse(&color));
    let format = fields.some_text("message_format").unwrap_or_default();
    Ok(Message {
        text,
        format: if format.eq_ignore_ascii_case("text") {
            Format::Text
        } else {
            Format::Html
        },
        color: color.flatten().unwrap_or_default(),
        odd: (color == Some(None)).then_some("unknown_color"),
        notify: fields.flag("notify") == Parameter::True,
        from: Some(from.chars().take(MAX_FROM).collect()),
        card: None,
    })
}

#[cfg(test)]
mod tests {
    use shared::http::pairs;

    use super::*;

    fn fields(query: &str) -> Fields {
        Fields::from_pairs(pairs(query.as_bytes()))
    }

    #[test]
    fn leniency_of_the_first_api() {
        let read = message(
            &fields("message=a&from=b&color=blue&message_format=rtf&notify=True"),
            Overlong::Reject,
        )
        .unwrap();
        assert_eq!(
            (read.format, read.color, read.notify),
            (Format::Html, Color::Yellow, true)
        );
        assert_eq!(read.odd, Some("unknown_color"));
        let long = format!("message=a&from={}", "x".repeat(100));
        let read = message(&fields(&long), Overlong::Reject).unwrap();
        assert_eq!(read.from.map(|from| from.len()), Some(64));
        assert_eq!(read.odd, None);
    }

    #[test]
    fn what_is_required() {
        for query in ["message=a", "from=b", "message=&from=b", "message=a&from=+"] {
            assert!(
                matches!(message(&fields(query), Overlong::Reject), Err(Failure::BadArgument(_))),
                "{query}"
            );
        }
        assert!(room(&fields("room_id=")).is_err());
        assert_eq!(room(&fields("room_id=Dev%2520Ops")).as_deref(), Ok("Dev%20Ops"));
    }

    #[test]
    fn the_format_is_json_or_xml() {
        assert_eq!(markup(&fields("format=XML")), Ok(Markup::Xml));
        assert_eq!(markup(&fields("format=")), Ok(Markup::Json));
        assert_eq!(markup(&fields("format=yaml")), Err(Failure::UnknownFormat));
    }
}
