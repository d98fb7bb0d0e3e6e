//! Wall-clock time in the forms that AWS writes.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970.
pub(crate) fn epoch_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since 1970.
pub(crate) fn epoch_millis() -> u64 {
    epoch_micros() / 1000
}

/// API Gateway's `requestTime`: `09/Oct/2025:08:53:20 +0000`.
pub(crate) fn request_time(epoch_millis: u64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = epoch_millis / 1000;
    let (year, month, day) = civil(seconds / 86_400);
    let name = MONTHS.get(month - 1).copied().unwrap_or_default();
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{day:02}/{name}/{year}:{hour:02}:{minute:02}:{second:02} +0000")
}

/// A log stream's day: `2025/10/09`.
pub(crate) fn log_day(epoch_millis: u64) -> String {
    let (year, month, day) = civil(epoch_millis / 86_400_000);
    format!("{year}/{month:02}/{day:02}")
}

/// Year, month (1 to 12) and day of a count of days since 1970-01-01, in the Gregorian calendar.
fn civil(days: u64) -> (u64, usize, u64) {
    // Years begin in March here, so that the leap day is the last day of a year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day)
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
    }
}
