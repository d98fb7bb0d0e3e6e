//! One listed route: its key, its verb, and what a policy calls it. Pure.

use std::cmp::Ordering;
use std::sync::Arc;

use super::pattern::Pattern;

/// What the verb `*` stands for.
pub(crate) const VERBS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
/// The connection route of a WebSocket API: its key, and its name in a policy.
const CONNECT: (&str, &str) = ("CONNECT $connect", "$connect");

/// A route of one verb.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) verb: &'static str,
    /// `None` for a WebSocket API's connection.
    pub(super) pattern: Option<Pattern>,
    pub(super) entry: usize,
    /// The key that it was listed by.
    pub(super) key: Arc<str>,
    /// What a policy names after the stage.
    pub(super) resource: Arc<str>,
}

impl Route {
    pub(super) fn new(verb: &'static str, pattern: Pattern, entry: usize, key: &str) -> Self {
        Self {
            verb,
            entry,
            key: key.into(),
            resource: format!("{verb}/{}", pattern.resource()).into(),
            pattern: Some(pattern),
        }
    }

    pub(super) fn connect(entry: usize) -> Self {
        let (key, resource) = CONNECT;
        Self {
            verb: "CONNECT",
            pattern: None,
            entry,
            key: key.into(),
            resource: resource.into(),
        }
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.verb == other.verb && self.pattern == other.pattern
    }

    pub(super) fn precedence(&self, other: &Self) -> Ordering {
        match (&self.pattern, &other.pattern) {
            (Some(one), Some(other)) => one.precedence(other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        }
    }
}

/// What a key of the list means.
pub(super) enum Key {
    Connect,
    Verb(&'static str, Pattern),
    AnyVerb(Pattern),
}

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// What is wrong, to be put after the key.
    pub(super) fn read(key: &str) -> Result<Self, &'static str> {
        if key == CONNECT.0 {
            return Ok(Key::Connect);
        }
        let (verb, path) = key.split_once(' ').ok_or("must be written as VERB /path")?;
        let known = VERBS.into_iter().find(|known| *known == verb);
        match (known, verb) {
            (Some(verb), _) => Pattern::parse(path).map(|pattern| Key::Verb(verb, pattern)),
            (None, "*") => Pattern::parse(path).map(Key::AnyVerb),
            (None, _) => {
                Err("must begin with GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE or *, or be CONNECT $connect")
            }
        }
    }
}

/// IAM's wildcards, of which resources here hold `*` alone: any run of characters, slashes included.
pub(super) fn iam_matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return text.ends_with(piece);
        }
        match text.split_once(piece) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    true
}
