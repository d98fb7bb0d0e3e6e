//! The objects of the second API's answers. They are made from the directory alone: what it does not know has the value
//! that HipChat gave where there was none.

use serde_json::{Value, json};

use super::Page;
use super::tokens::available_scopes;
use crate::api::Base;
use crate::rooms::{Room, User};

/// Nobody knows when; clients parse it.
const CREATED: &str = "1970-01-01T00:00:00+00:00";

/// Changes whenever an object does; nothing here does.
const VERSION: &str = "00000000";

/// A room as answers show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomView<'a> {
    /// HipChat's number; 0 for a room that is not listed.
    pub id: u64,
    /// Its name.
    pub name: &'a str,
}

impl<'a> From<&'a Room> for RoomView<'a> {
    fn from(room: &'a Room) -> Self {
        Self {
            id: room.id,
            name: &room.name,
        }
    }
}

impl RoomView<'_> {
    /// What names the room in an address.
    fn key(&self) -> String {
        match self.id {
            0 => self.name.to_owned(),
            id => id.to_string(),
        }
    }
}

/// A room in a list.
fn room_item(room: RoomView<'_>, base: &Base) -> Value {
    let key = room.key();
    json!({
        "id": room.id,
        "name": room.name,
        "links": {
            "self": base.at(&["room", &key]),
            "webhooks": base.at(&["room", &key, "webhook"]),
            "members": base.at(&["room", &key, "member"]),
            "participants": base.at(&["room", &key, "participant"]),
        },
        "version": VERSION,
        "privacy": "public",
        "is_archived": false,
    })
}

/// A room. Its owner is the first of `users`, since clients look for one.
pub fn room(room: RoomView<'_>, users: &[User], base: &Base) -> Value {
    let owner = users.first();
    let owner_id = owner.map_or(1, |owner| owner.id);
    let mut object = room_item(room, base);
    let more = json!({
        "xmpp_jid": format!("1_{}@conf.hipchat.com", crate::rooms::slug(room.name)),
        "created": CREATED,
        "last_active": null,
        "topic": "",
        "owner": {
            "id": owner_id,
            "name": owner.map_or("HipChat", |owner| &owner.name),
            "mention_name": owner.map_or_else(|| "HipChat".to_owned(), mention_name),
            "version": VERSION,
            "links": {"self": base.at(&["user", &owner_id.to_string()])},
        },
        "participants": [],
        "delegates": [],
        "statistics": {"links": {"self": base.at(&["room", &room.key(), "statistics"])}},
        "is_guest_accessible": false,
        "guest_access_url": null,
        "avatar_url": null,
    });
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// A page of rooms.
pub fn rooms<'a>(page: &Page, all: impl Iterator<Item = &'a Room>, users: &[User], base: &Base) -> Value {
    let item = |one: &Room| {
        if page.expanded {
            room(one.into(), users, base)
        } else {
            room_item(one.into(), base)
        }
    };
    page.of(all.map(item), base, &["room"])
}

/// A user in a list.
fn user_item(user: &User, base: &Base) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "mention_name": mention_name(user),
        "version": VERSION,
        "links": {"self": base.at(&["user", &user.id.to_string()])},
    })
}

/// A user.
pub fn user(user: &User, base: &Base) -> Value {
    let mut object = user_item(user, base);
    let more = json!({
        "email": user.email,
        "title": "",
        "presence": null,
        "is_group_admin": false,
        "is_guest": false,
        "is_deleted": false,
        "timezone": "UTC",
        "created": CREATED,
        "last_active": null,
        "photo_url": null,
        "roles": ["user"],
        "xmpp_jid": format!("1_{}@chat.hipchat.com", user.id),
    });
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}

/// A page of users.
pub fn users(page: &Page, all: &[User], base: &Base) -> Value {
    let item = |one: &User| {
        if page.expanded {
            user(one, base)
        } else {
            user_item(one, base)
        }
    };
    page.of(all.iter().map(item), base, &["user"])
}

/// The name after `@`: the directory's, else the full name without spaces.
pub(in crate::api) fn mention_name(user: &User) -> String {
    match &user.mention_name {
        Some(name) => name.trim_start_matches('@').to_owned(),
        None => user.name.split_whitespace().collect(),
    }
}

/// How much was said in a room.
pub fn statistics() -> Value {
    json!({"messages_sent": 0, "last_active": null})
}

/// What was made: its number and its address.
pub fn created(id: u64, address: &str) -> Value {
    json!({"id": id, "links": {"self": address}})
}

/// What this server can do; tokens for add-ons only if there are any.
pub fn capabilities(base: &Base, has_addons: bool) -> Value {
    let mut document = json!({
        "name": "HipChat",
        "description": "Group chat and IM built for teams",
        "key": "hipchat",
        "links": {"self": base.at(&["capabilities"]), "api": base.at(&[])},
        "capabilities": {
            "hipchatApiProvider": {
                "url": format!("{}/", base.at(&[])),
                "availableScopes": available_scopes(),
            },
        },
    });
    if has_addons && let Some(capabilities) = document.get_mut("capabilities").and_then(Value::as_object_mut) {
        let provider = json!({"tokenUrl": base.at(&["oauth", "token"])});
        capabilities.insert("oauth2Provider".to_owned(), provider);
    }
    document
}

#[cfg(test)]
#[path = "objects_tests.rs"]
mod tests;
