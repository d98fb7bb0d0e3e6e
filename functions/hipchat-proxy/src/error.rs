//! What can go wrong with a request, and the one ladder from it to the answer and the log.

use std::borrow::Cow;

use http::StatusCode;
use shared::telemetry::Level;

use crate::api::{Scopes, Version};
use crate::slack::SlackFailure;

/// The text that HipChat's first API gave a token which may not call a method; a client compares it byte for byte.
const V1_NO_ACCESS: &str =
    "This auth token does not have access to this method. Please see: https://www.hipchat.com/docs/api/auth";

/// Room names longer than this are cut where an answer quotes them.
const QUOTED_NAME: usize = 100;

/// Whom a message was for, as the client called it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A room.
    Room(String),
    /// A person.
    User(String),
}

impl Subject {
    /// HipChat's own words; a client recognises them by `Room ... not found`.
    fn not_found(&self) -> Cow<'static, str> {
        let (kind, name) = match self {
            Self::Room(name) => ("Room", name),
            Self::User(name) => ("User", name),
        };
        let name: String = name.chars().take(QUOTED_NAME).collect();
        Cow::Owned(format!("{kind} '{name}' not found"))
    }
}

/// Everything that ends a request without a message in Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The event holds no request.
    Unreadable,
    /// No call of HipChat's API has this path.
    UnknownPath,
    /// The path is known, the method is not; the methods that are, for `Allow`.
    WrongMethod(String),
    /// No token in any of its four places.
    NoToken,
    /// A token that the allow-list does not hold.
    UnknownToken,
    /// A token of the allow-list after its time.
    ExpiredToken,
    /// A client that the list of add-ons does not hold, or that shows another secret.
    UnknownClient,
    /// A client asks for a scope that HipChat does not know or that is not among these, which it may have.
    InvalidScope(Scopes),
    /// A known token that may not make this call, or not in this room.
    NoAccess,
    /// The token covers the room or may see users, but there is none of this name.
    Unknown(Subject),
    /// A webhook, emoticon, message or photo, of which there are none; the word names the kind.
    Absent(&'static str),
    /// A parameter is missing or wrong; the text says which and what is wanted.
    BadArgument(&'static str),
    /// The first API's `format` is neither `json` nor `xml`.
    UnknownFormat,
    /// A call of HipChat's API that this function does not answer.
    Unsupported,
    /// The room has no channel of its own whose topic could be set.
    NoTopic,
    /// The room has no channel that a file could be shown in.
    NoFiles,
    /// The file is larger than this many bytes.
    FileTooLarge(usize),
    /// The answer is larger than the front takes.
    AnswerTooLong,
    /// The token has used up its requests.
    TooManyRequests,
    /// The room has had its messages for this minute.
    Flooded,
    /// Slack did not take what was for this room or user.
    Slack(SlackFailure, Subject),
}

/// The answer to a failure, and how it is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// The status, one of those that HipChat's clients know.
    pub status: StatusCode,
    /// The human text of the error body.
    pub message: Cow<'static, str>,
    /// `refused`, `limited` or `failed`.
    pub outcome: &'static str,
    /// A stable word.
    pub reason: &'static str,
    /// `Error` where a person should act.
    pub level: Level,
}

impl Failure {
    /// The ladder. The first API says 403 where the second says 429, so what is forbidden is a 401 there.
    pub fn rung(&self, version: Version) -> Rung {
        let v1 = version == Version::V1;
        let refused = |status, message, reason| Rung {
            status,
            message: Cow::Borrowed(message),
            outcome: "refused",
            reason,
            level: Level::Info,
        };
        let forbidden = if v1 {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::FORBIDDEN
        };
        let unknown_token = if v1 {
            "Auth token not found. Please see: https://www.hipchat.com/docs/api/auth"
        } else {
            "Invalid OAuth session"
        };
        match self {
            Self::Unreadable => Rung {
                level: Level::Warn,
                ..refused(
                    StatusCode::BAD_REQUEST,
                    "The request could not be read",
                    "unreadable_event",
                )
            },
            Self::UnknownPath => refused(StatusCode::NOT_FOUND, "No such API method", "unknown_path"),
            Self::WrongMethod(_) => refused(
                StatusCode::METHOD_NOT_ALLOWED,
                "This HTTP method is not allowed here",
                "wrong_method",
            ),
            Self::NoToken => refused(StatusCode::UNAUTHORIZED, unknown_token, "no_token"),
            Self::UnknownToken => refused(StatusCode::UNAUTHORIZED, unknown_token, "unknown_token"),
            Self::ExpiredToken => refused(StatusCode::UNAUTHORIZED, unknown_token, "expired_token"),
            Self::UnknownClient => refused(StatusCode::UNAUTHORIZED, "Invalid client credentials", "unknown_client"),
            // The word is that of RFC 6749, section 5.2.
            Self::InvalidScope(scopes) => Rung {
                message: Cow::Owned(format!(
                    "invalid_scope: this client may ask for {}",
                    scopes.names().join(" ")
                )),
                ..refused(StatusCode::BAD_REQUEST, "", "invalid_scope")
            },
            Self::NoAccess => refused(
                StatusCode::UNAUTHORIZED,
                if v1 {
                    V1_NO_ACCESS
                } else {
                    "This auth token does not have access to this method"
                },
                "no_access",
            ),
            Self::Unknown(subject) => Rung {
                message: subject.not_found(),
                ..refused(
                    StatusCode::NOT_FOUND,
                    "",
                    match subject {
                        Subject::Room(_) => "unknown_room",
                        Subject::User(_) => "unknown_user",
                    },
                )
            },
            Self::Absent(what) => Rung {
                message: Cow::Owned(format!("{what} not found")),
                ..refused(StatusCode::NOT_FOUND, "", "absent")
            },
            Self::BadArgument(what) => refused(StatusCode::BAD_REQUEST, what, "bad_argument"),
            Self::UnknownFormat => refused(
                StatusCode::NOT_ACCEPTABLE,
                "The format must be json or xml",
                "unknown_format",
            ),
            Self::Unsupported => refused(forbidden, "Not supported by this proxy", "unsupported"),
            Self::NoTopic => refused(forbidden, "The topic of this room cannot be set", "no_topic"),
            Self::NoFiles => refused(forbidden, "Files cannot be shared in this room", "no_files"),
            // A status that tells of size is one that clients of the second API do not know.
            Self::FileTooLarge(limit) => Rung {
                message: Cow::Owned(format!("The file must not be larger than {limit} bytes")),
                ..refused(StatusCode::BAD_REQUEST, "", "file_too_large")
            },
            Self::AnswerTooLong => Rung {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                message: Cow::Borrowed("The list is too long for one answer; ask for fewer results"),
                outcome: "failed",
                reason: "answer_too_long",
                level: Level::Error,
            },
            Self::TooManyRequests => limited(v1, "rate_limit"),
            Self::Flooded => limited(v1, "flood_limit"),
            Self::Slack(failure, subject) => slack_rung(failure, subject, v1),
        }
    }
}

fn limited(v1: bool, reason: &'static str) -> Rung {
    Rung {
        status: if v1 {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::TOO_MANY_REQUESTS
        },
        message: Cow::Borrowed("Rate limit exceeded"),
        outcome: "limited",
        reason,
        level: Level::Warn,
    }
}

/// What Slack's refusal means for a client that knows HipChat alone. A fault of our own Slack token is a 503: a 401
/// would make the client doubt its HipChat token.
fn slack_rung(failure: &SlackFailure, subject: &Subject, v1: bool) -> Rung {
    let failed = |status, message, reason, level| Rung {
        status,
        message: Cow::Borrowed(message),
        outcome: "failed",
        reason,
        level,
    };
    let unavailable = |reason, level| {
        failed(
            StatusCode::SERVICE_UNAVAILABLE,
            "The message could not be delivered",
            reason,
            level,
        )
    };
    match failure {
        SlackFailure::ChannelGone | SlackFailure::UserGone => {
            let reason = match subject {
                Subject::Room(_) => "channel_gone",
                Subject::User(_) => "user_gone",
            };
            Rung {
                message: subject.not_found(),
                ..failed(StatusCode::NOT_FOUND, "", reason, Level::Error)
            }
        }
        SlackFailure::Forbidden => failed(
            if v1 {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::FORBIDDEN
            },
            "Slack does not allow this",
            "channel_forbids",
            Level::Error,
        ),
        SlackFailure::Content => failed(
            StatusCode::BAD_REQUEST,
            "The message was not accepted",
            "content_refused",
            Level::Warn,
        ),
        SlackFailure::TooLarge => failed(
            StatusCode::BAD_REQUEST,
            "The file is larger than Slack takes",
            "file_refused",
            Level::Warn,
        ),
        SlackFailure::Limited { .. } => limited(v1, "slack_rate_limit"),
        SlackFailure::Credentials => unavailable("slack_credentials", Level::Error),
        SlackFailure::Unexpected => failed(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The message could not be delivered",
            "slack_error",
            Level::Error,
        ),
        SlackFailure::Unavailable => unavailable("slack_unavailable", Level::Warn),
        SlackFailure::Unreachable => unavailable("slack_unreachable", Level::Warn),
        SlackFailure::OutOfTime => unavailable("out_of_time", Level::Warn),
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
