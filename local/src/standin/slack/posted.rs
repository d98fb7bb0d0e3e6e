//! Members, and the messages that were posted.

use serde::Serialize;
use serde_json::{Value, json};

use super::files::SlackFile;

/// A member of the workspace.
#[derive(Clone, Debug, Serialize)]
pub struct SlackUser {
    /// User id, such as `U123`.
    pub id: String,
    /// User name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A message that was posted.
#[derive(Clone, Debug, Serialize)]
pub struct SlackMessage {
    /// Counts the messages of this workspace from 1.
    pub seq: u64,
    /// When it was posted: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// Channel id: `C...`, or `D...` for a direct message.
    pub channel: String,
    /// The channel's name without `#`, or the user id of a direct message.
    pub channel_name: String,
    /// Slack's timestamp, which identifies a message in its channel.
    pub ts: String,
    /// The sender's name that the message was given, or the app's own.
    pub username: String,
    /// The sender's icon, if one was given.
    pub icon: Option<String>,
    /// The thread's first message, if it was posted to a thread.
    pub thread_ts: Option<String>,
    /// The text, in Slack's mark-up.
    pub text: String,
    /// Attachments as they were posted.
    pub attachments: Vec<Value>,
    /// Blocks as they were posted.
    pub blocks: Vec<Value>,
    /// Files that were shared with it; their comment is the text.
    pub files: Vec<SlackFile>,
}

impl SlackMessage {
    /// The `message` member of the answer of `chat.postMessage`.
    pub(super) fn answered(&self) -> Value {
        let mut message = json!({
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B00000001",
            "app_id": "A00000001",
            "username": self.username,
            "text": self.text,
            "ts": self.ts,
        });
        if let Some(members) = message.as_object_mut() {
            if !self.attachments.is_empty() {
                members.insert("attachments".to_owned(), json!(self.attachments));
            }
            if !self.blocks.is_empty() {
                members.insert("blocks".to_owned(), json!(self.blocks));
            }
            members.extend(
                self.thread_ts
                    .as_ref()
                    .map(|thread| ("thread_ts".to_owned(), json!(thread))),
            );
        }
        message
    }
}
