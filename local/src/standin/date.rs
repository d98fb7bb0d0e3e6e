//! The few date formats of the stand-ins: RFC 3339 with milliseconds and the basic format of Signature Version 4.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// Time since 1970-01-01T00:00:00Z; zero for a clock that stands before it.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Now, in whole Unix seconds.
pub(crate) fn unix_now() -> u64 {
    since_epoch().as_secs()
}

/// `2026-11-22T08:09:10.123Z` (RFC 3339, UTC, milliseconds).
pub(crate) fn rfc3339_millis(time: Duration) -> String {
    let (year, month, day) = civil(time.as_secs() / SECONDS_PER_DAY);
    let (hour, minute, second) = clock(time.as_secs());
    let millis = time.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// `20150830T123600Z`, the basic ISO 8601 format of Signature Version 4.
pub(crate) fn amz_date(unix: u64) -> String {
    let (year, month, day) = civil(unix / SECONDS_PER_DAY);
    let (hour, minute, second) = clock(unix);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Reads what [`amz_date`] writes, to Unix seconds. `None` for anything else, such as a 31st of June.
pub(crate) fn parse_amz_date(text: &str) -> Option<u64> {
    let rest = text.strip_suffix('Z')?;
    let (date, time) = rest.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'T') {
        return None;
    }
    let number = |text: Option<&str>| text?.parse::<u64>().ok();
    let (year, month, day) = (number(date.get(..4))?, number(date.get(4..6))?, number(date.get(6..))?);
    let (hour, minute, second) = (number(time.get(..2))?, number(time.get(2..4))?, number(time.get(4..))?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_epoch(year, month, day)?;
    Some(days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second)
}

fn clock(unix: u64) -> (u64, u64, u64) {
    let second = unix % SECONDS_PER_DAY;
    (second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day number, in the proleptic Gregorian calendar.
///
/// Years begin in March here, so that the leap day is the last one: then a year's day number gives its month by a division.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let march_year = if month <= 2 { year - 1 } else { year };
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let era = march_year / 400;
    let year_of_era = march_year % 400;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = (era * 146_097 + day_of_era).checked_sub(719_468)?;
    (civil(days) == (year, month, day)).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written() {
        let cases = [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, 7, "2000-02-29T00:00:00.007Z"),
            (1_440_938_160, 0, "2015-08-30T12:36:00.000Z"),
            (4_102_444_799, 999, "2099-12-31T23:59:59.999Z"),
        ];
        for (seconds, millis, text) in cases {
            assert_eq!(rfc3339_millis(Duration::new(seconds, millis * 1_000_000)), text);
        }
        assert_eq!(amz_date(1_440_938_160), "20150830T123600Z");
    }

    #[test]
    fn every_day_comes_back() {
        for day in 0..80_000 {
            let unix = day * SECONDS_PER_DAY + 45_296;
            assert_eq!(parse_amz_date(&amz_date(unix)), Some(unix));
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "Z",
            "20150830",
            "20150631T000000Z",
            "20150230T000000Z",
            "20151301T000000Z",
            "20150830T240000Z",
        ] {
            assert_eq!(parse_amz_date(text), None, "{text}");
        }
        for text in [
            "20150830T123600",
            "2015-08-30T12:36:00Z",
            "20150830T1236é0Z",
            "+0150830T123600Z",
            "19691231T235959Z",
        ] {
            assert_eq!(parse_amz_date(text), None, "{text}");
        }
    }
}
