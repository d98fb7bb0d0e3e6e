//! Wall-clock time in the forms that AWS writes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shared::clock::Utc;

/// Time since 1970-01-01T00:00:00Z; zero for a clock that stands before it.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Milliseconds since 1970.
pub(crate) fn epoch_millis() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}

/// Now, in whole Unix seconds.
pub(crate) fn unix_now() -> u64 {
    since_epoch().as_secs()
}

/// API Gateway's `requestTime`: `09/Oct/2025:08:53:20 +0000`.
pub(crate) fn request_time(epoch_millis: u64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let at = Utc::from_epoch_ms(epoch_millis);
    let month = usize::try_from(at.month).ok().and_then(|month| MONTHS.get(month - 1));
    format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} +0000",
        at.day,
        month.copied().unwrap_or_default(),
        at.year,
        at.hour,
        at.minute,
        at.second
    )
}

/// A log stream's day: `2025/10/09`.
pub(crate) fn log_day(epoch_millis: u64) -> String {
    let at = Utc::from_epoch_ms(epoch_millis);
    format!("{}/{:02}/{:02}", at.year, at.month, at.day)
}

/// `20150830T123600Z`, the basic ISO 8601 format of Signature Version 4.
pub(crate) fn amz_date(unix: u64) -> String {
    let at = Utc::from_epoch_ms(unix * 1000);
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        at.year, at.month, at.day, at.hour, at.minute, at.second
    )
}

/// Reads what [`amz_date`] writes, to Unix seconds. `None` for anything else, such as a 31st of June.
pub(crate) fn parse_amz_date(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    let number = |text: Option<&str>| text?.parse::<u64>().ok();
    let at = Utc {
        year: number(date.get(..4))?,
        month: number(date.get(4..6))?,
        day: number(date.get(6..))?,
        hour: number(time.get(..2))?,
        minute: number(time.get(2..4))?,
        second: number(time.get(4..))?,
        millisecond: 0,
    };
    Some(at.to_epoch_ms()? / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_days_as_aws_does() {
        assert_eq!(request_time(1_760_000_000_000), "09/Oct/2025:08:53:20 +0000");
        assert_eq!(request_time(0), "01/Jan/1970:00:00:00 +0000");
        assert_eq!(request_time(1_709_210_096_000), "29/Feb/2024:12:34:56 +0000");
        assert_eq!(log_day(1_735_689_599_000), "2024/12/31");
        assert_eq!(log_day(4_107_542_400_000), "2100/03/01");
        assert_eq!(amz_date(1_440_938_160), "20150830T123600Z");
    }

    #[test]
    fn every_day_comes_back() {
        for day in 0..80_000 {
            let unix = day * 86_400 + 45_296;
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
