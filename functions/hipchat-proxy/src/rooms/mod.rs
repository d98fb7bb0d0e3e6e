//! The directory: which HipChat room is which Slack channel, and who is who.
//!
//! ```json
//! {"rooms": [{"name": "Dev Ops", "id": 7, "channel": "C100", "aliases": ["devops"], "notify": "here", "mentions": "none"}],
//!  "users": [{"id": 3, "name": "Chris", "mention_name": "chris", "email": "c@example.com", "slack_id": "U3"}],
//!  "fallback": "reject", "default_channel": null, "emoticons": {"jenkins": ":jenkins:"}}
//! ```
//!
//! A room needs `name` and one of `channel` (an id, or `#name`) and `webhook_url` (an incoming webhook; messages go
//! there where both are set); `id` defaults to its position, counted from 1; `notify` and `mentions` (`none`, `here` or
//! `channel`) default to `none`. A user needs `name`; messages reach it by `slack_id`, else by `email`. `fallback` is
//! what becomes of a message to a room that is not listed: `reject` (404), `default` (it goes to `default_channel`) or
//! `slug` (it goes to the channel whose name is the room's in Slack's spelling). `emoticons` adds to HipChat's own, or
//! changes them.

mod document;
mod people;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use percent_encoding::percent_decode_str;
use shared::Secret;

use crate::message::{Emoticons, Mentions};

pub use document::read;
use people::People;
pub use people::User;

/// Whom a message may call to the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Ping {
    /// Nobody.
    #[default]
    None,
    /// Everybody who is active: `<!here>`.
    Here,
    /// Everybody: `<!channel>`.
    Channel,
}

impl Ping {
    /// What calls them in Slack's markup; empty for nobody.
    pub fn token(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Here => "<!here>",
            Self::Channel => "<!channel>",
        }
    }
}

/// A room and its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// HipChat's name of it.
    pub name: String,
    /// HipChat's number of it.
    pub id: u64,
    /// Slack's channel id, or `#name`; only a room with a webhook may have none.
    pub channel: Option<String>,
    /// The URL of an incoming webhook.
    pub webhook: Option<Secret>,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// Whom `notify` calls.
    pub notify: Ping,
    /// Whom `@all` and `@here` in a text message call.
    pub mentions: Ping,
}

/// What becomes of a message to a room that is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fallback {
    /// 404.
    #[default]
    Reject,
    /// It goes to this channel, the room's name in its first line.
    Default(String),
    /// It goes to the channel of the same name, as [`slug`] writes it.
    Slug,
}

/// The position of a room in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoomIndex(pub usize);

/// Rooms and users, ready for look-ups.
#[derive(Debug, Default)]
pub struct Directory {
    rooms: Vec<Room>,
    fallback: Fallback,
    people: People,
    mentions: Mentions,
    emoticons: Emoticons,
    by_name: HashMap<String, RoomIndex>,
    by_folded_name: HashMap<String, RoomIndex>,
    by_id: HashMap<u64, RoomIndex>,
    by_alias: HashMap<String, RoomIndex>,
}

impl Directory {
    /// Indexes rooms and users. `clash` is told of a name, id, alias or address that two of them share: where the second
    /// one stands (`rooms[1].id`, say) and which one (`rooms[0]`) has it already. The first one keeps it.
    pub fn new(rooms: Vec<Room>, users: Vec<User>, fallback: Fallback, mut clash: impl FnMut(String, String)) -> Self {
        let mut directory = Self {
            fallback,
            mentions: Mentions::new(
                users
                    .iter()
                    .filter_map(|user| Some((user.mention_name.as_deref()?, user.slack_id.as_deref()?))),
            ),
            ..Self::default()
        };
        for (at, room) in rooms.iter().enumerate() {
            let index = RoomIndex(at);
            directory.by_name.entry(room.name.clone()).or_insert(index);
            let folded = room.name.to_lowercase();
            if let Some(first) = insert(&mut directory.by_folded_name, folded, index) {
                clash(format!("rooms[{at}].name"), format!("rooms[{first}]"));
            }
            if let Some(first) = insert(&mut directory.by_id, room.id, index) {
                clash(format!("rooms[{at}].id"), format!("rooms[{first}]"));
            }
        }
        for (at, room) in rooms.iter().enumerate() {
            for (number, alias) in room.aliases.iter().enumerate() {
                let folded = alias.to_lowercase();
                let named = directory.by_folded_name.get(&folded).copied();
                let first = named
                    .filter(|index| index.0 != at)
                    .map(|index| index.0)
                    .or_else(|| insert(&mut directory.by_alias, folded, RoomIndex(at)));
                if let Some(first) = first {
                    clash(format!("rooms[{at}].aliases[{number}]"), format!("rooms[{first}]"));
                }
            }
        }
        directory.rooms = rooms;
        directory.people = People::new(users, clash);
        directory
    }

    /// Finds a room as a client names it: by its exact name, by its name after one more decoding (some clients
    /// encode twice), by its name whatever the case, by its number, by an alias.
    pub fn find(&self, wanted: &str) -> Option<RoomIndex> {
        if let Some(index) = self.by_name.get(wanted) {
            return Some(*index);
        }
        let decoded = percent_decode_str(wanted).decode_utf8_lossy();
        let spellings = [wanted, decoded.as_ref()];
        let by_name = spellings.iter().find_map(|name| self.by_name.get(*name));
        let by_case = || {
            spellings
                .iter()
                .find_map(|name| self.by_folded_name.get(&name.to_lowercase()))
        };
        let by_id = || {
            spellings
                .iter()
                .find_map(|name| self.by_id.get(&name.trim().parse().ok()?))
        };
        let by_alias = || {
            spellings
                .iter()
                .find_map(|name| self.by_alias.get(&name.to_lowercase()))
        };
        by_name.or_else(by_case).or_else(by_id).or_else(by_alias).copied()
    }

    /// A room by its position.
    pub fn room(&self, index: RoomIndex) -> Option<&Room> {
        self.rooms.get(index.0)
    }

    /// All rooms with their positions, in the document's order.
    pub fn rooms(&self) -> impl Iterator<Item = (RoomIndex, &Room)> {
        self.rooms.iter().enumerate().map(|(at, room)| (RoomIndex(at), room))
    }

    /// All users, in the document's order.
    pub fn users(&self) -> &[User] {
        self.people.all()
    }

    /// Finds a user as a client names it: by number, e-mail address, mention name with or without `@`, or full name.
    pub fn find_user(&self, wanted: &str) -> Option<&User> {
        self.people.find(wanted)
    }

    /// The same directory with these emoticons.
    #[must_use]
    pub fn with_emoticons(mut self, emoticons: Emoticons) -> Self {
        self.emoticons = emoticons;
        self
    }

    /// What stands for emoticons.
    pub fn emoticons(&self) -> &Emoticons {
        &self.emoticons
    }

    /// What becomes of a message to a room that is not listed.
    pub fn fallback(&self) -> &Fallback {
        &self.fallback
    }

    /// Who can be mentioned.
    pub fn mentions(&self) -> &Mentions {
        &self.mentions
    }
}

/// A room's name as Slack spells a channel's: lower case, at most 80 characters, `-` for all that is neither letter,
/// digit, `_` nor `-`.
pub fn slug(name: &str) -> String {
    let spelt = |letter: char| {
        let known = letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if known { letter } else { '-' }
    };
    name.trim().to_lowercase().chars().take(80).map(spelt).collect()
}

/// Inserts unless the key is taken by another room; tells which.
fn insert<K: std::hash::Hash + Eq>(map: &mut HashMap<K, RoomIndex>, key: K, index: RoomIndex) -> Option<usize> {
    match map.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(index);
            None
        }
        Entry::Occupied(first) => (*first.get() != index).then_some(first.get().0),
    }
}

#[cfg(test)]
mod tests;
