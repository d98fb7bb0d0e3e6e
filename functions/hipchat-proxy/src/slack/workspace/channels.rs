//! The channels by name: read page by page, going on with the next request where the time of one was over.

use std::collections::HashMap;
use std::fmt::Write;

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

const ALL_TYPES: &str = "public_channel%2Cprivate_channel";
const PUBLIC_TYPE: &str = "public_channel";

/// The channels that are known.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// The last list that was read to its end.
    whole: Option<List>,
    /// One that is not.
    begun: Option<List>,
    /// An operator was told that there are more channels than are listed.
    told: bool,
}

#[derive(Debug)]
struct List {
    /// When the first page was asked for.
    at: u64,
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
    fn new(at: u64, types: &'static str) -> Self {
        Self {
            at,
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

impl Channels {
    /// The id of a channel. A name that the list does not hold is looked for once more when the list is some seconds
    /// old: its channel may be new.
    pub(super) async fn find(
        &mut self,
        name: &str,
        look: Look<'_>,
        effort: &mut Effort,
    ) -> Result<Option<String>, SlackFailure> {
        let is_kept = |list: &List| is_fresh(list.at, look.now, look.ttl_secs);
        self.whole = self.whole.take().filter(is_kept);
        self.begun = self.begun.take().filter(is_kept);
        if let Some(list) = &self.whole {
            let believed_secs = LEAST_AGE_SECS.max(list.pages * PAGE_SECS);
            let is_believed = self.begun.is_none() && is_fresh(list.at, look.now, believed_secs);
            if is_believed || list.ids.contains_key(name) {
                return Ok(list.ids.get(name).cloned());
            }
        }
        let begun = self.begun.get_or_insert_with(|| List::new(look.now, ALL_TYPES));
        if let Some(id) = begun.ids.get(name) {
            return Ok(Some(id.clone()));
        }
        let read = read_on(begun, look, effort).await;
        let found = begun.ids.get(name).cloned();
        match read {
            Ok(()) => {
                self.whole = self.begun.take();
                self.tell_of_more(look.telemetry);
                Ok(found)
            }
            // What was read so far may tell, or the list before it.
            Err(failure) if found.is_none() && self.whole.is_none() => Err(failure),
            Err(_) => Ok(found),
        }
    }

    /// Tells an operator, once, that the list does not hold all channels.
    fn tell_of_more(&mut self, telemetry: &Telemetry) {
        let Some(list) = self.whole.as_ref().filter(|list| !list.cursor.is_empty()) else {
            return;
        };
        if !std::mem::replace(&mut self.told, true) {
            let mut line = telemetry.line(Level::Warn, "channels beyond these are not found by name");
            line.number("channel_count", u32::try_from(list.ids.len()).unwrap_or(u32::MAX));
            telemetry.write(line);
        }
    }
}

/// Reads a list to its end, private channels too where the app may see them, in two thirds of the time: what is looked
/// for is wanted for something.
async fn read_on(list: &mut List, look: Look<'_>, effort: &mut Effort) -> Result<(), SlackFailure> {
    let deadline = look.deadline.capped(look.deadline.remaining() * 2 / 3);
    let mut began_anew = false;
    while list.pages < MAX_PAGES {
        let asked = look
            .slack
            .ask("conversations.list", list.form(), deadline, effort)
            .await;
        let answer = match (asked, effort.code.as_deref()) {
            (Ok(answer), _) => answer,
            (Err(SlackFailure::Credentials), Some("missing_scope")) if list.types == ALL_TYPES => {
                *list = List::new(list.at, PUBLIC_TYPE);
                continue;
            }
            // A place in a list does not last for ever.
            (Err(SlackFailure::Unexpected), Some("invalid_cursor")) if !began_anew && list.pages > 0 => {
                began_anew = true;
                *list = List::new(look.now, list.types);
                continue;
            }
            (Err(failure), _) => return Err(failure),
        };
        let page: Page = serde_json::from_slice(&answer).map_err(|_| SlackFailure::Unavailable)?;
        for channel in page.channels {
            list.ids.entry(channel.name).or_insert(channel.id);
        }
        list.pages += 1;
        list.cursor = page.response_metadata.next_cursor;
        if list.cursor.is_empty() {
            break;
        }
    }
    Ok(())
}
