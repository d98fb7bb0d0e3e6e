//! HipChat's two rate limits, counted in this execution environment alone, and the six headers that tell of them on
//! every answer.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};

/// What the second API's documentation promised: 500 requests of a token in five minutes.
const RATE_MAXIMUM: u32 = 500;
const RATE_WINDOW_SECS: u64 = 300;

/// And 30 messages to a room in a minute.
const FLOOD_MAXIMUM: u32 = 30;
const FLOOD_WINDOW_SECS: u64 = 60;

/// How many counters of a kind are kept before those whose window is over are dropped.
const MANY_COUNTERS: usize = 10_000;

/// Which token's requests are counted: the token's SHA-256, which stays the same when the allow-list is read anew.
pub type TokenKey = [u8; 32];

/// Whose messages are counted: HipChat limited those to a room, or to a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counter {
    /// A room of the directory, by its number.
    Room(u64),
    /// All rooms that are not listed and share a channel.
    Unlisted,
    /// A channel that is found by a room's name.
    Channel(String),
    /// A person, by Slack's id or address.
    Person(String),
}

/// Where one counter stands, as its three headers tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many there may be in a window.
    pub limit: u32,
    /// How many are left in this one.
    pub remaining: u32,
    /// When the window ends: seconds since the Unix epoch, always in the future.
    pub reset: u64,
}

/// Both standings of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standings {
    /// `X-Ratelimit-*`.
    pub rate: Standing,
    /// `X-FloodControl-*`.
    pub flood: Standing,
}

impl Standings {
    /// Nothing is left until `reset`: clients that honour either kind of header wait until then.
    pub fn spend_until(&mut self, reset: u64) {
        for standing in [&mut self.rate, &mut self.flood] {
            standing.remaining = 0;
            standing.reset = reset;
        }
    }

    /// Brings the standings to the moment of the answer: a client takes a moment that is past for a number of seconds.
    pub fn settle(&mut self, now: u64) {
        for standing in [&mut self.rate, &mut self.flood] {
            standing.reset = standing.reset.max(now.saturating_add(1));
        }
    }

    /// Adds the six headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        const NAMES: [[&str; 3]; 2] = [
            ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
            [
                "x-floodcontrol-limit",
                "x-floodcontrol-remaining",
                "x-floodcontrol-reset",
            ],
        ];
        for (names, standing) in NAMES.iter().zip([self.rate, self.flood]) {
            let values = [u64::from(standing.limit), u64::from(standing.remaining), standing.reset];
            for (name, value) in names.iter().zip(values) {
                headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
            }
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    started: u64,
    used: u32,
}

/// One kind of limit: a counter for each token, or for each room.
#[derive(Debug)]
struct Counters<K> {
    limit: u32,
    maximum: u32,
    window_secs: u64,
    windows: Mutex<HashMap<K, Window>>,
}

impl<K: Hash + Eq> Counters<K> {
    fn new(limit: u32, maximum: u32, window_secs: u64) -> Self {
        Self {
            limit,
            maximum,
            window_secs,
            windows: Mutex::new(HashMap::new()),
        }
    }

    /// The standing of one of whom nothing is known.
    fn untouched(&self, now: u64) -> Standing {
        let limit = if self.limit == 0 { self.maximum } else { self.limit };
        Standing {
            limit,
            remaining: limit,
            reset: now + self.window_secs,
        }
    }

    /// Takes one of the window's count; the flag tells whether there was one left.
    fn take(&self, key: K, now: u64) -> (Standing, bool) {
        let mut standing = self.untouched(now);
        if self.limit == 0 {
            return (standing, true);
        }
        // A clock that moved back must not keep a window open for longer than it lasts.
        let is_over = |window: &Window| now < window.started || now - window.started >= self.window_secs;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MANY_COUNTERS && !windows.contains_key(&key) {
            windows.retain(|_, window| !is_over(window));
        }
        let window = windows.entry(key).or_default();
        if window.used == 0 || is_over(window) {
            *window = Window { started: now, used: 0 };
        }
        standing.reset = window.started + self.window_secs;
        let granted = window.used < self.limit;
        window.used = window.used.saturating_add(u32::from(granted));
        standing.remaining = self.limit - window.used;
        (standing, granted)
    }
}

/// Both limits.
#[derive(Debug)]
pub struct Limits {
    rate: Counters<TokenKey>,
    flood: Counters<Counter>,
}

impl Limits {
    /// Nothing is counted yet. A limit of 0 is off: its headers tell HipChat's documented maximum.
    pub fn new(rate_limit: u32, flood_limit: u32) -> Self {
        Self {
            rate: Counters::new(rate_limit, RATE_MAXIMUM, RATE_WINDOW_SECS),
            flood: Counters::new(flood_limit, FLOOD_MAXIMUM, FLOOD_WINDOW_SECS),
        }
    }

    /// The standings for a caller of whom nothing is known yet.
    pub fn untouched(&self, now: u64) -> Standings {
        Standings {
            rate: self.rate.untouched(now),
            flood: self.flood.untouched(now),
        }
    }

    /// Counts a request of a token; false when it is over the limit.
    pub fn count_request(&self, token: TokenKey, now: u64, standings: &mut Standings) -> bool {
        let (standing, granted) = self.rate.take(token, now);
        standings.rate = standing;
        granted
    }

    /// Counts a message to a room or a person; false when it is over the limit. Then nothing at all is left until the window
    /// ends, so that clients which look at the other three headers wait too.
    pub fn count_message(&self, counter: Counter, now: u64, standings: &mut Standings) -> bool {
        let (standing, granted) = self.flood.take(counter, now);
        standings.flood = standing;
        if !granted {
            standings.spend_until(standing.reset);
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_with_its_first_request_and_ends_in_the_future() {
        let limits = Limits::new(2, 1);
        let mut standings = limits.untouched(1000);
        assert_eq!((standings.rate.remaining, standings.rate.reset), (2, 1300));
        assert!(limits.count_request([0; 32], 1000, &mut standings));
        assert!(limits.count_request([0; 32], 1299, &mut standings));
        assert_eq!((standings.rate.remaining, standings.rate.reset), (0, 1300));
        assert!(!limits.count_request([0; 32], 1299, &mut standings));
        assert!(limits.count_request([1; 32], 1299, &mut standings));
        assert!(limits.count_request([0; 32], 1300, &mut standings));
        assert_eq!((standings.rate.remaining, standings.rate.reset), (1, 1600));
        // The clock moved back: the window starts anew.
        assert!(limits.count_request([0; 32], 10, &mut standings));
        assert_eq!(standings.rate.reset, 310);
    }

    #[test]
    fn a_flooded_room_shows_in_all_headers() {
        let limits = Limits::new(500, 1);
        let mut standings = limits.untouched(1000);
        assert!(limits.count_message(Counter::Room(7), 1000, &mut standings));
        assert_eq!((standings.flood.remaining, standings.rate.remaining), (0, 500));
        assert!(!limits.count_message(Counter::Room(7), 1059, &mut standings));
        assert_eq!((standings.rate.remaining, standings.rate.reset), (0, 1060));
        assert_eq!((standings.flood.remaining, standings.flood.reset), (0, 1060));
    }

    #[test]
    fn a_limit_of_zero_is_off_and_still_told() {
        let limits = Limits::new(0, 0);
        let mut standings = limits.untouched(1000);
        for _ in 0..2000 {
            assert!(
                limits.count_request([0; 32], 1000, &mut standings)
                    && limits.count_message(Counter::Room(7), 1000, &mut standings)
            );
        }
        let mut headers = HeaderMap::new();
        standings.write(&mut headers);
        assert_eq!(headers.len(), 6);
        assert_eq!(
            (&headers["x-ratelimit-limit"], &headers["x-ratelimit-remaining"]),
            (&"500".parse().unwrap(), &"500".parse().unwrap())
        );
        assert_eq!(
            (&headers["x-floodcontrol-limit"], &headers["x-floodcontrol-reset"]),
            (&"30".parse().unwrap(), &"1060".parse().unwrap())
        );
    }
}
