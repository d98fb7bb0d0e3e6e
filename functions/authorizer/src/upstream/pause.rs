//! How long an upstream says itself to wait before it is asked again; pure.

use std::time::Duration;

use shared::clock::parse_http_date;

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date, until which so much is left at `now_ms`. `None` for what
/// is neither.
pub(super) fn retry_after(value: &str, now_ms: u64) -> Option<Duration> {
    let value = value.trim();
    if let Some(seconds) = digits(value) {
        return Some(Duration::from_secs(seconds));
    }
    let then_ms = parse_http_date(value, now_ms)?;
    Some(Duration::from_millis(then_ms.saturating_sub(now_ms)))
}

fn digits(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:30 GMT.
    const NOW: u64 = 784_111_770_000;

    #[test]
    fn seconds_and_dates_in_three_forms() {
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(7)),
            ("Sun Nov  6 08:49:37 1994", Some(7)),
            ("Sun, 06 Nov 1994 08:49:29 GMT", Some(0)),
            ("Mon, 07 Nov 1994 08:49:30 GMT", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 31 Jun 1994 08:49:37 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Nov 1994 25:49:37 GMT", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, NOW), seconds.map(Duration::from_secs), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(value in "\\PC{0,40}", now_ms in any::<u64>()) {
            let _ = retry_after(&value, now_ms);
        }

        #[test]
        fn nearly_dates_are_read_without_a_panic(
            value in "(Sun|Sunday)?,? ?[0-9]{0,20}[ -](Nov|x)[ -][0-9]{1,20} [0-9:]{0,40}( GMT)?",
            now_ms in any::<u64>(),
        ) {
            let _ = retry_after(&value, now_ms);
        }
    }
}
