//! The ids of messages, which clients give back to answer one: they hold channel and timestamp, so that any execution
//! environment can read them.

use shared::clock::rfc3339;

/// The longest id that HipChat's API took.
const LONGEST: usize = 36;

/// Digits of a timestamp behind its point.
const FRACTION: usize = 6;

/// The id of a message: `<channel>-<timestamp without its point>`. What is not in a channel has an id that means none.
pub fn encode(posted: Option<(&str, &str)>, now_ms: u64) -> String {
    let known = posted.and_then(|(channel, ts)| {
        let id = format!("{channel}-{}", ts.replacen('.', "", 1));
        (id.len() <= LONGEST && decode(&id) == Some((channel, ts.to_owned()))).then_some(id)
    });
    known.unwrap_or_else(|| format!("none-{now_ms}000"))
}

/// The channel and timestamp of an id that [`encode`] gave; `None` for any other.
pub fn decode(id: &str) -> Option<(&str, String)> {
    let (channel, digits) = id.trim().rsplit_once('-')?;
    let seconds = digits.len().checked_sub(FRACTION).filter(|&length| length > 0)?;
    let is_id = channel.len() > 1
        && channel.starts_with(['C', 'G', 'D'])
        && channel
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_id || !is_number {
        return None;
    }
    Some((
        channel,
        format!("{}.{}", digits.get(..seconds)?, digits.get(seconds..)?),
    ))
}

/// The moment of a Slack timestamp as HipChat wrote moments: RFC 3339 in UTC with microseconds.
pub fn moment(ts: Option<&str>, now_ms: u64) -> String {
    let parts = ts
        .and_then(|ts| ts.split_once('.'))
        .and_then(|(seconds, fraction)| Some((seconds.parse::<u64>().ok()?, fraction)))
        .filter(|(_, fraction)| fraction.len() == FRACTION && fraction.bytes().all(|byte| byte.is_ascii_digit()));
    let (seconds, fraction) = match parts {
        Some((seconds, fraction)) => (seconds, fraction.to_owned()),
        None => (now_ms / 1000, format!("{:03}000", now_ms % 1000)),
    };
    let whole = rfc3339(seconds.saturating_mul(1000));
    let whole = whole.split_once('.').map_or(whole.as_str(), |(whole, _)| whole);
    format!("{whole}.{fraction}+00:00")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_an_id_or_none(text in "[CGD0-9A-Z\\-.é ]{0,40}") {
            if let Some((channel, ts)) = decode(&text) {
                prop_assert_eq!(encode(Some((channel, &ts)), 0), text.trim());
            }
        }

        #[test]
        fn what_slack_gives_is_read_back(channel in "[CGD][0-9A-Z]{8,11}", secs in 1_000_000_000_u64..9_999_999_999, micros in 0_u32..1_000_000) {
            let ts = format!("{secs}.{micros:06}");
            let id = encode(Some((&channel, &ts)), 0);
            prop_assert!(id.len() <= 36);
            prop_assert_eq!(decode(&id), Some((channel.as_str(), ts)));
        }
    }

    #[test]
    fn ids_are_read_back() {
        let id = encode(Some(("C0123ABCDEF", "1503435956.000247")), 0);
        assert_eq!(id, "C0123ABCDEF-1503435956000247");
        assert!(id.len() <= 36);
        assert_eq!(decode(&id), Some(("C0123ABCDEF", "1503435956.000247".to_owned())));
    }

    #[test]
    fn what_is_in_no_channel_has_an_id_that_means_none() {
        for posted in [
            None,
            Some(("#ops", "1503435956.000247")),
            Some(("C1", "yesterday")),
            Some(("C0123ABCDEF0123ABCDEF", "1503435956.000247")),
        ] {
            let id = encode(posted, 1_760_000_000_123);
            assert_eq!(id, "none-1760000000123000");
            assert_eq!(decode(&id), None);
        }
    }

    #[test]
    fn foreign_ids_mean_none() {
        for id in [
            "",
            "-",
            "5ce4a1f2-0000-4000-8000-000000000001",
            "C1-000247",
            "C1-15034é35956",
            "p-1",
            "C-1503435956000247",
        ] {
            assert_eq!(decode(id), None, "{id}");
        }
    }

    #[test]
    fn moments_have_microseconds() {
        assert_eq!(moment(Some("1503435956.000247"), 0), "2017-08-22T21:05:56.000247+00:00");
        assert_eq!(moment(None, 1_760_000_000_123), "2025-10-09T08:53:20.123000+00:00");
        assert_eq!(
            moment(Some("99999999999999999999.1"), 0),
            "1970-01-01T00:00:00.000000+00:00"
        );
    }
}
