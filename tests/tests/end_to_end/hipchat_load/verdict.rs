//! The rules: what a client may be told of a message, by what Slack was asked and what it answered.

use std::collections::BTreeMap;

use local::standin::{Answered, Call as Asked, SlackMessage};
use serde_json::{Value, json};

use super::client::Told;
use super::fault::{Class, Effect};
use super::traffic::{Call, Message, id_in};

/// What the proxy could know after one call of Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Slack has the message.
    Posted,
    /// It has not, and asks to wait for so many seconds.
    Refused(u64),
    /// It has not, since the token is an old one.
    OldToken,
    /// It may have the message or not. The truth, where the test knows it.
    Unknown { taken: Option<bool>, stuck: bool },
}

/// Everything about one message.
pub(super) struct Case<'a> {
    pub(super) message: &'a Message,
    pub(super) told: &'a Told,
    /// The calls of Slack that carried it, in order.
    pub(super) asked: Vec<&'a Asked>,
    /// What Slack keeps of it.
    pub(super) kept: Vec<&'a SlackMessage>,
    /// Whether all connections to Slack were reset meanwhile: then nobody knows what was heard.
    pub(super) hung_up: bool,
    /// Whether messages bear an id by which Slack knows one that it gets twice.
    pub(super) known_twice: bool,
}

/// Sorts what Slack was asked, or keeps, by message.
pub(super) fn by_message<T>(all: &[T], text: impl Fn(&T) -> String) -> BTreeMap<String, Vec<&T>> {
    let mut sorted: BTreeMap<String, Vec<&T>> = BTreeMap::new();
    for one in all {
        sorted.entry(id_in(&text(one)).to_owned()).or_default().push(one);
    }
    sorted
}

impl Case<'_> {
    /// A name for the outcome.
    ///
    /// # Errors
    /// The rule that was broken.
    pub(super) fn judge(&self) -> Result<&'static str, String> {
        self.check_slack()?;
        let heard = self
            .asked
            .iter()
            .map(|asked| heard(asked))
            .collect::<Result<Vec<_>, _>>()?;
        let status = self.told.answer.status;
        let stuck = matches!(heard.last(), Some(Heard::Unknown { stuck: true, .. }));
        if status == 502 && stuck {
            // On a machine that is too busy for the half second which the proxy keeps back for its answer.
            return Ok("ended by the platform");
        }
        let taken = (200..300).contains(&status);
        if taken {
            self.check_success()?;
        } else {
            self.check_refusal(heard.last())?;
        }
        if self.hung_up {
            return Ok(if taken {
                "taken while connections broke"
            } else {
                "not known while connections broke"
            });
        }
        self.check_course(&heard)?;
        let expected = match heard.last() {
            Some(Heard::Posted) => taken,
            Some(Heard::Refused(_)) => status == self.limited_status(),
            Some(Heard::OldToken | Heard::Unknown { .. }) => status == 503,
            None => false,
        };
        ensure(expected, || format!("{heard:?}"))?;
        Ok(match heard.as_slice() {
            [Heard::Posted] => "taken at once",
            [before @ .., Heard::Posted] if before.iter().any(is_unknown) => "taken, asked again whether it was",
            [before @ .., Heard::Posted] if before.contains(&Heard::OldToken) => "taken with the new token",
            [.., Heard::Posted] => "taken after a wait",
            [.., Heard::Refused(_)] => "refused: too fast",
            [.., Heard::OldToken] => "refused: no good token",
            _ if self.kept.is_empty() => "not known, not in Slack",
            _ => "not known, in Slack",
        })
    }

    /// At most once, whole, and where it belongs; certainly there if the client was told so.
    fn check_slack(&self) -> Result<(), String> {
        let count = self.kept.len();
        ensure(count <= 1, || format!("{count} times in Slack"))?;
        ensure(self.kept.iter().all(|kept| self.message.arrived_as(kept)), || {
            format!("not as it was sent: {:?}", self.kept)
        })?;
        let taken = (200..300).contains(&self.told.answer.status);
        ensure(!taken || count == 1, || "taken and not in Slack".to_owned())
    }

    /// The success that HipChat gave to this call.
    fn check_success(&self) -> Result<(), String> {
        let answer = &self.told.answer;
        let good = match self.message.call {
            Call::Notification | Call::Direct => {
                answer.status == 204 && answer.body.is_empty() && !answer.headers.contains_key("content-type")
            }
            Call::First => answer.status == 200 && answer.json() == json!({"status": "sent"}),
            Call::RoomMessage => {
                let kept = self.kept[0];
                let id = format!("{}-{}", kept.channel, kept.ts.replace('.', ""));
                let body = answer.json();
                answer.status == 201 && body["id"] == id && body["timestamp"].is_string()
            }
        };
        ensure(good && self.has_limits(), || "not HipChat's success".to_owned())
    }

    /// An error that HipChat's clients can read.
    fn check_refusal(&self, last: Option<&Heard>) -> Result<(), String> {
        let answer = &self.told.answer;
        let body: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        let phrase = http::StatusCode::from_u16(answer.status).unwrap().canonical_reason();
        let shaped = answer
            .headers
            .get("content-type")
            .is_some_and(|kind| kind == "application/json")
            && body["error"]["code"] == answer.status
            && body["error"]["type"].as_str() == phrase
            && body["error"]["message"].as_str().is_some_and(|text| !text.is_empty());
        ensure(shaped && self.has_limits(), || "not HipChat's error".to_owned())?;
        if answer.status == 503 {
            return Ok(());
        }
        ensure(answer.status == self.limited_status(), || {
            "no such answer was due".to_owned()
        })?;
        let Some(Heard::Refused(seconds)) = last else {
            return Err("Slack had not said that this was too fast".to_owned());
        };
        let number = |name| self.number(name).unwrap_or_default();
        let told_to_wait = number("retry-after") == *seconds
            && number("x-ratelimit-remaining") == 0
            && number("x-floodcontrol-remaining") == 0
            && number("x-ratelimit-reset") >= self.told.sent_unix + seconds
            && number("x-floodcontrol-reset") >= self.told.sent_unix + seconds;
        ensure(told_to_wait, || "not told how long to wait".to_owned())
    }

    /// Slack is asked again only after a refusal, or, with ids, once after an answer that was lost; and what is in
    /// Slack is what was taken.
    fn check_course(&self, heard: &[Heard]) -> Result<(), String> {
        let before = heard.split_last().map_or(heard, |(_, before)| before);
        let repeated = before.iter().filter(|heard| is_unknown(heard)).count();
        ensure(repeated <= usize::from(self.known_twice), || {
            format!("asked again after {before:?}")
        })?;
        let waits = before.iter().filter(|heard| matches!(heard, Heard::Refused(_))).count();
        ensure(waits <= 1, || format!("asked again and again: {before:?}"))?;
        if let (true, Some(Heard::Unknown { stuck: false, .. })) = (self.known_twice, heard.last()) {
            ensure(repeated == 1, || "not asked again".to_owned())?;
        }
        let ids: Vec<&Value> = self.asked.iter().map(|asked| &asked.json["client_msg_id"]).collect();
        let same = ids.windows(2).all(|pair| pair[0] == pair[1]);
        ensure(same && ids.iter().all(|id| id.is_string() == self.known_twice), || {
            format!("ids {ids:?}")
        })?;
        let taken = heard.iter().map(|heard| match heard {
            Heard::Posted => Some(true),
            Heard::Refused(_) | Heard::OldToken => Some(false),
            Heard::Unknown { taken, .. } => *taken,
        });
        let taken = taken.collect::<Option<Vec<bool>>>();
        let right = taken.is_none_or(|taken| taken.contains(&true) == (self.kept.len() == 1));
        ensure(right, || format!("{} times in Slack after {heard:?}", self.kept.len()))
    }

    /// What HipChat says to who is too fast.
    fn limited_status(&self) -> u16 {
        if self.message.call == Call::First { 403 } else { 429 }
    }

    /// Clients stop at an answer without these.
    fn has_limits(&self) -> bool {
        let kinds = ["ratelimit", "floodcontrol"];
        let names = ["limit", "remaining", "reset"];
        kinds.iter().all(|kind| {
            names
                .iter()
                .all(|name| self.number(&format!("x-{kind}-{name}")).is_some())
        })
    }

    fn number(&self, header: &str) -> Option<u64> {
        self.told.answer.headers.get(header)?.to_str().ok()?.parse().ok()
    }
}

fn heard(asked: &Asked) -> Result<Heard, String> {
    if let Some(class) = asked.fault.as_ref().map(Class::of) {
        match class.effect() {
            Effect::Refused(seconds) => return Ok(Heard::Refused(seconds)),
            Effect::Unknown => {
                // Slack's own limit may stand behind the fault.
                let real = asked.real.as_ref().map(answer).transpose()?;
                let (taken, stuck) = (Some(real == Some(Heard::Posted)), class.is_stuck());
                return Ok(Heard::Unknown { taken, stuck });
            }
            Effect::Told => {}
        }
    }
    let Some(answered) = &asked.answered else {
        // The connection was reset, or the proxy gave up: a machine can be as slow as that.
        return Ok(Heard::Unknown {
            taken: None,
            stuck: true,
        });
    };
    answer(answered)
}

/// What an answer of Slack's own says.
fn answer(answered: &Answered) -> Result<Heard, String> {
    let body: Value = serde_json::from_str(&answered.body).map_err(|error| error.to_string())?;
    match (answered.status, &body["ok"], body["error"].as_str()) {
        (200, Value::Bool(true), None) => Ok(Heard::Posted),
        (200, Value::Bool(false), Some("invalid_auth")) => Ok(Heard::OldToken),
        (429, _, Some("ratelimited")) => Ok(Heard::Refused(1)),
        _ => Err(format!("Slack answered {} {body}", answered.status)),
    }
}

fn is_unknown(heard: &Heard) -> bool {
    matches!(heard, Heard::Unknown { .. })
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}
