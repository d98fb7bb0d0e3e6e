//! What became of a whole run: every message is judged, the outcomes are counted, and every fault must have been met.

use std::collections::BTreeMap;
use std::io::Write as _;

use local::standin::Slack;

use super::Load;
use super::client::Told;
use super::fault::Class;
use super::traffic::Message;
use super::verdict::{Case, by_message};
use super::weather::Weather;

/// What became of it.
pub(super) struct Seen {
    /// How many messages ended so.
    pub(super) outcomes: BTreeMap<&'static str, usize>,
    /// How many calls of Slack were refused by its own limit.
    pub(super) limited_by_channel: usize,
}

impl Load {
    pub(super) fn judge(&self, told: &[(Message, Told)], slack: &Slack, weather: &Weather) -> Seen {
        assert_eq!(told.len(), self.clients * self.messages_each);
        let calls: Vec<_> = slack
            .calls()
            .into_iter()
            .filter(|call| call.path == "/api/chat.postMessage")
            .collect();
        let messages = slack.messages();
        let mut asked = by_message(&calls, |call| call.body.clone());
        let mut kept = by_message(&messages, |message| {
            format!("{} {:?}", message.text, message.attachments)
        });
        let mut outcomes = BTreeMap::new();
        let mut problems = Vec::new();
        for (message, told) in told {
            let case = Case {
                message,
                told,
                asked: asked.remove(&message.id).unwrap_or_default(),
                kept: kept.remove(&message.id).unwrap_or_default(),
                hung_up: weather.hung_up_between(told.sent, told.answered),
                known_twice: self.client_msg_id,
            };
            match case.judge() {
                Ok(outcome) => *outcomes.entry(outcome).or_default() += 1,
                Err(problem) => {
                    let (call, id, answer) = (message.call, &message.id, &told.answer);
                    problems.push(format!(
                        "{call:?} {id}: told {} {}: {problem}",
                        answer.status,
                        answer.text()
                    ));
                }
            }
        }
        let limited_by_channel = calls
            .iter()
            .filter(|call| {
                call.fault.is_none() && call.answered.as_ref().is_some_and(|answered| answered.status == 429)
            })
            .count();
        let seen = Seen {
            outcomes,
            limited_by_channel,
        };
        self.tell(&seen, weather, problems.len());
        assert!(
            problems.is_empty(),
            "seed {}: {:#?}",
            self.seed,
            &problems[..problems.len().min(20)]
        );
        // Nothing is in Slack that nobody sent.
        assert!(asked.is_empty() && kept.is_empty());
        for class in Class::ALL {
            let met = calls
                .iter()
                .filter_map(|call| call.fault.as_ref())
                .filter(|fault| Class::of(fault) == class);
            assert_eq!(met.count(), weather.ordered(class) as usize, "{class:?}");
        }
        assert!(weather.connections_reset() > 0);
        seen
    }

    /// The summary, past the test's own output, which is not shown when it passes.
    fn tell(&self, seen: &Seen, weather: &Weather, problems: usize) {
        let mut text = format!(
            "hipchat-proxy under load: {} messages of {} clients",
            self.clients * self.messages_each,
            self.clients
        );
        for (outcome, count) in &seen.outcomes {
            text += &format!("\n  {count:>5} {outcome}");
        }
        text += &format!("\n  {problems:>5} that broke a rule\n calls of Slack that met");
        for class in Class::ALL {
            text += &format!(" {class:?} {},", weather.ordered(class));
        }
        let (limited, reset) = (seen.limited_by_channel, weather.connections_reset());
        text += &format!(" its limit for a channel {limited}; connections reset {reset}\n");
        std::io::stderr().write_all(text.as_bytes()).unwrap();
    }
}

impl Seen {
    /// At least one message must have ended so.
    pub(super) fn require(&self, outcomes: &[&str]) {
        for outcome in outcomes {
            assert!(
                self.outcomes.contains_key(outcome),
                "nothing was {outcome}: {:?}",
                self.outcomes
            );
        }
    }
}
