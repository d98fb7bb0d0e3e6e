//! The second API's notification: what it may hold, checked as HipChat documented it.

use super::{Fields, Overlong, Parameter};
use crate::error::Failure;
use crate::message::{Color, Format, Message};

/// The longest message, in Unicode scalar values.
pub const MAX_MESSAGE: usize = 10_000;

/// The longest `from`, in Unicode scalar values.
const MAX_FROM: usize = 64;

/// Reads a notification: `message` of 1 to 10,000 characters; `message_format` `html` (the default) or `text`;
/// `color`; `notify`; `from` of up to 64 characters. Unknown fields are ignored.
///
/// # Errors
/// [`Failure::BadArgument`] naming the field.
pub fn notification(fields: &Fields, overlong: Overlong) -> Result<Message, Failure> {
    let text = message_text(fields, overlong)?;
    let format = fields
        .text("message_format")
        .map_err(|_| Failure::BadArgument("message_format must be html or text"))?
        .unwrap_or_default();
    let format = match format.to_ascii_lowercase().as_str() {
        "" | "html" => Format::Html,
        "text" => Format::Text,
        _ => return Err(Failure::BadArgument("message_format must be html or text")),
    };
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
    Ok(Message {
        text,
        format,
        color,
        odd_color: false,
        notify: fields.flag("notify") == Parameter::True,
        from,
        has_card: fields.has("card"),
    })
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
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<Message, Failure> {
        let Value::Object(object) = value else {
            panic!("not an object")
        };
        notification(&Fields::from_object(object), Overlong::Reject)
    }

    #[test]
    fn defaults_are_html_yellow_and_quiet() {
        let message = read(json!({"message": "hi", "room_id": 5, "token": "x", "card": null, "from": ""})).unwrap();
        assert_eq!(
            message,
            Message {
                text: "hi".to_owned(),
                format: Format::Html,
                color: Color::Yellow,
                odd_color: false,
                notify: false,
                from: None,
                has_card: false
            }
        );
    }

    #[test]
    fn what_hipchat_refused_is_refused() {
        for bad in [
            json!({}),
            json!({"message": ""}),
            json!({"message": null}),
            json!({"message": ["a"]}),
            json!({"message": "x".repeat(10_001)}),
            json!({"message": "a", "message_format": "markdown"}),
            json!({"message": "a", "color": "blue"}),
            json!({"message": "a", "color": ["red"]}),
            json!({"message": "a", "from": "x".repeat(65)}),
            json!({"message": "a", "from": {}}),
        ] {
            assert!(matches!(read(bad.clone()), Err(Failure::BadArgument(_))), "{bad}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(read(json!({"message": "é".repeat(10_000)})).is_ok());
        assert!(read(json!({"message": "é".repeat(10_001)})).is_err());
        let Value::Object(long) = json!({"message": "é".repeat(10_001)}) else {
            panic!()
        };
        let cut = message_text(&Fields::from_object(long), Overlong::Truncate).unwrap();
        assert_eq!(cut.chars().count(), 10_000);
        assert!(cut.ends_with("é..."));
    }

    #[test]
    fn a_number_as_message_is_its_text() {
        assert_eq!(
            read(json!({"message": 42, "message_format": "TEXT"})).unwrap().text,
            "42"
        );
    }
}
