//! The table of input classes, a test for each row: what the client of each kind of API gets, how often the server is
//! asked, what the log says.

mod failures;
mod replies;
mod requests;

use serde_json::{Value, json};

use crate::fixture::*;
use crate::stub::{Act, Stub};

/// What a client gets, whichever kind of API asks.
#[derive(Clone, Copy)]
enum Gets {
    Allow,
    /// 401 where there is one; a denial from HTTP APIs.
    Unauthorized,
    /// A denial with this principal.
    Forbidden(&'static str),
    Error,
}

impl Gets {
    fn policy(self, resource: &str, is_http_api: bool) -> Answered {
        match self {
            Self::Allow => allow("alice", resource),
            Self::Unauthorized if is_http_api => deny("anonymous", resource),
            Self::Unauthorized => e401(),
            Self::Forbidden(principal) => deny(principal, resource),
            Self::Error => e500(),
        }
    }

    fn simple(self) -> Answered {
        match self {
            Self::Allow => simple(true),
            Self::Unauthorized | Self::Forbidden(_) => simple(false),
            Self::Error => e500(),
        }
    }
}

/// A request of each kind with this value where the token belongs, and what it gets.
fn requests(value: &str, gets: Gets) -> [(Value, Answered); 5] {
    let headers = json!({"Authorization": value});
    [
        (token_event(value), gets.policy(W_REST, false)),
        (rest_request(headers.clone()), gets.policy(W_REST, false)),
        (ws_connect(headers, json!(null)), gets.policy(W_WS, false)),
        (http_v1(value), gets.policy(W_V1, true)),
        (http_v2(value), gets.simple()),
    ]
}

/// A row of the table.
struct Row<'a> {
    value: &'a str,
    acts: Vec<Act>,
    variables: &'a [(&'a str, &'a str)],
    up: usize,
    gets: Gets,
    line: Value,
}

impl Row<'_> {
    async fn check(self) {
        for (event, expected) in requests(self.value, self.gets) {
            let fixture = Fixture::new(Stub::playing(self.acts.clone()), self.variables).await;
            assert_eq!(fixture.ask(&event).await, expected, "{event}");
            assert_eq!(fixture.up(), self.up, "{event}");
            fixture.assert_line(self.line.clone());
        }
    }
}

fn bearer() -> String {
    format!("Bearer {T1}")
}

/// A request that is refused without asking anybody.
async fn unasked(value: &str, line: Value) {
    let row = Row {
        value,
        acts: vec![ok()],
        variables: &[],
        up: 0,
        gets: Gets::Unauthorized,
        line,
    };
    row.check().await;
}

/// A good request, a reply, and what comes of it.
async fn replied(act: Act, variables: &[(&str, &str)], gets: Gets, line: Value) {
    let row = Row {
        value: &bearer(),
        acts: vec![act],
        variables,
        up: 1,
        gets,
        line,
    };
    row.check().await;
}

/// A good request that fails after asking so many times.
async fn failed(act: Act, up: usize, reason: &str) {
    let row = Row {
        value: &bearer(),
        acts: vec![act],
        variables: &[],
        up,
        gets: Gets::Error,
        line: json!({"reason": reason, "level": "ERROR", "decision": "error"}),
    };
    row.check().await;
}
