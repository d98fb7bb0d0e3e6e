//! A moment in a document (RFC 3339) -> seconds since the Unix epoch.

use shared::clock::Utc;

/// Reads `2027-01-01T00:00:00Z`, also with a fraction of a second, which is cut, and with an offset such as `+02:00`.
/// Moments before 1970 and dates that do not exist give `None`.
pub(super) fn parse(text: &str) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use shared::clock::rfc3339;

    use super::*;

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
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_the_suite_writes_is_read_back() {
        for secs in (0..4_102_444_800).step_by(7_654_321) {
            assert_eq!(parse(&rfc3339(secs * 1000)), Some(secs));
        }
    }
}
