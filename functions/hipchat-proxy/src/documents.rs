//! The directory and the allow-list: read at the start, and anew from time to time. What cannot be read, or is wrong,
//! does not take the place of what is right: the old one stays, and an operator is told.

mod sources;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shared::telemetry::{Level, Telemetry, Unit};
use shared::{Deadline, Secret, SecretSource, Secrets};
use tokio::sync::{Mutex, MutexGuard};

use crate::access::addons::AddOns;
use crate::access::{self, AllowList};
use crate::config::DirectorySource;
use crate::rooms::{self, Directory};

pub(crate) use sources::{OauthTexts, Sources, Texts};

/// A request does not wait longer than this for documents that are read anew.
const PATIENCE: Duration = Duration::from_secs(2);

/// After a reading that failed the next one is tried so soon.
const RETRY_SECS: u64 = 30;

/// A token that other documents may prove has them read anew, when they are this old.
const NEWS_SECS: u64 = 10;

/// A secret is not read twice within this time: two documents may be keys of one.
const SECRET_MIN_AGE: Duration = Duration::from_secs(1);

/// What the documents say. The allow-list's rooms are positions in this very directory.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) directory: Directory,
    pub(crate) tokens: AllowList,
}

impl Known {
    /// Reads all texts.
    ///
    /// # Errors
    /// One line for each problem in any of them.
    pub(crate) fn read(texts: &Texts) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let directory = rooms::read(texts.directory.reveal()).unwrap_or_else(|more| {
            problems.extend(more);
            Directory::default()
        });
        let tokens = access::read(texts.tokens.reveal(), &directory).unwrap_or_else(|more| {
            problems.extend(more);
            AllowList::default()
        });
        let addons = texts.oauth.as_ref().map(|oauth| oauth.read(&directory));
        let addons = addons.unwrap_or(Ok(AddOns::default())).unwrap_or_else(|more| {
            problems.extend(more);
            AddOns::default()
        });
        if problems.is_empty() {
            let tokens = tokens.with_addons(addons);
            Ok(Self { directory, tokens })
        } else {
            Err(problems)
        }
    }
}

struct Schedule {
    texts: Texts,
    /// Seconds since the Unix epoch.
    next: u64,
    last: u64,
}

/// The documents, as they are now.
pub(crate) struct Documents {
    current: RwLock<Arc<Known>>,
    schedule: Mutex<Schedule>,
    sources: Sources,
    /// 0 is never.
    ttl_secs: u64,
    secrets: Arc<Secrets>,
    telemetry: Arc<Telemetry>,
}

impl Documents {
    /// The documents as they were read at the start.
    pub(crate) fn new(
        known: Known,
        texts: Texts,
        sources: Sources,
        ttl_secs: u64,
        secrets: Arc<Secrets>,
        telemetry: Arc<Telemetry>,
        now_secs: u64,
    ) -> Self {
        Self {
            current: RwLock::new(Arc::new(known)),
            schedule: Mutex::new(Schedule {
                texts,
                next: now_secs.saturating_add(ttl_secs),
                last: now_secs,
            }),
            ttl_secs: if sources.may_change() { ttl_secs } else { 0 },
            sources,
            secrets,
            telemetry,
        }
    }

    /// What the documents say, read anew if it is time. Only one request does that; others go on with the old ones.
    pub(crate) async fn current(&self, now_secs: u64, deadline: Deadline) -> Arc<Known> {
        if self.ttl_secs > 0
            && let Ok(schedule) = self.schedule.try_lock()
            // A clock that moved back must not put the next reading off.
            && (now_secs >= schedule.next || now_secs < schedule.last)
        {
            let patience = PATIENCE.min(deadline.remaining() / 3);
            self.read_anew(schedule, now_secs, patience).await;
        }
        self.latest()
    }

    /// What the documents say, for a request that shows `token`. One that an add-on may have fetched from an environment
    /// which knows a newer key is worth a look at the documents before it is refused; made-up ones get no more than one
    /// every few seconds.
    pub(crate) async fn for_token(&self, token: Option<&Secret>, now_secs: u64, deadline: Deadline) -> Arc<Known> {
        let known = self.current(now_secs, deadline).await;
        let is_news = token.is_some_and(|token| known.tokens.addons().may_be_news(token, now_secs));
        if !is_news || self.ttl_secs == 0 || !self.sources.may_prove_more() {
            return known;
        }
        let patience = PATIENCE.min(deadline.remaining() / 3);
        // Another request may be reading them: then they are young when it has done so.
        if let Ok(schedule) = tokio::time::timeout(patience, self.schedule.lock()).await
            && now_secs.saturating_sub(schedule.last) >= NEWS_SECS
        {
            self.read_anew(schedule, now_secs, patience).await;
        }
        self.latest()
    }

    fn latest(&self) -> Arc<Known> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read_anew(&self, mut schedule: MutexGuard<'_, Schedule>, now_secs: u64, patience: Duration) {
        // Also when this is cut short: a request in trouble must not be followed by one more.
        schedule.last = now_secs;
        schedule.next = now_secs.saturating_add(RETRY_SECS.min(self.ttl_secs));
        let deadline = Deadline::after(patience);
        let (directory, tokens, oauth) = tokio::join!(
            self.read_directory(deadline),
            self.read_tokens(deadline),
            self.read_oauth(deadline)
        );
        let mut problems = Vec::new();
        let mut changed = false;
        // Each is judged by itself, so that a bad directory does not keep a revoked token alive.
        match directory.and_then(|text| rooms::read(text.reveal()).map(|_| text)) {
            Ok(text) if text != schedule.texts.directory => {
                schedule.texts.directory = text;
                changed = true;
            }
            Ok(_) => {}
            Err(more) => problems.extend(more),
        }
        match tokens.and_then(|text| access::read(text.reveal(), &Directory::default()).map(|_| text)) {
            Ok(text) if text != schedule.texts.tokens => {
                schedule.texts.tokens = text;
                changed = true;
            }
            Ok(_) => {}
            Err(more) => problems.extend(more),
        }
        match oauth.and_then(|texts| {
            let checked = texts.as_ref().map(|texts| texts.read(&Directory::default()));
            checked.transpose().map(|_| texts)
        }) {
            Ok(texts) if texts != schedule.texts.oauth => {
                schedule.texts.oauth = texts;
                changed = true;
            }
            Ok(_) => {}
            Err(more) => problems.extend(more),
        }
        if changed {
            match Known::read(&schedule.texts) {
                Ok(known) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
                    self.telemetry
                        .write(self.telemetry.line(Level::Info, "documents were read anew"));
                }
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() {
            schedule.next = now_secs.saturating_add(self.ttl_secs);
        } else {
            self.tell(&problems);
        }
    }

    async fn read_directory(&self, deadline: Deadline) -> Result<Secret, Vec<String>> {
        match &self.sources.directory {
            DirectorySource::Document(source) => self.read_secret(source, "HIPCHAT_DIRECTORY", deadline).await,
            DirectorySource::File(path) => read_file(path).map_err(|problem| vec![problem]),
        }
    }

    async fn read_tokens(&self, deadline: Deadline) -> Result<Secret, Vec<String>> {
        self.read_secret(&self.sources.tokens, "HIPCHAT_TOKENS", deadline).await
    }

    async fn read_oauth(&self, deadline: Deadline) -> Result<Option<OauthTexts>, Vec<String>> {
        let Some(oauth) = &self.sources.oauth else {
            return Ok(None);
        };
        let (clients, key) = tokio::join!(
            self.read_secret(&oauth.clients, "HIPCHAT_OAUTH_CLIENTS", deadline),
            self.read_secret(&oauth.key, "HIPCHAT_OAUTH_KEY", deadline)
        );
        Ok(Some(OauthTexts {
            clients: clients?,
            key: key?,
        }))
    }

    async fn read_secret(
        &self,
        source: &SecretSource,
        variable: &str,
        deadline: Deadline,
    ) -> Result<Secret, Vec<String>> {
        let read = self.secrets.refresh(source, SECRET_MIN_AGE, deadline).await;
        read.map_err(|error| vec![format!("{variable}_SECRET_ARN: {error}")])
    }

    /// Tells an operator: one line with all problems, which hold no values, and a metric to be alarmed by.
    fn tell(&self, problems: &[String]) {
        let mut line = self.telemetry.line(Level::Error, "documents could not be read anew");
        line.long_text("problems", &problems.join("; "));
        line.number("problem_count", u32::try_from(problems.len()).unwrap_or(u32::MAX));
        line.metric("DocumentReloadFailures", Unit::Count, 1);
        self.telemetry.write(line);
    }
}

/// The text of the directory's file.
///
/// # Errors
/// A line that names the variable.
pub(crate) fn read_file(path: &str) -> Result<Secret, String> {
    std::fs::read_to_string(path)
        .map(Secret::new)
        .map_err(|error| format!("HIPCHAT_DIRECTORY_FILE: cannot be read ({})", error.kind()))
}
