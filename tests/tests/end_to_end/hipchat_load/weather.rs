//! What goes wrong between the proxy and Slack, and when: by how many messages were sent, not by the clock, so that a
//! slow machine sees the same.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use local::standin::{Fault, SecretsManager, Slack};

use super::traffic::MINUTES;

/// The name of the secret with Slack's token.
pub(super) const TOKEN_SECRET: &str = "load/slack-token";

/// Slack's token, before and after the rotations.
pub(super) const TOKENS: [&str; 3] = ["xoxb-load-first", "xoxb-load-second", "xoxb-load-third"];

/// How a call of Slack goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// The connection is reset before Slack takes the message.
    Reset,
    /// And after.
    LostAnswer,
    /// 429: wait for a second.
    Limited,
    /// 429: wait for longer than an invocation may take.
    LimitedForLong,
    /// 503, not taken.
    Unavailable,
    /// 500, but taken.
    FailedAfterAll,
    /// 502 with a page, as a server before Slack gives it.
    BadGateway,
    /// `internal_error`, with status 200.
    InternalError,
    /// The answer ends too early.
    CutAnswer,
    /// The answer is a page.
    Gibberish,
    /// Late, but in time.
    Slow,
    /// The same, taken at once.
    SlowAnswer,
    /// Later than the invocation may take.
    Stuck,
    /// The same, taken at once.
    StuckAnswer,
}

/// What a client of Slack can know after a call that met such a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Not taken: come again in so many seconds.
    Refused(u64),
    /// Nothing.
    Unknown,
    /// What the real answer says.
    Told,
}

impl Class {
    pub(super) const ALL: [Self; 14] = [
        Self::Reset,
        Self::LostAnswer,
        Self::Limited,
        Self::LimitedForLong,
        Self::Unavailable,
        Self::FailedAfterAll,
        Self::BadGateway,
        Self::InternalError,
        Self::CutAnswer,
        Self::Gibberish,
        Self::Slow,
        Self::SlowAnswer,
        Self::Stuck,
        Self::StuckAnswer,
    ];

    fn fault(self) -> Fault {
        let answer = |status, body: &str| Fault {
            body: Some(body.to_owned()),
            ..Fault::status(status)
        };
        let with = |name: &str, value: &str, fault: Fault| Fault {
            headers: [(name.to_owned(), value.to_owned())].into(),
            ..fault
        };
        let limited = |seconds| {
            with(
                "retry-after",
                seconds,
                answer(429, r#"{"ok":false,"error":"ratelimited"}"#),
            )
        };
        let fault = match self {
            Self::Reset => Fault::reset(),
            Self::LostAnswer => Fault::reset().taken(),
            Self::Limited => limited("1"),
            Self::LimitedForLong => limited("30"),
            Self::Unavailable => answer(503, r#"{"ok":false,"error":"service_unavailable"}"#),
            Self::FailedAfterAll => Fault::status(500).taken(),
            Self::BadGateway => answer(502, "<html>Bad Gateway</html>"),
            Self::InternalError => answer(200, r#"{"ok":false,"error":"internal_error"}"#),
            Self::CutAnswer => with("content-length", "500", answer(200, r#"{"ok":true,"channel":"C1"#)).taken(),
            Self::Gibberish => answer(200, "<html>Welcome</html>").taken(),
            Self::Slow => Fault::delay_ms(400),
            Self::SlowAnswer => Fault::delay_ms(400).taken(),
            Self::Stuck => Fault::delay_ms(60_000),
            Self::StuckAnswer => Fault::delay_ms(60_000).taken(),
        };
        Fault {
            path: Some("/api/chat.postMessage".to_owned()),
            ..fault
        }
    }

    /// The class of a fault that a call met.
    pub(super) fn of(fault: &Fault) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|class| class.fault() == *fault)
            .unwrap_or_else(|| panic!("nobody ordered {fault:?}"))
    }

    pub(super) fn effect(self) -> Effect {
        match self {
            Self::Limited => Effect::Refused(1),
            Self::LimitedForLong => Effect::Refused(30),
            Self::Slow | Self::SlowAnswer => Effect::Told,
            _ => Effect::Unknown,
        }
    }

    /// The invocation's time ends before an answer comes.
    pub(super) fn is_stuck(self) -> bool {
        matches!(self, Self::Stuck | Self::StuckAnswer)
    }
}

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
                    state.connections += slack.reset_connections();
                    state.hung_up.push(Instant::now());
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

    /// Whether all connections were reset between these moments.
    pub(super) fn hung_up_between(&self, from: Instant, to: Instant) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.hung_up.iter().any(|at| (from..=to).contains(at))
    }

    /// How many connections were reset in all.
    pub(super) fn connections_reset(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).connections
    }
}
