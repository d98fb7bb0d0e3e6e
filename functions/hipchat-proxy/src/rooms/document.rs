//! The directory's JSON document -> rooms and users.

use shared::Secret;
use shared::env::check_url;

use super::{Directory, Fallback, Ping, Room, User};
use crate::config::document::{Document, Members};
use crate::message::Emoticons;

const VARIABLE: &str = "HIPCHAT_DIRECTORY";
const PINGS: &[(&str, Ping)] = &[("none", Ping::None), ("here", Ping::Here), ("channel", Ping::Channel)];

/// HipChat's numbers, which clients keep in 64-bit floating point at worst.
const IDS: std::ops::RangeInclusive<u64> = 1..=9_007_199_254_740_991;

#[derive(Clone, Copy, Default, PartialEq)]
enum Policy {
    #[default]
    Reject,
    Default,
    Slug,
}

/// Reads the document.
///
/// # Errors
/// One line for each problem: variable, JSON path and what is wanted, no values.
pub fn read(text: &str) -> Result<Directory, Vec<String>> {
    let mut document = Document::new(VARIABLE);
    let Some(mut members) = document.object(text) else {
        return Err(document.into_problems());
    };
    let rooms: Vec<Option<Room>> = members
        .objects(&mut document, "rooms")
        .into_iter()
        .zip(1..)
        .map(|(room, position)| read_room(&mut document, room, position))
        .collect();
    let users: Vec<Option<User>> = members
        .objects(&mut document, "users")
        .into_iter()
        .zip(1..)
        .map(|(user, position)| read_user(&mut document, user, position))
        .collect();
    let policy = members.choice(
        &mut document,
        "fallback",
        &[
            ("reject", Policy::Reject),
            ("default", Policy::Default),
            ("slug", Policy::Slug),
        ],
    );
    let default_channel = members.text(&mut document, "default_channel");
    check_channel(&mut document, "default_channel", default_channel.as_deref());
    let emoticons = read_emoticons(&mut document, &mut members);
    members.finish(&mut document);
    let fallback = match (policy, default_channel) {
        (Policy::Default, Some(channel)) => Fallback::Default(channel),
        (Policy::Default, None) => {
            document.problem("default_channel", "is required when fallback is default");
            Fallback::Reject
        }
        (Policy::Reject, _) => Fallback::Reject,
        (Policy::Slug, _) => Fallback::Slug,
    };
    if rooms.is_empty() && fallback == Fallback::Reject {
        document.problem(
            "rooms",
            "must hold at least one room unless fallback is default or slug",
        );
    }
    // Positions in clashes are true only while none was left out.
    let rooms: Option<Vec<Room>> = rooms.into_iter().collect();
    let users: Option<Vec<User>> = users.into_iter().collect();
    let clash = |place: String, first: String| document.problem(&place, format_args!("is the same as one of {first}"));
    let directory =
        Directory::new(rooms.unwrap_or_default(), users.unwrap_or_default(), fallback, clash).with_emoticons(emoticons);
    let problems = document.into_problems();
    if problems.is_empty() {
        Ok(directory)
    } else {
        Err(problems)
    }
}

fn read_room(document: &mut Document, mut members: Members, position: u64) -> Option<Room> {
    let name = members.required(document, "name");
    let id = members.number(document, "id", IDS);
    let has_target = members.has("channel") || members.has("webhook_url");
    let channel = members.text(document, "channel");
    if !has_target {
        document.problem(&members.at("channel"), "is required (or webhook_url)");
    }
    check_channel(document, &members.at("channel"), channel.as_deref());
    let aliases = members.texts(document, "aliases");
    let notify = members.choice(document, "notify", PINGS);
    let mentions = members.choice(document, "mentions", PINGS);
    let webhook = members.text(document, "webhook_url").map(Secret::new);
    if let Some(url) = &webhook
        && let Err(what) = check_url(url.reveal(), false)
    {
        document.problem(&members.at("webhook_url"), what);
    }
    members.finish(document);
    Some(Room {
        name: name?,
        id: id.unwrap_or(position),
        channel,
        webhook,
        aliases,
        notify,
        mentions,
    })
}

fn read_user(document: &mut Document, mut members: Members, position: u64) -> Option<User> {
    let name = members.required(document, "name");
    let id = members.number(document, "id", IDS);
    let mention_name = members.text(document, "mention_name");
    let email = members.text(document, "email");
    let slack_id = members.text(document, "slack_id");
    // It goes into `<@...>` as it is.
    if slack_id.as_deref().is_some_and(|id| !is_slack_id(id)) {
        document.problem(&members.at("slack_id"), "must be a Slack user id such as U0123ABC");
    }
    members.finish(document);
    Some(User {
        id: id.unwrap_or(position),
        name: name?,
        mention_name,
        email,
        slack_id,
    })
}

/// A member for each emoticon: its name, and the emoji or text that stands for it.
fn read_emoticons(document: &mut Document, members: &mut Members) -> Emoticons {
    let mut emoticons = Emoticons::default();
    for (place, name, shown) in members.texts_by_name(document, "emoticons") {
        if let Err(what) = emoticons.add(&name, &shown) {
            document.problem(&place, what);
        }
    }
    emoticons
}

fn is_slack_id(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// A channel is an id (`C...`, `G...`, `D...`) or `#name`; what else there may be in a name is Slack's affair.
fn check_channel(document: &mut Document, path: &str, channel: Option<&str>) {
    let Some(channel) = channel else { return };
    let named = channel
        .strip_prefix('#')
        .is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace));
    let by_id = channel.starts_with(['C', 'G', 'D']) && is_slack_id(channel);
    if !named && !by_id {
        document.problem(path, "must be a channel id such as C0123ABC, or #name");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_document_has_defaults() {
        let directory = read(
            r##"{"rooms": [{"name": "Dev Ops", "channel": "C100"}, {"name": "Ops", "channel": "#ops", "id": 8, "webhook_url": null},
                           {"name": "Hook", "webhook_url": "https://hooks.example.com/services/s3cret"}],
                "users": [{"name": "Chris", "mention_name": "chris", "slack_id": "U3"}, {"name": "Bot"}],
                "emoticons": {"jenkins": ":jenkins:"}}"##,
        )
        .unwrap();
        let room = directory.room(directory.find("1").unwrap()).unwrap();
        assert_eq!(
            (room.name.as_str(), room.notify, room.mentions),
            ("Dev Ops", Ping::None, Ping::None)
        );
        assert_eq!(directory.fallback(), &Fallback::Reject);
        assert_eq!(directory.mentions().find("CHRIS"), Some("U3"));
        assert_eq!(directory.find_user("2").map(|user| user.name.as_str()), Some("Bot"));
        let hook = directory.room(directory.find("hook").unwrap()).unwrap();
        assert!(hook.channel.is_none() && hook.webhook.is_some());
        assert!(!format!("{hook:?}").contains("s3cret"));
        let mut emoticons = Emoticons::default();
        emoticons.add("jenkins", ":jenkins:").unwrap();
        assert_eq!(directory.emoticons(), &emoticons);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let problems = read(
            r#"{"rooms": [{"name": "A", "channel": "general", "id": 0, "notify": "all"}, {"webhook_url": "http://s3cret.example.com/"}, 5,
                           {"name": "B"}],
                "users": [{"name": "U", "slack_id": "<!channel>"}], "fallback": "first", "default_channel": " C1",
                "emoticons": {"A b": ":s3cret:", "c": 5}, "extra": 1}"#,
        )
        .unwrap_err();
        assert_eq!(
            problems,
            [
                "HIPCHAT_DIRECTORY: rooms[2]: must be an object",
                "HIPCHAT_DIRECTORY: rooms[0].id: must be a whole number from 1 to 9007199254740991",
                "HIPCHAT_DIRECTORY: rooms[0].channel: must be a channel id such as C0123ABC, or #name",
                "HIPCHAT_DIRECTORY: rooms[0].notify: must be one of none, here, channel",
                "HIPCHAT_DIRECTORY: rooms[1].name: is required",
                "HIPCHAT_DIRECTORY: rooms[1].webhook_url: must use https",
                "HIPCHAT_DIRECTORY: rooms[3].channel: is required (or webhook_url)",
                "HIPCHAT_DIRECTORY: users[0].slack_id: must be a Slack user id such as U0123ABC",
                "HIPCHAT_DIRECTORY: fallback: must be one of reject, default, slug",
                "HIPCHAT_DIRECTORY: default_channel: must be a channel id such as C0123ABC, or #name",
                "HIPCHAT_DIRECTORY: emoticons.c: must be a text without control characters, not empty",
                "HIPCHAT_DIRECTORY: emoticons.A b: the name of an emoticon must be lower-case letters and digits",
                "HIPCHAT_DIRECTORY: extra: is not known",
            ]
        );
    }

    #[test]
    fn a_directory_must_lead_somewhere() {
        for (text, problem) in [
            (
                "{}",
                "HIPCHAT_DIRECTORY: rooms: must hold at least one room unless fallback is default or slug",
            ),
            (
                r#"{"fallback": "default", "rooms": []}"#,
                "HIPCHAT_DIRECTORY: default_channel: is required when fallback is default",
            ),
            (
                r#"{"rooms": [{"name": "a", "channel": "C1", "id": 2}, {"name": "b", "channel": "C1"}]}"#,
                "HIPCHAT_DIRECTORY: rooms[1].id: is the same as one of rooms[0]",
            ),
            (
                r#"{"fallback": "slug", "users": [{"name": "a", "email": "a@x"}, {"name": "b", "email": "A@x"}]}"#,
                "HIPCHAT_DIRECTORY: users[1].email: is the same as one of users[0]",
            ),
        ] {
            let problems = read(text).unwrap_err();
            assert_eq!(problems.first().map(String::as_str), Some(problem));
        }
        assert!(read(r#"{"fallback": "default", "default_channel": "C1"}"#).is_ok());
    }
}
