//! The objects of the first API's answers, made from the directory alone.

use serde_json::{Value, json};

use crate::api::v2::RoomView;
use crate::rooms::{Room, User, slug};

/// `rooms/list`.
pub fn rooms<'a>(all: impl Iterator<Item = &'a Room>, users: &[User]) -> Value {
    let rooms: Vec<Value> = all.map(|room| members(room.into(), users)).collect();
    json!({"rooms": rooms})
}

/// `rooms/show`.
pub fn room(room: RoomView<'_>, users: &[User]) -> Value {
    let mut members = members(room, users);
    if let Some(members) = members.as_object_mut() {
        members.insert("participants".to_owned(), json!([]));
    }
    json!({"room": members})
}

/// `rooms/create`: the room as it was wanted.
pub fn created_room(id: u64, name: &str, users: &[User]) -> Value {
    json!({"room": members(RoomView { id, name }, users)})
}

fn members(room: RoomView<'_>, users: &[User]) -> Value {
    json!({
        "room_id": room.id,
        "name": room.name,
        "topic": "",
        "last_active": 0,
        "created": 0,
        "owner_user_id": users.first().map_or(1, |owner| owner.id),
        "is_archived": false,
        "is_private": false,
        "guest_access_url": null,
        "xmpp_jid": format!("1_{}@conf.hipchat.com", slug(room.name)),
    })
}

/// `rooms/history`.
pub fn history() -> Value {
    json!({"messages": []})
}

/// `users/list`.
pub fn users(all: &[User]) -> Value {
    let users: Vec<Value> = all.iter().map(user_members).collect();
    json!({"users": users})
}

/// `users/show`.
pub fn user(user: &User) -> Value {
    json!({"user": user_members(user)})
}

fn user_members(user: &User) -> Value {
    json!({
        "user_id": user.id,
        "name": user.name,
        "mention_name": crate::api::v2::mention_name(user),
        "email": user.email.as_deref().unwrap_or_default(),
        "title": "",
        "photo_url": "",
        "status": "available",
        "status_message": "",
        "is_group_admin": 0,
        "is_deleted": 0,
    })
}
