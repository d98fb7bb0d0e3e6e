//! One entry of the list of servers: which members it may have, of which types, and their values under the names of
//! variables, so that the same code reads both.

use std::collections::HashMap;
use std::fmt;

use shared::Env;

use super::json::Json;
use super::names::Names;
use super::suggestion::meant;

/// What kind of server an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Introspection,
    Jwks,
}

pub(super) const KINDS: [(&str, Kind); 2] = [("introspection", Kind::Introspection), ("jwks", Kind::Jwks)];

/// The type of a member's value.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Flag,
    Count,
    Texts,
    Headers,
}

/// Every member that exists, its type, and the only kind of server that has it.
const MEMBERS: [(&str, Shape, Option<Kind>); 31] = [
    ("name", Shape::Text, None),
    ("kind", Shape::Text, None),
    ("token_prefix", Shape::Text, None),
    ("issuers", Shape::Texts, None),
    ("issuer_match", Shape::Text, None),
    ("audiences", Shape::Texts, None),
    ("audience_mode", Shape::Text, None),
    ("client_ids", Shape::Texts, None),
    ("principal_claims", Shape::Texts, None),
    ("principal_prefix", Shape::Text, None),
    ("default_principal", Shape::Text, None),
    ("ca_bundle", Shape::Text, None),
    ("ca_bundle_secret_arn", Shape::Text, None),
    ("introspection_url", Shape::Text, Some(Kind::Introspection)),
    ("introspection_auth", Shape::Text, Some(Kind::Introspection)),
    ("introspection_headers", Shape::Headers, Some(Kind::Introspection)),
    ("client_id", Shape::Text, Some(Kind::Introspection)),
    ("client_secret", Shape::Text, Some(Kind::Introspection)),
    ("client_secret_secret_arn", Shape::Text, Some(Kind::Introspection)),
    ("client_auth_encoding", Shape::Text, Some(Kind::Introspection)),
    ("bearer", Shape::Text, Some(Kind::Introspection)),
    ("bearer_secret_arn", Shape::Text, Some(Kind::Introspection)),
    ("token_url", Shape::Text, Some(Kind::Introspection)),
    ("token_scope", Shape::Text, Some(Kind::Introspection)),
    ("token_audience", Shape::Text, Some(Kind::Introspection)),
    ("require_exp", Shape::Flag, Some(Kind::Introspection)),
    ("require_token_use", Shape::Flag, None),
    ("jwks_url", Shape::Text, Some(Kind::Jwks)),
    ("jwks_ttl_secs", Shape::Count, Some(Kind::Jwks)),
    ("algorithms", Shape::Texts, Some(Kind::Jwks)),
    ("require_typ_at_jwt", Shape::Flag, Some(Kind::Jwks)),
];

/// An entry whose members are known and of their types. What was wrong is told, and left out.
pub(super) struct Entry {
    at: usize,
    pub(super) kind: Option<Kind>,
    scalars: HashMap<String, String>,
    lists: HashMap<String, Vec<String>>,
    headers: Vec<(String, String)>,
    /// Members that are there and hold nothing.
    blank: Vec<String>,
    problems: Vec<(String, String)>,
}

impl Env for Entry {
    /// A text, flag or number, under the name that [`Names`] gives it.
    fn get(&self, name: &str) -> Option<String> {
        self.scalars.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.scalars.keys().cloned().collect()
    }
}

impl Entry {
    /// Reads the members of the entry with a number.
    pub(super) fn read(at: usize, members: &[(String, Json)]) -> Self {
        let kind = members.iter().find(|(name, _)| name == "kind");
        let kind = kind.and_then(|(_, kind)| match kind {
            Json::Text(word) => KINDS.iter().find(|(known, _)| known == word),
            _ => None,
        });
        let mut entry = Self {
            at,
            kind: kind.map(|(_, kind)| *kind),
            scalars: HashMap::new(),
            lists: HashMap::new(),
            headers: Vec::new(),
            blank: Vec::new(),
            problems: Vec::new(),
        };
        for (nth, (name, value)) in members.iter().enumerate() {
            let path = Names::member(at, name);
            if members.iter().take(nth).any(|(before, _)| before == name) {
                entry.problem(path, "stands twice");
                continue;
            }
            entry.member(name, path, value);
        }
        entry
    }

    fn member(&mut self, name: &str, path: String, value: &Json) {
        let Some((_, shape, of)) = MEMBERS.iter().find(|(known, ..)| *known == name) else {
            return self.unknown(name);
        };
        if let (Some(of), Some(kind)) = (of, self.kind)
            && *of != kind
        {
            let word = KINDS
                .iter()
                .find(|(_, known)| known == of)
                .map_or("", |(word, _)| *word);
            return self.problem(path, format_args!("belongs to the kind {word} alone"));
        }
        match (shape, value) {
            (_, Json::Null) => self.blank.push(name.to_owned()),
            (Shape::Text, Json::Text(text)) if text.is_empty() => self.blank.push(name.to_owned()),
            (Shape::Text, Json::Text(text)) => drop(self.scalars.insert(path, text.clone())),
            (Shape::Text, _) => self.problem(path, "must be a text"),
            (Shape::Flag, Json::Flag(flag)) => drop(self.scalars.insert(path, flag.to_string())),
            (Shape::Flag, _) => self.problem(path, "must be true or false"),
            (Shape::Count, Json::Count(count)) => drop(self.scalars.insert(path, count.to_string())),
            (Shape::Count, _) => self.problem(path, "must be a whole number"),
            (Shape::Texts, Json::List(items)) => self.texts(name, &path, items),
            (Shape::Texts, _) => self.problem(path, "must be a list of texts"),
            (Shape::Headers, Json::Object(members)) => self.header_members(&path, members),
            (Shape::Headers, _) => self.problem(path, "must be an object of texts"),
        }
    }

    fn unknown(&mut self, name: &str) {
        let names: Vec<&str> = MEMBERS.iter().map(|(name, ..)| *name).collect();
        // A name from a document may be anything, a secret in the wrong place included: only words are told.
        let is_word = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
        let is_told = name.len() <= 64 && name.bytes().all(is_word);
        let path = Names::member(self.at, if is_told { name } else { "?" });
        match meant(name, &names) {
            Some(near) => self.problem(path, format_args!("unknown member, did you mean \"{near}\"?")),
            None => self.problem(path, "unknown member"),
        }
    }

    fn texts(&mut self, name: &str, path: &str, items: &[Json]) {
        let mut texts = Vec::with_capacity(items.len());
        for (nth, item) in items.iter().enumerate() {
            match item {
                Json::Text(text) if !text.is_empty() => texts.push(text.clone()),
                _ => self.problem(format!("{path}[{nth}]"), "must be a text that is not empty"),
            }
        }
        if items.is_empty() {
            self.problem(path.to_owned(), "must not be empty");
        }
        self.lists.insert(name.to_owned(), texts);
    }

    fn header_members(&mut self, path: &str, members: &[(String, Json)]) {
        for (header, value) in members {
            let Json::Text(value) = value else {
                return self.problem(path.to_owned(), "must be an object of texts");
            };
            self.headers.push((header.clone(), value.clone()));
        }
    }

    /// The path of a member.
    pub(super) fn path(&self, name: &str) -> String {
        Names::member(self.at, name)
    }

    /// Whether a member is there as `null` or an empty text.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        self.blank.iter().any(|blank| blank == name)
    }

    /// A list, if it is given.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        self.lists.get(name).cloned()
    }

    /// The headers of `introspection_headers`, in their order, repeated ones included.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }

    /// Notes what is wrong with a member.
    pub(super) fn problem(&mut self, path: String, what: impl fmt::Display) {
        self.problems.push((path, what.to_string()));
    }

    /// All lines: what was wrong with members, and then of `others` those about members that were not wrong already.
    pub(super) fn lines(self, others: &[String]) -> Vec<String> {
        let told = |line: &String| {
            self.problems
                .iter()
                .any(|(path, _)| line.starts_with(&format!("{path}: ")))
        };
        let others: Vec<String> = others.iter().filter(|line| !told(line)).cloned().collect();
        let own = self.problems.iter().map(|(path, what)| format!("{path}: {what}"));
        own.chain(others).collect()
    }
}
