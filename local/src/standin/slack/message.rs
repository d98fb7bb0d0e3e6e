//! What may be posted: limits and shapes of text, attachments and blocks.

use serde_json::{Map, Value, json};

use super::arguments::{Arguments, Code};

/// Slack cuts the text of a message after so many characters.
const MAX_TEXT: usize = 40_000;
const MAX_ATTACHMENTS: usize = 100;
const MAX_BLOCKS: usize = 50;
/// Not documented: all text of all blocks together.
const MAX_BLOCK_TEXT: usize = 13_200;
const BLOCK_TYPES: [&str; 12] = [
    "actions",
    "context",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "markdown",
    "rich_text",
    "section",
    "table",
    "video",
];

/// The content of a message, checked.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) attachments: Vec<Value>,
    pub(super) blocks: Vec<Value>,
}

/// Reads and checks `text`, `attachments` and `blocks`.
pub(super) fn content(arguments: &Arguments) -> Result<Content, Code> {
    let mut attachments = arguments.list("attachments", "invalid_attachments")?;
    let blocks = arguments.list("blocks", "invalid_blocks_format")?;
    let text = arguments.text("text").unwrap_or_default();
    if text.trim().is_empty() && attachments.is_empty() && blocks.is_empty() {
        return Err("no_text");
    }
    if attachments.len() > MAX_ATTACHMENTS {
        return Err("too_many_attachments");
    }
    check_blocks(&blocks, "invalid_blocks")?;
    for (index, attachment) in attachments.iter_mut().enumerate() {
        let Value::Object(members) = attachment else {
            return Err("invalid_attachments");
        };
        check_attachment(members)?;
        members.insert("id".to_owned(), json!(index + 1));
    }
    let text = text.chars().take(MAX_TEXT).collect();
    Ok(Content {
        text,
        attachments,
        blocks,
    })
}

fn check_attachment(attachment: &Map<String, Value>) -> Result<(), Code> {
    for name in ["text", "fallback", "pretext", "title", "color"] {
        match attachment.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.chars().count() <= MAX_TEXT => {}
            Some(Value::String(_)) => return Err("msg_too_long"),
            Some(_) => return Err("invalid_attachments"),
        }
    }
    match attachment.get("blocks") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(blocks)) => check_blocks(blocks, "invalid_attachments"),
        Some(_) => Err("invalid_attachments"),
    }
}

fn check_blocks(blocks: &[Value], invalid: Code) -> Result<(), Code> {
    if blocks.len() > MAX_BLOCKS || !blocks.iter().all(is_block) {
        return Err(invalid);
    }
    let total: usize = blocks.iter().map(text_length).sum();
    if total > MAX_BLOCK_TEXT {
        Err("msg_blocks_too_long")
    } else {
        Ok(())
    }
}

fn is_block(block: &Value) -> bool {
    let Some(kind) = block.get("type").and_then(Value::as_str) else {
        return false;
    };
    let text = block.get("text");
    match kind {
        "section" => {
            let fields = block.get("fields").and_then(Value::as_array);
            let fields_fit = fields.is_none_or(|fields| {
                (1..=10).contains(&fields.len()) && fields.iter().all(|field| is_text(field, 2000))
            });
            let text_fits = text.is_none_or(|text| is_text(text, 3000));
            fields_fit && text_fits && (text.is_some() || fields.is_some())
        }
        "header" => text.is_some_and(|text| is_text(text, 150) && text.get("type") == Some(&json!("plain_text"))),
        "context" => {
            let elements = block.get("elements").and_then(Value::as_array);
            elements
                .is_some_and(|elements| (1..=10).contains(&elements.len()) && elements.iter().all(is_context_element))
        }
        "image" => is_image(block),
        "markdown" => text
            .and_then(Value::as_str)
            .is_some_and(|text| (1..=12_000).contains(&text.chars().count())),
        kind => BLOCK_TYPES.contains(&kind),
    }
}

fn is_context_element(element: &Value) -> bool {
    match element.get("type").and_then(Value::as_str) {
        Some("image") => is_image(element),
        _ => is_text(element, 2000),
    }
}

fn is_image(image: &Value) -> bool {
    let fits = |name: &str, max: usize| {
        image
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| (1..=max).contains(&text.chars().count()))
    };
    fits("alt_text", 2000) && (fits("image_url", 3000) || image.get("slack_file").is_some())
}

/// A text object with 1 to `max` characters.
fn is_text(object: &Value, max: usize) -> bool {
    let kind = object.get("type").and_then(Value::as_str);
    let length = object
        .get("text")
        .and_then(Value::as_str)
        .map_or(0, |text| text.chars().count());
    matches!(kind, Some("plain_text" | "mrkdwn")) && (1..=max).contains(&length)
}

/// The characters of all `text` members at any depth.
fn text_length(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(text_length).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| match member {
                Value::String(text) if name == "text" => text.chars().count(),
                member => text_length(member),
            })
            .sum(),
        _ => 0,
    }
}
