//! What a reading found wrong with a document, and what it asked for.

use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a document: finished lines in the order of discovery, each once.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    lines: Vec<String>,
    asked: Option<Asked>,
}

/// What a reading asked for: what it takes in which place, and every member that it knows.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// By JSON path, with `[]` for any element.
    pub(super) kinds: BTreeMap<String, Kind>,
    /// JSON paths of all known members.
    pub(super) known: BTreeSet<String>,
}

/// What the reading takes in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string that is not empty.
    Text,
    /// True or false.
    Flag,
    /// A whole number from the first to the second.
    Number(i64, i64),
    /// One of these words.
    Words(Vec<String>),
    /// A list.
    List,
    /// An object of known members.
    Object,
    /// An object whose members may have any names.
    Map,
    /// A string, or a reference to one.
    Secret,
}

impl Problems {
    /// Keeps what the reading asks for: the table's JSON Schema is made from it.
    pub(super) fn recording() -> Self {
        Self {
            lines: Vec::new(),
            asked: Some(Asked::default()),
        }
    }

    /// What the reading asked for, and what was wrong.
    pub(super) fn into_asked(self) -> (Asked, Vec<String>) {
        (self.asked.unwrap_or_default(), self.lines)
    }

    /// Notes what the reading takes at `path`.
    pub(super) fn takes(&mut self, path: &str, kind: impl FnOnce() -> Kind) {
        if let Some(asked) = &mut self.asked {
            asked.kinds.insert(any_element(path), kind());
        }
    }

    /// Notes the members that the object at `path` may have.
    pub(super) fn knows(&mut self, path: &str, names: &[&str]) {
        if let Some(asked) = &mut self.asked {
            asked
                .known
                .extend(names.iter().map(|name| join(&any_element(path), name)));
        }
    }

    /// Notes that the setting at `path` is wrong; `what` says what is wanted.
    pub(crate) fn add(&mut self, path: &str, what: impl std::fmt::Display) {
        let line = format!("{path}: {what}");
        // A wrong default is met again with every route that takes it.
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// The lines.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

/// A JSON path with `[]` for the number of an element.
fn any_element(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut in_index = false;
    for letter in path.chars() {
        in_index = in_index && letter != ']';
        if !in_index {
            out.push(letter);
        }
        in_index = in_index || letter == '[';
    }
    out
}

/// The path of a member; the document itself has an empty path.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
