//! A service's clock that tells another time than ours: by how much, and signatures by that one.

use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderMap;
use http::header::{AGE, DATE};

use crate::Clock;
use crate::clock::parse_http_date;

/// Codes that a signature of another time may get, as the SDKs have them.
const SKEWED: [&str; 5] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "RequestTimeTooSkewed",
    "AccessDeniedException",
];

/// A clock that is no further off is not why a signature was refused: AWS takes five minutes.
const TOLERATED_MS: u64 = 4 * 60 * 1000;

/// After so long nobody knows what the time in an answer was.
const LONGEST_MEASURE_MS: u64 = 15 * 60 * 1000;

/// How far a service's clock is ahead of ours, in milliseconds, where that was too much once.
#[derive(Debug, Default)]
pub struct Skew(AtomicI64);

/// When a request was signed.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    sent_ms: u64,
    skew_ms: i64,
}

impl Moment {
    /// By the service's clock, as far as it is known, in milliseconds since the Unix epoch: what a signature says.
    pub fn signed_ms(&self) -> u64 {
        self.sent_ms.saturating_add_signed(self.skew_ms)
    }
}

impl Skew {
    /// Now.
    pub fn now(&self, clock: &dyn Clock) -> Moment {
        Moment {
            sent_ms: clock.now_ms(),
            skew_ms: self.0.load(Ordering::Relaxed),
        }
    }

    /// Looks at an error with this code and these headers that a request signed at `signed` got. Whether another time may
    /// have been why: what is signed from now on has the service's.
    pub fn explains(&self, code: Option<&str>, headers: &HeaderMap, signed: Moment, clock: &dyn Clock) -> bool {
        if !code.is_some_and(|code| SKEWED.contains(&code)) {
            return false;
        }
        let Some(found_ms) = found_ms(headers, signed.sent_ms, clock.now_ms(), signed.skew_ms) else {
            return false;
        };
        self.0.store(found_ms, Ordering::Relaxed);
        true
    }
}

/// How far the service's clock is ahead of ours, in milliseconds, if it is much more or less than the `skew_ms` known before.
/// The time in an answer is taken to be that of half the way between `sent_ms` and `received_ms`, in milliseconds since the
/// Unix epoch.
fn found_ms(headers: &HeaderMap, sent_ms: u64, received_ms: u64, skew_ms: i64) -> Option<i64> {
    let took_ms = received_ms.saturating_sub(sent_ms);
    // A cache's answer has the time of another day.
    if took_ms > LONGEST_MEASURE_MS || headers.contains_key(AGE) {
        return None;
    }
    let theirs_ms = parse_http_date(headers.get(DATE)?.to_str().ok()?, received_ms)?;
    let ours_ms = sent_ms.saturating_add(took_ms / 2);
    let found_ms = theirs_ms.checked_signed_diff(ours_ms)?;
    (found_ms.abs_diff(skew_ms) > TOLERATED_MS).then_some(found_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const THEIRS_MS: u64 = 784_111_777_000;

    fn dated() -> HeaderMap {
        HeaderMap::from_iter([(DATE, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap())])
    }

    const fn minutes(count: i64) -> i64 {
        count * 60_000
    }

    #[test]
    fn a_clock_that_is_off_is_told_by_the_date_of_an_answer() {
        let at = |skew_ms: i64| THEIRS_MS.saturating_add_signed(-skew_ms);
        for (sent_ms, received_ms, known_ms, expected) in [
            (at(minutes(5)), at(minutes(5)), 0, Some(minutes(5))),
            (at(minutes(-30)), at(minutes(-30)), 0, Some(minutes(-30))),
            // Half of the way there and back.
            (at(minutes(10)), at(minutes(10)) + 2_000, 0, Some(minutes(10) - 1_000)),
            (at(minutes(4)), at(minutes(4)), 0, None),
            (at(minutes(-4)), at(minutes(-4)), 0, None),
            (at(0), at(0), 0, None),
            // It was signed for that time already.
            (at(minutes(10)), at(minutes(10)), minutes(10), None),
            // Our clock was set right meanwhile.
            (at(0), at(0), minutes(10), Some(0)),
            (at(minutes(30)), at(minutes(30)) + 15 * 60_000 + 1, 0, None),
            (u64::MAX, u64::MAX, 0, None),
            (0, 0, 0, Some(THEIRS_MS.cast_signed())),
        ] {
            let found = found_ms(&dated(), sent_ms, received_ms, known_ms);
            assert_eq!(found, expected, "{sent_ms} {known_ms}");
        }
        let now = at(minutes(10));
        assert_eq!(found_ms(&HeaderMap::new(), now, now, 0), None);
        for (name, value) in [(AGE, "7"), (DATE, "soon")] {
            let mut other = dated();
            other.insert(&name, value.parse().unwrap());
            assert_eq!(found_ms(&other, now, now, 0), None, "{name}");
        }
    }

    #[test]
    fn what_is_signed_after_it_was_found_has_the_services_time() {
        for code in SKEWED {
            let (skew, clock) = (Skew::default(), ManualClock::at_ms(THEIRS_MS - 600_000));
            let signed = skew.now(&clock);
            assert_eq!(signed.signed_ms(), THEIRS_MS - 600_000);
            assert!(!skew.explains(Some("DecryptionFailure"), &dated(), signed, &clock));
            assert!(!skew.explains(None, &dated(), signed, &clock));
            assert!(skew.explains(Some(code), &dated(), signed, &clock), "{code}");
            assert_eq!(skew.now(&clock).signed_ms(), THEIRS_MS);
            assert!(!skew.explains(Some(code), &dated(), skew.now(&clock), &clock));
            // So was another request that was under way.
            assert!(skew.explains(Some(code), &dated(), signed, &clock));
        }
    }
}
