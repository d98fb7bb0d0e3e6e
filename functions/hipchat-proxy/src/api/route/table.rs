//! The table of all calls of HipChat's two APIs.

use super::Version;

/// What a call asks of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing, not even a token.
    Nothing,
    /// To send notifications: every kind of token may.
    Send,
    /// To read rooms.
    Read,
    /// To write to users.
    Users,
    /// To see users, e-mail addresses included: to read as well.
    SeeUsers,
    /// Everything else: tokens that are made for sending alone may not.
    Act,
}

/// The calls, by what is done about them. Both APIs' calls of one meaning are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// A notification to a room: v2 `notification`, v1 `rooms/message`.
    Notify,
    /// A message to a room or a user.
    Message,
    /// A message that answers another one.
    Reply,
    /// A room's topic.
    Topic,
    /// A link to a room or a user.
    ShareLink,
    /// A file to a room or a user.
    ShareFile,
    /// The rooms.
    Rooms,
    /// One room.
    Room,
    /// What was said in a room.
    History,
    /// A list of which nothing is known here: members, participants, webhooks, emoticons.
    EmptyList,
    /// One of such a list; the word names it in the answer.
    Absent(&'static str),
    /// How much was said in a room.
    Statistics,
    /// The users.
    Users,
    /// One user.
    User,
    /// What the server can do.
    Capabilities,
    /// A token for an add-on.
    OauthToken,
    /// What a token may do.
    OauthSession,
    /// A call that changes what lives in the directory or nowhere.
    Change(Change),
}

/// What a call would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A new room.
    CreateRoom,
    /// A room's settings, or a room, member or user that goes: there is nothing to tell.
    Silent,
    /// A room that goes, in the first API.
    DeleteRoom,
    /// A new webhook of a room.
    CreateWebhook,
    /// A new user, or a user's settings in the first API.
    PutUser,
    /// A user that goes, in the first API.
    DeleteUser,
    /// A user that comes back, in the first API.
    UndeleteUser,
}

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
    v2("user/{user}/message", &[(Post, Need::Users, Message)]),
    v2("user/{user}/share/link", &[(Post, Need::Users, ShareLink)]),
    v2("user/{user}/share/file", &[(Post, Need::Users, ShareFile)]),
    v2("emoticon", &[(Get, Need::Send, EmptyList)]),
    v2("emoticon/{}", &[(Get, Need::Send, Absent("Emoticon"))]),
    v2("capabilities", &[(Get, Need::Nothing, Capabilities)]),
    v2("oauth/token", &[(Post, Need::Nothing, OauthToken)]),
    v2("oauth/token/{}", &[(Get, Need::Nothing, OauthSession)]),
];
