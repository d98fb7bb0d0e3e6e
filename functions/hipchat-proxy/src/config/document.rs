//! Reading of the operator's JSON documents: strict, and every problem at once with the JSON path of its place.

mod node;

use std::fmt;
use std::ops::RangeInclusive;

use shared::env::describe_json_error;

use node::Node;

/// A document being read, and what was found wrong with it so far.
#[derive(Debug)]
pub struct Document {
    variable: &'static str,
    problems: Vec<String>,
}

impl Document {
    /// A document that stands in `variable`.
    pub fn new(variable: &'static str) -> Self {
        Self {
            variable,
            problems: Vec::new(),
        }
    }

    /// Notes a problem at `path`; an empty path is the document itself. Values are never part of `what`.
    pub fn problem(&mut self, path: &str, what: impl fmt::Display) {
        let variable = self.variable;
        self.problems.push(if path.is_empty() {
            format!("{variable}: {what}")
        } else {
            format!("{variable}: {path}: {what}")
        });
    }

    /// The problems found, one line each.
    pub fn into_problems(self) -> Vec<String> {
        self.problems
    }

    /// The members of the document, which must be an object. A document that is not gives `None` and a problem.
    pub fn object(&mut self, text: &str) -> Option<Members> {
        let node = self.parse(text)?;
        Members::new(self, String::new(), node)
    }

    /// The members of each item of the document, which must be a list of objects.
    pub fn list(&mut self, text: &str) -> Vec<Members> {
        match self.parse(text) {
            Some(Node::List(items)) => self.objects("", items),
            Some(_) => {
                self.problem("", "must be a list");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn parse(&mut self, text: &str) -> Option<Node> {
        match serde_json::from_str(text) {
            Ok(node) => Some(node),
            Err(error) => {
                self.problem("", describe_json_error(&error));
                None
            }
        }
    }

    fn objects(&mut self, path: &str, items: Vec<Node>) -> Vec<Members> {
        items
            .into_iter()
            .enumerate()
            .filter_map(|(at, item)| Members::new(self, format!("{path}[{at}]"), item))
            .collect()
    }
}

/// The members of one object; each is taken out by name, and what is left over at the end is unknown.
#[derive(Debug)]
pub struct Members {
    path: String,
    left: Vec<(String, Node)>,
}

impl Members {
    fn new(document: &mut Document, path: String, node: Node) -> Option<Self> {
        let Node::Object(entries) = node else {
            document.problem(&path, "must be an object");
            return None;
        };
        let mut members = Self { path, left: Vec::new() };
        for (name, value) in entries {
            if members.left.iter().any(|(known, _)| *known == name) {
                document.problem(&members.at(&name), "is given twice");
            } else {
                members.left.push((name, value));
            }
        }
        Some(members)
    }

    /// The JSON path of a member.
    pub fn at(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Whether a member stands in the object with a value other than `null`.
    pub fn has(&self, name: &str) -> bool {
        self.left
            .iter()
            .any(|(known, node)| known == name && !matches!(node, Node::Null))
    }

    /// `null` is absent.
    fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.left.iter().position(|(known, _)| known == name)?;
        match self.left.swap_remove(at).1 {
            Node::Null => None,
            node => Some(node),
        }
    }

    /// A text of at least one character and without control characters.
    pub fn text(&mut self, document: &mut Document, name: &str) -> Option<String> {
        match self.take(name)? {
            Node::Text(text) if is_clean(&text) => Some(text),
            _ => {
                document.problem(&self.at(name), "must be a text without control characters, not empty");
                None
            }
        }
    }

    /// A text that must be there.
    pub fn required(&mut self, document: &mut Document, name: &str) -> Option<String> {
        if !self.has(name) {
            self.take(name);
            document.problem(&self.at(name), "is required");
            return None;
        }
        self.text(document, name)
    }

    /// A list of texts; empty when absent.
    pub fn texts(&mut self, document: &mut Document, name: &str) -> Vec<String> {
        let items = match self.take(name) {
            None => return Vec::new(),
            Some(Node::List(items)) => items,
            Some(_) => {
                document.problem(&self.at(name), "must be a list of texts");
                return Vec::new();
            }
        };
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            match item {
                Node::Text(text) if is_clean(&text) => texts.push(text),
                _ => document.problem(
                    &format!("{}[{at}]", self.at(name)),
                    "must be a text without control characters, not empty",
                ),
            }
        }
        texts
    }

    /// An object whose members all are texts: for each its JSON path, name and text. Empty when absent.
    pub fn texts_by_name(&mut self, document: &mut Document, name: &str) -> Vec<(String, String, String)> {
        let Some(node) = self.take(name) else {
            return Vec::new();
        };
        let Some(mut inside) = Members::new(document, self.at(name), node) else {
            return Vec::new();
        };
        let names: Vec<String> = inside.left.iter().map(|(name, _)| name.clone()).collect();
        names
            .into_iter()
            .filter_map(|name| Some((inside.at(&name), inside.required(document, &name)?, name)))
            .map(|(place, text, name)| (place, name, text))
            .collect()
    }

    /// A boolean; also `"true"`, `"false"`, `0`, `1` as everywhere in the suite.
    pub fn flag(&mut self, document: &mut Document, name: &str) -> bool {
        match self.take(name) {
            None => false,
            Some(Node::Bool(flag)) => flag,
            Some(Node::Number(Some(number @ 0..=1))) => number == 1,
            Some(Node::Text(text)) if text == "1" || text.eq_ignore_ascii_case("true") => true,
            Some(Node::Text(text)) if text == "0" || text.eq_ignore_ascii_case("false") => false,
            Some(_) => {
                document.problem(&self.at(name), "must be true or false");
                false
            }
        }
    }

    /// A whole number within `range`.
    pub fn number(&mut self, document: &mut Document, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        match self.take(name)? {
            Node::Number(Some(number)) if range.contains(&number) => Some(number),
            _ => {
                document.problem(
                    &self.at(name),
                    format_args!("must be a whole number from {} to {}", range.start(), range.end()),
                );
                None
            }
        }
    }

    /// One of a few words; the first stands for an absent member.
    pub fn choice<T: Copy + Default>(&mut self, document: &mut Document, name: &str, words: &[(&str, T)]) -> T {
        let value = match self.take(name) {
            None => return T::default(),
            Some(Node::Text(text)) => words.iter().find(|(word, _)| *word == text),
            Some(_) => None,
        };
        value.map_or_else(
            || {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                document.problem(&self.at(name), format_args!("must be one of {}", known.join(", ")));
                T::default()
            },
            |(_, choice)| *choice,
        )
    }

    /// The members of an object; `None` when absent.
    pub fn object(&mut self, document: &mut Document, name: &str) -> Option<Self> {
        let node = self.take(name)?;
        Self::new(document, self.at(name), node)
    }

    /// The members of each object in a list; empty when absent.
    pub fn objects(&mut self, document: &mut Document, name: &str) -> Vec<Members> {
        match self.take(name) {
            None => Vec::new(),
            Some(Node::List(items)) => document.objects(&self.at(name), items),
            Some(_) => {
                document.problem(&self.at(name), "must be a list");
                Vec::new()
            }
        }
    }

    /// Ends the reading: what nobody asked for is misspelt or not supported.
    pub fn finish(self, document: &mut Document) {
        for (name, _) in &self.left {
            document.problem(&self.at(name), "is not known");
        }
    }
}

fn is_clean(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

#[cfg(test)]
#[path = "document/tests.rs"]
mod tests;
