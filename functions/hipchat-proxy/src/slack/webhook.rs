//! What an incoming webhook's answers mean (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>):
//! they are a word of plain text, and the status tells the kind.

use bytes::Bytes;

use super::SlackFailure;
use super::outcome::{Verdict, seconds, word};

/// Reads an answer. A webhook that is gone is like a channel that is gone: the directory leads nowhere for this one room.
pub(super) fn read(status: u16, retry_after: Option<&str>, body: Bytes) -> Verdict {
    let told = std::str::from_utf8(&body).unwrap_or_default().trim();
    let failure = match (status, told) {
        (200..300, "ok") => return Verdict::Done(body),
        // A success that cannot be read may be one.
        (200..300, _) => return Verdict::Refused(SlackFailure::Unavailable, "bad_answer".to_owned()),
        (429, _) => SlackFailure::Limited {
            retry_after: seconds(retry_after),
        },
        (408 | 500.., _) => SlackFailure::Unavailable,
        (404 | 410, _) | (403, "invalid_token") => SlackFailure::ChannelGone,
        (403, _) => SlackFailure::Forbidden,
        (400, _) => SlackFailure::Content,
        _ => SlackFailure::Unexpected,
    };
    let code = match told {
        "" => format!("http_{status}"),
        told => word(told),
    };
    Verdict::Refused(failure, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_answer_has_its_meaning() {
        let body = |text: &'static str| Bytes::from_static(text.as_bytes());
        assert_eq!(read(200, None, body("ok")), Verdict::Done(body("ok")));
        for (status, text, failure) in [
            (200, "<html>", SlackFailure::Unavailable),
            (400, "invalid_payload", SlackFailure::Content),
            (400, "no_text", SlackFailure::Content),
            (400, "too_many_attachments", SlackFailure::Content),
            (403, "action_prohibited", SlackFailure::Forbidden),
            (403, "invalid_token", SlackFailure::ChannelGone),
            (404, "channel_not_found", SlackFailure::ChannelGone),
            (404, "user_not_found", SlackFailure::ChannelGone),
            (404, "no_service", SlackFailure::ChannelGone),
            (404, "no_team", SlackFailure::ChannelGone),
            (410, "channel_is_archived", SlackFailure::ChannelGone),
            (429, "rate_limited", SlackFailure::Limited { retry_after: 7 }),
            (500, "rollup_error", SlackFailure::Unavailable),
            (302, "", SlackFailure::Unexpected),
        ] {
            match read(status, Some("7"), body(text)) {
                Verdict::Refused(told, _) => assert_eq!(told, failure, "{status} {text}"),
                Verdict::Done(_) => panic!("{status} {text}"),
            }
        }
        assert_eq!(
            read(403, None, body("https://hooks/s3cret")),
            Verdict::Refused(SlackFailure::Forbidden, "bad_code".to_owned())
        );
    }
}
