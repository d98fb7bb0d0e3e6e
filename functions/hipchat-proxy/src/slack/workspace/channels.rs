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
    /// The last list that was read to its end, and the time that what it lacks is told of.
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
    /// When it was begun.
    started: u64,
    /// Where the next page begins; empty before the first one, and behind the last.
    cursor: String,
    listed: HashMap<String, Listed>,
}

/// A channel, and when its page was read: the pages of one list may lie far apart.
#[derive(Debug)]
struct Listed {
    id: String,
    at: u64,
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
    fn new(types: &'static str, started: u64) -> Self {
        Self {
            types,
            pages: 0,
            started,
            cursor: String::new(),
            listed: HashMap::new(),
        }
    }

    /// How long it is believed when it does not hold a name, in seconds.
    fn believed_secs(&self, ttl_secs: u64) -> u64 {
        LEAST_AGE_SECS.max(self.pages * PAGE_SECS).min(ttl_secs)
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
    /// What is known for sure: a channel's id, or that there is none of this name. Of two lists the page that was read
    /// later counts.
    fn answer(&self, name: &str, look: Look<'_>) -> Option<Option<String>> {
        let whole = self.whole.as_ref().map(|(_, list)| list);
        let both = [whole, self.begun.as_ref()].into_iter().flatten();
        let found = both
            .filter_map(|list| list.listed.get(name))
            .filter(|listed| is_fresh(listed.at, look.now, look.ttl_secs))
            .max_by_key(|listed| listed.at);
        if let Some(listed) = found {
            return Some(Some(listed.id.clone()));
        }
        let (at, list) = self.whole.as_ref()?;
        is_fresh(*at, look.now, list.believed_secs(look.ttl_secs)).then_some(None)
    }

    /// What the last list held, however old it is.
    fn old(&self, name: &str) -> Option<String> {
        let (_, list) = self.whole.as_ref()?;
        list.listed.get(name).map(|listed| listed.id.clone())
    }

    /// Puts the list that was begun in the place of the last one; gives back when it was begun. What it lacks it lacked
    /// at its end, if it was read as quickly as it is believed; else since its beginning, for a channel may have come to
    /// the pages that were read first. Tells an operator, once, when it does not hold all channels.
    fn finish(&mut self, look: Look<'_>) -> u64 {
        let Some(list) = self.begun.take() else { return look.now };
        let started = list.started;
        if !list.cursor.is_empty() && !std::mem::replace(&mut self.told, true) {
            let mut line = look
                .telemetry
                .line(Level::Warn, "channels beyond these are not found by name");
            line.number("channel_count", u32::try_from(list.listed.len()).unwrap_or(u32::MAX));
            look.telemetry.write(line);
        }
        let is_quick = is_fresh(started, look.now, list.believed_secs(look.ttl_secs));
        self.whole = Some((if is_quick { look.now } else { started }, list));
        started
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
        let deadline = look.deadline.capped(patience);
        let mut read = self.read_on(look, deadline, effort).await;
        // The end of a list that was begun long ago need not tell of its beginning.
        if read.is_ok_and(|started| started < look.now) && self.lists().answer(name, look).is_none() {
            read = self.read_on(look, deadline, effort).await;
        }
        drop(reading);
        let lists = self.lists();
        match (lists.answer(name, look), read) {
            (Some(answer), _) => Ok(answer),
            (None, Ok(_)) => Ok(lists.old(name)),
            // The list before it may still tell.
            (None, Err(failure)) => old.map(Some).ok_or(failure),
        }
    }

    /// Reads a list to its end, private channels too where the app may see them; gives back when it was begun.
    async fn read_on(&self, look: Look<'_>, deadline: Deadline, effort: &mut Effort) -> Result<u64, SlackFailure> {
        let mut began_anew = false;
        loop {
            let (form, types, pages) = {
                let mut lists = self.lists();
                let list = lists.begun.get_or_insert_with(|| List::new(ALL_TYPES, look.now));
                (list.form(), list.types, list.pages)
            };
            let asked = look.slack.ask("conversations.list", form, deadline, effort).await;
            let answer = match (asked, effort.code.as_deref()) {
                (Ok(answer), _) => answer,
                (Err(SlackFailure::Credentials), Some("missing_scope")) if types == ALL_TYPES => {
                    self.lists().begun = Some(List::new(PUBLIC_TYPE, look.now));
                    continue;
                }
                // A place in a list does not last for ever.
                (Err(SlackFailure::Unexpected), Some("invalid_cursor")) if !began_anew && pages > 0 => {
                    began_anew = true;
                    self.lists().begun = Some(List::new(types, look.now));
                    continue;
                }
                (Err(failure), _) => return Err(failure),
            };
            let page: Page = serde_json::from_slice(&answer).map_err(|_| SlackFailure::Unavailable)?;
            let mut lists = self.lists();
            let list = lists.begun.get_or_insert_with(|| List::new(types, look.now));
            for channel in page.channels {
                // Where a name stands twice, it was given to another channel between two pages.
                let listed = Listed {
                    id: channel.id,
                    at: look.now,
                };
                list.listed.insert(channel.name, listed);
            }
            list.pages += 1;
            list.cursor = page.response_metadata.next_cursor;
            if list.cursor.is_empty() || list.pages >= MAX_PAGES {
                return Ok(lists.finish(look));
            }
        }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
