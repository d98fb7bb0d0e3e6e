//! The directory of `hipchat-proxy` from rooms, their channels and users, checked by the function's own reader.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use hipchat_proxy::rooms;
use serde_json::{Map, Value, json};

use super::{Member, Outcome, Room, User};

/// What numbers begin behind for rooms and users that come without: no client can have kept one of these, since HipChat's own had
/// seven digits at most, and they still are numbers of 32 bits. The function would count what is listed, from 1.
const UNNUMBERED: u64 = 2_000_000_000;

/// A directory, and what it could not take in.
#[derive(Debug)]
pub struct Directory {
    /// The document, as `HIPCHAT_DIRECTORY` takes it.
    pub document: Value,
    /// A table with tabs: how each room was matched, the rooms without a channel last.
    pub report: String,
    /// How many rooms have no channel; archived ones are not counted.
    pub unmatched: usize,
}

/// Puts a directory together.
///
/// # Errors
/// One sentence for each problem that the function would have with it.
pub fn directory(
    rooms: &[Room],
    outcomes: &[Outcome],
    users: &[User],
    members: &[Member],
) -> Result<Directory, Vec<String>> {
    let mut report = "how\troom\tid\tchannel\tname\n".to_owned();
    let mut listed = Vec::new();
    let mut left_out = String::new();
    let mut unmatched = 0;
    for ((room, outcome), number) in rooms.iter().zip(outcomes).zip(UNNUMBERED + 1..) {
        let id = room.id.map(|id| id.to_string()).unwrap_or_default();
        // Writing to a text cannot fail.
        let _ = match outcome {
            Outcome::Matched(channel, found) => {
                let id = room.id.unwrap_or(number);
                let members = [
                    ("name", json!(room.name)),
                    ("id", json!(id)),
                    ("channel", json!(channel.id)),
                ];
                let members = Map::from_iter(members.map(|(name, value)| (name.to_owned(), value)));
                listed.push(Value::Object(members));
                writeln!(
                    report,
                    "{}\t{}\t{id}\t{}\t#{}",
                    found.word(),
                    room.name,
                    channel.id,
                    channel.name
                )
            }
            Outcome::Archived => writeln!(left_out, "left out\t{}\t{id}\t\tarchived in HipChat", room.name),
            Outcome::Unmatched(why) => {
                unmatched += 1;
                writeln!(left_out, "UNMATCHED\t{}\t{id}\t\t{why}", room.name)
            }
        };
    }
    report.push_str(&left_out);
    let users: Vec<Value> = people(users, members, &mut report);
    let document = json!({"rooms": listed, "users": users, "fallback": "reject"});
    match rooms::read(&document.to_string()) {
        Ok(_) => Ok(Directory {
            document,
            report,
            unmatched,
        }),
        Err(problems) => Err(std::iter::once(report.trim_end().to_owned()).chain(problems).collect()),
    }
}

/// Users that are still there, with their ids in Slack as far as an e-mail address tells.
fn people(users: &[User], members: &[Member], report: &mut String) -> Vec<Value> {
    let mut ids: HashMap<String, BTreeSet<&str>> = HashMap::new();
    for member in members {
        let same = ids.entry(member.email.to_lowercase()).or_default();
        same.insert(&member.id);
    }
    let found = |user: &User| match &user.email {
        None => Err("has no address".to_owned()),
        Some(email) => match ids.get(&email.to_lowercase()).map(|ids| ids.iter().collect::<Vec<_>>()) {
            None => Err("no member of Slack has this address".to_owned()),
            Some(ids) => match ids.as_slice() {
                [id] => Ok(**id),
                several => Err(format!(
                    "ambiguous: {}",
                    several.iter().map(|id| **id).collect::<Vec<_>>().join(", ")
                )),
            },
        },
    };
    let present = users.iter().zip(UNNUMBERED + 1..).filter(|(user, _)| !user.is_deleted);
    let one = |(user, number): (&User, u64)| {
        let slack_id = found(user);
        if let Err(why) = &slack_id
            && !members.is_empty()
        {
            let id = user.id.map(|id| id.to_string()).unwrap_or_default();
            let _ = writeln!(report, "without Slack id\t{}\t{id}\t\t{why}", user.name);
        }
        let mut listed = Map::from_iter([("name".to_owned(), json!(user.name))]);
        listed.insert("id".to_owned(), json!(user.id.unwrap_or(number)));
        let texts = [
            ("mention_name", user.mention_name.as_deref()),
            ("email", user.email.as_deref()),
            ("slack_id", slack_id.ok()),
        ];
        for (name, text) in texts {
            listed.extend(text.map(|text| (name.to_owned(), json!(text))));
        }
        Value::Object(listed)
    };
    present.map(one).collect()
}
