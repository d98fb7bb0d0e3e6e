//! The wall clock behind a trait, the one way this suite writes a moment down, and how it reads those of others.

mod dates;

use std::time::{SystemTime, UNIX_EPOCH};

pub use dates::{parse_http_date, parse_rfc3339};

/// The wall clock. Expiry is compared with it and not with a monotonic clock, since Lambda freezes an
/// execution environment between invocations and a monotonic clock may stand still meanwhile.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// Whole seconds since the Unix epoch.
    fn now_secs(&self) -> u64 {
        self.now_ms() / 1000
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
            .unwrap_or(0)
    }
}

/// A UTC calendar date and time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc {
    /// Full year, such as 2026.
    pub year: u64,
    /// 1 to 12.
    pub month: u64,
    /// 1 to 31.
    pub day: u64,
    /// 0 to 23.
    pub hour: u64,
    /// 0 to 59.
    pub minute: u64,
    /// 0 to 59.
    pub second: u64,
    /// 0 to 999.
    pub millisecond: u64,
}

impl Utc {
    /// The date of a moment given in milliseconds since the Unix epoch (proleptic Gregorian calendar).
    pub fn from_epoch_ms(epoch_ms: u64) -> Self {
        let seconds = epoch_ms / 1000;
        let days = seconds / 86_400;
        // Years are counted from 1 March of year 0, so that a leap day ends its year.
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Self {
            year: year_of_era + era * 400 + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            hour: seconds / 3600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            millisecond: epoch_ms % 1000,
        }
    }

    /// Milliseconds since the Unix epoch; `None` for a date or time of day that does not exist, such as a 31st of June,
    /// and for one before 1970.
    pub fn to_epoch_ms(self) -> Option<u64> {
        if self.year < 1970 || !(1..=12).contains(&self.month) || !(1..=31).contains(&self.day) {
            return None;
        }
        let from_march = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let march_year = if self.month > 2 { self.year } else { self.year - 1 };
        let (era, year_of_era) = (march_year / 400, march_year % 400);
        let day_of_year = (153 * from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era
            .checked_mul(146_097)?
            .checked_add(day_of_era)?
            .checked_sub(719_468)?;
        let seconds = days
            .checked_mul(86_400)?
            .checked_add(self.hour * 3600 + self.minute * 60 + self.second)?;
        let epoch_ms = seconds.checked_mul(1000)?.checked_add(self.millisecond)?;
        // Whatever was out of its range comes back as another date.
        (Self::from_epoch_ms(epoch_ms) == self).then_some(epoch_ms)
    }
}

/// Writes a moment as RFC 3339 in UTC with milliseconds, such as `2025-10-09T08:53:20.000Z`.
pub fn rfc3339(epoch_ms: u64) -> String {
    let mut text = String::with_capacity(24);
    write_rfc3339(epoch_ms, &mut text);
    text
}

/// Appends what [`rfc3339`] gives to `out`.
pub fn write_rfc3339(epoch_ms: u64, out: &mut String) {
    let at = Utc::from_epoch_ms(epoch_ms);
    for (number, width, after) in [
        (at.year, 4, '-'),
        (at.month, 2, '-'),
        (at.day, 2, 'T'),
        (at.hour, 2, ':'),
        (at.minute, 2, ':'),
        (at.second, 2, '.'),
        (at.millisecond, 3, 'Z'),
    ] {
        push_decimal(out, number, width);
        out.push(after);
    }
}

/// Appends a number with at least `width` digits, at most 20 of them.
pub(crate) fn push_decimal(out: &mut String, mut number: u64, width: usize) {
    // As many as the largest number has.
    let mut digits = [b'0'; 20];
    let mut written = 0;
    for digit in digits.iter_mut().rev() {
        if number == 0 && written >= width {
            break;
        }
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        written += 1;
    }
    let digits = digits.get(digits.len() - written..).unwrap_or_default();
    out.push_str(std::str::from_utf8(digits).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339() {
        for (epoch_ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (1_760_000_000_000, "2025-10-09T08:53:20.000Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(epoch_ms), expected);
        }
    }

    #[test]
    fn every_moment_comes_back_from_its_date() {
        for epoch_ms in (0..4_200_000_000_000).step_by(7_654_321_123) {
            assert_eq!(Utc::from_epoch_ms(epoch_ms).to_epoch_ms(), Some(epoch_ms));
        }
    }

    #[test]
    fn a_date_that_does_not_exist_is_no_moment() {
        let exists = Utc::from_epoch_ms(1_709_251_199_999);
        for wrong in [
            Utc { year: 1969, ..exists },
            Utc { year: 2023, ..exists },
            Utc {
                year: u64::MAX,
                ..exists
            },
            Utc { month: 0, ..exists },
            Utc { month: 13, ..exists },
            Utc { day: 0, ..exists },
            Utc { day: 30, ..exists },
            Utc { hour: 24, ..exists },
            Utc { minute: 60, ..exists },
            Utc { second: 60, ..exists },
            Utc {
                millisecond: 1000,
                ..exists
            },
        ] {
            assert_eq!(wrong.to_epoch_ms(), None, "{wrong:?}");
        }
    }

    #[test]
    fn numbers_have_their_digits_and_no_fewer_than_asked() {
        for (number, width, expected) in [
            (0, 1, "0"),
            (0, 3, "000"),
            (7, 2, "07"),
            (1234, 2, "1234"),
            (u64::MAX, 1, "18446744073709551615"),
            (5, 22, "00000000000000000005"),
        ] {
            let mut out = String::new();
            push_decimal(&mut out, number, width);
            assert_eq!(out, expected);
        }
    }
}
