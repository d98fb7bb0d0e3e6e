//! The channels by name: read page by page, going on with the next request where the time of one was over. One request
//! reads; what is known already is told to all others meanwhile.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use shared::Deadline;
use shared::telemetry::{Level, Telemetry};

use super::is_fresh;
use crate::slack::{Effort, Slack, SlackFailure};

/// How many pages of channels are read at most, of 500 channels each: more in one answer is advised against, and more
/// pages would use up the method's rate limit.
const MAX_PAGES: u64 = 20;

/// A list that is younger than this is believed when it does not hold a name, in seconds.
const LEAST_AGE_SECS: u64 = 10;

/// For each page of the list it is believed so much longer, in seconds: the method takes twenty calls a minute.
const PAGE_SECS: u64 = 3;

/// A request whose channel stands in an old list does not wait longer than this for a new one.
const PATIENCE: Duration = Duration::from_secs(2);

const ALL_TYPES: &str = "public_channel%2Cprivate_channel";
const PUBLIC_TYPE: &str = "public_channel";

/// The channels that are known.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// Held for as long as it takes to look something up in them.
    lists: std::sync::Mutex<Lists>,
    /// Held by the one request that reads.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Lists {
    /// The last list that was read to its end, and when that was.
    whole: Option<(u64, List)>,
    /// One that is not.
    begun: Option<List>,
    /// An operator was told that there are more channels than are listed.
    told: bool,
}

#[derive(Debug)]
struct List {
    types: &'static str,
    pages: u64,
    /// Where the next page begins; empty before the first one, and behind the last.
    cursor: String,
    ids: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Page {
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

/// How a request may look for a channel.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) slack: &'a Slack,
    pub(super) telemetry: &'a Telemetry,
    pub(super) ttl_secs: u64,
    /// Seconds since the Unix epoch.
    pub(super) now: u64,
    pub(super) deadline: Deadline,
}

impl List {
    fn new(types: &'static str) -> Self {
        Self {
            types,
            pages: 0,
            cursor: String::new(),
            ids: HashMap::new(),
        }
    }

    fn form(&self) -> String {
        let mut form = format!("types={}&exclude_archived=true&limit=500", self.types);
        if !self.cursor.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(form, "&cursor={}", utf8_percent_encode(&self.cursor, NON_ALPHANUMERIC));
        }
        form
    }
}

impl Lists {
    /// What is known for sure: a channel's id, or that there is none of this name.
    fn answer(&self, name: &str, look: Look<'_>) -> Option<Option<String>> {
        if let Some((at, list)) = &self.whole {
            let fresh = list.ids.get(name).filter(|_| is_fresh(*at, look.now, look.ttl_secs));
            let believed_secs = LEAST_AGE_SECS.max(list.pages * PAGE_SECS).min(look.ttl_secs);
            if fresh.is_some() || is_fresh(*at, look.now, believed_secs) {
                return Some(fresh.cloned());
            }
        }
        self.begun_id(name).map(Some)
    }

    /// What was read so far of the next list.
    fn begun_id(&self, name: &str) -> Option<String> {
        self.begun.as_ref().and_then(|list| list.ids.get(name)).cloned()
    }

    /// What the last list held, however old it is.
    fn old(&self, name: &str) -> Option<String> {
        self.whole.as_ref().and_then(|(_, list)| list.ids.get(name)).cloned()
    }

    /// Puts the list that was begun in the place of the last one. It counts from its end: one that many requests had to
    /// read would be old before anybody saw it. Tells an operator, once, when it does not hold all channels.
    fn finish(&mut self, look: Look<'_>) {
        let Some(list) = self.begun.take() else { return };
        if !list.cursor.is_empty() && !std::mem::replace(&mut self.told, true) {
            let mut line = look
                .telemetry
                .line(Level::Warn, "channels beyond these are not found by name");
            line.number("channel_count", u32::try_from(list.ids.len()).unwrap_or(u32::MAX));
            look.telemetry.write(line);
        }
        self.whole = Some((look.now, list));
    }
}

impl Channels {
    /// The id of a channel. A name that the list does not hold is looked for once more when the list is some seconds
    /// old: its channel may be new.
    ///
    /// # Errors
    /// Why the channels cannot be listed, for a name that no list holds: whether there is such a channel nobody knows.
    pub(super) async fn find(
        &self,
        name: &str,
        look: Look<'_>,
        effort: &mut Effort,
    ) -> Result<Option<String>, SlackFailure> {
        if let Some(answer) = self.lists().answer(name, look) {
            return Ok(answer);
        }
        let old = self.lists().old(name);
        let reading = match (self.reading.try_lock(), &old) {
            (Ok(reading), _) => reading,
            // Another request reads. An id outlives the name that it was found by.
            (Err(_), Some(_)) => return Ok(old),
            (Err(_), None) => {
                let waiting = tokio::time::timeout(look.deadline.remaining(), self.reading.lock());
                let reading = waiting.await.map_err(|_| SlackFailure::OutOfTime)?;
                if let Some(answer) = self.lists().answer(name, look) {
                    return Ok(answer);
                }
                reading
            }
        };
        // What is looked for is wanted for something.
        let patience = look.deadline.remaining() * 2 / 3;
        let patience = if old.is_some() {
            patience.min(PATIENCE)
        } else {
            patience
        };
        let read = self.read_on(look, look.deadline.capped(patience), effort).await;
        drop(reading);
        let lists = self.lists();
        match read {
            Ok(()) => Ok(lists.old(name)),
            // What was read so far may tell, or the list before it.
            Err(failure) => lists.begun_id(name).or(old).map(Some).ok_or(failure),
        }
    }

    /// Reads a list to its end, private channels too where the app may see them.
    async fn read_on(&self, look: Look<'_>, deadline: Deadline, effort: &mut Effort) -> Result<(), SlackFailure> {
        let mut began_anew = false;
        loop {
            let (form, types, pages) = {
                let mut lists = self.lists();
                let list = lists.begun.get_or_insert_with(|| List::new(ALL_TYPES));
                (list.form(), list.types, list.pages)
            };
            let asked = look.slack.ask("conversations.list", form, deadline, effort).await;
            let answer = match (asked, effort.code.as_deref()) {
                (Ok(answer), _) => answer,
                (Err(SlackFailure::Credentials), Some("missing_scope")) if types == ALL_TYPES => {
                    self.lists().begun = Some(List::new(PUBLIC_TYPE));
                    continue;
                }
                // A place in a list does not last for ever.
                (Err(SlackFailure::Unexpected), Some("invalid_cursor")) if !began_anew && pages > 0 => {
                    began_anew = true;
                    self.lists().begun = Some(List::new(types));
                    continue;
                }
                (Err(failure), _) => return Err(failure),
            };
            let page: Page = serde_json::from_slice(&answer).map_err(|_| SlackFailure::Unavailable)?;
            let mut lists = self.lists();
            let list = lists.begun.get_or_insert_with(|| List::new(types));
            for channel in page.channels {
                list.ids.entry(channel.name).or_insert(channel.id);
            }
            list.pages += 1;
            list.cursor = page.response_metadata.next_cursor;
            if list.cursor.is_empty() || list.pages >= MAX_PAGES {
                lists.finish(look);
                return Ok(());
            }
        }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
