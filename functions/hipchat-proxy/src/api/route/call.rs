//! The calls of HipChat's two APIs, by what is done about them, and what they ask of a token.

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
    /// What was said in a room, or to a user.
    History,
    /// A list of which nothing is known here: members, participants, webhooks, emoticons.
    EmptyList,
    /// One of such a list, or a message or photo that nobody keeps; the word names it in the answer.
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

impl Call {
    /// Whether nothing comes of it but its answer.
    pub(super) fn only_reads(self) -> bool {
        match self {
            Self::Rooms
            | Self::Room
            | Self::History
            | Self::EmptyList
            | Self::Absent(_)
            | Self::Statistics
            | Self::Users
            | Self::User
            | Self::Capabilities
            | Self::OauthSession => true,
            Self::Notify
            | Self::Message
            | Self::Reply
            | Self::Topic
            | Self::ShareLink
            | Self::ShareFile
            | Self::OauthToken
            | Self::Change(_) => false,
        }
    }
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
