//! Path and method -> the call that is meant. Paths are taken as old clients write them: doubled and trailing slashes
//! count for nothing, each segment is decoded once, a `+` is a plus.

mod call;
mod table;

use http::Method;
use percent_encoding::percent_decode_str;

use super::Version;
use crate::error::Failure;
use table::{Entry, TABLE};

pub use call::{Call, Change, Need};

/// Where a request wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which call.
    pub call: Call,
    /// What it asks of the token.
    pub need: Need,
    /// The room in the path, decoded once; `None` where the path names none.
    pub room: Option<String>,
    /// The user in the path, likewise.
    pub user: Option<String>,
}

impl Entry {
    /// The methods as `Allow` lists them.
    fn allow(&self) -> String {
        let methods: Vec<&str> = self.methods.iter().map(|(verb, ..)| verb.word()).collect();
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

/// Finds the call. `path` is the request's path as it was sent. `HEAD` is the `GET` of a call that only reads: in the first
/// API the others have one, too.
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
    let (entry, named) = TABLE
        .iter()
        .filter(|entry| entry.version == version)
        .find_map(|entry| Some((entry, matched(entry.pattern, &segments)?)))
        .ok_or(Failure::UnknownPath)?;
    let (_, need, call) = entry
        .methods
        .iter()
        .find(|(verb, _, call)| match *method {
            Method::HEAD => verb.word() == "GET" && call.only_reads(),
            _ => method == verb.word(),
        })
        .ok_or_else(|| Failure::WrongMethod(entry.allow()))?;
    Ok(Target {
        call: *call,
        need: *need,
        room: named.room.map(str::to_owned),
        user: named.user.map(str::to_owned),
    })
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// Whom and what a path names.
#[derive(Default)]
struct Named<'a> {
    room: Option<&'a str>,
    user: Option<&'a str>,
}

/// What the segments name when they fit the pattern.
fn matched<'a>(pattern: &str, segments: &'a [String]) -> Option<Named<'a>> {
    let mut named = Named::default();
    let mut wanted = pattern.split('/');
    for segment in segments {
        match wanted.next()? {
            "{room}" => named.room = Some(segment),
            "{user}" => named.user = Some(segment),
            "{}" => {}
            literal if literal == segment => {}
            _ => return None,
        }
    }
    wanted.next().is_none().then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(path: &str) -> Option<String> {
        let target = route(&Method::POST, path).ok()?;
        (target.call == Call::Notify).then_some(target.room)?
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
    fn users_are_named_by_address_and_mention() {
        for (path, user) in [
            ("/v2/user/c%40example.com/message", "c@example.com"),
            ("/v2/user/@chris/message/", "@chris"),
            ("/v2/user/a+b@example.com/message", "a+b@example.com"),
        ] {
            let target = route(&Method::POST, path).unwrap();
            assert_eq!(
                (target.call, target.user.as_deref()),
                (Call::Message, Some(user)),
                "{path}"
            );
            assert_eq!(target.room, None);
        }
    }

    #[test]
    fn every_path_of_the_table_is_found_once() {
        for entry in TABLE {
            let path = entry
                .pattern
                .replace("{room}", "r")
                .replace("{user}", "u")
                .replace("{}", "x");
            let version = entry.version.word();
            for (verb, _, call) in entry.methods {
                let method: Method = verb.word().parse().unwrap();
                let target = route(&method, &format!("/{version}/{path}")).unwrap();
                assert_eq!(target.call, *call, "{version} {path}");
                assert_eq!(target.room.is_some(), entry.pattern.contains("{room}"));
            }
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
