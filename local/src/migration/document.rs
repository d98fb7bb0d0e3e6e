//! The directory of `hipchat-proxy` from rooms, their channels and users, checked by the function's own reader.

use std::collections::HashMap;
use std::fmt::Write as _;

use hipchat_proxy::rooms;
use serde_json::{Map, Value, json};

use super::{Member, Outcome, Room, User};

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
    for (room, outcome) in rooms.iter().zip(outcomes) {
        let id = room.id.map(|id| id.to_string()).unwrap_or_default();
        // Writing to a text cannot fail.
        let _ = match outcome {
            Outcome::Matched(channel, found) => {
                let mut members = Map::from_iter([("name".to_owned(), json!(room.name))]);
                members.extend(room.id.map(|id| ("id".to_owned(), json!(id))));
                members.insert("channel".to_owned(), json!(channel.id));
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
    let ids: HashMap<String, &str> = members
        .iter()
        .map(|member| (member.email.to_lowercase(), member.id.as_str()))
        .collect();
    let present = users.iter().filter(|user| !user.is_deleted);
    let one = |user: &User| {
        let slack_id = user.email.as_ref().and_then(|email| ids.get(&email.to_lowercase()));
        if slack_id.is_none() && !members.is_empty() {
            let why = match user.email {
                Some(_) => "no member of Slack has this address",
                None => "has no address",
            };
            let id = user.id.map(|id| id.to_string()).unwrap_or_default();
            let _ = writeln!(report, "without Slack id\t{}\t{id}\t\t{why}", user.name);
        }
        let mut listed = Map::from_iter([("name".to_owned(), json!(user.name))]);
        listed.extend(user.id.map(|id| ("id".to_owned(), json!(id))));
        let texts = [
            ("mention_name", user.mention_name.as_deref()),
            ("email", user.email.as_deref()),
            ("slack_id", slack_id.copied()),
        ];
        for (name, text) in texts {
            listed.extend(text.map(|text| (name.to_owned(), json!(text))));
        }
        Value::Object(listed)
    };
    present.map(one).collect()
}
