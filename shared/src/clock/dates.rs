//! Moments as others write them down: RFC 3339 in documents, and the dates of HTTP.

use super::Utc;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Seconds since the Unix epoch at a moment of RFC 3339 such as `2027-01-01T00:00:00Z`, also with a fraction of a second,
/// which is cut, and with an offset such as `+02:00`. Moments before 1970 and dates that do not exist give `None`.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date_parts = date.splitn(3, '-');
    let year = digits(date_parts.next()?, 4)?;
    let month = digits(date_parts.next()?, 2)?;
    let day = digits(date_parts.next()?, 2)?;
    let (clock, offset_secs) = split_offset(time)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut clock_parts = clock.splitn(3, ':');
    let hour = digits(clock_parts.next()?, 2)?;
    let minute = digits(clock_parts.next()?, 2)?;
    let second = digits(clock_parts.next()?, 2)?;
    // A leap second is the first moment of the next minute.
    let (second, leap_ms) = if second == 60 { (59, 1000) } else { (second, 0) };
    let at = Utc {
        year,
        month,
        day,
        hour,
        minute,
        second,
        millisecond: 0,
    };
    at.to_epoch_ms()?
        .checked_add(leap_ms)?
        .checked_div(1000)?
        .checked_add_signed(-offset_secs)
}

/// The clock's part, and how many seconds it is ahead of UTC.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let at = time.rfind(['+', '-'])?;
    let (clock, offset) = (time.get(..at)?, time.get(at..)?);
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let secs = (hours * 3600 + minutes * 60).cast_signed();
    Some((clock, if offset.starts_with('-') { -secs } else { secs }))
}

fn digits(text: &str, length: usize) -> Option<u64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Milliseconds since the Unix epoch at a date in one of the three forms of RFC 9110, section 5.6.7. `now_ms` tells the
/// century of a year of two digits.
pub fn parse_http_date(value: &str, now_ms: u64) -> Option<u64> {
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
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
        .filter(|number| *number < 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::rfc3339;

    #[test]
    fn moments_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2027-01-01T00:00:00Z", Some(1_798_761_600)),
            ("2027-01-01t02:00:00.999+02:00", Some(1_798_761_600)),
            ("2026-12-31 19:30:00-04:30", Some(1_798_761_600)),
            ("2024-02-29T23:59:59z", Some(1_709_251_199)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800)),
            ("2016-12-31T23:59:61Z", None),
            ("1970-01-01T00:30:00+01:00", None),
            ("2023-02-29T00:00:00Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("2027-13-01T00:00:00Z", None),
            ("2027-01-01T24:00:00Z", None),
            ("2027-01-01T00:00:00", None),
            ("2027-01-01T00:00Z", None),
            ("2027-01-01", None),
            ("2027-1-1T00:00:00Z", None),
            ("2027-01-01T00:00:00.Z", None),
            ("+027-01-01T00:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(parse_rfc3339(text), expected, "{text}");
        }
    }

    #[test]
    fn what_the_suite_writes_is_read_back() {
        for secs in (0..4_102_444_800).step_by(7_654_321) {
            assert_eq!(parse_rfc3339(&rfc3339(secs * 1000)), Some(secs));
        }
    }
    /// Sun, 06 Nov 1994 08:49:30 GMT.
    const NOW: u64 = 784_111_770_000;

    #[test]
    fn http_dates_have_three_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse_http_date(text, NOW), Some(784_111_777_000), "{text}");
        }
        for text in [
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Jun 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49 GMT",
            "784111777",
            "",
        ] {
            assert_eq!(parse_http_date(text, NOW), None, "{text}");
        }
        // 50 years on at most; beyond that, the century before.
        assert_eq!(full_year("44", NOW), Some(1944));
        assert_eq!(full_year("44", NOW + 20 * 31_557_600_000), Some(2044));
    }
}
