//! Path and method -> the call that is meant. Paths are taken as old clients write them: doubled and trailing slashes
//! count for nothing, each segment is decoded once, a `+` is a plus.

use http::Method;
use percent_encoding::percent_decode_str;

use Call::{Notification, Other, RoomsMessage};

use super::Version;
use crate::error::Failure;

/// What a call asks of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing, not even a token.
    Nothing,
    /// To send notifications: every kind of token may.
    Send,
    /// To read rooms.
    Read,
    /// To see users and write to them.
    Users,
    /// Everything else: tokens that are made for sending alone may not.
    Act,
}

/// The calls, by what is done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `POST /v2/room/{room}/notification`.
    Notification,
    /// `GET|POST /v1/rooms/message`.
    RoomsMessage,
    /// A call of HipChat's API that is known and not answered.
    Other,
}

/// Where a request wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which call.
    pub call: Call,
    /// What it asks of the token.
    pub need: Need,
    /// The room in the path, decoded once; `None` where the path names none.
    pub room: Option<String>,
}

/// A path, and its methods with what each asks of a token.
struct Entry {
    version: Version,
    /// Segments below the version; `{room}` and `{}` stand for any one segment.
    pattern: &'static str,
    call: Call,
    methods: &'static [(Method, Need)],
}

const fn v1(pattern: &'static str, call: Call, methods: &'static [(Method, Need)]) -> Entry {
    Entry {
        version: Version::V1,
        pattern,
        call,
        methods,
    }
}

const fn v2(pattern: &'static str, call: Call, methods: &'static [(Method, Need)]) -> Entry {
    Entry {
        version: Version::V2,
        pattern,
        call,
        methods,
    }
}

const SEND: (Method, Need) = (Method::POST, Need::Send);
const POST: (Method, Need) = (Method::POST, Need::Act);
const PUT: (Method, Need) = (Method::PUT, Need::Act);
const DELETE: (Method, Need) = (Method::DELETE, Need::Act);
const READ: (Method, Need) = (Method::GET, Need::Read);
const LOOK: (Method, Need) = (Method::GET, Need::Act);
/// The first API takes GET and POST alike.
const V1_SEND: &[(Method, Need)] = &[(Method::GET, Need::Send), (Method::POST, Need::Send)];
const V1_READ: &[(Method, Need)] = &[(Method::GET, Need::Read), (Method::POST, Need::Read)];
const V1_ACT: &[(Method, Need)] = &[(Method::GET, Need::Act), (Method::POST, Need::Act)];
const USERS: &[(Method, Need)] = &[(Method::GET, Need::Users), (Method::POST, Need::Users)];
const USER: &[(Method, Need)] = &[
    (Method::GET, Need::Users),
    (Method::PUT, Need::Users),
    (Method::DELETE, Need::Users),
];
const TO_USER: &[(Method, Need)] = &[(Method::POST, Need::Users)];

/// Every call of HipChat's two APIs.
const TABLE: &[Entry] = &[
    v2("room/{room}/notification", Notification, &[SEND]),
    v1("rooms/message", RoomsMessage, V1_SEND),
    v1("rooms/topic", Other, V1_ACT),
    v1("rooms/list", Other, V1_READ),
    v1("rooms/show", Other, V1_READ),
    v1("rooms/history", Other, V1_READ),
    v1("rooms/create", Other, V1_ACT),
    v1("rooms/delete", Other, V1_ACT),
    v1("users/list", Other, USERS),
    v1("users/show", Other, USERS),
    v1("users/create", Other, USERS),
    v1("users/update", Other, USERS),
    v1("users/delete", Other, USERS),
    v1("users/undelete", Other, USERS),
    v2("room", Other, &[READ, POST]),
    v2("room/{room}", Other, &[READ, PUT, DELETE]),
    v2("room/{room}/message", Other, &[POST]),
    v2("room/{room}/reply", Other, &[POST]),
    v2("room/{room}/topic", Other, &[PUT]),
    v2("room/{room}/share/link", Other, &[POST]),
    v2("room/{room}/share/file", Other, &[POST]),
    v2("room/{room}/history", Other, &[READ]),
    v2("room/{room}/history/latest", Other, &[READ]),
    v2("room/{room}/member", Other, &[READ]),
    v2("room/{room}/member/{}", Other, &[PUT, DELETE]),
    v2("room/{room}/participant", Other, &[READ]),
    v2("room/{room}/statistics", Other, &[READ]),
    v2("room/{room}/invite/{}", Other, &[POST]),
    v2("room/{room}/webhook", Other, &[LOOK, POST]),
    v2("room/{room}/webhook/{}", Other, &[LOOK, DELETE]),
    v2("user", Other, USERS),
    v2("user/{}", Other, USER),
    v2("user/{}/message", Other, TO_USER),
    v2("user/{}/share/link", Other, TO_USER),
    v2("user/{}/share/file", Other, TO_USER),
    v2("emoticon", Other, &[(Method::GET, Need::Send)]),
    v2("emoticon/{}", Other, &[(Method::GET, Need::Send)]),
    v2("capabilities", Other, &[(Method::GET, Need::Nothing)]),
];

impl Entry {
    /// The methods as `Allow` lists them.
    fn allow(&self) -> String {
        let methods: Vec<&str> = self.methods.iter().map(|(method, _)| method.as_str()).collect();
        methods.join(", ")
    }
}

/// The API that a path belongs to; everything outside `/v1/` is answered as the second one would.
pub fn version_of(path: &str) -> Version {
    match path.split('/').find(|segment| !segment.is_empty()) {
        Some("v1") => Version::V1,
        _ => Version::V2,
    }
}

/// Finds the call. `path` is the request's path as it was sent.
///
/// # Errors
/// [`Failure::UnknownPath`], or [`Failure::WrongMethod`] with what the path allows.
pub fn route(method: &Method, path: &str) -> Result<Target, Failure> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let version = match segments.next() {
        Some("v1") => Version::V1,
        Some("v2") => Version::V2,
        _ => return Err(Failure::UnknownPath),
    };
    let segments: Vec<String> = segments.map(decode).collect();
    let (entry, room) = TABLE
        .iter()
        .filter(|entry| entry.version == version)
        .find_map(|entry| Some((entry, matched(entry.pattern, &segments)?)))
        .ok_or(Failure::UnknownPath)?;
    let (_, need) = entry
        .methods
        .iter()
        .find(|(allowed, _)| allowed == method)
        .ok_or_else(|| Failure::WrongMethod(entry.allow()))?;
    Ok(Target {
        call: entry.call,
        need: *need,
        room: room.map(str::to_owned),
    })
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// `Some` when the segments fit the pattern; inside it the segment that names the room, if any does.
#[expect(
    clippy::option_option,
    reason = "whether it fits, and which room it names, are two questions"
)]
fn matched<'a>(pattern: &str, segments: &'a [String]) -> Option<Option<&'a str>> {
    let mut room = None;
    let mut wanted = pattern.split('/');
    for segment in segments {
        match wanted.next()? {
            "{room}" => room = Some(segment.as_str()),
            "{}" => {}
            literal if literal == segment => {}
            _ => return None,
        }
    }
    wanted.next().is_none().then_some(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(path: &str) -> Option<String> {
        let target = route(&Method::POST, path).ok()?;
        (target.call == Call::Notification).then_some(target.room)?
    }

    #[test]
    fn paths_are_read_as_old_clients_write_them() {
        for (path, room) in [
            ("/v2/room/Ops/notification", "Ops"),
            ("/v2//room/Dev%20Ops/notification", "Dev Ops"),
            ("//v2/room/Ops//notification/", "Ops"),
            ("/v2/room/a+b/notification", "a+b"),
            ("/v2/room/a%2Fb/notification", "a/b"),
            ("/v2/room/a%2520b/notification", "a%20b"),
            ("/v2/room/caf%C3%A9/notification", "café"),
            ("/v2/room/%FF/notification", "\u{fffd}"),
            ("/v2/room/100%25/notification", "100%"),
        ] {
            assert_eq!(notification(path).as_deref(), Some(room), "{path}");
        }
        for path in [
            "/v2/room//notification",
            "/v2/room/a/b/notification",
            "/v2/notification",
        ] {
            assert_eq!(notification(path), None, "{path}");
        }
    }

    #[test]
    fn unknown_paths_and_methods_are_told_apart() {
        let failure = |method, path| route(&method, path).unwrap_err();
        for path in [
            "/",
            "",
            "/v3/room",
            "/v2",
            "/v2/",
            "/v1/rooms",
            "/v2/room/a/notification/x",
            "/v1/room/x",
        ] {
            assert_eq!(failure(Method::GET, path), Failure::UnknownPath, "{path}");
        }
        assert_eq!(
            failure(Method::GET, "/v2/room/Ops/notification"),
            Failure::WrongMethod("POST".to_owned())
        );
        assert_eq!(
            failure(Method::DELETE, "/v1/rooms/message"),
            Failure::WrongMethod("GET, POST".to_owned())
        );
    }
}
