//! Who is who: HipChat's users and how Slack knows them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

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

/// Users, ready for look-ups.
#[derive(Debug, Default)]
pub(super) struct People {
    users: Vec<User>,
    by_id: HashMap<u64, usize>,
    /// In lower case: e-mail addresses, mention names behind `@`, full names.
    by_name: HashMap<String, usize>,
}

impl People {
    /// Indexes users; `clash` is told of what two of them share, as in `Directory::new`. Full names may be shared.
    pub(super) fn new(users: Vec<User>, mut clash: impl FnMut(String, String)) -> Self {
        let mut people = Self::default();
        for (at, user) in users.iter().enumerate() {
            let mut taken =
                |member: &str, first: usize| clash(format!("users[{at}].{member}"), format!("users[{first}]"));
            match people.by_id.entry(user.id) {
                Entry::Vacant(vacant) => {
                    vacant.insert(at);
                }
                Entry::Occupied(first) => taken("id", *first.get()),
            }
            let mention = user.mention_name.as_deref().map(mention_key);
            for (member, key) in [
                ("mention_name", mention),
                ("email", user.email.as_deref().map(str::to_lowercase)),
            ] {
                let Some(key) = key else { continue };
                match people.by_name.entry(key) {
                    Entry::Vacant(vacant) => {
                        vacant.insert(at);
                    }
                    Entry::Occupied(first) => taken(member, *first.get()),
                }
            }
        }
        for (at, user) in users.iter().enumerate() {
            people.by_name.entry(user.name.to_lowercase()).or_insert(at);
        }
        people.users = users;
        people
    }

    pub(super) fn all(&self) -> &[User] {
        &self.users
    }

    pub(super) fn find(&self, wanted: &str) -> Option<&User> {
        let wanted = wanted.trim();
        let by_id = || self.by_id.get(&wanted.parse().ok()?);
        let by_name = || self.by_name.get(&wanted.to_lowercase());
        let by_mention = || self.by_name.get(&mention_key(wanted));
        let at = by_id().or_else(by_name).or_else(by_mention)?;
        self.users.get(*at)
    }
}

fn mention_key(name: &str) -> String {
    format!("@{}", name.trim_start_matches('@').to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u64, name: &str, mention_name: Option<&str>, email: Option<&str>) -> User {
        User {
            id,
            name: name.to_owned(),
            mention_name: mention_name.map(str::to_owned),
            email: email.map(str::to_owned),
            slack_id: None,
        }
    }

    #[test]
    fn users_are_found_as_clients_name_them() {
        let users = vec![
            user(3, "Chris Smith", Some("chris"), Some("C@Example.com")),
            user(4, "chris smith", Some("@csmith"), None),
            user(5, "3", None, None),
        ];
        let people = People::new(users, |place, _| panic!("{place}"));
        for (wanted, id) in [
            ("3", Some(3)),
            ("@chris", Some(3)),
            ("@CHRIS", Some(3)),
            ("chris", Some(3)),
            ("c@example.COM", Some(3)),
            ("Chris Smith", Some(3)),
            ("@csmith", Some(4)),
            ("5", Some(5)),
            ("@nobody", None),
            ("x@example.com", None),
            ("@", None),
            ("", None),
        ] {
            assert_eq!(people.find(wanted).map(|user| user.id), id, "{wanted}");
        }
    }

    #[test]
    fn what_two_users_share_is_told() {
        let users = vec![
            user(3, "A", Some("a"), Some("a@x")),
            user(3, "A", Some("@A"), Some("A@x")),
        ];
        let mut clashes = Vec::new();
        People::new(users, |place, first| clashes.push((place, first)));
        let expected = ["users[1].id", "users[1].mention_name", "users[1].email"];
        assert_eq!(clashes, expected.map(|place| (place.to_owned(), "users[0]".to_owned())));
    }
}
