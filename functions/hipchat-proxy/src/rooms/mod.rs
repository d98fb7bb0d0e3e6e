//! The directory: which HipChat room is which Slack channel, and who is who.
//!
//! ```json
//! {"rooms": [{"name": "Dev Ops", "id": 7, "channel": "C100", "aliases": ["devops"], "notify": "here", "mentions": "none"}],
//!  "users": [{"id": 3, "name": "Chris", "mention_name": "chris", "email": "c@example.com", "slack_id": "U3"}],
//!  "fallback": "reject", "default_channel": null}
//! ```
//!
//! A room needs `name` and `channel` (an id, or `#name`); `id` defaults to its position, counted from 1; `notify` and
//! `mentions` (`none`, `here` or `channel`) default to `none`. A user needs `name`. `fallback` is what becomes of a
//! message to a room that is not listed: `reject` (404) or `default` (it goes to `default_channel`).

mod document;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use percent_encoding::percent_decode_str;

use crate::message::Mentions;

pub use document::read;

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
    /// Slack's channel id, or `#name`.
    pub channel: String,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// Whom `notify` calls.
    pub notify: Ping,
    /// Whom `@all` and `@here` in a text message call.
    pub mentions: Ping,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// HipChat's number.
    pub id: u64,
    /// Full name.
    pub name: String,
    /// Name after `@`.
    pub mention_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Slack's id.
    pub slack_id: Option<String>,
}

/// What becomes of a message to a room that is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fallback {
    /// 404.
    #[default]
    Reject,
    /// It goes to this channel, the room's name in its first line.
    Default(String),
}

/// The position of a room in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoomIndex(pub usize);

/// Rooms and users, ready for look-ups.
#[derive(Debug, Default)]
pub struct Directory {
    rooms: Vec<Room>,
    fallback: Fallback,
    mentions: Mentions,
    by_name: HashMap<String, RoomIndex>,
    by_folded_name: HashMap<String, RoomIndex>,
    by_id: HashMap<u64, RoomIndex>,
    by_alias: HashMap<String, RoomIndex>,
}

impl Directory {
    /// Indexes rooms and users. `clash` is told of a name, id or alias that two rooms share: where the second one
    /// stands (`rooms[1].id`, say) and which room has it already. The first one keeps it.
    pub fn new(rooms: Vec<Room>, users: &[User], fallback: Fallback, mut clash: impl FnMut(String, usize)) -> Self {
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
                clash(format!("rooms[{at}].name"), first);
            }
            if let Some(first) = insert(&mut directory.by_id, room.id, index) {
                clash(format!("rooms[{at}].id"), first);
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
                    clash(format!("rooms[{at}].aliases[{number}]"), first);
                }
            }
        }
        directory.rooms = rooms;
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

    /// How many rooms there are.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Whether there is no room.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
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
