//! The ways in which a call of Slack goes wrong.

use local::standin::Fault;

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

    pub(super) fn fault(self) -> Fault {
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
