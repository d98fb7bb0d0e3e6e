//! HipChat's scopes: their names, and which calls each is for
//! (<https://developer.atlassian.com/server/hipchat/hipchat-rest-api-scopes/>). Pure.
//!
//! A scope gives no right: a client has those of its grant, and scopes say for which of them a token is made.

use super::{Call, Need};

/// A scope, as a bit.
type Scope = u16;

const SEND_NOTIFICATION: Scope = 1;
const SEND_MESSAGE: Scope = 1 << 1;
const VIEW_GROUP: Scope = 1 << 2;
const VIEW_MESSAGES: Scope = 1 << 3;
const VIEW_ROOM: Scope = 1 << 4;
const ADMIN_ROOM: Scope = 1 << 5;
const MANAGE_ROOMS: Scope = 1 << 6;
const ADMIN_GROUP: Scope = 1 << 7;

/// The scopes by name and title, and what a client must be allowed to ask for each. Rooms are part of a group, so whoever
/// may read them may view it; users are seen by those alone who may see users.
const TABLE: [(Scope, &str, &str, Need); 8] = [
    (SEND_NOTIFICATION, "send_notification", "Send Notification", Need::Send),
    (SEND_MESSAGE, "send_message", "Send Message", Need::Act),
    (VIEW_GROUP, "view_group", "View Group", Need::Read),
    (VIEW_MESSAGES, "view_messages", "View Messages", Need::Read),
    (VIEW_ROOM, "view_room", "View Room", Need::Read),
    (ADMIN_ROOM, "admin_room", "Administer Room", Need::Act),
    (MANAGE_ROOMS, "manage_rooms", "Manage Rooms", Need::Act),
    (ADMIN_GROUP, "admin_group", "Administer Group", Need::Users),
];

/// Some of HipChat's scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(Scope);

impl Scopes {
    /// All of them, also such as are not known yet: a token that was not made for some.
    pub const ALL: Self = Self(Scope::MAX);

    /// Those that one may have who may do so much.
    pub fn of(may: impl Fn(Need) -> bool) -> Self {
        let granted = TABLE.iter().filter(|(.., need)| may(*need));
        Self(granted.fold(0, |all, (scope, ..)| all | scope))
    }

    /// Those that a text names, between spaces (RFC 6749, section 3.3) or, as some clients write it, commas; all when it
    /// names none. `None` when it names another.
    pub fn named(text: &str) -> Option<Self> {
        let mut named = 0;
        for name in text.split([' ', ',']).filter(|name| !name.is_empty()) {
            let (scope, ..) = TABLE.iter().find(|(_, known, ..)| *known == name)?;
            named |= scope;
        }
        Some(if named == 0 { Self::ALL } else { Self(named) })
    }

    /// As a number, which [`Self::from_bits`] reads.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// The scopes of a number; every number has some or none.
    pub fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Their names, in HipChat's order.
    pub fn names(self) -> Vec<&'static str> {
        let own = TABLE.iter().filter(|(scope, ..)| self.0 & scope != 0);
        own.map(|(_, name, ..)| *name).collect()
    }

    /// Whether one of them is for such a call.
    pub fn cover(self, call: Call, need: Need) -> bool {
        let any = match (call, need) {
            (Call::Notify, _) => SEND_NOTIFICATION,
            (Call::Message | Call::Reply | Call::ShareLink | Call::ShareFile, _) => SEND_MESSAGE,
            (Call::Topic, _) => ADMIN_ROOM,
            (Call::History | Call::Absent("Message"), _) => VIEW_MESSAGES,
            // What every token may ask, such as for emoticons.
            (_, Need::Nothing | Need::Send) => return true,
            (_, Need::SeeUsers) => VIEW_GROUP,
            (_, Need::Read) => VIEW_GROUP | VIEW_ROOM | ADMIN_ROOM,
            (_, Need::Act) => ADMIN_ROOM | MANAGE_ROOMS,
            (_, Need::Users) => ADMIN_GROUP,
        };
        self.0 & any != 0
    }

    /// Whether users may be seen by them.
    pub fn show_users(self) -> bool {
        self.0 & VIEW_GROUP != 0
    }
}

/// Name and title of each scope.
pub fn scope_titles() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|(_, name, title, _)| (*name, *title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (text, names) in [
            ("view_room  send_message", &["send_message", "view_room"][..]),
            ("admin_room,admin_room", &["admin_room"]),
            (
                "manage_rooms,view_group view_messages",
                &["view_group", "view_messages", "manage_rooms"],
            ),
        ] {
            assert_eq!(Scopes::named(text).unwrap().names(), names, "{text}");
        }
        for text in ["", " ", " , "] {
            assert_eq!(Scopes::named(text), Some(Scopes::ALL), "{text:?}");
        }
        for text in [
            "root",
            "view_room root",
            "View_Room",
            "view_room\tview_group",
            "import_data",
        ] {
            assert_eq!(Scopes::named(text), None, "{text:?}");
        }
        assert_eq!(Scopes::ALL.names().len(), TABLE.len());
        for bits in [0, 1, 255, u16::MAX] {
            assert_eq!(Scopes::from_bits(bits).bits(), bits);
        }
    }

    #[test]
    fn whoever_may_do_more_may_ask_for_more() {
        assert_eq!(Scopes::of(|need| need == Need::Send).names(), ["send_notification"]);
        assert_eq!(
            Scopes::of(|need| matches!(need, Need::Send | Need::Read)).names(),
            ["send_notification", "view_group", "view_messages", "view_room"]
        );
        assert_eq!(Scopes::of(|_| true).names(), Scopes::ALL.names());
    }

    #[test]
    fn a_scope_is_for_its_calls_alone() {
        for (call, need, names) in [
            (Call::Notify, Need::Send, "send_notification"),
            (Call::Message, Need::Act, "send_message"),
            (Call::Message, Need::Users, "send_message"),
            (Call::ShareFile, Need::Users, "send_message"),
            (Call::Topic, Need::Act, "admin_room"),
            (Call::History, Need::Read, "view_messages"),
            (Call::History, Need::SeeUsers, "view_messages"),
            (Call::Absent("Message"), Need::Read, "view_messages"),
            (Call::Rooms, Need::Read, "view_group view_room admin_room"),
            (Call::Users, Need::SeeUsers, "view_group"),
            (Call::Absent("Photo"), Need::SeeUsers, "view_group"),
            (
                Call::Change(crate::api::Change::CreateRoom),
                Need::Act,
                "admin_room manage_rooms",
            ),
            (Call::Change(crate::api::Change::PutUser), Need::Users, "admin_group"),
        ] {
            for (scope, name, ..) in TABLE {
                let is_for = names.split(' ').any(|one| one == name);
                assert_eq!(Scopes(scope).cover(call, need), is_for, "{name} {call:?}");
            }
            assert!(Scopes::ALL.cover(call, need) && !Scopes(0).cover(call, need));
        }
        assert!(Scopes(0).cover(Call::EmptyList, Need::Send) && Scopes(0).cover(Call::OauthSession, Need::Nothing));
    }
}
