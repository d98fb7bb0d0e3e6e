//! What one request leaves in the log: its outcome and what an operator asks next, never texts, tokens or queries.

use shared::http::Front;
use shared::telemetry::{Invocation, Level, Telemetry, Unit};

use crate::api::Version;
use crate::error::Rung;
use crate::message::Message;
use crate::relay::Letter;
use crate::slack::Effort;

/// The account of one request, filled on its way.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) version: Option<Version>,
    pub(crate) outcome: (&'static str, &'static str),
    pub(crate) level: Level,
    /// Why an event or a parameter was odd.
    pub(crate) detail: Option<&'static str>,
    pub(crate) label: Option<String>,
    /// The room's name in the directory.
    pub(crate) room: Option<String>,
    /// Whether metrics are wanted by room.
    pub(crate) by_room: bool,
    /// Slack's channel, `webhook`, or the Slack id of a person.
    pub(crate) channel: Option<String>,
    /// What Slack was asked.
    pub(crate) effort: Effort,
    shape: Option<&'static str>,
    length: u32,
    has_card: bool,
    /// The size of a file.
    pub(crate) file_bytes: Option<u32>,
    /// How many attachments there are, and whether the end of the message did not fit.
    letter: Option<(u32, bool)>,
}

impl Account {
    pub(crate) fn new() -> Self {
        Self {
            version: None,
            outcome: ("failed", "unknown"),
            level: Level::Info,
            detail: None,
            label: None,
            room: None,
            by_room: false,
            channel: None,
            effort: Effort::default(),
            shape: None,
            length: 0,
            has_card: false,
            file_bytes: None,
            letter: None,
        }
    }

    pub(crate) fn message(&mut self, message: &Message) {
        self.shape = Some(message.format.word());
        self.length = u32::try_from(message.text.chars().count()).unwrap_or(u32::MAX);
        self.has_card = message.card.is_some();
        self.detail = message.odd;
    }

    pub(crate) fn letter(&mut self, letter: &Letter<'_>) {
        let parts = u32::try_from(letter.post.attachments.len()).unwrap_or(u32::MAX);
        self.letter = Some((parts, letter.truncated));
    }

    pub(crate) fn refused(&mut self, rung: &Rung) {
        self.outcome = (rung.outcome, rung.reason);
        self.level = rung.level;
    }

    /// Writes the line of the invocation and its metrics.
    pub(crate) fn write(&self, telemetry: &Telemetry, invocation: &Invocation, front: Front, status: u16) {
        telemetry.finish(invocation, self.level, "request", self.outcome, |line| {
            line.text("front", front.word());
            line.number("status", status);
            for (key, value) in [
                ("api", self.version.map(Version::word)),
                ("detail", self.detail),
                ("token_label", self.label.as_deref()),
                ("channel", self.channel.as_deref()),
                ("room", self.room.as_deref().filter(|_| !self.by_room)),
                ("shape", self.shape),
            ] {
                if let Some(value) = value {
                    line.text(key, value);
                }
            }
            if self.by_room {
                line.dimension("room", self.room.as_deref().unwrap_or("-"));
            }
            if self.shape.is_some() {
                line.number("length", self.length);
                line.flag("card", self.has_card);
            }
            if let Some(bytes) = self.file_bytes {
                line.number("file_bytes", bytes);
            }
            if let Some((parts, truncated)) = self.letter {
                line.number("parts", parts);
                line.flag("truncated", truncated);
            }
            if self.effort.attempts > 0 {
                line.number("attempts", self.effort.attempts);
                line.flag("as_text", self.effort.as_text);
                if let Some(code) = &self.effort.code {
                    line.text("slack_error", code);
                }
                line.metric("SlackMs", Unit::Milliseconds, self.effort.took.as_secs_f64() * 1000.0);
            }
            let metric = match self.outcome {
                ("sent", "posted" | "file_shared") => Some("MessagesSent"),
                ("refused", _) => Some("MessagesRefused"),
                ("limited", _) => Some("MessagesLimited"),
                ("failed", _) => Some("MessagesFailed"),
                _ => None,
            };
            if let Some(name) = metric {
                line.metric(name, Unit::Count, 1);
            }
            if self.outcome.1 == "slack_credentials" {
                line.metric("SlackAuthFailures", Unit::Count, 1);
            }
        });
    }
}
