//! What is looked up in the workspace and remembered for a time: channels by name, people by e-mail address.

use std::collections::HashMap;
use std::fmt::Write;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use shared::Deadline;
use tokio::sync::Mutex;

use super::{Effort, Slack, SlackFailure};

/// How many pages of channels are read at most, of 500 channels each: more in one answer is advised against, and more
/// pages would use up the method's rate limit.
const MAX_PAGES: usize = 20;

/// How many addresses are remembered at most.
const MAX_PEOPLE: usize = 10_000;

/// What is known of the workspace. Everything is forgotten after a time, so that renamed channels and new people are
/// found; that somebody was not found is remembered for a minute at most.
#[derive(Debug)]
pub struct Workspace {
    ttl_secs: u64,
    channels: Mutex<Option<Listed>>,
    people: Mutex<HashMap<String, Person>>,
}

#[derive(Debug)]
struct Listed {
    at: u64,
    ids: HashMap<String, String>,
}

#[derive(Debug, Clone)]
struct Person {
    at: u64,
    slack_id: Option<String>,
}

#[derive(Deserialize)]
struct ChannelPage {
    channels: Vec<Channel>,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Deserialize)]
struct Channel {
    id: String,
    name: String,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    next_cursor: String,
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
    pub fn new(ttl_secs: u64) -> Self {
        Self {
            ttl_secs,
            channels: Mutex::new(None),
            people: Mutex::new(HashMap::new()),
        }
    }

    /// The id of the channel `name` (without `#`), among those that are not archived.
    ///
    /// # Errors
    /// Why the channels cannot be listed.
    pub async fn channel_id(
        &self,
        slack: &Slack,
        name: &str,
        now: u64,
        deadline: Deadline,
        effort: &mut Effort,
    ) -> Result<Option<String>, SlackFailure> {
        // Held while listing, so that simultaneous callers share one list.
        let waiting = tokio::time::timeout(deadline.remaining(), self.channels.lock());
        let mut channels = waiting.await.map_err(|_| SlackFailure::OutOfTime)?;
        if let Some(listed) = channels
            .as_ref()
            .filter(|listed| is_fresh(listed.at, now, self.ttl_secs))
        {
            return Ok(listed.ids.get(name).cloned());
        }
        let ids = list(slack, deadline, effort).await?;
        let found = ids.get(name).cloned();
        *channels = Some(Listed { at: now, ids });
        Ok(found)
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

/// All channels, private ones too where the app may see them.
async fn list(slack: &Slack, deadline: Deadline, effort: &mut Effort) -> Result<HashMap<String, String>, SlackFailure> {
    let all = pages(slack, "public_channel%2Cprivate_channel", deadline, effort).await;
    match all {
        Err(SlackFailure::Credentials) if effort.code.as_deref() == Some("missing_scope") => {
            pages(slack, "public_channel", deadline, effort).await
        }
        all => all,
    }
}

async fn pages(
    slack: &Slack,
    types: &str,
    deadline: Deadline,
    effort: &mut Effort,
) -> Result<HashMap<String, String>, SlackFailure> {
    let mut ids = HashMap::new();
    let mut cursor = String::new();
    for _ in 0..MAX_PAGES {
        let mut form = format!("types={types}&exclude_archived=true&limit=500");
        if !cursor.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(form, "&cursor={}", utf8_percent_encode(&cursor, NON_ALPHANUMERIC));
        }
        let answer = slack.ask("conversations.list", form, deadline, effort).await?;
        let page: ChannelPage = serde_json::from_slice(&answer).map_err(|_| SlackFailure::Unavailable)?;
        for channel in page.channels {
            ids.entry(channel.name).or_insert(channel.id);
        }
        cursor = page.response_metadata.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    Ok(ids)
}
