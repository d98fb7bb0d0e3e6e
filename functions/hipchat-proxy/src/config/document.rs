//! Reading of the operator's JSON documents: strict, and every problem at once with the JSON path of its place.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use shared::env::describe_json_error;

/// A JSON value that still knows when a member was given twice.
#[derive(Debug)]
enum Node {
    Null,
    Bool(bool),
    Number(Option<u64>),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor;

        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Number(Some(value)))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Number(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Number(None))
            }

            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Node::Object(object))
            }
        }

        deserializer.deserialize_any(NodeVisitor)
    }
}

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
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_with_its_path_and_without_values() {
        let mut document = Document::new("DOC");
        let text = r#"{"list": [{"n": 1, "n": 2, "s3cret": 1}, "s3cret"], "flag": "s3cret", "word": "s3cret",
            "texts": ["a", 5, ""], "number": 1.5, "text": ""}"#;
        let mut members = document.object(text).unwrap();
        for mut item in members.objects(&mut document, "list") {
            item.number(&mut document, "n", 0..=9);
            item.required(&mut document, "name");
            item.finish(&mut document);
        }
        members.flag(&mut document, "flag");
        members.choice(&mut document, "word", &[("a", 1), ("b", 2)]);
        assert_eq!(members.texts(&mut document, "texts"), ["a"]);
        members.number(&mut document, "number", 1..=5);
        members.text(&mut document, "text");
        members.finish(&mut document);
        assert_eq!(
            document.into_problems(),
            [
                "DOC: list[0].n: is given twice",
                "DOC: list[1]: must be an object",
                "DOC: list[0].name: is required",
                "DOC: list[0].s3cret: is not known",
                "DOC: flag: must be true or false",
                "DOC: word: must be one of a, b",
                "DOC: texts[1]: must be a text without control characters, not empty",
                "DOC: texts[2]: must be a text without control characters, not empty",
                "DOC: number: must be a whole number from 1 to 5",
                "DOC: text: must be a text without control characters, not empty",
            ]
        );
    }

    #[test]
    fn null_is_absent_and_booleans_have_the_suites_spellings() {
        let mut document = Document::new("DOC");
        let mut members = document
            .object(r#"{"a": null, "b": "TRUE", "c": 1, "d": "0", "e": null}"#)
            .unwrap();
        assert_eq!(members.text(&mut document, "a"), None);
        assert!(members.flag(&mut document, "b") && members.flag(&mut document, "c"));
        assert!(!members.flag(&mut document, "d"));
        assert_eq!(members.required(&mut document, "e"), None);
        members.finish(&mut document);
        assert_eq!(document.into_problems(), ["DOC: e: is required"]);
    }

    #[test]
    fn a_document_of_the_wrong_shape_is_one_problem() {
        for (text, problem) in [
            ("{", "DOC: is JSON that ends too early (line 1, column 1)"),
            ("[]", "DOC: must be an object"),
            ("{}x", "DOC: is not valid JSON (line 1, column 3)"),
        ] {
            let mut document = Document::new("DOC");
            assert!(document.object(text).is_none());
            assert_eq!(document.into_problems(), [problem]);
        }
        let mut document = Document::new("DOC");
        assert!(document.list("{}").is_empty());
        assert_eq!(document.into_problems(), ["DOC: must be a list"]);
    }
}
