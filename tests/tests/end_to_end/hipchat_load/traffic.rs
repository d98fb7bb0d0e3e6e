//! What the clients send: a plan that a seed decides, so that a failure can be seen again.

use local::standin::SlackMessage;
use serde_json::{Value, json};

/// How long the traffic lasts for those who send it, in minutes.
pub(super) const MINUTES: u64 = 30;
const MINUTE_MS: u64 = 60_000;

pub(super) const ROOMS: usize = 20;
pub(super) const USERS: usize = 5;

/// Every so many messages one is nearly as long as HipChat allowed.
const LONG_EVERY: u64 = 25;
const LONG_LINES: usize = 110;

/// By which a message is known again in Slack: this and six digits.
const MARK: &str = "load-";
const MARK_DIGITS: usize = 6;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// `POST /v2/room/{room}/notification`.
    Notification,
    /// `POST /v2/room/{room}/message`.
    RoomMessage,
    /// `POST /v2/user/{user}/message`.
    Direct,
    /// `POST /v1/rooms/message`.
    First,
}

/// One message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: String,
    /// When it is sent: milliseconds of simulated time from the beginning.
    pub(super) due_ms: u64,
    pub(super) call: Call,
    /// The number of its room, or of its user.
    pub(super) place: usize,
    /// What the client sends.
    pub(super) text: String,
    /// What Slack is to show, all parts of it.
    pub(super) shown: String,
}

/// Sebastiano Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) % bound
    }
}

/// The messages of each client, in order. In the middle of the time all clients send to the first room at once.
pub(super) fn plan(seed: u64, clients: usize, messages_each: usize) -> Vec<Vec<Message>> {
    let mut random = Random(seed);
    let slot = MINUTES * MINUTE_MS / messages_each as u64;
    let mut number = 0;
    let mut message = |index: usize| {
        number += 1;
        let id = format!("{MARK}{number:0width$}", width = MARK_DIGITS);
        let due_ms = slot * index as u64;
        if index == messages_each / 2 {
            return Message::new(id, due_ms, Call::Notification, 0, false);
        }
        let call = match random.below(10) {
            0..5 => Call::Notification,
            5..7 => Call::First,
            7..9 => Call::RoomMessage,
            _ => Call::Direct,
        };
        let places = if call == Call::Direct { USERS } else { ROOMS };
        let place = random.below(places as u64) as usize;
        let long = random.below(LONG_EVERY) == 0;
        Message::new(id, due_ms + random.below(slot), call, place, long)
    };
    (0..clients)
        .map(|_| (0..messages_each).map(&mut message).collect())
        .collect()
}

impl Message {
    fn new(id: String, due_ms: u64, call: Call, place: usize, long: bool) -> Self {
        let more: String = (0..if long { LONG_LINES } else { 0 })
            .map(|line| format!("\n{id} line {line:03} of what a build prints when it has a lot to say"))
            .collect();
        let (text, shown) = match call {
            // HTML, and a sender's name, which stands above.
            Call::First => (
                format!("{id} <b>build</b> a&lt;b &amp; ünï{}", more.replace('\n', "<br>")),
                format!("*Nagios*\n{id} *build* a&lt;b &amp; ünï{more}"),
            ),
            _ => (
                format!("{id} (success) a<b & ünï{more}"),
                format!("{id} :white_check_mark: a&lt;b &amp; ünï{more}"),
            ),
        };
        Self {
            id,
            due_ms,
            call,
            place,
            text,
            shown,
        }
    }

    /// Whether Slack has the whole of it where it belongs.
    pub(super) fn arrived_as(&self, posted: &SlackMessage) -> bool {
        let in_place = match self.call {
            Call::Direct => posted.channel.starts_with('D') && posted.channel_name == user_id(self.place),
            _ => posted.channel == channel(self.place),
        };
        in_place && shown(posted) == self.shown
    }
}

/// What a message in Slack shows: its text, or its attachments from top to bottom.
fn shown(posted: &SlackMessage) -> String {
    let attached: Vec<&str> = posted
        .attachments
        .iter()
        .filter_map(|part| part["text"].as_str())
        .collect();
    let above = (!posted.text.is_empty()).then_some(posted.text.as_str());
    above.into_iter().chain(attached).collect::<Vec<_>>().join("\n")
}

/// The id of the message that this text belongs to.
pub(super) fn id_in(text: &str) -> &str {
    let start = text.find(MARK).unwrap_or_else(|| panic!("nobody sent {text}"));
    &text[start..start + MARK.len() + MARK_DIGITS]
}

pub(super) fn room(place: usize) -> String {
    format!("Room {place}")
}

/// The id of a room's channel in Slack.
pub(super) fn channel(place: usize) -> String {
    format!("C{}", 100 + place)
}

pub(super) fn mention_name(place: usize) -> String {
    format!("user{place}")
}

/// A user's id in Slack.
pub(super) fn user_id(place: usize) -> String {
    format!("U{}", 100 + place)
}

/// The function's directory of all rooms and users.
pub(super) fn directory() -> Value {
    let rooms = (0..ROOMS).map(|place| json!({"name": room(place), "id": place + 1, "channel": channel(place)}));
    let users = (0..USERS).map(|place| {
        let name = mention_name(place);
        json!({"id": place + 1, "name": name, "mention_name": name, "slack_id": user_id(place)})
    });
    json!({"rooms": rooms.collect::<Vec<_>>(), "users": users.collect::<Vec<_>>()})
}
