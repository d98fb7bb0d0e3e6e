//! How long to wait before an upstream is asked again: what it says itself, or a random pause. Pure but for chance.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use shared::clock::Utc;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date, until which so much is left at `now_ms`. `None` for what
/// is neither.
pub(super) fn retry_after(value: &str, now_ms: u64) -> Option<Duration> {
    let value = value.trim();
    if let Some(seconds) = digits(value) {
        return Some(Duration::from_secs(seconds));
    }
    let then_ms = http_date(value, now_ms)?;
    Some(Duration::from_millis(then_ms.saturating_sub(now_ms)))
}

/// A date in one of the three forms of RFC 9110, section 5.6.7, in milliseconds since the Unix epoch.
fn http_date(value: &str, now_ms: u64) -> Option<u64> {
    let is_space = |letter: char| matches!(letter, ' ' | ',' | '-');
    let words: Vec<&str> = value.split(is_space).filter(|word| !word.is_empty()).collect();
    let (day, month, year, time) = match *words.as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
        [_, day, month, year, time, "GMT"] => (day, month, full_year(year, now_ms)?, time),
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] => (day, month, small(year)?, time),
        _ => return None,
    };
    let time: Vec<u64> = time.split(':').map(small).collect::<Option<_>>()?;
    let [hour, minute, second] = *time.as_slice() else {
        return None;
    };
    let month = MONTHS.iter().position(|known| *known == month)?;
    let date = Utc {
        year,
        month: u64::try_from(month).ok()? + 1,
        day: small(day)?,
        hour,
        minute,
        second,
        millisecond: 0,
    };
    date.to_epoch_ms()
}

/// A year of two digits is one of this century, unless that is more than 50 years away.
fn full_year(text: &str, now_ms: u64) -> Option<u64> {
    let year = small(text)?;
    if text.len() != 2 {
        return Some(year);
    }
    let this_year = Utc::from_epoch_ms(now_ms).year;
    let year = this_year / 100 * 100 + year;
    Some(if year > this_year + 50 { year - 100 } else { year })
}

/// A number of a date: of four digits at most.
fn small(text: &str) -> Option<u64> {
    digits(text).filter(|number| *number < 10_000)
}

fn digits(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok())?
}

/// A random part of `most`, so that many callers that failed together do not come back together.
pub(super) fn full_jitter(most: Duration) -> Duration {
    // Each state is seeded anew; its hash of nothing is as random as a pause needs.
    let random = RandomState::new().hash_one(0_u8);
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(random % micros.saturating_add(1).max(1))
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
        // 50 years on at most; beyond that, the century before.
        assert_eq!(full_year("44", NOW), Some(1944));
        assert_eq!(full_year("44", NOW + 20 * 31_557_600_000), Some(2044));
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

    #[test]
    fn pauses_are_random_and_bounded() {
        let most = Duration::from_millis(100);
        let pauses: Vec<Duration> = (0..200).map(|_| full_jitter(most)).collect();
        assert!(pauses.iter().all(|pause| *pause <= most));
        assert!(pauses.iter().any(|pause| *pause < most / 4) && pauses.iter().any(|pause| *pause > most / 4 * 3));
        assert_eq!(full_jitter(Duration::ZERO), Duration::ZERO);
    }
}
