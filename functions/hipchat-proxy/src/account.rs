//! What one request leaves in the log: its outcome and what an operator asks next, never texts, tokens or queries.

use http::StatusCode;
use shared::http::Front;
use shared::telemetry::{Invocation, Level, Telemetry, Unit};

use crate::api::Version;
use crate::error::Rung;
use crate::message::Message;
use crate::relay::Relayed;

/// The account of one request, filled on its way.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) version: Option<Version>,
    pub(crate) outcome: (&'static str, &'static str),
    pub(crate) level: Level,
    /// Why an event or a parameter was odd.
    pub(crate) detail: Option<&'static str>,
    pub(crate) label: Option<String>,
    channel: Option<String>,
    shape: Option<&'static str>,
    length: u32,
    has_card: bool,
    relayed: Option<Relayed>,
}

impl Account {
    pub(crate) fn new() -> Self {
        Self {
            version: None,
            outcome: ("failed", "unknown"),
            level: Level::Info,
            detail: None,
            label: None,
            channel: None,
            shape: None,
            length: 0,
            has_card: false,
            relayed: None,
        }
    }

    pub(crate) fn message(&mut self, channel: &str, message: &Message) {
        self.channel = Some(channel.to_owned());
        self.shape = Some(message.format.word());
        self.length = u32::try_from(message.text.chars().count()).unwrap_or(u32::MAX);
        self.has_card = message.has_card;
        if message.odd_color {
            self.detail = Some("unknown_color");
        }
    }

    pub(crate) fn relayed(&mut self, relayed: Relayed) {
        self.relayed = Some(relayed);
    }

    pub(crate) fn refused(&mut self, rung: &Rung) {
        self.outcome = (rung.outcome, rung.reason);
        self.level = rung.level;
    }

    /// Writes the line of the invocation and its metrics.
    pub(crate) fn write(&self, telemetry: &Telemetry, invocation: &Invocation, front: Front, status: StatusCode) {
        telemetry.finish(invocation, self.level, "request", self.outcome, |line| {
            line.text("front", front.word());
            line.number("status", status.as_u16());
            for (key, value) in [
                ("api", self.version.map(Version::word)),
                ("detail", self.detail),
                ("token_label", self.label.as_deref()),
                ("channel", self.channel.as_deref()),
                ("shape", self.shape),
            ] {
                if let Some(value) = value {
                    line.text(key, value);
                }
            }
            if self.shape.is_some() {
                line.number("length", self.length);
                line.flag("card", self.has_card);
            }
            if let Some(Relayed::Sent {
                delivery,
                parts,
                truncated,
            }) = &self.relayed
            {
                line.number("attempts", delivery.attempts);
                line.number("parts", u32::try_from(*parts).unwrap_or(u32::MAX));
                line.flag("truncated", *truncated);
                line.flag("as_text", delivery.as_text);
                if let Some(code) = &delivery.code {
                    line.text("slack_error", code);
                }
                line.metric("SlackMs", Unit::Milliseconds, delivery.took.as_secs_f64() * 1000.0);
            }
            let metric = match self.outcome {
                ("sent", "posted") => Some("MessagesSent"),
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
