//! What goes wrong between the proxy and Slack, and when: by how many messages were sent, not by the clock, so that a
//! slow machine sees the same.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use local::standin::{SecretsManager, Slack};

use super::fault::Class;
use super::traffic::MINUTES;

/// The name of the secret with Slack's token.
pub(super) const TOKEN_SECRET: &str = "load/slack-token";

/// Slack's token, before and after the rotations.
pub(super) const TOKENS: [&str; 3] = ["xoxb-load-first", "xoxb-load-second", "xoxb-load-third"];

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// So many of the next calls meet this.
    Calls(Class, u32),
    /// Secrets Manager has the next of [`TOKENS`].
    Secret(usize),
    /// Slack takes the next of [`TOKENS`] alone.
    Token(usize),
    /// All connections to Slack are reset.
    HangUp,
}

/// The minutes of simulated time and what happens then.
const FORECAST: [(u64, Change); 28] = [
    (1, Change::Calls(Class::Reset, 10)),
    (2, Change::Calls(Class::LostAnswer, 10)),
    (3, Change::Calls(Class::Limited, 60)),
    (5, Change::Calls(Class::Unavailable, 10)),
    (6, Change::Calls(Class::FailedAfterAll, 8)),
    (7, Change::Calls(Class::Slow, 30)),
    (8, Change::Calls(Class::SlowAnswer, 10)),
    (8, Change::Calls(Class::Stuck, 3)),
    (8, Change::Calls(Class::StuckAnswer, 3)),
    // A rotation as it should be: the new token is there before the old one goes.
    (10, Change::Secret(1)),
    (10, Change::Token(1)),
    (11, Change::Calls(Class::LimitedForLong, 40)),
    (13, Change::Calls(Class::CutAnswer, 8)),
    (14, Change::Calls(Class::InternalError, 6)),
    (14, Change::Calls(Class::Gibberish, 6)),
    (16, Change::HangUp),
    (17, Change::HangUp),
    // And as it should not be: for a minute nobody has a token that Slack takes.
    (18, Change::Token(2)),
    (19, Change::Secret(2)),
    (24, Change::Calls(Class::BadGateway, 6)),
    (24, Change::Calls(Class::Reset, 4)),
    (25, Change::Calls(Class::Limited, 20)),
    (25, Change::Calls(Class::Unavailable, 4)),
    (25, Change::Calls(Class::LostAnswer, 4)),
    (25, Change::Calls(Class::LimitedForLong, 4)),
    (25, Change::Calls(Class::Slow, 10)),
    (26, Change::HangUp),
    (26, Change::Calls(Class::Limited, 20)),
];

/// The number of messages for which the counts of the forecast are meant.
const FORECAST_FOR: usize = 2000;

/// How long a busy machine may take until the last connection that is reset is gone.
const GRACE: Duration = Duration::from_secs(3);

/// What has happened and what is to come.
pub(super) struct Weather {
    total: usize,
    state: Mutex<State>,
}

struct State {
    started: usize,
    to_come: VecDeque<(u64, Change)>,
    hung_up: Vec<Instant>,
    connections: usize,
}

impl Weather {
    /// The weather of `total` messages.
    pub(super) fn of(total: usize) -> Self {
        Self {
            total,
            state: Mutex::new(State {
                started: 0,
                to_come: FORECAST.into(),
                hung_up: Vec::new(),
                connections: 0,
            }),
        }
    }

    fn count(&self, count: u32) -> u32 {
        let scaled = u64::from(count) * self.total as u64 / FORECAST_FOR as u64;
        u32::try_from(scaled).unwrap().max(1)
    }

    /// A client is about to send: what is due happens now.
    pub(super) fn passes(&self, slack: &Slack, secrets: &SecretsManager) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.started += 1;
        let minute = state.started as u64 * MINUTES / self.total as u64;
        while let Some((_, change)) = state.to_come.pop_front_if(|(due, _)| *due <= minute) {
            match change {
                Change::Calls(class, count) => slack.fault(class.fault().times(self.count(count))),
                Change::Secret(number) => secrets.put(TOKEN_SECRET, TOKENS[number]),
                Change::Token(number) => slack.rotate(TOKENS[number]),
                Change::HangUp => {
                    state.hung_up.push(Instant::now());
                    state.connections += slack.reset_connections();
                }
            }
        }
    }

    /// How many calls were to meet this fault.
    pub(super) fn ordered(&self, class: Class) -> u32 {
        let counts = FORECAST.iter().filter_map(|(_, change)| match change {
            Change::Calls(of, count) if *of == class => Some(self.count(*count)),
            _ => None,
        });
        counts.sum()
    }

    /// Whether connections were being reset between these moments.
    pub(super) fn hung_up_between(&self, from: Instant, to: Instant) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.hung_up.iter().any(|at| *at <= to && from <= *at + GRACE)
    }

    /// How many connections were reset in all.
    pub(super) fn connections_reset(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).connections
    }
}
