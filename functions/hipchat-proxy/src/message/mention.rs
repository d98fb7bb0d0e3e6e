//! Mentions in text messages: `@Name` of the directory, `@all` and `@here` as far as the room allows.

use std::collections::HashMap;

use crate::rooms::Ping;

/// Who can be mentioned: mention names in any case -> Slack's user ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions(HashMap<String, String>);

/// What a name after `@` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mentioned {
    /// A person: `<@U...>`.
    Person(String),
    /// The room: `<!here>` or `<!channel>`.
    Room(Ping),
}

impl Mentions {
    /// The people of pairs of mention name and Slack id; of two with one name the first counts. The id must be
    /// letters and digits.
    pub fn new<'a>(people: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut known = HashMap::new();
        for (name, slack_id) in people {
            let name = name.trim_start_matches('@').to_lowercase();
            known.entry(name).or_insert_with(|| slack_id.to_owned());
        }
        Self(known)
    }

    /// The Slack id of a mention name, whatever its case.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_lowercase()).map(String::as_str)
    }

    /// What `name` stands for where `policy` says whom a message may call; `None` when it stays a text.
    pub(super) fn resolve(&self, name: &str, policy: Ping) -> Option<Mentioned> {
        let everybody = name.eq_ignore_ascii_case("all");
        if everybody || name.eq_ignore_ascii_case("here") {
            return match policy {
                Ping::None => None,
                Ping::Channel if everybody => Some(Mentioned::Room(Ping::Channel)),
                Ping::Here | Ping::Channel => Some(Mentioned::Room(Ping::Here)),
            };
        }
        self.find(name).map(|id| Mentioned::Person(format!("<@{id}>")))
    }
}

/// The mention name that `text`, which begins with `@`, holds: letters, digits and underscores.
pub(super) fn name_at(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('@')?;
    let end = rest
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .unwrap_or(rest.len());
    rest.get(..end).filter(|name| !name.is_empty())
}

/// Whether a mention may begin after `before`: not within a word, an address or a path.
pub(super) fn may_follow(before: Option<char>) -> bool {
    before.is_none_or(|letter| !(letter.is_alphanumeric() || matches!(letter, '_' | '@' | '/' | '.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_called_as_far_as_it_allows() {
        let people = Mentions::new([("Chris", "U3")].into_iter());
        let resolve = |name, policy| people.resolve(name, policy);
        let room = |ping| Some(Mentioned::Room(ping));
        for (name, policy, expected) in [
            ("all", Ping::None, None),
            ("here", Ping::None, None),
            ("all", Ping::Here, room(Ping::Here)),
            ("HERE", Ping::Here, room(Ping::Here)),
            ("All", Ping::Channel, room(Ping::Channel)),
            ("here", Ping::Channel, room(Ping::Here)),
            ("nobody", Ping::Channel, None),
            ("cHRIS", Ping::None, Some(Mentioned::Person("<@U3>".to_owned()))),
        ] {
            assert_eq!(resolve(name, policy), expected, "{name}");
        }
    }

    #[test]
    fn names_end_where_they_end() {
        assert_eq!(name_at("@chris, hi"), Some("chris"));
        assert_eq!(name_at("@a_b1"), Some("a_b1"));
        assert_eq!(name_at("@ x"), None);
        assert!(may_follow(None) && may_follow(Some('(')) && may_follow(Some(' ')));
        assert!(!may_follow(Some('a')) && !may_follow(Some('@')) && !may_follow(Some('/')) && !may_follow(Some('.')));
    }
}
