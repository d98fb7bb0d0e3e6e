//! Speaks HipChat's REST API to legacy applications and relays their messages to Slack.
//!
//! `api` knows HipChat's wire, `access` its tokens and rate limits, `rooms` which room is which channel, `message`
//! turns a text into Slack's markup, `slack` posts it, `relay` tells the story of one message, `error` is the ladder
//! from what went wrong to the answer, `documents` keeps directory and allow-list up to date, `request` is the way of a
//! request through all of them.
//!
//! Architecture invariant: `api`, `message` and `rooms` know nothing of clocks, networks or variables.

pub mod access;
pub mod api;
pub mod config;
pub mod error;
pub mod message;
pub mod relay;
pub mod rooms;
pub mod slack;

mod account;
mod documents;
mod request;
mod start;

use std::sync::Arc;
use std::time::Duration;

use shared::http::FrontAnswer;
use shared::start::RawEvent;
use shared::telemetry::Telemetry;
use shared::{Clock, Deadline};

use access::limits::Limits;
use api::{Overlong, Unsupported, Version, version_of};
use documents::Documents;
use error::Failure;
use relay::Manner;
use request::Visit;
use slack::{Slack, Workspace};

/// What an answer needs to be on its way before Lambda ends the invocation.
const MARGIN: Duration = Duration::from_millis(500);

/// The function, built once by [`App::start`] and shared by all invocations.
pub struct App {
    documents: Documents,
    limits: Limits,
    slack: Slack,
    workspace: Workspace,
    policy: Policy,
    telemetry: Arc<Telemetry>,
    clock: Arc<dyn Clock>,
}

/// What the operator decided.
struct Policy {
    manner: Manner,
    /// Nothing is posted.
    dry_run: bool,
    overlong: Overlong,
    /// Bytes of a file; 0 relays none.
    file_limit: usize,
    unsupported: Unsupported,
    public_url: Option<String>,
    room_metrics: bool,
}

impl App {
    /// Answers one event of any front, in that front's shape. Every answer bears the six rate-limit headers.
    pub async fn handle(&self, event: RawEvent) -> FrontAnswer {
        let invocation = self.telemetry.invocation(&event.context);
        let deadline = Deadline::from_context(&event.context, &*self.clock, MARGIN);
        let now_ms = self.clock.now_ms();
        let standings = self.limits.untouched(now_ms / 1000);
        let mut visit = Visit::new(invocation.request_id.clone(), now_ms, standings);
        visit.account.by_room = self.policy.room_metrics;
        let (front, version, answer) = match shared::http::read(&event.payload) {
            Ok(inbound) => {
                visit.room = inbound.context.front.max_answer_bytes();
                let answer = self.answer(&inbound.request, deadline, &mut visit).await;
                (inbound.context.front, version_of(inbound.request.uri().path()), answer)
            }
            Err(unreadable) => {
                visit.account.detail = Some(unreadable.reason);
                (
                    unreadable.front,
                    Version::V2,
                    visit.refuse(&Failure::Unreadable, Version::V2, self.now_secs()),
                )
            }
        };
        visit.standings.settle(self.now_secs());
        let mut told = visit.told(front, answer);
        if told.encoded_len() > front.max_answer_bytes() {
            // The front would make an error page of it.
            let refused = visit.refuse(&Failure::AnswerTooLong, version, self.now_secs());
            told = visit.told(front, refused);
        }
        visit.account.write(&self.telemetry, &invocation, front, told.status());
        told
    }
}
