//! What is looked up in the workspace and remembered for a time: channels by name, people by e-mail address.

mod channels;

use std::collections::HashMap;
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use shared::Deadline;
use shared::telemetry::Telemetry;
use tokio::sync::Mutex;

use super::{Effort, Slack, SlackFailure};
use channels::{Channels, Look};

/// How many addresses are remembered at most.
const MAX_PEOPLE: usize = 10_000;

/// What is known of the workspace. Everything is looked up anew after a time, so that renamed channels and new people
/// are found; that somebody was not found is remembered for a minute at most, that a channel was not for some seconds.
pub struct Workspace {
    ttl_secs: u64,
    telemetry: Arc<Telemetry>,
    channels: Channels,
    people: Mutex<HashMap<String, Person>>,
}

#[derive(Debug, Clone)]
struct Person {
    at: u64,
    slack_id: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    user: FoundUser,
}

#[derive(Deserialize)]
struct FoundUser {
    id: String,
}

impl Workspace {
    /// Nothing is known yet; what will be is remembered for `ttl_secs`.
    pub fn new(ttl_secs: u64, telemetry: Arc<Telemetry>) -> Self {
        Self {
            ttl_secs,
            telemetry,
            channels: Channels::default(),
            people: Mutex::new(HashMap::new()),
        }
    }

    /// The id of the channel `name` (without `#`), among those that are not archived.
    ///
    /// # Errors
    /// Why the channels cannot be listed, for a name that is not known.
    pub async fn channel_id(
        &self,
        slack: &Slack,
        name: &str,
        now: u64,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Option<String>, SlackFailure> {
        let look = Look {
            slack,
            telemetry: &self.telemetry,
            ttl_secs: self.ttl_secs,
            now,
            deadline,
        };
        self.channels.find(name, look, effort).await
    }

    /// The Slack id of the person with this e-mail address.
    ///
    /// # Errors
    /// Why it cannot be looked up.
    pub async fn person(
        &self,
        slack: &Slack,
        email: &str,
        now: u64,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Option<String>, SlackFailure> {
        const NOT_FOUND_SECS: u64 = 60;
        let key = email.to_lowercase();
        let ttl = |person: &Person| match person.slack_id {
            Some(_) => self.ttl_secs,
            None => self.ttl_secs.min(NOT_FOUND_SECS),
        };
        let known = self.people.lock().await.get(&key).cloned();
        if let Some(person) = known.filter(|person| is_fresh(person.at, now, ttl(person))) {
            return Ok(person.slack_id);
        }
        let form = format!("email={}", utf8_percent_encode(email, NON_ALPHANUMERIC));
        let slack_id = match slack.ask("users.lookupByEmail", form, deadline, effort).await {
            Ok(answer) => {
                let found: Found = serde_json::from_slice(&answer).map_err(|_| SlackFailure::Unavailable)?;
                Some(found.user.id)
            }
            Err(SlackFailure::UserGone) => None,
            Err(failure) => return Err(failure),
        };
        let mut people = self.people.lock().await;
        if people.len() >= MAX_PEOPLE {
            people.retain(|_, person| is_fresh(person.at, now, ttl(person)));
            if people.len() >= MAX_PEOPLE {
                people.clear();
            }
        }
        let person = Person {
            at: now,
            slack_id: slack_id.clone(),
        };
        people.insert(key, person);
        Ok(slack_id)
    }
}

/// A clock that moved back must not keep anything for longer than it may last.
fn is_fresh(at: u64, now: u64, ttl_secs: u64) -> bool {
    now.checked_sub(at).is_some_and(|age| age < ttl_secs)
}
