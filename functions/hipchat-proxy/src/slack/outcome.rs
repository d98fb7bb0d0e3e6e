//! What the Web API's answers mean: status, headers and body -> done, or one of a few failures.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

/// Why Slack did not take a message, by what has to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlackFailure {
    /// There is no such channel, it is archived, or the app is not in it.
    ChannelGone,
    /// There is no such user, or no message can reach it.
    UserGone,
    /// The workspace or channel does not let the app write.
    Forbidden,
    /// The message itself is not taken.
    Content,
    /// The file is larger than the workspace takes.
    TooLarge,
    /// Too many messages.
    Limited {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// The app's token is wrong, revoked or lacks a scope.
    Credentials,
    /// Slack does not understand the call, or answers with what it has never documented.
    Unexpected,
    /// Slack is not well; the message may or may not have been posted.
    Unavailable,
    /// No connection; nothing was sent.
    Unreachable,
    /// The invocation's time is up; the message may or may not have been posted.
    OutOfTime,
}

/// What one answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Slack did what it was asked; its answer.
    Done(Bytes),
    /// It is not: why, and Slack's word for it.
    Refused(SlackFailure, String),
}

/// How long to wait where Slack does not say.
const DEFAULT_RETRY_AFTER: u64 = 1;

#[derive(Deserialize)]
struct Body<'a> {
    ok: bool,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
}

/// Reads an answer of the Web API: errors come with status 200 and `{"ok":false,"error":"..."}`, a rate limit as 429
/// with `Retry-After`.
pub(super) fn read(status: u16, retry_after: Option<&str>, body: Bytes) -> Verdict {
    let retry_after = seconds(retry_after);
    let refused = |failure, code: &str| Verdict::Refused(failure, code.to_owned());
    let by_status = format!("http_{status}");
    match status {
        429 => return refused(SlackFailure::Limited { retry_after }, "ratelimited"),
        408 | 500.. => return refused(SlackFailure::Unavailable, &by_status),
        _ => {}
    }
    match serde_json::from_slice::<Body<'_>>(&body) {
        Ok(Body { ok: true, .. }) if (200..300).contains(&status) => Verdict::Done(body),
        Ok(Body {
            ok: false,
            error: Some(code),
        }) => {
            let code = word(&code);
            refused(meaning(&code, retry_after), &code)
        }
        // A success that cannot be read may be one.
        _ if (200..300).contains(&status) => refused(SlackFailure::Unavailable, "bad_answer"),
        _ => refused(SlackFailure::Unexpected, &by_status),
    }
}

/// Reads the answer to a file's content: the status alone tells.
pub(super) fn read_upload(status: u16, retry_after: Option<&str>, body: Bytes) -> Verdict {
    let failure = match status {
        200..300 => return Verdict::Done(body),
        429 => SlackFailure::Limited {
            retry_after: seconds(retry_after),
        },
        413 => SlackFailure::TooLarge,
        408 | 500.. => SlackFailure::Unavailable,
        _ => SlackFailure::Unexpected,
    };
    Verdict::Refused(failure, format!("upload_http_{status}"))
}

/// A client is told to stay away for an hour at most, whatever Slack, or something before it, says.
const LONGEST_RETRY_AFTER: u64 = 3600;

/// The seconds of a `Retry-After`, from one to an hour.
pub(super) fn seconds(retry_after: Option<&str>) -> u64 {
    retry_after
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(DEFAULT_RETRY_AFTER)
        .clamp(1, LONGEST_RETRY_AFTER)
}

/// Slack's error codes are words; anything else is not repeated.
pub(super) fn word(code: &str) -> String {
    let is_word = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word {
        code.to_owned()
    } else {
        "bad_code".to_owned()
    }
}

fn meaning(code: &str, retry_after: u64) -> SlackFailure {
    match code {
        "channel_not_found" | "is_archived" | "not_in_channel" | "invalid_channel" => SlackFailure::ChannelGone,
        "users_not_found" | "user_not_found" | "user_disabled" | "cannot_dm_bot" => SlackFailure::UserGone,
        "ekm_access_denied" | "no_permission" | "messages_tab_disabled" | "method_not_supported_for_channel_type" => {
            SlackFailure::Forbidden
        }
        "file_type_not_allowed"
        | "file_uploads_disabled"
        | "file_uploads_except_images_disabled"
        | "malware_detected"
        | "posting_to_channel_denied"
        | "posting_to_general_channel_denied"
        | "storage_limit_reached"
        | "user_is_external_guest" => SlackFailure::Forbidden,
        "file_upload_size_restricted" => SlackFailure::TooLarge,
        code if code.starts_with("restricted_action") || code.starts_with("slack_connect_") => SlackFailure::Forbidden,
        "msg_too_long"
        | "msg_blocks_too_long"
        | "no_text"
        | "too_many_attachments"
        | "invalid_attachments"
        | "too_long" => SlackFailure::Content,
        code if code.starts_with("invalid_blocks") => SlackFailure::Content,
        "ratelimited" | "rate_limited" => SlackFailure::Limited { retry_after },
        "invalid_auth"
        | "not_authed"
        | "token_revoked"
        | "token_expired"
        | "account_inactive"
        | "missing_scope"
        | "org_login_required"
        | "not_allowed_token_type" => SlackFailure::Credentials,
        // The two that begin with `duplicate` come with `client_msg_id`: Slack has seen the message, and cannot find it.
        "fatal_error"
        | "internal_error"
        | "service_unavailable"
        | "request_timeout"
        | "file_not_found"
        | "file_update_failed"
        | "duplicate_channel_not_found"
        | "duplicate_message_not_found" => SlackFailure::Unavailable,
        _ => SlackFailure::Unexpected,
    }
}

/// Whether a token that was read anew may do better: Slack refused the token itself, not what it may do.
pub(super) fn is_stale_token(code: &str) -> bool {
    matches!(
        code,
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok_false(code: &str) -> Verdict {
        read(
            200,
            None,
            format!(r#"{{"ok":false,"error":"{code}","needed":"x"}}"#).into(),
        )
    }

    #[test]
    fn every_documented_code_has_its_meaning() {
        let table = [
            (
                SlackFailure::ChannelGone,
                "channel_not_found is_archived not_in_channel invalid_channel",
            ),
            (
                SlackFailure::UserGone,
                "users_not_found user_not_found user_disabled cannot_dm_bot",
            ),
            (SlackFailure::TooLarge, "file_upload_size_restricted"),
            (
                SlackFailure::Forbidden,
                "restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel \
                 ekm_access_denied no_permission messages_tab_disabled method_not_supported_for_channel_type file_type_not_allowed \
                 file_uploads_disabled file_uploads_except_images_disabled malware_detected posting_to_channel_denied \
                 posting_to_general_channel_denied storage_limit_reached user_is_external_guest \
                 slack_connect_blocked_file_type",
            ),
            (
                SlackFailure::Content,
                "msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format no_text too_many_attachments too_long",
            ),
            (SlackFailure::Limited { retry_after: 1 }, "ratelimited rate_limited"),
            (
                SlackFailure::Credentials,
                "invalid_auth not_authed token_revoked token_expired account_inactive missing_scope \
                 org_login_required not_allowed_token_type",
            ),
            (
                SlackFailure::Unexpected,
                "invalid_arguments invalid_charset never_heard_of",
            ),
            (
                SlackFailure::Unavailable,
                "fatal_error internal_error service_unavailable request_timeout duplicate_channel_not_found \
                 duplicate_message_not_found file_not_found file_update_failed",
            ),
        ];
        for (failure, codes) in table {
            for code in codes.split_whitespace() {
                assert_eq!(ok_false(code), Verdict::Refused(failure, code.to_owned()));
            }
        }
    }

    #[test]
    fn statuses_and_broken_bodies() {
        let refused = |failure, code: &str| Verdict::Refused(failure, code.to_owned());
        let read = |status, retry_after, body: &'static [u8]| read(status, retry_after, Bytes::from_static(body));
        let good = br#"{"ok":true,"ts":"1.2","message":{}}"#;
        assert_eq!(read(200, None, good), Verdict::Done(Bytes::from_static(good)));
        assert_eq!(
            read(429, Some("30"), b""),
            refused(SlackFailure::Limited { retry_after: 30 }, "ratelimited")
        );
        for (value, seconds) in [
            (None, 1),
            (Some("0"), 1),
            (Some("soon"), 1),
            (Some(" 7 "), 7),
            (Some("3600"), 3600),
            (Some("4000000000"), 3600),
        ] {
            let limited = SlackFailure::Limited { retry_after: seconds };
            assert_eq!(read(429, value, b""), refused(limited, "ratelimited"));
        }
        assert_eq!(
            read(500, None, br#"{"ok":true}"#),
            refused(SlackFailure::Unavailable, "http_500")
        );
        for body in [&b"<html>"[..], b"", b"{}", br#"{"ok":1}"#, br#"{"ok":false}"#] {
            assert_eq!(read(200, None, body), refused(SlackFailure::Unavailable, "bad_answer"));
        }
        assert_eq!(read(302, None, b""), refused(SlackFailure::Unexpected, "http_302"));
        assert_eq!(
            read(401, None, br#"{"ok":false,"error":"invalid_auth"}"#),
            refused(SlackFailure::Credentials, "invalid_auth")
        );
        assert_eq!(
            read(200, None, br#"{"ok":false,"error":"xoxb-1 \n leaked"}"#),
            refused(SlackFailure::Unexpected, "bad_code")
        );
    }
}
