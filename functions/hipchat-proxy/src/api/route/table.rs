//! The table of all calls of HipChat's two APIs.

use super::call::{Call, Change, Need};
use crate::api::Version;

/// The methods that HipChat's calls have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

type Methods = &'static [(Verb, Need, Call)];

/// A path, and its methods with what each asks of a token.
pub(super) struct Entry {
    pub(super) version: Version,
    /// Segments below the version; `{room}`, `{user}` and `{}` stand for any one segment.
    pub(super) pattern: &'static str,
    pub(super) methods: Methods,
}

const fn v1(pattern: &'static str, methods: Methods) -> Entry {
    Entry {
        version: Version::V1,
        pattern,
        methods,
    }
}

const fn v2(pattern: &'static str, methods: Methods) -> Entry {
    Entry {
        version: Version::V2,
        pattern,
        methods,
    }
}

use Call::{
    Absent, Capabilities, Change as Alter, EmptyList, History, Message, Notify, OauthSession, OauthToken, Reply, Room,
    Rooms, ShareFile, ShareLink, Statistics, Topic, User, Users,
};
use Change::{CreateRoom, CreateWebhook, DeleteRoom, DeleteUser, PutUser, Silent, UndeleteUser};
use Verb::{Delete, Get, Post, Put};

/// Every call of HipChat's two APIs.
pub(super) const TABLE: &[Entry] = &[
    v2("room/{room}/notification", &[(Post, Need::Send, Notify)]),
    v1(
        "rooms/message",
        &[(Get, Need::Send, Notify), (Post, Need::Send, Notify)],
    ),
    v1("rooms/topic", &[(Get, Need::Act, Topic), (Post, Need::Act, Topic)]),
    v1("rooms/list", &[(Get, Need::Read, Rooms), (Post, Need::Read, Rooms)]),
    v1("rooms/show", &[(Get, Need::Read, Room), (Post, Need::Read, Room)]),
    v1(
        "rooms/history",
        &[(Get, Need::Read, History), (Post, Need::Read, History)],
    ),
    v1(
        "rooms/create",
        &[
            (Get, Need::Act, Alter(CreateRoom)),
            (Post, Need::Act, Alter(CreateRoom)),
        ],
    ),
    v1(
        "rooms/delete",
        &[
            (Get, Need::Act, Alter(DeleteRoom)),
            (Post, Need::Act, Alter(DeleteRoom)),
        ],
    ),
    v1(
        "users/list",
        &[(Get, Need::SeeUsers, Users), (Post, Need::SeeUsers, Users)],
    ),
    v1(
        "users/show",
        &[(Get, Need::SeeUsers, User), (Post, Need::SeeUsers, User)],
    ),
    v1(
        "users/create",
        &[(Get, Need::Users, Alter(PutUser)), (Post, Need::Users, Alter(PutUser))],
    ),
    v1(
        "users/update",
        &[(Get, Need::Users, Alter(PutUser)), (Post, Need::Users, Alter(PutUser))],
    ),
    v1(
        "users/delete",
        &[
            (Get, Need::Users, Alter(DeleteUser)),
            (Post, Need::Users, Alter(DeleteUser)),
        ],
    ),
    v1(
        "users/undelete",
        &[
            (Get, Need::Users, Alter(UndeleteUser)),
            (Post, Need::Users, Alter(UndeleteUser)),
        ],
    ),
    v2(
        "room",
        &[(Get, Need::Read, Rooms), (Post, Need::Act, Alter(CreateRoom))],
    ),
    v2(
        "room/{room}",
        &[
            (Get, Need::Read, Room),
            (Put, Need::Act, Alter(Silent)),
            (Delete, Need::Act, Alter(Silent)),
        ],
    ),
    v2("room/{room}/message", &[(Post, Need::Act, Message)]),
    v2("room/{room}/reply", &[(Post, Need::Act, Reply)]),
    v2("room/{room}/topic", &[(Put, Need::Act, Topic)]),
    v2("room/{room}/share/link", &[(Post, Need::Act, ShareLink)]),
    v2("room/{room}/share/file", &[(Post, Need::Act, ShareFile)]),
    v2("room/{room}/history", &[(Get, Need::Read, History)]),
    v2("room/{room}/history/latest", &[(Get, Need::Read, History)]),
    v2("room/{room}/history/{}", &[(Get, Need::Read, Absent("Message"))]),
    v2("room/{room}/member", &[(Get, Need::Read, EmptyList)]),
    v2(
        "room/{room}/member/{}",
        &[(Put, Need::Act, Alter(Silent)), (Delete, Need::Act, Alter(Silent))],
    ),
    v2("room/{room}/participant", &[(Get, Need::Read, EmptyList)]),
    v2("room/{room}/statistics", &[(Get, Need::Read, Statistics)]),
    v2("room/{room}/invite/{}", &[(Post, Need::Act, Alter(Silent))]),
    v2(
        "room/{room}/webhook",
        &[(Get, Need::Read, EmptyList), (Post, Need::Act, Alter(CreateWebhook))],
    ),
    v2(
        "room/{room}/webhook/{}",
        &[(Get, Need::Read, Absent("Webhook")), (Delete, Need::Act, Alter(Silent))],
    ),
    v2(
        "user",
        &[(Get, Need::SeeUsers, Users), (Post, Need::Users, Alter(PutUser))],
    ),
    v2(
        "user/{user}",
        &[
            (Get, Need::SeeUsers, User),
            (Put, Need::Users, Alter(Silent)),
            (Delete, Need::Users, Alter(Silent)),
        ],
    ),
    v2("user/{user}/history", &[(Get, Need::SeeUsers, History)]),
    v2("user/{user}/history/latest", &[(Get, Need::SeeUsers, History)]),
    v2("user/{user}/history/{}", &[(Get, Need::SeeUsers, Absent("Message"))]),
    v2(
        "user/{user}/photo",
        &[(Put, Need::Users, Alter(Silent)), (Delete, Need::Users, Alter(Silent))],
    ),
    v2("user/{user}/photo/{}", &[(Get, Need::SeeUsers, Absent("Photo"))]),
    v2("user/{user}/message", &[(Post, Need::Users, Message)]),
    v2("user/{user}/share/link", &[(Post, Need::Users, ShareLink)]),
    v2("user/{user}/share/file", &[(Post, Need::Users, ShareFile)]),
    v2("emoticon", &[(Get, Need::Send, EmptyList)]),
    v2("emoticon/{}", &[(Get, Need::Send, Absent("Emoticon"))]),
    v2("capabilities", &[(Get, Need::Nothing, Capabilities)]),
    v2("oauth/token", &[(Post, Need::Nothing, OauthToken)]),
    v2("oauth/token/{}", &[(Get, Need::Nothing, OauthSession)]),
];
