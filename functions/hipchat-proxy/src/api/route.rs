//! Path and method -> the call that is meant. Paths are taken as old clients write them: doubled and trailing slashes
//! count for nothing, each segment is decoded once, a `+` is a plus.

use http::Method;
use percent_encoding::percent_decode_str;

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
    /// Which API.
    pub version: Version,
    /// Which call.
    pub call: Call,
    /// What it asks of the token.
    pub need: Need,
    /// The room in the path, decoded once; `None` where the path names none.
    pub room: Option<String>,
}

struct Entry {
    version: Version,
    /// Segments below the version; `{room}` and `{}` stand for any one segment.
    pattern: &'static str,
    /// The methods, as `Allow` lists them, each with its call.
    allow: &'static str,
    calls: &'static [(Method, Call, Need)],
}

const fn v1(pattern: &'static str, calls: &'static [(Method, Call, Need)]) -> Entry {
    Entry {
        version: Version::V1,
        pattern,
        allow: "GET, POST",
        calls,
    }
}

const fn v2(pattern: &'static str, allow: &'static str, calls: &'static [(Method, Call, Need)]) -> Entry {
    Entry {
        version: Version::V2,
        pattern,
        allow,
        calls,
    }
}

/// A row of the first API, which takes GET and POST alike.
macro_rules! both {
    ($call:ident, $need:ident) => {
        &[
            (Method::GET, Call::$call, Need::$need),
            (Method::POST, Call::$call, Need::$need),
        ]
    };
}

const TABLE: &[Entry] = &[
    v2(
        "room/{room}/notification",
        "POST",
        &[(Method::POST, Call::Notification, Need::Send)],
    ),
    v1("rooms/message", both!(RoomsMessage, Send)),
    v1("rooms/topic", both!(Other, Act)),
    v1("rooms/list", both!(Other, Read)),
    v1("rooms/show", both!(Other, Read)),
    v1("rooms/history", both!(Other, Read)),
    v1("rooms/create", both!(Other, Act)),
    v1("rooms/delete", both!(Other, Act)),
    v1("users/list", both!(Other, Users)),
    v1("users/show", both!(Other, Users)),
    v1("users/create", both!(Other, Users)),
    v1("users/update", both!(Other, Users)),
    v1("users/delete", both!(Other, Users)),
    v1("users/undelete", both!(Other, Users)),
    v2(
        "room",
        "GET, POST",
        &[
            (Method::GET, Call::Other, Need::Read),
            (Method::POST, Call::Other, Need::Act),
        ],
    ),
    v2(
        "room/{room}",
        "GET, PUT, DELETE",
        &[
            (Method::GET, Call::Other, Need::Read),
            (Method::PUT, Call::Other, Need::Act),
            (Method::DELETE, Call::Other, Need::Act),
        ],
    ),
    v2("room/{room}/message", "POST", &[(Method::POST, Call::Other, Need::Act)]),
    v2("room/{room}/reply", "POST", &[(Method::POST, Call::Other, Need::Act)]),
    v2("room/{room}/topic", "PUT", &[(Method::PUT, Call::Other, Need::Act)]),
    v2(
        "room/{room}/share/link",
        "POST",
        &[(Method::POST, Call::Other, Need::Act)],
    ),
    v2(
        "room/{room}/share/file",
        "POST",
        &[(Method::POST, Call::Other, Need::Act)],
    ),
    v2("room/{room}/history", "GET", &[(Method::GET, Call::Other, Need::Read)]),
    v2(
        "room/{room}/history/latest",
        "GET",
        &[(Method::GET, Call::Other, Need::Read)],
    ),
    v2("room/{room}/member", "GET", &[(Method::GET, Call::Other, Need::Read)]),
    v2(
        "room/{room}/participant",
        "GET",
        &[(Method::GET, Call::Other, Need::Read)],
    ),
    v2(
        "room/{room}/statistics",
        "GET",
        &[(Method::GET, Call::Other, Need::Read)],
    ),
    v2(
        "room/{room}/member/{}",
        "PUT, DELETE",
        &[
            (Method::PUT, Call::Other, Need::Act),
            (Method::DELETE, Call::Other, Need::Act),
        ],
    ),
    v2(
        "room/{room}/invite/{}",
        "POST",
        &[(Method::POST, Call::Other, Need::Act)],
    ),
    v2(
        "room/{room}/webhook",
        "GET, POST",
        &[
            (Method::GET, Call::Other, Need::Act),
            (Method::POST, Call::Other, Need::Act),
        ],
    ),
    v2(
        "room/{room}/webhook/{}",
        "GET, DELETE",
        &[
            (Method::GET, Call::Other, Need::Act),
            (Method::DELETE, Call::Other, Need::Act),
        ],
    ),
    v2(
        "user",
        "GET, POST",
        &[
            (Method::GET, Call::Other, Need::Users),
            (Method::POST, Call::Other, Need::Users),
        ],
    ),
    v2(
        "user/{}",
        "GET, PUT, DELETE",
        &[
            (Method::GET, Call::Other, Need::Users),
            (Method::PUT, Call::Other, Need::Users),
            (Method::DELETE, Call::Other, Need::Users),
        ],
    ),
    v2("user/{}/message", "POST", &[(Method::POST, Call::Other, Need::Users)]),
    v2(
        "user/{}/share/link",
        "POST",
        &[(Method::POST, Call::Other, Need::Users)],
    ),
    v2(
        "user/{}/share/file",
        "POST",
        &[(Method::POST, Call::Other, Need::Users)],
    ),
    v2("emoticon", "GET", &[(Method::GET, Call::Other, Need::Send)]),
    v2("emoticon/{}", "GET", &[(Method::GET, Call::Other, Need::Send)]),
    v2("capabilities", "GET", &[(Method::GET, Call::Other, Need::Nothing)]),
];

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
    let (_, call, need) = entry
        .calls
        .iter()
        .find(|(allowed, _, _)| allowed == method)
        .ok_or(Failure::WrongMethod(entry.allow))?;
    Ok(Target {
        version,
        call: *call,
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
            Failure::WrongMethod("POST")
        );
        assert_eq!(
            failure(Method::DELETE, "/v1/rooms/message"),
            Failure::WrongMethod("GET, POST")
        );
    }

    #[test]
    fn allow_lists_what_the_table_takes() {
        for entry in TABLE {
            let methods: Vec<&str> = entry.calls.iter().map(|(method, _, _)| method.as_str()).collect();
            assert_eq!(entry.allow, methods.join(", "), "{}", entry.pattern);
        }
    }
}
