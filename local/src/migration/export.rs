//! HipChat's side: the files `rooms.json` and `users.json` of a group's export, the API's own lists, or plain names.
//!
//! An export is a list of objects with one member each, `{"Room": {...}}` and `{"User": {...}}`; ids are numbers, in
//! older exports texts. The API answered `{"items": [...]}` (v2), `{"rooms": [...]}` and `{"users": [...]}` (v1).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{json_problem, line_of};

/// A room of HipChat's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its name.
    pub name: String,
    /// Its number; a plain list has none.
    pub id: Option<u64>,
    /// Whether it was archived: nobody could write to it any more.
    pub is_archived: bool,
    /// The line of the file where it stands.
    pub line: usize,
}

/// A user of HipChat's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Full name.
    pub name: String,
    /// Its number.
    pub id: Option<u64>,
    /// The name behind `@`.
    pub mention_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

/// Reads rooms: JSON, else one name a line.
///
/// # Errors
/// One sentence for each problem, with the line.
pub fn read_rooms(file: &str, text: &str) -> Result<Vec<Room>, Vec<String>> {
    let rooms = if is_json(text) {
        let mut problems = Vec::new();
        let mut rooms = Vec::new();
        for (line, members) in objects(file, text, "Room", &["items", "rooms"])? {
            match named(&members, &["id", "room_id"]) {
                Ok((name, id)) => rooms.push(Room {
                    name,
                    id,
                    is_archived: flag(&members, "is_archived"),
                    line,
                }),
                Err(what) => problems.push(format!("{file}: line {line}: a room {what}")),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        rooms
    } else {
        let named = (1..)
            .zip(text.trim_start_matches('\u{feff}').lines())
            .filter(|(_, name)| !name.trim().is_empty());
        let room = |(line, name): (usize, &str)| Room {
            name: name.trim().to_owned(),
            id: None,
            is_archived: false,
            line,
        };
        named.map(room).collect()
    };
    if rooms.is_empty() {
        return Err(vec![format!("{file}: holds no room")]);
    }
    let doubles = doubles(file, &rooms);
    if doubles.is_empty() { Ok(rooms) } else { Err(doubles) }
}

/// HipChat's names of rooms were unique whatever the case.
fn doubles(file: &str, rooms: &[Room]) -> Vec<String> {
    let mut first = std::collections::HashMap::new();
    let mut problems = Vec::new();
    for room in rooms {
        let line = *first.entry(room.name.to_lowercase()).or_insert(room.line);
        if line != room.line {
            problems.push(format!(
                "{file}: line {}: the room {:?} stands on line {line} already",
                room.line, room.name
            ));
        }
    }
    problems
}

/// Reads users.
///
/// # Errors
/// One sentence for each problem, with the line.
pub fn read_users(file: &str, text: &str) -> Result<Vec<User>, Vec<String>> {
    let mut problems = Vec::new();
    let mut users = Vec::new();
    for (line, members) in objects(file, text, "User", &["items", "users"])? {
        match named(&members, &["id", "user_id"]) {
            Ok((name, id)) => users.push(User {
                name,
                id,
                mention_name: filled(&members, "mention_name"),
                email: filled(&members, "email"),
                is_deleted: flag(&members, "is_deleted"),
            }),
            Err(what) => problems.push(format!("{file}: line {line}: a user {what}")),
        }
    }
    if problems.is_empty() { Ok(users) } else { Err(problems) }
}

fn is_json(text: &str) -> bool {
    // A plain list whose first room is called `[ops]` is none of JSON's.
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with('{')
        || start
            .strip_prefix('[')
            .is_some_and(|rest| rest.trim_start().starts_with(['{', ']']))
}

type Objects = Vec<(usize, Map<String, Value>)>;

/// The objects of a list with the lines where they begin. The list is the document, or a member of it with one of
/// `names`; each object may be wrapped in one with the member `wrapper` alone.
pub(super) fn objects(file: &str, text: &str, wrapper: &str, names: &[&str]) -> Result<Objects, Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let bad = |error| vec![json_problem(file, &error)];
    let items: Vec<&RawValue> = if text.trim_start().starts_with('{') {
        let mut document: std::collections::HashMap<String, &RawValue> = from_str(text).map_err(bad)?;
        let Some(list) = names.iter().find_map(|name| document.remove(*name)) else {
            return Err(vec![format!(
                "{file}: line 1: must be a list, or have the member {}",
                names.join(" or ")
            )]);
        };
        from_str(list.get()).map_err(|_| vec![format!("{file}: line {}: must be a list", line_of(text, list.get()))])?
    } else {
        from_str(text).map_err(bad)?
    };
    let mut objects = Vec::new();
    let mut problems = Vec::new();
    for item in items {
        let line = line_of(text, item.get());
        match serde_json::from_str(item.get()) {
            Ok(Value::Object(mut members)) => match members.remove(wrapper) {
                Some(Value::Object(inner)) => objects.push((line, inner)),
                Some(_) => problems.push(format!("{file}: line {line}: {wrapper} must be an object")),
                None => objects.push((line, members)),
            },
            _ => problems.push(format!("{file}: line {line}: must be an object")),
        }
    }
    if problems.is_empty() {
        Ok(objects)
    } else {
        Err(problems)
    }
}

fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}

fn named(members: &Map<String, Value>, ids: &[&str]) -> Result<(String, Option<u64>), &'static str> {
    let name = filled(members, "name").ok_or("has no name")?;
    let id = match ids.iter().find_map(|id| members.get(*id)) {
        None | Some(Value::Null) => None,
        Some(Value::Number(id)) => Some(id.as_u64().ok_or("has an id that is no whole number")?),
        Some(Value::String(id)) => Some(id.parse().map_err(|_| "has an id that is no whole number")?),
        Some(_) => return Err("has an id that is no whole number"),
    };
    Ok((name, id))
}

pub(super) fn filled(members: &Map<String, Value>, name: &str) -> Option<String> {
    let text = members.get(name).and_then(Value::as_str).map(str::trim);
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn flag(members: &Map<String, Value>, name: &str) -> bool {
    match members.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    }
}
